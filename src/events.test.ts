import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { after, afterEach, before, beforeEach, suite, test } from 'node:test'
import { Webhook } from 'standardwebhooks'
import {
  buildEventSource,
  type EventDatabase,
  openPostgresEvents,
  openSqliteEvents,
} from '../test/support/event-rows.ts'
import { eventually, type ManualClock, manualClock } from '../test/support/manual-clock.ts'
import { createTestDatabase, type TestDatabase } from '../test/support/postgres.ts'
import {
  answering,
  type RecordedRequest,
  type RecordingServer,
  type Reply,
  resetting,
  silent,
  startRecordingServer,
} from '../test/support/recording-server.ts'
import { at } from '../test/support/service-client.ts'
import { deliveryWindowMs, endpointHoldMsMax } from './core/event-delivery.ts'
import { type RunningEvents, startEvents } from './events.ts'
import { deliveryLeaseMs } from './jobs/deliver-events.ts'
import { type GuardedClient, makeGuardedClient } from './net/guarded-client.ts'
import type { EventDelivery } from './ports/event-store.ts'
import { signingSecrets } from './use-cases/event-endpoint-secrets.ts'

const hourMs = 3_600_000
const garbage: Reply = (response) => response.socket?.end('I am not HTTP\r\n\r\n')
const endless: Reply = (response) => {
  response.writeHead(200)
  const more = () => {
    while (response.write('x'.repeat(10_000)));
    response.once('drain', more)
  }
  more()
}

