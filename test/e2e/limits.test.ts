import assert from 'node:assert/strict'
import { after, before, suite, test } from 'node:test'
import { type RunningApp, startApp } from '../../src/app.ts'
import { parseConfig } from '../../src/config/config.ts'
import { parseSecrets } from '../../src/config/secrets.ts'
import { bodyBytesMax } from '../../src/http/errors.ts'
import { type Simulator, startSimulator } from '../../src/simulator/simulator.ts'
import { systemClock } from '../../src/telemetry/clock.ts'
import { environmentOf, installOrganization, senders } from '../support/installation.ts'
import type { TestDatabase } from '../support/postgres.ts'
import { exchange, openConnection, parseAnswers, readToEnd } from '../support/raw-http.ts'
import { at, createDatabase } from '../support/service-client.ts'
import { silentLog } from '../support/silent-log.ts'
import { telnyxAccount, twilioAccount } from '../support/simulated-accounts.ts'

const apiKey = 'the-key-of-the-limit-tests-0123456789'
const limits = { connectionsMax: 30, headersTimeoutMs: 400, requestTimeoutMs: 600, timeoutCheckIntervalMs: 50 }

let simulator: Simulator
let database: TestDatabase
let app: RunningApp
let env: Record<string, string>

before(async () => {
  const accounts = [twilioAccount, telnyxAccount]
  simulator = await startSimulator({ host: '127.0.0.1', port: 0, accounts, clock: systemClock, log: silentLog })
  database = await createDatabase('sqlite')
  env = environmentOf(database)
  await installOrganization(env, { name: 'Acme', apiKeys: [apiKey], baseUrls: simulator.baseUrls })
  app = await start()
})
after(async () => {
  await app.close()
  await simulator.close()
  await database.drop()
})

function start(): Promise<RunningApp> {
  return startApp({ config: parseConfig(env), secrets: parseSecrets(env), log: silentLog, version: 'test', limits })
}

const json = 'application/json'
let texts = 0
/** A good body, with a text that no other test has. */
function goodBody(): string {
  texts++
  return JSON.stringify({
    from_phone_number: senders.twilio,
    to_phone_number: '+12025550199',
    message: `text ${texts}`,
  })
}

type Parts = {
  readonly method?: string
  readonly path?: string
  readonly type?: string
  readonly headers?: readonly string[]
  readonly body?: string | Buffer
  readonly version?: '1.0' | '1.1'
}

/** One request as bytes; the connection closes after its answer unless `headers` say otherwise. */
function bytesOf({ method = 'POST', path = '/sms/send', type, headers, body, version = '1.1' }: Parts): Buffer {
  const content = Buffer.from(body ?? '')
  const lines = [
    `${method} ${path} HTTP/${version}`,
    'Host: localhost',
    `Authorization: Bearer ${apiKey}`,
    ...(type === undefined ? [] : [`Content-Type: ${type}`]),
    ...(body === undefined ? [] : [`Content-Length: ${content.length}`]),
    ...(headers ?? ['Connection: close']),
  ]
  return Buffer.concat([Buffer.from(`${lines.join('\r\n')}\r\n\r\n`), content])
}

const post = (body: string | Buffer, type = json): Parts => ({ type, body })
const nested = (depth: number) => '['.repeat(depth) + ']'.repeat(depth)
const withField = (field: string) => `{${field},${goodBody().slice(1)}`
const chunked = (body: string) => ['Transfer-Encoding: chunked', 'Connection: close', '', body]

