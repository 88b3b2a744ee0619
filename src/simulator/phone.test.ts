import assert from 'node:assert/strict'
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { after, before, beforeEach, suite, test } from 'node:test'
import twilio from 'twilio'
import { temporaryFolder } from '../../test/support/process.ts'
import { at } from '../../test/support/service-client.ts'
import { silentLog } from '../../test/support/silent-log.ts'
import { telnyxAccount, twilioAccount } from '../../test/support/simulated-accounts.ts'
import { systemClock } from '../telemetry/clock.ts'
import { type Simulator, startSimulator } from './simulator.ts'

const person = '+12025550199'
const [number = ''] = twilioAccount.numbers
const folder = temporaryFolder()
const client = twilio(twilioAccount.accountSid, twilioAccount.authToken)
let simulator: Simulator

before(async () => {
  mkdirSync(join(folder.path, 'assets'))
  writeFileSync(join(folder.path, 'index.html'), '<!doctype html><title>Phone</title>')
  writeFileSync(join(folder.path, 'assets', 'index.js'), 'export {}')
  writeFileSync(join(folder.path, 'notes.txt'), 'not of the page')
  const parts = { host: '127.0.0.1', port: 0, clock: systemClock, log: silentLog, receiptDelayMs: 1 }
  const accounts = [twilioAccount, telnyxAccount]
  simulator = await startSimulator({ ...parts, accounts, phonePageFolder: folder.path })
  client.api.baseUrl = simulator.url
})
after(async () => {
  await simulator.close()
  folder.remove()
})
beforeEach(() => simulator.clear())

const send = (body: string, more: { to?: string; mediaUrl?: string[] } = {}) =>
  client.messages.create({ from: number, to: person, body, ...more })

async function call(method: string, path: string, body?: object) {
  const answer = await fetch(`${simulator.url}${path}`, {
    method,
    ...(body === undefined ? {} : { headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) }),
  })
  const value: unknown = await answer.json()
  return { status: answer.status, body: value }
}

const thread = async () => (await call('GET', `/phone/thread?${new URLSearchParams({ person, number })}`)).body