for (const engine of ['sqlite', 'postgres'] as const)
  suite(`events reach a customer endpoint, over ${engine}`, () => {
    let server: TestDatabase | undefined
    let database: EventDatabase
    let customer: RecordingServer
    let client: GuardedClient
    let clock: ManualClock
    let source: Awaited<ReturnType<typeof buildEventSource>>
    let running: RunningEvents | undefined

    before(async () => {
      if (engine === 'postgres') server = await createTestDatabase()
    })
    after(() => server?.drop())
    beforeEach(async () => {
      database = server === undefined ? await openSqliteEvents(':memory:') : await openPostgresEvents(server.url)
      customer = await startRecordingServer()
      client = makeGuardedClient({ callTimeoutMs: 250 })
      clock = manualClock(Date.now())
      source = await buildEventSource(database)
    })
    afterEach(async () => {
      await running?.stop()
      running = undefined
      await client.close()
      await customer.close()
      await database.close()
    })

    let chances = 1
    const random = {
      bytes: (count: number) => randomBytes(count),
      chance() {
        chances = (chances * 48_271) % 2_147_483_647
        return chances / 2_147_483_647
      },
    }

    let told: string[] = []
    let tries = 0
    const tell = (event: string) => void told.push(event)

    function start(): void {
      ;[told, tries] = [[], 0]
      const mediaUrls = async () => ['https://sms.example.com/media/1']
      const log = { debug: () => void tries++, info: tell, warn: tell, error: tell }
      running = startEvents({ store: database, client, clock, random, log, mediaUrls })
    }

    const endpoint = (fields: object = {}) =>
      source.endpoint({ url: `${customer.url}/events`, trusted: true, ...fields })

    /** Oldest first. */
    async function deliveries(): Promise<EventDelivery[]> {
      const page = { skip: 0, limit: 1_000 }
      return (await database.events.listDeliveries(source.organizationId, {}, page)).reverse()
    }

    /** Until `count` deliveries are made and nothing is due or under way at this time. */
    async function settle(count: number, conversationOf = new Map<number, number>()): Promise<EventDelivery[]> {
      let all: EventDelivery[] = []
      await eventually(async () => {
        running?.wake()
        all = await deliveries()
        const heads = new Set<number>()
        const isBusy = ({ nextAt = Number.POSITIVE_INFINITY, eventKeys }: EventDelivery) => {
          const conversation = conversationOf.get(eventKeys[0] ?? 0)
          if (conversation !== undefined && heads.has(conversation)) return false
          if (conversation !== undefined) heads.add(conversation)
          return nextAt <= clock.now() || nextAt === clock.now() + deliveryLeaseMs
        }
        return all.length >= count && !all.filter(({ state }) => state === 'pending').some(isBusy)
      })
      return all
    }

    /** Until `count` tries were recorded in all and none is under way at this time. */
    async function tried(count: number): Promise<void> {
      await eventually(async () => {
        running?.wake()
        const isUnderWay = ({ nextAt }: EventDelivery) => nextAt === clock.now() + deliveryLeaseMs
        return tries >= count && !(await deliveries()).some(isUnderWay)
      })
    }

    const idsOf = (requests: readonly RecordedRequest[]) => requests.map(({ headers }) => headers['webhook-id'])

    test('down in every way and then back: each event arrives once, signed, in the order of its conversation', async () => {
      const { secrets } = await endpoint({ ordered: true })
      const conversations = await Promise.all([source.conversation(), source.conversation(), source.conversation()])
      const conversationOf = new Map<number, number>()
      for (let count = 0; count < 30; count++) {
        const conversationKey = conversations[count % 3] ?? 0
        conversationOf.set(await source.received({ conversationKey }), conversationKey)
      }
      const faults = [
        answering(500, 'no'),
        answering(404, 'no'),
        answering(302, '', { location: `${customer.url}/elsewhere` }),
        answering(429, '', { 'retry-after': '5' }),
        answering(200, 'cut', { 'content-length': 'nonsense' }),
        garbage,
        resetting,
        silent,
      ]
      const taken: RecordedRequest[] = []
      let isDown = true
      let turn = 0
      customer.reply((response, request) => {
        const fault = isDown ? faults[turn++ % faults.length] : undefined
        if (fault !== undefined) return fault(response, request)
        taken.push(request)
        response.writeHead(204).end()
      })
      start()
      await settle(30, conversationOf)
      for (let round = 0; round < faults.length; round++) {
        clock.advance(hourMs)
        await tried(tries + 1)
      }
      isDown = false
      await eventually(async () => {
        running?.wake()
        if (told.at(-1) !== 'event_endpoint.recovered') {
          clock.advance(hourMs)
          await tried(tries + 1)
        }
        return (await deliveries()).every(({ state }) => state === 'delivered')
      })
      assert.equal(taken.length, 30)
      assert.ok(customer.requests.every(({ path }) => path === '/events'))
      const webhook = new Webhook(secrets[0]?.value ?? '')
      for (const { headers, body } of taken) {
        const [id, timestamp] = [String(headers['webhook-id']), Number(headers['webhook-timestamp'])]
        assert.equal(headers['webhook-signature'], webhook.sign(id, new Date(timestamp * 1_000), body))
        assert.equal(at(JSON.parse(body), 'id'), id)
      }
      for (const conversation of conversations) {
        const expected = [...conversationOf].filter(([, own]) => own === conversation).map(([key]) => `evt_${key}`)
        assert.deepEqual(
          idsOf(taken).filter((id) => expected.includes(String(id))),
          expected,
        )
      }
    })

    test('after 24 hours a delivery is dead, and replayed under the same id when asked', async () => {
      await endpoint()
      const key = await source.event()
      customer.reply(answering(500, 'no'))
      start()
      let [delivery] = await settle(1)
      const firstTryAt = clock.now()
      const waits: number[] = []
      while (delivery?.state === 'pending') {
        waits.push((delivery.nextAt ?? 0) - clock.now())
        clock.advance(Math.max((delivery.nextAt ?? 0) - clock.now(), endpointHoldMsMax))
        ;[delivery] = await settle(1)
      }
      assert.equal(delivery?.state, 'dead')
      const lateMs = clock.now() - firstTryAt - deliveryWindowMs
      assert.ok(lateMs >= 0 && lateMs < endpointHoldMsMax, `${lateMs} ms late`)
      assert.ok(waits.length > 24 && waits.length < 150, `${waits.length} tries`)
      assert.ok(waits.slice(0, 2).every((ms) => ms <= 4_000) && Math.max(...waits) <= hourMs, waits.join(' '))
      assert.deepEqual(delivery?.lastTry?.status, 500)
      clock.advance(endpointHoldMsMax)
      customer.reply(answering(200, 'yes'))
      await database.events.replay(source.organizationId, { endpointId: delivery?.endpointId ?? 0 }, clock.now())
      assert.equal((await settle(1))[0]?.state, 'delivered')
      assert.deepEqual([...new Set(idsOf(customer.requests))], [`evt_${key}`])
    })

    test('an endpoint that fails at once is left alone ever longer, however much waits, and the log says when it changes', async () => {
      await endpoint()
      for (let count = 0; count < 100; count++) await source.event()
      customer.reply(answering(500, 'no'))
      start()
      await tried(8)
      for (const [round, holdMs] of [1_000, 2_000, 4_000, 8_000].entries()) {
        clock.advance(holdMs - 1)
        await tried(8 + round)
        clock.advance(1)
        await tried(9 + round)
      }
      assert.equal(customer.requests.length, 12)
      assert.deepEqual(told, ['event_endpoint.failing'])
      customer.reply(answering(204, ''))
      clock.advance(hourMs)
      assert.ok((await settle(100)).every(({ state }) => state === 'delivered'))
      assert.deepEqual(told, ['event_endpoint.failing', 'event_endpoint.recovered'])
    })

    test('410 disables the endpoint; enabled again, it gets what came meanwhile', async () => {
      const { id } = await endpoint()
      const [gone] = [await source.event()]
      customer.reply(answering(410, 'gone'))
      start()
      await settle(1)
      const { organizationId } = source
      await eventually(async () => (await database.events.findEndpoint(organizationId, id))?.disabledAt !== undefined)
      const meanwhile = await source.event()
      clock.advance(hourMs)
      assert.deepEqual(idsOf(customer.requests), [`evt_${gone}`])
      customer.reply(answering(200, ''))
      await database.events.changeEndpoint(organizationId, id, ({ disabledAt: _gone, ...rest }) => rest)
      running?.wake()
      const [first, second] = await settle(2)
      assert.deepEqual([first?.state, second?.state], ['dead', 'delivered'])
      assert.equal(idsOf(customer.requests).at(-1), `evt_${meanwhile}`)
    })

    test('an endpoint that asks to wait is not asked before', async () => {
      await endpoint()
      await source.event()
      customer.reply(answering(503, '', { 'retry-after': '1800' }))
      start()
      const [delivery] = await settle(1)
      assert.equal(delivery?.nextAt, clock.now() + 1_800_000)
      customer.reply(answering(429, '', { 'retry-after': '999999999' }))
      clock.advance(1_800_000)
      const [again] = await settle(1)
      assert.equal(again?.nextAt, clock.now() + hourMs)
    })

    test('killed between the claim and the record, it is made again under the same id', async () => {
      await endpoint()
      const key = await source.event()
      await database.events.fanOut({ now: clock.now(), limit: 10 })
      const claim = { now: clock.now(), tryAgainAt: clock.now() + deliveryLeaseMs, limit: 10, slotsOf: () => 10 }
      assert.equal((await database.events.claimDeliveries(claim)).length, 1)
      start()
      clock.advance(deliveryLeaseMs - 1)
      running?.wake()
      assert.equal(customer.requests.length, 0)
      clock.advance(500)
      assert.equal((await settle(1))[0]?.state, 'delivered')
      assert.deepEqual(idsOf(customer.requests), [`evt_${key}`])
    })

    test('a 2xx that was lost on its way is the only reason for a second delivery', async () => {
      await endpoint()
      const key = await source.event()
      customer.reply(resetting)
      start()
      await settle(1)
      customer.reply(answering(200, ''))
      clock.advance(hourMs)
      assert.equal((await settle(1))[0]?.state, 'delivered')
      assert.deepEqual(idsOf(customer.requests), [`evt_${key}`, `evt_${key}`])
    })

    test('an answer without an end counts by its status, and nothing of it is kept', async () => {
      await endpoint()
      await source.event()
      customer.reply(endless)
      start()
      const [delivery] = await settle(1)
      assert.equal(delivery?.state, 'delivered')
      assert.deepEqual(Object.keys(delivery?.lastTry ?? {}), ['at', 'durationMs', 'status'])
    })

    test('an endpoint that hangs with much to do takes few places, and none from another', async () => {
      await endpoint({ url: `${customer.url}/hangs` })
      for (let count = 0; count < 60; count++) await source.event()
      const arrived = new Map<string, number>()
      customer.reply((response, { path }) => {
        arrived.set(path, (arrived.get(path) ?? 0) + 1)
        if (path === '/works') response.writeHead(204).end()
      })
      start()
      await eventually(() => arrived.get('/hangs') === 8)
      await endpoint({ url: `${customer.url}/works` })
      await source.event()
      running?.wake()
      await eventually(() => arrived.get('/works') === 1)
      assert.ok((arrived.get('/hangs') ?? 0) <= 8 + 1, `${arrived.get('/hangs')} at once`)
    })

    test('each secret that still signs can verify, and after its time no more', async () => {
      const [present, old] = [random.bytes(24), random.bytes(24)].map((bytes) => `whsec_${bytes.toString('base64')}`)
      const { secrets } = await endpoint({
        secrets: [{ value: present }, { value: old, signsUntil: clock.now() + 1_000 }],
      })
      assert.equal(secrets.length, 2)
      await source.event({ data: '{"source":"api"}', recipient: '+12025550199' })
      start()
      await settle(1)
      const [request] = customer.requests
      assert.ok(request !== undefined && present !== undefined && old !== undefined)
      const headers = Object.fromEntries(Object.entries(request.headers).map(([name, value]) => [name, String(value)]))
      for (const secret of [present, old])
        assert.deepEqual(at(new Webhook(secret).verify(request.body, headers), 'data'), {
          source: 'api',
          phone_number: '+12025550199',
        })
      assert.throws(() => new Webhook(present).verify(`${request.body} `, headers))
      assert.deepEqual(signingSecrets({ secrets }, clock.now() + 1_000), [present])
    })

    test('an assistant gets a burst of texts as one, in its own shape', async () => {
      const assistantId = await source.assistant({ coalesceMs: 3_000 })
      await endpoint({ assistantId, url: `${customer.url}/sms` })
      const conversationKey = await source.conversation()
      const now = clock.now()
      const first = await source.received({ assistantId, conversationKey, at: now })
      await source.received({ assistantId, conversationKey, at: now + 1_000, columns: { body: 'again' } })
      start()
      clock.advance(3_000)
      running?.wake()
      assert.equal((await settle(1))[0]?.state, 'delivered')
      assert.equal(customer.requests.length, 1)
      const body: unknown = JSON.parse(customer.requests[0]?.body ?? '')
      const messages = at(body, 'data', 'messages')
      assert.deepEqual(
        [at(body, 'type'), at(body, 'id'), at(body, 'assistant_id'), at(body, 'untrusted')],
        ['sms_received', `evt_${first}`, assistantId, true],
      )
      assert.equal(at(body, 'data', 'body'), 'Hello\nagain')
      assert.equal(at(body, 'data', 'message_id'), at(messages, 1, 'message_id'))
      assert.deepEqual(at(messages, 0, 'media_urls'), ['https://sms.example.com/media/1'])
    })

    test('stopping waits for the post under way and records it', async () => {
      await endpoint()
      await source.event()
      let answer = () => {}
      customer.reply((response) => {
        answer = () => response.writeHead(204).end()
      })
      start()
      await eventually(() => customer.requests.length === 1)
      const stopped = running?.stop()
      answer()
      await stopped
      assert.equal((await deliveries())[0]?.state, 'delivered')
    })
  })