suite('what is over a limit, malformed or misdirected has its clear answer', () => {
  const rows: readonly [
    title: string,
    request: () => Parts | string | Buffer,
    status: number,
    code: string,
    detail: RegExp,
  ][] = [
    ['a body over 64 kB', () => post('x'.repeat(bodyBytesMax + 1)), 413, 'body_too_large', /larger than 65536 bytes/],
    [
      'a body announced to be enormous',
      () => ({ type: json, headers: ['Content-Length: 99999999999'] }),
      413,
      'body_too_large',
      /larger/,
    ],
    [
      'a chunked body over 64 kB',
      () => ({ type: json, headers: chunked(`11170\r\n${'x'.repeat(0x11170)}\r\n0\r\n\r\n`) }),
      413,
      'body_too_large',
      /larger/,
    ],
    ['an array 10,000 deep', () => post(nested(10_000)), 400, 'invalid_request', /must be a JSON object/],
    [
      'a field 10,000 deep',
      () => post(withField(`"metadata":{"a":${nested(10_000)}}`)),
      400,
      'invalid_request',
      /metadata/,
    ],
    [
      'a number for a phone number',
      () => post('{"from_phone_number":1e400}'),
      400,
      'invalid_request',
      /^Invalid from_phone_number format/,
    ],
    [
      'a number of 50,000 digits',
      () => post(`{"from_phone_number":${'9'.repeat(50_000)}}`),
      400,
      'invalid_request',
      /^Invalid from_phone_number/,
    ],
    [
      'a field that comes twice: the last one counts',
      () => post(goodBody().replace('}', ',"message":" "}')),
      400,
      'invalid_request',
      /message must not be blank/,
    ],
    ['__proto__', () => post(withField('"__proto__":{"queue":true}')), 400, 'invalid_request', /not valid JSON/],
    [
      'constructor.prototype',
      () => post(withField('"constructor":{"prototype":{}}')),
      400,
      'invalid_request',
      /not valid JSON/,
    ],
    [
      'bytes that are not UTF-8',
      () => post(Buffer.concat([Buffer.from('{"message":"caf'), Buffer.from([0xe9]), Buffer.from('"}')])),
      400,
      'invalid_request',
      /not valid UTF-8/,
    ],
    ['JSON cut short', () => post(goodBody().slice(0, -1)), 400, 'invalid_request', /not valid JSON/],
    ['an array', () => post('[]'), 400, 'invalid_request', /must be a JSON object/],
    ['null', () => post('null'), 400, 'invalid_request', /must be a JSON object/],
    ['a string', () => post('"text"'), 400, 'invalid_request', /must be a JSON object/],
    ['an empty body', () => post(''), 400, 'invalid_request', /must be a JSON object|empty/],
    ['no body at all', () => ({}), 400, 'invalid_request', /must be a JSON object/],
    ['plain text', () => post(goodBody(), 'text/plain'), 415, 'unsupported_media_type', /application\/json/],
    [
      'a form',
      () => post('message=x', 'application/x-www-form-urlencoded'),
      415,
      'unsupported_media_type',
      /application\/json/,
    ],
    [
      'a type that only begins like JSON',
      () => post(goodBody(), 'application/jsonx'),
      415,
      'unsupported_media_type',
      /application\/json/,
    ],
    ['a type that is none', () => post(goodBody(), ';;;'), 415, 'unsupported_media_type', /application\/json/],
    ['a body without a type', () => ({ body: goodBody() }), 415, 'unsupported_media_type', /application\/json/],
    ['GET', () => ({ method: 'GET' }), 405, 'method_not_allowed', /takes POST only/],
    ['PUT', () => ({ ...post(goodBody()), method: 'PUT' }), 405, 'method_not_allowed', /takes POST only/],
    ['OPTIONS', () => ({ method: 'OPTIONS' }), 405, 'method_not_allowed', /takes POST only/],
    ['a method that HTTP does not have', () => ({ method: 'BREW' }), 400, 'invalid_request', /not valid HTTP/],
    [
      'an address that is not there',
      () => ({ ...post(goodBody()), path: '/texts/send' }),
      404,
      'not_found',
      /nothing at this address/,
    ],
    [
      'a very long address',
      () => ({ method: 'GET', path: `/${'a'.repeat(10_000)}` }),
      404,
      'not_found',
      /nothing at this address/,
    ],
    ['a very long id', () => ({ method: 'GET', path: `/sms/${'a'.repeat(300)}/status` }), 404, 'not_found', /./],
    [
      'an address with a broken escape',
      () => ({ method: 'GET', path: '/sms/%zz/status' }),
      400,
      'invalid_request',
      /address .* malformed/,
    ],
    [
      'an endless address',
      () => ({ method: 'GET', path: `/${'a'.repeat(100_000)}` }),
      431,
      'invalid_request',
      /headers are too large/,
    ],
    [
      'a header of 100 kB',
      () => ({ headers: [`X-Large: ${'a'.repeat(100_000)}`] }),
      431,
      'invalid_request',
      /headers are too large/,
    ],
    [
      'a request without Host',
      () => 'GET /healthz HTTP/1.1\r\nConnection: close\r\n\r\n',
      400,
      'invalid_request',
      /no Host header/,
    ],
    [
      'two lengths',
      () => ({ type: json, headers: ['Content-Length: 2', 'Transfer-Encoding: chunked', '', '{}'] }),
      400,
      'invalid_request',
      /not valid HTTP/,
    ],
    ['broken chunks', () => ({ type: json, headers: chunked('zz\r\n') }), 400, 'invalid_request', /not valid HTTP/],
    ['garbage', () => Buffer.from([0, 1, 2, 255, 254, 13, 10, 13, 10]), 400, 'invalid_request', /not valid HTTP/],
    [
      'TLS on the plain port',
      () => Buffer.from('16030100c8010000c40303', 'hex'),
      400,
      'invalid_request',
      /not valid HTTP/,
    ],
  ]
  for (const [title, request, status, code, detail] of rows)
    test(`${title}: ${status} ${code}`, async () => {
      simulator.clear()
      const made = request()
      const answers = await exchange(app.url, typeof made === 'string' || Buffer.isBuffer(made) ? made : bytesOf(made))
      assert.equal(answers.length, 1)
      const [answer] = answers
      assert.deepEqual([answer?.status, at(answer?.body, 'code')], [status, code], JSON.stringify(answer))
      assert.match(String(at(answer?.body, 'detail')), detail)
      if (status === 405) assert.match(answer?.headers ?? '', /^allow: POST$/im)
      assert.equal(simulator.requestCount(), 0)
      assert.equal((await exchange(app.url, bytesOf({ method: 'GET', path: '/healthz' })))[0]?.status, 200)
    })
})