suite('the phone', () => {
  test('lists each pair of person and number once, the newest text first', async () => {
    await send('first')
    await send('other person', { to: '+12025550100' })
    await call('POST', '/inbound', { from: person, to: number, body: 'answer' })
    const { body } = await call('GET', '/phone/overview')
    const threads = at(body, 'threads')
    assert.ok(Array.isArray(threads))
    const rows = threads.map((row) => [at(row, 'last', 'person'), at(row, 'last', 'body'), at(row, 'count')])
    assert.deepEqual(rows.sort(), [
      ['+12025550100', 'other person', 1],
      [person, 'answer', 2],
    ])
    assert.deepEqual(at(body, 'numbers'), [
      { number, provider: 'twilio' },
      { number: telnyxAccount.numbers[0], provider: 'telnyx' },
    ])
  })

  test('shows a conversation in order, with the status that the carrier knows', async () => {
    await send('Hello')
    await simulator.receiptsSent()
    await call('POST', '/inbound', { from: person, to: number, body: 'Hi', media: [{ picture: 'sunset' }] })
    const read = await thread()
    assert.deepEqual(
      [0, 1].map((row) => ['body', 'from_person', 'status'].map((name) => at(read, 'texts', String(row), name))),
      [
        ['Hello', false, 'delivered'],
        ['Hi', true, 'none'],
      ],
    )
    const picture = at(read, 'texts', '1', 'media', '0', 'picture')
    const answer = await fetch(`${simulator.url}${picture}`)
    assert.deepEqual([answer.status, answer.headers.get('content-type')], [200, 'image/png'])
  })

  test('shows only pictures that the simulator serves; any other address is only an address', async () => {
    const own = `${simulator.url.replace('127.0.0.1', 'localhost')}/pictures/ticket.png`
    const rows = [
      [own, '/pictures/ticket.png'],
      ['http://127.0.0.1:1/pictures/ticket.png', null],
      [`${simulator.url}/pictures/../ledger`, null],
      [`http://localhost:${new URL(simulator.url).port}@evil.example/pictures/ticket.png`, null],
      ['https://evil.example/pictures/ticket.png', null],
    ]
    await send('look', { mediaUrl: rows.map(([address]) => String(address)) })
    const media = at(await thread(), 'texts', '0', 'media')
    assert.deepEqual(
      media,
      rows.map(([address, picture]) => ({ address, picture })),
    )
  })

  test('never serves what a person sent as a page of its own', async () => {
    const content = Buffer.from('<script>1</script>').toString('base64')
    const media = [{ content_type: 'text/html', content }]
    await call('POST', '/inbound', { from: person, to: number, media })
    const [medium] = simulator.inbound()[0]?.media ?? []
    assert.equal(at(await thread(), 'texts', '0', 'media', '0', 'picture'), null)
    const { headers } = await fetch(`${simulator.url}/media/${medium?.id}`)
    assert.match(headers.get('content-security-policy') ?? '', /default-src 'none'; sandbox/)
    assert.equal(headers.get('x-content-type-options'), 'nosniff')
  })

  test('the next text is treated as asked, once, and only to that person', async () => {
    await call('PUT', '/phone/next', { person, like: '+15005550009' })
    assert.equal(at(await thread(), 'next'), '+15005550009')
    await send('to another', { to: '+12025550100' })
    await assert.rejects(send('refused'), { code: 21614 })
    await send('arrives')
    assert.equal(at(await thread(), 'next'), null)
    assert.equal(simulator.ledger().length, 2)
  })

  test('what cannot be played, or comes from a page elsewhere, is refused', async () => {
    const wrong = [{}, { person }, { person: 'x', like: null }, { person, like: '+12025550100' }]
    for (const body of wrong) assert.equal((await call('PUT', '/phone/next', body)).status, 400)
    const body = JSON.stringify({ person, like: '+15005550009' })
    assert.equal((await fetch(`${simulator.url}/phone/next`, { method: 'PUT', body })).status, 400)
    assert.equal((await call('POST', '/inbound', { from: person, to: number, media: [{ picture: 'x' }] })).status, 400)
  })

  test('the stream tells of a text and of each move of it', async () => {
    const stream = await fetch(`${simulator.url}/phone/stream`)
    assert.ok(stream.body !== null)
    const heard: string[] = []
    const decoder = new TextDecoder()
    await call('PUT', '/phone/next', { person, like: '+15005550602' })
    await send('x')
    for await (const chunk of stream.body) {
      heard.push(
        ...[...decoder.decode(chunk).matchAll(/^event: (\w+)$|"status":"(\w+)"/gm)].map((m) => m[1] ?? m[2] ?? ''),
      )
      if (heard.at(-1) === 'filtered') break
    }
    assert.deepEqual(heard, ['next', 'next', 'text', 'queued', 'text', 'sent', 'text', 'filtered'])
  })

  test('more than twenty streams are refused until one ends', async () => {
    const leaving = new AbortController()
    const statuses = await Promise.all(
      Array.from({ length: 21 }, async () => {
        const { status } = await fetch(`${simulator.url}/phone/stream`, { signal: leaving.signal })
        return status
      }),
    )
    leaving.abort()
    assert.deepEqual(
      statuses.toSorted((one, other) => one - other),
      [...Array<number>(20).fill(200), 503],
    )
  })
})

suite('the page', () => {
  test('is served with a policy under which nothing of strangers runs', async () => {
    const answer = await fetch(`${simulator.url}/phone`)
    assert.deepEqual([answer.status, new URL(answer.url).pathname], [200, '/phone/'])
    const policy = answer.headers.get('content-security-policy') ?? ''
    assert.match(policy, /default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'/)
    assert.doesNotMatch(policy, /unsafe|https?:|data:/)
    const script = await fetch(`${simulator.url}/phone/assets/index.js`)
    assert.deepEqual([script.status, script.headers.get('content-type')], [200, 'text/javascript; charset=utf-8'])
  })

  test('has no other files', async () => {
    for (const path of ['notes.txt', '..%2F..%2Fpackage.json', '%2e%2e/package.json', 'assets/none.js', 'assets'])
      assert.equal((await fetch(`${simulator.url}/phone/${path}`)).status, 404, path)
  })
})
