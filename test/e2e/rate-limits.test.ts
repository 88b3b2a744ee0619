import assert from 'node:assert/strict'
import { after, before, suite, test } from 'node:test'
import pg from 'pg'
import { type RunningApp, startApp } from '../../src/app.ts'
import { parseConfig } from '../../src/config/config.ts'
import { parseSecrets } from '../../src/config/secrets.ts'
import { environmentOf, installOrganization, senders } from '../support/installation.ts'
import { eventually, type ManualClock, manualClock } from '../support/manual-clock.ts'
import type { TestDatabase } from '../support/postgres.ts'
import { type RecordingServer, startRecordingServer } from '../support/recording-server.ts'
import { accepting } from '../support/send-service.ts'
import { type Answer, at, callService, createDatabase, engines } from '../support/service-client.ts'
import { silentLog } from '../support/silent-log.ts'

const key = 'canary-key-of-acme-0123456789-0123456789'
const keysPath = '/api/v1/users/me/api-keys'
/** Key changes that other processes made are looked up again after 2 s; this is what is promised. */
const holdsWithinMs = 5_000

type Node = { readonly app: RunningApp; readonly clock: ManualClock }
let provider: RecordingServer
before(async () => {
  provider = await startRecordingServer()
  provider.reply(accepting)
})
after(() => provider.close())