suite('what is unusual and right is carried out', () => {
  const rows: readonly [title: string, request: () => Parts][] = [
    ['a body that begins with a BOM', () => post(`\uFEFF${goodBody()}`)],
    ['a charset beside the type', () => post(goodBody(), 'application/json; charset=utf-8')],
    ['a slash at the end of the address', () => ({ ...post(goodBody()), path: '/sms/send/' })],
    ['a query that nobody reads', () => ({ ...post(goodBody()), path: '/sms/send?source=test' })],
    ['HTTP/1.0', () => ({ ...post(goodBody()), version: '1.0', headers: [] })],
    ['members that this version does not know', () => post(withField(`"later":${nested(1_000)}`))],
  ]
  for (const [title, request] of rows)
    test(title, async () => {
      const answers = await exchange(app.url, bytesOf(request()))
      assert.deepEqual(
        answers.map(({ status }) => status),
        [200],
        JSON.stringify(answers),
      )
    })

  test('a body that comes in pieces', async () => {
    const bytes = bytesOf(post(goodBody()))
    const answers = await exchange(app.url, bytes.subarray(0, 40), bytes.subarray(40, 200), bytes.subarray(200))
    assert.equal(answers[0]?.status, 200)
  })
})

suite('connections', () => {
  test('requests that follow one another without waiting are answered in their order', async () => {
    const open = { headers: ['Connection: keep-alive'] }
    const answers = await exchange(
      app.url,
      bytesOf({ ...post(goodBody()), ...open }),
      bytesOf({ method: 'GET', path: '/healthz', ...open }),
      bytesOf(post('{}')),
    )
    assert.deepEqual(
      answers.map(({ status }) => status),
      [200, 200, 400],
    )
  })

  test('garbage behind a request does not take the place of its answer', async () => {
    simulator.clear()
    simulator.setLatency(100)
    const answers = await exchange(app.url, bytesOf({ ...post(goodBody()), headers: [] }), '\0\0\0 garbage\r\n\r\n')
    simulator.setLatency(0)
    assert.deepEqual(
      answers.map(({ status }) => status),
      [200],
    )
    assert.equal(simulator.ledger().length, 1)
  })

  test('headers that do not come to an end are given up: 408', async () => {
    const [answer] = await exchange(app.url, 'POST /sms/send HTTP/1.1\r\nHost: localhost\r\n')
    assert.deepEqual([answer?.status, at(answer?.body, 'code')], [408, 'request_timeout'])
  })

  test('a body that does not come to an end is given up: 408, and nothing is sent', async () => {
    simulator.clear()
    const whole = bytesOf(post(goodBody()))
    const [answer] = await exchange(app.url, whole.subarray(0, -1))
    assert.deepEqual([answer?.status, at(answer?.body, 'code')], [408, 'request_timeout'])
    assert.equal(simulator.requestCount(), 0)
  })

  test('over the limit of connections a request is answered 503 and not carried out, and later ones are', async () => {
    simulator.clear()
    const held = await Promise.all(Array.from({ length: limits.connectionsMax }, () => openConnection(app.url)))
    const answers = await exchange(app.url, bytesOf({ ...post(goodBody()), headers: [] }))
    assert.equal(answers.length, 1)
    assert.deepEqual([answers[0]?.status, at(answers[0]?.body, 'code')], [503, 'overloaded'])
    assert.match(answers[0]?.headers ?? '', /^retry-after: 1$/im)
    assert.equal(simulator.requestCount(), 0)
    const gone = held.map(readToEnd)
    for (const socket of held) socket.destroy()
    await Promise.all(gone)
    assert.equal((await exchange(app.url, bytesOf(post(goodBody()))))[0]?.status, 200)
  })

  test('while the service stops, a send under way ends and a further one is refused in our words', async () => {
    simulator.clear()
    const stopping = await start()
    const socket = await openConnection(stopping.url)
    const wire = readToEnd(socket)
    simulator.setLatency(150)
    socket.write(bytesOf({ ...post(goodBody()), headers: [] }))
    while (simulator.requestCount() === 0) await new Promise((resolve) => setImmediate(resolve))
    const closed = stopping.close()
    socket.write(bytesOf({ ...post(goodBody()), headers: [] }))
    const answers = parseAnswers(await wire)
    await closed
    simulator.setLatency(0)
    assert.deepEqual(
      answers.map(({ status, body }) => [status, at(body, 'code')]),
      [
        [200, undefined],
        [503, 'unavailable'],
      ],
    )
    assert.equal(simulator.ledger().length, 1)
  })
})
