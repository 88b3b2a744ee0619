import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { environmentOf, installOrganization, senders } from '../support/installation.ts'
import type { TestDatabase } from '../support/postgres.ts'
import { openConnection } from '../support/raw-http.ts'
import { createDatabase } from '../support/service-client.ts'
import { type ServiceProcess, startServiceProcess } from '../support/service-process.ts'

const apiKey = 'the-key-of-the-memory-test-0123456789'
const megabyte = 1024 * 1024

let database: TestDatabase
let service: ServiceProcess
before(async () => {
  database = await createDatabase('sqlite')
  const env = environmentOf(database)
  const nowhere = { twilio: 'http://127.0.0.1:9', telnyx: 'http://127.0.0.1:9' }
  await installOrganization(env, { name: 'Acme', apiKeys: [apiKey], baseUrls: nowhere })
  service = await startServiceProcess({ env })
})
after(async () => {
  await service.kill()
  await database.drop()
})

test('20,000 bad requests and 2,000 aborted ones leave no memory behind', async (t) => {
  // The first ones fill what is meant to be kept, such as compiled code.
  await sendBad(3_000)
  await abort(200)
  const before = await service.memory()
  await sendBad(20_000)
  await abort(2_000)
  const after = await service.memory()
  const heapGrowth = (after.heapBytes - before.heapBytes) / megabyte
  const rssGrowth = (after.rssBytes - before.rssBytes) / megabyte
  t.diagnostic(`heap grew by ${heapGrowth.toFixed(1)} MB, the process by ${rssGrowth.toFixed(1)} MB`)
  // A single kB kept of each would be 22 MB.
  assert.ok(heapGrowth < 8, `the heap grew by ${heapGrowth} MB`)
  assert.ok(rssGrowth < 100, `the process grew by ${rssGrowth} MB`)
})

const connectionCount = 8
const pipelined = 50

/** Requests that are refused for several reasons and leave their connection open, many at once on a few of them. */
async function sendBad(count: number): Promise<void> {
  const share = count / connectionCount
  await Promise.all(
    Array.from({ length: connectionCount }, async (_, connection) => {
      const socket = await openConnection(service.url)
      for (let sent = 0; sent < share; sent += pipelined) {
        const size = Math.min(pipelined, share - sent)
        const answered = countAnswers(socket, size)
        socket.write(Array.from({ length: size }, (_, index) => badRequest(connection + index)).join(''))
        await answered
      }
      socket.destroy()
    }),
  )
}

function countAnswers(socket: Awaited<ReturnType<typeof openConnection>>, count: number): Promise<void> {
  let [seen, tail] = [0, '']
  return new Promise((resolve, reject) => {
    const look = (chunk: Buffer) => {
      const text = tail + chunk.toString('latin1')
      seen += text.split('HTTP/1.1 4').length - 1
      tail = text.slice(-9)
      if (seen < count) return
      socket.off('data', look).off('close', broken)
      resolve()
    }
    const broken = () => reject(new Error(`the connection closed after ${seen} of ${count} answers`))
    socket.on('data', look).on('close', broken)
  })
}

function badRequest(variant: number): string {
  const key = variant % 5 === 0 ? `tb_live_${Math.trunc(performance.now() * 1e6)}` : apiKey
  const path = variant % 5 === 1 ? '/nowhere' : '/sms/send'
  const method = variant % 5 === 2 ? 'PUT' : 'POST'
  const body =
    variant % 5 === 3
      ? `{"message": ${'['.repeat(2_000)}${']'.repeat(2_000)}}`
      : JSON.stringify({ message: 'x'.repeat(2_000) })
  return `${method} ${path} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer ${key}\r\nContent-Type: application/json\r\nContent-Length: ${body.length}\r\n\r\n${body}`
}

/** Half of a good request, then a reset. */
async function abort(count: number): Promise<void> {
  const body = JSON.stringify({ from_phone_number: senders.twilio, to_phone_number: '+12025550199', message: 'x' })
  const head = `POST /sms/send HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer ${apiKey}\r\nContent-Type: application/json\r\nContent-Length: 2000\r\n\r\n`
  for (let done = 0; done < count; done += connectionCount)
    await Promise.all(
      Array.from({ length: connectionCount }, async () => {
        const socket = await openConnection(service.url)
        await new Promise((resolve) => socket.write(head + body, resolve))
        socket.resetAndDestroy()
      }),
    )
}