for (const engine of engines)
  suite(`rate limits of API keys over ${engine}`, () => {
    let database: TestDatabase
    let nodes: Node[] = []
    /** SQLite is for one process. */
    const nodeCount = engine === 'postgres' ? 2 : 1

    before(async () => {
      database = await createDatabase(engine)
      const env = { ...environmentOf(database), TEXTBRIDGE_ROLES: 'api' }
      const baseUrls = { twilio: provider.url, telnyx: provider.url }
      await installOrganization(env, { name: 'Acme', apiKeys: [key], baseUrls })
      nodes = await Promise.all(
        Array.from({ length: nodeCount }, async () => {
          const clock = manualClock(Date.now())
          const [config, secrets] = [parseConfig(env), parseSecrets(env)]
          return { clock, app: await startApp({ config, secrets, log: silentLog, version: 'test', clock }) }
        }),
      )
    })
    after(async () => {
      await Promise.all(nodes.map(({ app }) => app.close()))
      await database.drop()
    })

    const nodeAt = (index: number): Node => {
      const node = nodes[index % nodeCount]
      assert.ok(node !== undefined)
      return node
    }
    const call = (method: string, path: string, options: { key?: string; json?: unknown; node?: number } = {}) =>
      callService(nodeAt(options.node ?? 0).app.url, method, path, { key, ...options })
    const ask = (apiKey: string, node = 0) => call('GET', '/api/v1/organization', { key: apiKey, node })

    async function createKey(rate_limit: unknown): Promise<{ readonly apiKey: string; readonly id: unknown }> {
      const created = await call('POST', keysPath, { json: { name: 'limited', rate_limit } })
      assert.equal(created.status, 200, created.text)
      return { apiKey: String(at(created.body, 'key')), id: at(created.body, 'api_key', 'id') }
    }

    async function listedLimit(id: unknown): Promise<unknown> {
      const { body } = await call('GET', keysPath)
      assert.ok(Array.isArray(body))
      return at(
        body.find((shown: unknown) => at(shown, 'id') === id),
        'rate_limit',
      )
    }

    test('a limit is set at creation, listed, changed, left alone by other changes, and taken away', async () => {
      const { id } = await createKey({ requests: 50, per: 'minute' })
      assert.deepEqual(await listedLimit(id), { requests: 50, per: 'minute' })
      const change = async (method: string, json: unknown) =>
        at((await call(method, `${keysPath}/${id}`, { json })).body, 'rate_limit')
      assert.deepEqual(await change('PATCH', { name: 'renamed' }), { requests: 50, per: 'minute' })
      assert.deepEqual(await change('PUT', { send: true }), { requests: 50, per: 'minute' })
      assert.deepEqual(await change('PATCH', { rate_limit: { requests: 1_000_000, per: 'hour' } }), {
        requests: 1_000_000,
        per: 'hour',
      })
      assert.deepEqual(await change('PATCH', { rate_limit: null }), {})
      assert.deepEqual(await listedLimit(id), {})
    })

    test('a limit that is none is refused with a sentence', async () => {
      for (const [rate_limit, detail] of [
        [{ requests: 0, per: 'minute' }, 'rate_limit.requests must be at least 1.'],
        [{ requests: 1_000_001, per: 'minute' }, 'rate_limit.requests must be at most 1000000.'],
        [{ requests: 1.5, per: 'minute' }, 'rate_limit.requests must be a whole number.'],
        [{ requests: 5, per: 'day' }, 'rate_limit.per must be one of: second, minute, hour.'],
        [{ requests: 5 }, 'rate_limit.per is required.'],
        ['5/s', 'rate_limit must be a JSON object.'],
      ] as const) {
        const { status, body } = await call('POST', keysPath, { json: { name: 'a', rate_limit } })
        assert.deepEqual([status, at(body, 'detail')], [400, detail])
      }
    })

    test('all routes count together, failed requests too; over the limit nothing is done', async () => {
      const { apiKey } = await createKey({ requests: 4, per: 'hour' })
      const send = { from_phone_number: senders.twilio, to_phone_number: '+12025550199', message: engine }
      provider.requests.length = 0
      const answers = [
        await ask(apiKey),
        await call('GET', '/sms/nothing/status', { key: apiKey, node: 1 }),
        await call('POST', '/sms/send', { key: apiKey, json: {} }),
        await call('POST', '/sms/send', { key: apiKey, json: send, node: 1 }),
        await call('POST', '/sms/send', { key: apiKey, json: { ...send, message: 'one more' } }),
        await call('POST', '/api/v1/assistants', { key: apiKey, json: { name: 'one more' }, node: 1 }),
      ]
      assert.deepEqual(
        answers.map(({ status, headers }) => [status, headers.get('ratelimit-remaining')]),
        [
          [200, '3'],
          [404, '2'],
          [400, '1'],
          [200, '0'],
          [429, '0'],
          [429, '0'],
        ],
      )
      assert.equal(provider.requests.length, 1)
      assert.ok(!(await call('GET', '/api/v1/sms-logs')).text.includes('one more'))
      assert.ok(!(await call('GET', '/api/v1/assistants')).text.includes('one more'))
    })

    test('a refusal says when to come back; the answers to keys without a limit say nothing of limits', async () => {
      const { apiKey } = await createKey({ requests: 1, per: 'minute' })
      await ask(apiKey)
      const { status, headers, body } = await ask(apiKey, 1)
      const seconds = Number(headers.get('retry-after'))
      assert.ok(Number.isInteger(seconds) && seconds >= 55 && seconds <= 60)
      assert.deepEqual(
        [status, body],
        [
          429,
          {
            detail: `This API key may make 1 request per minute, and has made them. Nothing was done; try again in ${seconds} s.`,
            code: 'rate_limited',
            retryable: true,
          },
        ],
      )
      assert.deepEqual(
        ['limit', 'remaining', 'reset'].map((name) => headers.get(`ratelimit-${name}`)),
        ['1', '0', String(seconds)],
      )
      assert.equal(headers.get('ratelimit-policy'), '"minute";q=1;w=60')
      assert.equal(headers.get('ratelimit'), `"minute";r=0;t=${seconds}`)
      assert.equal([...(await ask(key)).headers.keys()].filter((name) => name.startsWith('ratelimit')).length, 0)
    })

    test('an event stream counts once, and its answer says how the key stands', async () => {
      const { apiKey } = await createKey({ requests: 2, per: 'hour' })
      const leaving = new AbortController()
      const stream = await fetch(`${nodeAt(0).app.url}/api/v1/events/stream`, {
        headers: { authorization: `Bearer ${apiKey}` },
        signal: leaving.signal,
      })
      assert.deepEqual([stream.status, stream.headers.get('ratelimit-remaining')], [200, '1'])
      let text = ''
      const read = async () => {
        for await (const chunk of stream.body ?? []) text += Buffer.from(chunk).toString()
      }
      const left = assert.rejects(read, { name: 'AbortError' })
      // Between two signs of life, at 15 s, it looks at its key, every 2 s.
      await eventually(() => {
        nodeAt(0).clock.advance(1_000)
        return text.split(': still here').length > 2
      })
      leaving.abort()
      await left
      assert.equal((await ask(apiKey)).headers.get('ratelimit-remaining'), '0')
    })

    test('of 200 requests at once, to every node, exactly the 50 of the limit are let through', async () => {
      const { apiKey, id } = await createKey({ requests: 50, per: 'minute' })
      const flood = () => Promise.all(Array.from({ length: 200 }, (_, index) => ask(apiKey, index)))
      const answers = await flood()
      assert.deepEqual(countsOf(answers), { 200: 50, 429: 150 })
      const remaining = answers
        .filter(({ status }) => status === 200)
        .map(({ headers }) => Number(headers.get('ratelimit-remaining')))
      assert.deepEqual(
        remaining.sort((left, right) => left - right),
        Array.from({ length: 50 }, (_, index) => index),
      )
      if (engine === 'sqlite') return
      const client = new pg.Client(database.url)
      await client.connect()
      const rowVersion = async () =>
        (await client.query('SELECT xmin, requests FROM api_key_windows WHERE api_key_id = $1', [id])).rows
      const before = await rowVersion()
      assert.equal(before[0]?.requests, '50')
      assert.deepEqual(countsOf(await flood()), { 429: 200 })
      assert.deepEqual(await rowVersion(), before, 'a flood over the limit reaches the database')
      await client.end()
    })

    test('a changed limit holds on every node within 5 s, and so does its end', async () => {
      const { apiKey, id } = await createKey({ requests: 100, per: 'hour' })
      const last = nodeCount - 1
      assert.equal((await ask(apiKey, last)).headers.get('ratelimit-limit'), '100')
      const change = async (rate_limit: unknown) => {
        await call('PATCH', `${keysPath}/${id}`, { json: { rate_limit } })
        nodeAt(last).clock.advance(holdsWithinMs)
      }
      await change({ requests: 3, per: 'hour' })
      assert.deepEqual(
        countsOf(await Promise.all(Array.from({ length: 12 }, (_, index) => ask(apiKey, index)))),
        { 200: 2, 429: 10 },
        'with the one before the change, 3',
      )
      await change({ requests: 5, per: 'hour' })
      assert.deepEqual(
        countsOf(await Promise.all(Array.from({ length: 12 }, (_, index) => ask(apiKey, index)))),
        { 200: 2, 429: 10 },
        'what was refused does not count',
      )
      await change(null)
      const free = await ask(apiKey, last)
      assert.deepEqual([free.status, free.headers.get('ratelimit-limit')], [200, null])
    })

    test('a revoked key is refused at once where it was revoked, and on every node within 5 s', async () => {
      const { apiKey, id } = await createKey({ requests: 100, per: 'hour' })
      const last = nodeCount - 1
      assert.equal((await ask(apiKey, last)).status, 200)
      await call('DELETE', `${keysPath}/${id}`)
      assert.equal((await ask(apiKey)).status, 401)
      nodeAt(last).clock.advance(holdsWithinMs)
      assert.equal((await ask(apiKey, last)).status, 401)
    })
  })

function countsOf(answers: readonly Answer[]): Record<number, number> {
  const counts: Record<number, number> = {}
  for (const { status } of answers) counts[status] = (counts[status] ?? 0) + 1
  return counts
}
