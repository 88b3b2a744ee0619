import assert from 'node:assert/strict'
import { afterEach, beforeEach, test } from 'node:test'
import Fastify from 'fastify'
import { type ManualClock, manualClock } from '../../test/support/manual-clock.ts'
import { openMemoryStore } from '../../test/support/parts.ts'
import type { RateLimit } from '../core/api-key.ts'
import { SmsError } from '../core/errors.ts'
import type { Store } from '../ports/store.ts'
import { expectedErrorOf, replyWithError } from './errors.ts'
import { makeRateLimits } from './rate-limit.ts'

let store: Store
let clock: ManualClock
/** How many requests each call to the store wanted. */
let wanted: number[]
let isDown: boolean
let limit: RateLimit
let url: string
let app = Fastify()

beforeEach(async () => {
  store = await openMemoryStore()
  clock = manualClock(1_000_000)
  wanted = []
  isDown = false
  limit = { requests: 3, per: 'minute' }
  const rateLimits = makeRateLimits({
    clock,
    store: {
      apiKeys: {
        async takeRequests(params) {
          wanted.push(params.wanted)
          if (isDown) throw new SmsError('unavailable', 'The database does not answer. Try again in a moment.')
          return store.apiKeys.takeRequests(params)
        },
      },
    },
  })
  app = Fastify()
  app.addHook('onRequest', (request, reply) => rateLimits.admit(Number(request.headers['x-key'] ?? 1), limit, reply))
  app.setErrorHandler((error, _request, reply) => {
    const expected = expectedErrorOf(error)
    assert.ok(expected !== undefined)
    return replyWithError(reply, expected)
  })
  app.get('/', async () => 'done')
  url = await app.listen({ port: 0 })
})

afterEach(async () => {
  await app.close()
  await store.close()
})

const ask = (key = 1) => fetch(url, { headers: { 'x-key': String(key) } })
const statusOf = async (key = 1) => (await ask(key)).status
const fieldsOf = ({ headers }: Response) =>
  ['ratelimit-limit', 'ratelimit-remaining', 'ratelimit-reset', 'ratelimit', 'ratelimit-policy'].map((name) =>
    headers.get(name),
  )

test('every answer says how many requests are left, and until when', async () => {
  assert.deepEqual(fieldsOf(await ask()), ['3', '2', '60', '"minute";r=2;t=60', '"minute";q=3;w=60'])
  clock.advance(10_001)
  assert.deepEqual(fieldsOf(await ask()), ['3', '1', '50', '"minute";r=1;t=50', '"minute";q=3;w=60'])
})

test('over the limit a request is refused until its window ends, and another key is not', async () => {
  for (let request = 0; request < 3; request++) assert.equal(await statusOf(), 200)
  clock.advance(59_500)
  const refused = await ask()
  assert.equal(refused.status, 429)
  assert.equal(refused.headers.get('retry-after'), '1')
  assert.deepEqual(fieldsOf(refused), ['3', '0', '1', '"minute";r=0;t=1', '"minute";q=3;w=60'])
  assert.deepEqual(await refused.json(), {
    detail: 'This API key may make 3 requests per minute, and has made them. Nothing was done; try again in 1 s.',
    code: 'rate_limited',
    retryable: true,
  })
  assert.equal(await statusOf(2), 200)
  clock.advance(500)
  assert.deepEqual(fieldsOf(await ask()).slice(0, 3), ['3', '2', '60'])
})

test('requests that come together are asked for together, and a window that is used up is asked about no more', async () => {
  limit = { requests: 50, per: 'hour' }
  const statuses = await Promise.all(Array.from({ length: 200 }, () => statusOf()))
  assert.equal(statuses.filter((status) => status === 200).length, 50)
  assert.equal(statuses.filter((status) => status === 429).length, 150)
  const callsSoFar = wanted.length
  assert.ok(callsSoFar < 200)
  for (let request = 0; request < 20; request++) assert.equal(await statusOf(), 429)
  assert.equal(wanted.length, callsSoFar)
})

test('a changed limit holds for the present window, and what was refused does not count', async () => {
  for (let request = 0; request < 6; request++) await ask()
  limit = { requests: 5, per: 'minute' }
  assert.deepEqual([await statusOf(), await statusOf(), await statusOf()], [200, 200, 429])
  limit = { requests: 2, per: 'minute' }
  assert.deepEqual(fieldsOf(await ask()).slice(0, 2), ['2', '0'])
  limit = { requests: 1, per: 'second' }
  assert.deepEqual([await statusOf(), await statusOf()], [200, 429])
})

test('a request that cannot be counted is refused as one that needs the database, and the next is tried anew', async () => {
  isDown = true
  assert.deepEqual([await statusOf(), await statusOf()], [503, 503])
  isDown = false
  assert.equal(await statusOf(), 200)
  assert.deepEqual(wanted, [1, 1, 1])
})
