import assert from 'node:assert/strict'
import { request as httpRequest, type IncomingMessage } from 'node:http'
import { after, before, suite, test } from 'node:test'
import { environmentOf, installOrganization, senders } from '../support/installation.ts'
import { type Answer, at, callService, createDatabase, engines } from '../support/service-client.ts'
import { startServiceProcess } from '../support/service-process.ts'
import { startWorld, type World, worldKey } from '../support/world.ts'

const path = '/sms/send/batch'
let people = 0
const freshPerson = () => `+1303558${String(++people).padStart(4, '0')}`
const good = (to = freshPerson()) => ({ from_phone_number: senders.telnyx, to_phone_number: to, message: 'Hello' })

const listOf = (answer: Answer, name: string): unknown[] => {
  const results = at(answer.body, 'results')
  assert.ok(Array.isArray(results), answer.text)
  return results.map((result: unknown) => at(result, name))
}

for (const engine of engines)
  suite(`batches, on ${engine}`, () => {
    let world: World
    before(async () => {
      world = await startWorld({ engine })
    })
    after(() => world.close())

    const post = (json: object, key = worldKey) => world.call('POST', path, { key, json })
    const postAll = (messages: readonly unknown[], more: object = {}) => post({ messages, ...more })
    /** In the order in which the carrier got them. */
    const textsTo = (to: string) =>
      world.simulator
        .ledger()
        .flatMap(({ recipient, body }) => (recipient === to ? [body] : []))
        .reverse()

    test('each of a thousand messages has its own answer, and a bad one stops no other', async () => {
      const optedOut = freshPerson()
      await world.call('POST', '/api/v1/opt-outs', { json: { phone_number: optedOut } })
      const inADay = new Date(Date.now() + 30 * 86_400_000).toISOString()
      const special = new Map<number, [message: unknown, status: number, detail: string | undefined]>([
        [0, [null, 400, 'A message of a batch must be a JSON object.']],
        [1, [{ ...good(), message: '' }, 400, 'message is required']],
        [
          2,
          [{ ...good(), from_phone_number: '+12025550177' }, 404, 'No assistant found for phone number +12025550177'],
        ],
        [
          3,
          [
            good(optedOut),
            400,
            'The recipient has opted out of texts from this organization. Do not text them until they text START.',
          ],
        ],
        [
          4,
          [
            { ...good(), queue: false },
            400,
            'queue is false, but all messages of a batch are queued. Leave queue out, or set it to true.',
          ],
        ],
        [
          5,
          [{ ...good(), dry_run: true }, 400, 'dry_run is not for a batch. Ask about one message with POST /sms/send.'],
        ],
        [
          6,
          [
            { ...good(), idempotency_key: 'k' },
            400,
            'idempotency_key is one for the whole batch: give it beside messages, or as the header.',
          ],
        ],
        [
          7,
          [
            { ...good(), send_at: '2020-01-01T00:00:00Z' },
            400,
            'send_at has passed (up to 60 seconds ago counts as now). Give a later time, or leave it out.',
          ],
        ],
        [
          998,
          [
            { ...good(), to_phone_number: '1' },
            400,
            'Invalid to_phone_number format. Use E.164 format (e.g., +1234567890)',
          ],
        ],
        [999, [{ ...good(), queue: true, send_at: inADay }, 200, undefined]],
      ])
      const messages = Array.from({ length: 1_000 }, (_, place) => {
        const [message] = special.get(place) ?? [good()]
        return message
      })
      const answer = await postAll(messages)
      assert.equal(answer.status, 200, answer.text)
      assert.deepEqual([at(answer.body, 'accepted'), at(answer.body, 'refused')], [991, 9])
      const [statuses, details] = [listOf(answer, 'status_code'), listOf(answer, 'detail')]
      assert.equal(statuses.length, 1_000)
      for (const [place, [, status, detail]] of special)
        assert.deepEqual([statuses[place], details[place]], [status, detail], `message ${place}`)
      assert.ok(statuses.every((status, place) => special.has(place) || status === 200))
      assert.equal(new Set(listOf(answer, 'id').filter((id) => id !== undefined)).size, 992)
      assert.deepEqual(
        ['success', 'status', 'message', 'provider', 'segments'].map((name) => at(answer.body, 'results', 10, name)),
        [true, 'queued', 'SMS queued successfully via telnyx', 'telnyx', 1],
      )
      assert.equal(at(answer.body, 'results', 999, 'status'), 'scheduled')
    })

    test('a repeated batch gives the same answers and texts nobody twice, in whatever order its members stand', async () => {
      const [to, message] = [freshPerson(), 'Once']
      const messages = [
        { ...good(to), from_phone_number: senders.twilio, message },
        { ...good(), message: '' },
        { ...good(), metadata: { a: '1', b: '2' } },
      ]
      const key = { idempotency_key: `batch ${engine}` }
      const first = await postAll(messages, key)
      await world.until('it is delivered', async () => {
        const { body } = await world.call('GET', `/sms/${at(first.body, 'results', 0, 'id')}`)
        return at(body, 'status') === 'delivered' ? body : undefined
      })
      const turned = messages.map((one) => Object.fromEntries(Object.entries(one).reverse()))
      for (const again of [messages, turned]) {
        const repeated = await postAll(again, key)
        assert.equal(repeated.headers.get('idempotent-replayed'), 'true')
        for (const name of ['status_code', 'id', 'status', 'message', 'detail'])
          assert.deepEqual(listOf(repeated, name), listOf(first, name), name)
      }
      assert.equal(first.headers.get('idempotent-replayed'), null)
      assert.deepEqual(textsTo(to), [message])
    })

    test('a key used with another batch accepts nothing of it, also where the first one had nothing', async () => {
      const key = { idempotency_key: `reused ${engine}` }
      const first = await postAll([{ ...good(), message: '' }, good()], key)
      assert.equal(at(first.body, 'accepted'), 1)
      const to = freshPerson()
      for (const messages of [[good(to)], [good(to), good(to), good(to)]]) {
        const { status, body } = await postAll(messages, key)
        assert.deepEqual([status, at(body, 'code')], [422, 'idempotency_key_reused'])
      }
      const { body } = await world.call('GET', `/api/v1/sms-logs?to_number=${encodeURIComponent(to)}`)
      assert.equal(at(body, 'total'), 0)
      const single = await world.call('POST', '/sms/send', { json: { ...good(), ...key } })
      assert.equal(single.status, 200, 'a key of /sms/send is another one')
    })

    test('a batch of which nothing could be read leaves its key free', async () => {
      const key = { idempotency_key: `free ${engine}` }
      assert.equal(at((await postAll([{}], key)).body, 'refused'), 1)
      assert.equal(at((await postAll([good()], key)).body, 'accepted'), 1)
    })

    test('texts to one person leave in their order', async () => {
      const to = freshPerson()
      const texts = Array.from({ length: 6 }, (_, index) => `part ${index + 1}`)
      await postAll(texts.flatMap((message) => [{ ...good(to), from_phone_number: senders.twilio, message }]))
      await world.until('all have left', async () => (textsTo(to).length === texts.length ? true : undefined))
      assert.deepEqual(textsTo(to), texts)
    })

    test('what is no batch is refused as a whole', async () => {
      const rows: readonly [json: object, detail: string][] = [
        [{}, 'messages is required'],
        [{ messages: null }, 'messages is required'],
        [{ messages: {} }, 'messages must be an array of 1 to 1000 messages.'],
        [{ messages: [] }, 'messages must be an array of 1 to 1000 messages.'],
        [{ messages: Array.from({ length: 1_001 }, () => 1) }, 'messages must be an array of 1 to 1000 messages.'],
        [[good()], 'The request body must be a JSON object.'],
        [{ messages: [good()], idempotency_key: 5 }, 'idempotency_key must have 1 to 256 printable characters.'],
        [
          { messages: [{ ...good(), metadata: JSON.parse(`${'['.repeat(30)}${']'.repeat(30)}`) }] },
          'The request body is nested more than 20 levels deep.',
        ],
      ]
      for (const [json, detail] of rows) {
        const { status, body } = await post(json)
        assert.deepEqual([status, at(body, 'code'), at(body, 'detail')], [400, 'invalid_request', detail])
      }
      const large = await postAll([{ ...good(), message: 'a'.repeat(4 * 1024 * 1024) }])
      assert.deepEqual(
        [large.status, at(large.body, 'detail')],
        [413, 'The request body is larger than 4194304 bytes. Send fewer messages in one batch.'],
      )
      assert.equal((await post({ messages: [good()] }, 'nobodys-key-0123456789-0123456789')).status, 401)
    })

    test('more batches at once than fit are told to come again, before their bodies are read', async () => {
      const { hostname, port } = new URL(world.url)
      const headers = { authorization: `Bearer ${worldKey}`, 'content-type': 'application/json', 'content-length': 9 }
      // Their bodies never come, so that each keeps its place.
      const open = Array.from({ length: 17 }, () =>
        httpRequest({ hostname, port, path, method: 'POST', headers, agent: false }),
      )
      const refused = await new Promise<IncomingMessage>((resolve) => {
        for (const request of open)
          request
            .on('error', () => undefined)
            .on('response', resolve)
            .flushHeaders()
      })
      assert.deepEqual([refused.statusCode, refused.headers['retry-after']], [503, '1'])
      assert.match(Buffer.concat(await refused.toArray()).toString(), /"code":"overloaded","retryable":true/)
      for (const request of open) request.destroy()
      await world.until('there is room again', async () =>
        (await postAll([good()])).status === 200 ? true : undefined,
      )
    })
  })

