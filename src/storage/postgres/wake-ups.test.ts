import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import { eventually } from '../../../test/support/manual-clock.ts'
import { createTestDatabase } from '../../../test/support/postgres.ts'
import { startTcpProxy } from '../../../test/support/tcp-proxy.ts'
import { wakeUpsContract } from '../../ports/wake-ups.contract.ts'
import { openDatabase } from './database.ts'
import { makeWakeUps, notify } from './wake-ups.ts'

const server = await createTestDatabase()
const database = await openDatabase({ url: server.url, metrics: { commit: () => undefined } })
after(async () => {
  await database.close()
  await server.drop()
})

function makeListening(url = server.url) {
  const states: boolean[] = []
  const wakeUps = makeWakeUps({
    url,
    queries: database,
    metrics: { wakeUpsConnected: (isConnected) => void states.push(isConnected) },
  })
  let heard = 0
  wakeUps.listen('queue', () => heard++)
  return { wakeUps, states, heard: () => heard }
}

const makeSilent = () =>
  makeWakeUps({ url: server.url, queries: database, metrics: { wakeUpsConnected: () => undefined } })

/** The connection of whoever listens. */
const listening = () =>
  database.get(
    `SELECT pid FROM pg_stat_activity WHERE datname = current_database() AND query LIKE 'LISTEN%' AND state = 'idle'`,
  )

wakeUpsContract('postgres', async () => {
  const wakeUps = makeSilent()
  return {
    wakeUps,
    tell: (topic, during) =>
      database.transaction(async (queries) => {
        await notify(queries, topic)
        during()
      }),
    close: () => wakeUps.close(),
  }
})

test('outside of a transaction it is heard at once', async () => {
  const { wakeUps, heard } = makeListening()
  await eventually(() => heard() === 1)
  await notify(database, 'queue')
  await eventually(() => heard() === 2)
  await wakeUps.close()
})

test('a lost connection is made again, and what may have been told meanwhile is caught up with', async () => {
  const { wakeUps, states, heard } = makeListening()
  await eventually(() => heard() === 1)
  const row = await listening()
  await database.run('SELECT pg_terminate_backend($1)', Number(row?.pid))
  await eventually(() => heard() === 2)
  await notify(database, 'queue')
  await eventually(() => heard() === 3)
  assert.deepEqual(states, [true, false, true])
  await wakeUps.close()
})

test('one who cannot connect at first tries again until it can', async () => {
  const { hostname, port } = new URL(server.url)
  const proxy = await startTcpProxy({ host: hostname, port: Number(port) })
  const url = new URL(server.url)
  url.port = String(proxy.port)
  proxy.cutAt('textbridge', 'before')
  const { wakeUps, states, heard } = makeListening(url.href)
  await eventually(() => heard() === 1)
  assert.deepEqual([states, proxy.cuts()], [[false, true], 1])
  await wakeUps.close()
  await proxy.close()
})

test('closing ends the connection, also of one that nobody ever listened on', async () => {
  const { wakeUps, states, heard } = makeListening()
  await eventually(() => heard() === 1)
  await wakeUps.close()
  await eventually(async () => (await listening()) === undefined)
  assert.deepEqual(states, [true, false])
  await makeSilent().close()
})

test('what is told often in a short while is heard, fewer times, by others and not by who told it', async () => {
  const [teller, other] = [makeListening(), makeListening()]
  await eventually(() => teller.heard() === 1 && other.heard() === 1)
  for (let times = 0; times < 1_000; times++) teller.wakeUps.tell('queue')
  await eventually(() => other.heard() > 1)
  other.wakeUps.tell('queue')
  await eventually(() => teller.heard() === 2)
  assert.ok(other.heard() < 10, `heard ${other.heard()} times`)
  await Promise.all([teller.wakeUps.close(), other.wakeUps.close()])
})
