import assert from 'node:assert/strict'
import { hash } from 'node:crypto'
import { mkdtempSync, rmSync } from 'node:fs'
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, suite, test } from 'node:test'
import { openStore, type RunningApp, startApp } from '../../src/app.ts'
import { parseConfig } from '../../src/config/config.ts'
import { parseSecrets } from '../../src/config/secrets.ts'
import { parseE164 } from '../../src/core/phone-number.ts'
import { makeLog } from '../../src/telemetry/log.ts'
import { silentMetrics } from '../support/store-builders.ts'

const apiKey = 'canary-key-0123456789-0123456789-0123456789'
const providerSecret = 'canary-provider-secret'
const body = 'canary text'
const from = { twilio: '+12025550142', telnyx: '+12025550143' } as const

type Answer = (request: IncomingMessage, response: ServerResponse) => void
let answer: Answer
let requests: { path: string; body: string }[] = []
let provider: Server
let app: RunningApp
const logLines: string[] = []
const folder = mkdtempSync(join(tmpdir(), 'textbridge-'))

const accepted: Answer = (request, response) => {
  const isTwilio = request.url?.endsWith('.json')
  const [status, json] = isTwilio
    ? [201, { sid: 'SM1234567890abcdef', status: 'queued' }]
    : [200, { data: { id: '40385f64-5717-4562-b3fc-2c963f66afa6', to: [{ status: 'queued' }] } }]
  response.writeHead(Number(status), { 'content-type': 'application/json' }).end(JSON.stringify(json))
}
const failing =
  (status: number, text: string, headers: Record<string, string> = {}): Answer =>
  (_request, response) =>
    response.writeHead(status, headers).end(text)
const resetting: Answer = (request) => request.socket.destroy()

before(async () => {
  provider = createServer((request, response) => {
    let text = ''
    request.setEncoding('utf8')
    request.on('data', (chunk: string) => {
      text += chunk
    })
    request.on('end', () => {
      requests.push({ path: request.url ?? '', body: text })
      answer(request, response)
    })
  })
  await new Promise<void>((resolve) => provider.listen(0, '127.0.0.1', resolve))
  const env = {
    TEXTBRIDGE_DATABASE_URL: `sqlite:${join(folder, 'e2e.db')}`,
    TEXTBRIDGE_PORT: '0',
    TEXTBRIDGE_SECRET_KEY: Buffer.alloc(32, 5).toString('base64'),
  }
  const config = parseConfig(env)
  const secrets = parseSecrets(env)
  await setUp(config, secrets)
  const log = makeLog({ level: 'debug', destination: { write: (line: string) => void logLines.push(line) } })
  app = await startApp({ config, secrets, log, version: 'test' })
})

after(async () => {
  await app.close()
  provider.closeAllConnections()
  provider.close()
  rmSync(folder, { recursive: true })
})

async function setUp(config: ReturnType<typeof parseConfig>, secrets: ReturnType<typeof parseSecrets>) {
  const store = await openStore({ config, secrets, metrics: silentMetrics })
  const times = { createdAt: 1, updatedAt: 1 }
  const { id: organizationId } = await store.organizations.create({ name: 'Acme', createdAt: 1 })
  const baseUrl = `http://127.0.0.1:${(provider.address() as AddressInfo).port}`
  for (const [name, secret] of [
    ['twilio', 'auth_token'],
    ['telnyx', 'api_key'],
  ] as const) {
    const account = await store.accounts.create({
      organizationId,
      name,
      provider: name,
      baseUrl,
      settings: name === 'twilio' ? { account_sid: 'AC1' } : {},
      secrets: { [secret]: providerSecret },
      ...times,
    })
    const assistant = await store.assistants.create({
      organizationId,
      name,
      customSettings: {},
      isActive: true,
      ...times,
    })
    await store.senders.create({
      organizationId,
      phoneNumber: parseE164(from[name]),
      assistantId: assistant.id,
      providerAccountId: account.id,
      isActive: true,
      ...times,
    })
  }
  await store.apiKeys.create({
    organizationId,
    name: 'e2e',
    prefix: apiKey.slice(0, 4),
    hash: hash('sha256', apiKey, 'hex'),
    scopes: ['send', 'read'],
    ...times,
  })
  await store.close()
}

let people = 0
function freshRecipient(): string {
  people++
  return `+1303555${String(people).padStart(4, '0')}`
}

async function send(fields: Record<string, unknown>, headers: Record<string, string> = {}) {
  const response = await fetch(`${app.url}/sms/send`, {
    method: 'POST',
    headers: { authorization: `Bearer ${apiKey}`, 'content-type': 'application/json', ...headers },
    body: JSON.stringify(fields),
  })
  return {
    status: response.status,
    headers: response.headers,
    body: (await response.json()) as Record<string, unknown>,
  }
}

