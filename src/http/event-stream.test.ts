import assert from 'node:assert/strict'
import { request as httpRequest, type IncomingMessage } from 'node:http'
import { connect } from 'node:net'
import { afterEach, beforeEach, test } from 'node:test'
import Fastify from 'fastify'
import { buildEventSource, type EventDatabase, openSqliteEvents } from '../../test/support/event-rows.ts'
import { eventually, type ManualClock, manualClock } from '../../test/support/manual-clock.ts'
import { silentLog } from '../../test/support/silent-log.ts'
import type { ApiKey } from '../core/api-key.ts'
import { SmsError } from '../core/errors.ts'
import { expectedErrorOf, replyWithError } from './errors.ts'
import { makeEventStreams, streamsPerCallerMax } from './event-stream.ts'

let database: EventDatabase
let source: Awaited<ReturnType<typeof buildEventSource>>
let clock: ManualClock
let stopping: AbortController
let isRevoked = false
let url = ''
let app = Fastify()

beforeEach(async () => {
  database = await openSqliteEvents(':memory:')
  source = await buildEventSource(database)
  clock = manualClock(Date.now())
  stopping = new AbortController()
  isRevoked = false
  const { organizationId } = source
  const apiKey: ApiKey = {
    id: 1,
    organizationId,
    name: 'test',
    prefix: 'tb_live_',
    hash: '',
    scopes: ['read'],
    createdAt: 0,
    updatedAt: 0,
  }
  const caller = { kind: 'api_key', organizationId, apiKey } as const
  const streams = makeEventStreams({
    store: database,
    clock,
    log: silentLog,
    stopping: stopping.signal,
    mediaUrls: async () => [],
    authenticator: {
      async authenticateAgain() {
        if (isRevoked) throw new SmsError('unauthorized', 'Authentication required. Provide a valid API key.')
        return caller
      },
    },
  })
  app = Fastify({ forceCloseConnections: true })
  app.decorateRequest('caller', undefined)
  app.addHook('onRequest', async (request) => {
    request.caller = caller
  })
  app.setErrorHandler((error, _request, reply) => {
    const expected = expectedErrorOf(error)
    assert.ok(expected !== undefined)
    return replyWithError(reply, expected)
  })
  app.get('/stream', (request, reply) => streams.serve(request, reply, 0))
  url = await app.listen({ port: 0 })
})

afterEach(async () => {
  stopping.abort()
  await app.close()
  await database.close()
})

type Reader = { readonly response: IncomingMessage; readonly text: () => string; readonly isOver: () => boolean }

function open(): Promise<Reader> {
  return new Promise((resolve, reject) => {
    const request = httpRequest(`${url}/stream`, (response) => {
      let [text, isOver] = ['', false]
      response.setEncoding('utf8').on('data', (chunk: string) => {
        text += chunk
      })
      response.on('error', () => undefined)
      response.on('close', () => {
        isOver = true
      })
      resolve({ response, text: () => text, isOver: () => isOver })
    })
    request.on('error', reject)
    request.end()
  })
}

/** Moves the clock until it holds: whoever sleeps may not have begun to yet. */
function soon(check: () => boolean, stepMs = 500): Promise<void> {
  return eventually(() => {
    clock.advance(stepMs)
    return check()
  })
}

test('events come as they happen, each with the id to resume from', async () => {
  const first = await source.event()
  const reader = await open()
  await eventually(() => reader.text().includes(`id: evt_${first}\nevent: opt_out.created\ndata: {"id":"evt_${first}"`))
  const second = await source.event()
  await soon(() => reader.text().includes(`id: evt_${second}\n`))
  assert.equal(reader.response.headers['content-type'], 'text/event-stream; charset=utf-8')
  assert.match(reader.text(), /^retry: 2000\n\n/)
})

test('a comment shows that a quiet stream still lives', async () => {
  const reader = await open()
  await soon(() => reader.text().includes(': still here\n\n'), 5_000)
})

test('a stream ends with its key, and when Textbridge stops', async () => {
  const reader = await open()
  isRevoked = true
  await soon(reader.isOver)
  isRevoked = false
  const other = await open()
  stopping.abort()
  await eventually(other.isOver)
})

test('one more stream than a key may have is refused, until one of them is closed', async () => {
  const readers = await Promise.all(Array.from({ length: streamsPerCallerMax }, open))
  const refused = await open()
  assert.equal(refused.response.statusCode, 429)
  assert.equal(refused.response.headers['retry-after'], '2')
  await eventually(refused.isOver)
  assert.deepEqual(JSON.parse(refused.text()), {
    detail: 'This API key has 10 event streams open, which is the most. Close one.',
    code: 'rate_limited',
    retryable: true,
  })
  readers[0]?.response.destroy()
  await eventually(async () => {
    clock.advance(500)
    const { response } = await open()
    return response.statusCode === 200
  })
})

test('a reader that takes nothing is cut off, with little gathered for it', async () => {
  const data = JSON.stringify({ note: 'x'.repeat(100_000) })
  for (let count = 0; count < 200; count++) await source.event({ data })
  const { port, hostname } = new URL(url)
  const socket = connect(Number(port), hostname)
  socket.pause()
  let isClosed = false
  socket.on('error', () => undefined)
  socket.on('close', () => {
    isClosed = true
  })
  socket.write('GET /stream HTTP/1.1\r\nHost: test\r\n\r\n')
  const connections = () =>
    new Promise<number>((resolve) => app.server.getConnections((_error, count) => resolve(count)))
  await eventually(async () => (await connections()) === 1)
  await eventually(async () => {
    clock.advance(1_000)
    return (await connections()) === 0
  })
  assert.ok(socket.bytesRead < 20_000_000)
  socket.destroy()
  await eventually(() => isClosed)
})