for (const engine of engines)
  test(`a batch that a kill cut off is completed by repeating it, each text once, on ${engine}`, async (t) => {
    const database = await createDatabase(engine)
    t.after(() => database.drop())
    const key = 'the-key-of-the-batch-kill-0123456789'
    const env = { ...environmentOf(database), TEXTBRIDGE_ROLES: 'api' }
    await installOrganization(env, {
      name: 'Acme',
      apiKeys: [key],
      baseUrls: { twilio: 'http://127.0.0.1:9', telnyx: 'http://127.0.0.1:9' },
    })
    const messages = Array.from({ length: 150 }, () => good())
    const json = { messages, idempotency_key: 'cut off' }
    const killed = await startServiceProcess({ env, failpoint: 'after_accept_commit' })
    const answer = callService(killed.url, 'POST', path, { key, json }).catch((error: unknown) => error)
    await killed.reached(100)
    await killed.kill()
    assert.ok((await answer) instanceof TypeError, 'the connection broke')

    const restarted = await startServiceProcess({ env })
    t.after(() => restarted.kill())
    const stored = async () =>
      at((await callService(restarted.url, 'GET', '/sms/queue/stats', { key })).body, 'total', 'queued')
    assert.equal(await stored(), 100)
    const repeated = await callService(restarted.url, 'POST', path, { key, json })
    assert.deepEqual([at(repeated.body, 'accepted'), await stored()], [150, 150])
    const again = await callService(restarted.url, 'POST', path, { key, json })
    assert.deepEqual(listOf(again, 'id'), listOf(repeated, 'id'))
    assert.equal(await stored(), 150)
  })