for (const name of ['twilio', 'telnyx'] as const) {
  const request = (to = freshRecipient()) => ({ from_phone_number: from[name], to_phone_number: to, message: body })

  suite(`POST /sms/send through ${name}`, () => {
    test('a text is sent with exactly one request and can be looked up by both ids', async () => {
      answer = accepted
      requests = []
      const sent = await send(request())
      assert.equal(sent.status, 200)
      assert.equal(sent.body.success, true)
      assert.equal(sent.body.message, `SMS sent successfully via ${name}`)
      assert.equal(sent.body.provider, name)
      assert.equal(requests.length, 1)
      assert.match(decodeURIComponent(requests[0]?.body ?? ''), new RegExp(`/webhooks/sms/${name}\\?message_id=msg_`))
      for (const id of [sent.body.id, sent.body.message_id]) {
        const status = await fetch(`${app.url}/sms/${id}/status`, { headers: { authorization: `Bearer ${apiKey}` } })
        assert.equal(((await status.json()) as { status: string }).status, 'sent')
      }
    })

    for (const [fault, play] of [
      ['answers 500', failing(500, '{"code":20500,"message":"oops","status":500}')],
      ['answers 200 with HTML', failing(200, '<html>Welcome</html>', { 'content-type': 'text/html' })],
      ['answers 200 cut short', failing(200, '{"sid":"SM12', { 'content-type': 'application/json' })],
      ['resets the connection', resetting],
    ] as const)
      test(`a provider that ${fault} is asked once, however often the caller repeats`, async () => {
        answer = play
        requests = []
        const fields = request()
        const first = await send(fields)
        const repeated = await Promise.all([1, 2, 3, 4, 5].map(() => send(fields)))
        for (const { status, body: said } of [first, ...repeated]) {
          assert.equal(status, 500)
          assert.equal(said.detail, `Failed to send SMS via ${name}`)
          assert.deepEqual([said.code, said.status, said.retryable], ['outcome_unknown', 'sending', true])
          assert.equal(said.id, first.body.id)
        }
        assert.ok(repeated.every(({ body: said }) => said.deduplicated === true))
        assert.equal(requests.length, 1)
      })

    test('a 429 is tried again within the request', async () => {
      requests = []
      answer = (incoming, response) =>
        requests.length === 1
          ? failing(429, '{}', { 'retry-after': '0' })(incoming, response)
          : accepted(incoming, response)
      assert.equal((await send(request())).status, 200)
      assert.equal(requests.length, 2)
    })

    test('a refusal because of an opt-out is told with its reason, and the next send is refused here', async () => {
      answer =
        name === 'twilio'
          ? failing(400, '{"code":21610,"message":"unsubscribed +13035550000","status":400}')
          : failing(409, '{"errors":[{"code":"40300","title":"Blocked due to STOP message"}]}')
      requests = []
      const fields = request()
      const refused = await send(fields)
      assert.deepEqual([refused.status, refused.body.code], [500, 'recipient_opted_out'])
      const next = await send({ ...fields, message: 'another' })
      assert.deepEqual([next.status, next.body.code], [400, 'recipient_opted_out'])
      assert.equal(requests.length, 1)
    })

    test('fifty parallel requests with one idempotency key make one send', async () => {
      answer = accepted
      requests = []
      const fields = request()
      const answers = await Promise.all(
        Array.from({ length: 50 }, () => send(fields, { 'idempotency-key': `fifty ${name}` })),
      )
      assert.ok(answers.every(({ status }) => status === 200))
      assert.equal(new Set(answers.map(({ body: said }) => said.id)).size, 1)
      assert.equal(requests.length, 1)
      const reuse = await send({ ...fields, message: 'other' }, { 'idempotency-key': `fifty ${name}` })
      assert.deepEqual([reuse.status, reuse.body.code], [422, 'idempotency_key_reused'])
    })
  })
}

test('each row of the table of errors has its status and its sentence', async () => {
  answer = accepted
  const good = { from_phone_number: from.twilio, to_phone_number: '+1555123456', message: 'x' }
  const e164 = (field: string) => `Invalid ${field} format. Use E.164 format (e.g., +1234567890)`
  const rows = [
    [{ ...good, from_phone_number: undefined }, 400, 'from_phone_number is required'],
    [{ ...good, to_phone_number: undefined }, 400, 'to_phone_number is required'],
    [{ ...good, message: undefined }, 400, 'message is required'],
    [{ ...good, from_phone_number: '12' }, 400, e164('from_phone_number')],
    [{ ...good, to_phone_number: '+0123' }, 400, e164('to_phone_number')],
    [{ ...good, from_phone_number: '+1234567890' }, 404, 'No assistant found for phone number +1234567890'],
  ] as const
  for (const [fields, status, detail] of rows) {
    const said = await send(fields)
    assert.deepEqual([said.status, said.body.detail], [status, detail])
  }
  assert.equal((await send({ ...good, message: 'a'.repeat(1601) })).status, 400)
  assert.equal((await send({ ...good, message: 'a'.repeat(70_000) })).status, 413)
  const stranger = await send(good, { authorization: 'Bearer nobody' })
  assert.equal(stranger.status, 401)
  assert.equal(stranger.headers.get('www-authenticate'), 'Bearer')
  assert.equal(stranger.body.detail, 'Authentication required. Provide a valid API key.')
})

test('no body, full number, key or provider secret is in the log', () => {
  const log = logLines.join('')
  assert.match(log, /message\.dispatched/)
  for (const canary of [body, apiKey, providerSecret, from.twilio, '+1303555', '13035550'])
    assert.ok(!log.includes(canary), canary)
})
