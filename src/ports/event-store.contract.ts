import assert from 'node:assert/strict'
import { after, before, suite, test } from 'node:test'
import { buildEventSource, type EventDatabase } from '../../test/support/event-rows.ts'
import { now } from '../../test/support/store-builders.ts'
import { SmsError } from '../core/errors.ts'
import { type EventDelivery, endpointsPerOrganizationMax } from './event-store.ts'

const leaseMs = 60_000

/** What every engine is tested for. */
export function eventStoreContract(name: string, open: () => Promise<EventDatabase>): void {
  suite(`event store contract: ${name}`, () => {
    let database: EventDatabase
    before(async () => {
      database = await open()
    })
    after(() => database.close())

    const source = () => buildEventSource(database)
    const fanOut = (at = now) => database.events.fanOut({ now: at, limit: 100 })
    const claim = (at = now, slots = 100, limit = 1_000) =>
      database.events.claimDeliveries({ now: at, tryAgainAt: at + leaseMs, limit, slotsOf: () => slots })

    /** What is due of one organization; other tests' deliveries stay claimed. */
    async function claimOf({ organizationId }: { organizationId: number }, at = now): Promise<EventDelivery[]> {
      return (await claim(at)).filter((delivery) => delivery.organizationId === organizationId)
    }

    const delivered = (delivery: EventDelivery) =>
      database.events.recordTry(delivery.key, {
        lastTry: { at: now, durationMs: 5, status: 200 },
        state: 'delivered',
      })
    const keysOf = (deliveries: readonly EventDelivery[]) => deliveries.map(({ eventKeys }) => eventKeys)

    test('events are read after a key, of one organization, with message, conversation and person', async () => {
      const [mine, other] = [await source(), await source()]
      const conversationKey = await mine.conversation()
      const first = await mine.received({ conversationKey })
      await other.event()
      const second = await mine.event({ recipient: '+12025550199', data: '{"source":"keyword"}' })
      const { organizationId } = mine
      const events = await database.events.after({ organizationId, key: first - 1, limit: 10 })
      assert.deepEqual(
        events.map(({ key }) => key),
        [first, second],
      )
      assert.equal(events[0]?.message?.body, 'Hello')
      assert.match(events[0]?.conversationId ?? '', /^cnv_/)
      assert.deepEqual([events[1]?.message, events[1]?.recipient], [undefined, '+12025550199'])
      assert.deepEqual(events[1]?.data, { source: 'keyword' })
      assert.deepEqual(
        (await database.events.after({ organizationId, key: first, limit: 1 })).map(({ key }) => key),
        [second],
      )
      assert.equal(await database.events.newestKey(organizationId), second)
      assert.equal((await database.events.findByKeys(organizationId, [first, second])).length, 2)
      assert.deepEqual(await database.events.findByKeys(other.organizationId, [first]), [])
    })

    test('an endpoint is kept with its secrets, changed, found by its assistant and removed', async () => {
      const { organizationId, endpoint } = await source()
      const created = await endpoint({
        assistantId: organizationId,
        description: 'mine',
        types: ['message'],
        secrets: [{ value: 'whsec_bmV3' }, { value: 'whsec_b2xk', signsUntil: now + 5 }],
        ordered: true,
        trusted: true,
      })
      const { events } = database
      assert.deepEqual(await events.findEndpoint(organizationId, created.id), created)
      assert.deepEqual(await events.findAssistantEndpoint(organizationId, organizationId), created)
      const changed = await events.changeEndpoint(organizationId, created.id, ({ description: _gone, ...rest }) => ({
        ...rest,
        secrets: [{ value: 'whsec_bmV3ZXI=' }],
        disabledAt: now + 1,
      }))
      assert.deepEqual(await events.listEndpoints(organizationId, { skip: 0, limit: 10 }), [changed])
      assert.deepEqual(await events.listEndpoints(organizationId, { skip: 1, limit: 10 }), [])
      assert.equal(await events.findEndpoint(organizationId + 1, created.id), undefined)
      assert.equal(await events.removeEndpoint(organizationId + 1, created.id), false)
      assert.equal(await events.removeEndpoint(organizationId, created.id), true)
      assert.equal(await events.removeEndpoint(organizationId, created.id), false)
      await assert.rejects(
        () => events.changeEndpoint(organizationId, created.id, (present) => present),
        (error) => error instanceof SmsError && error.code === 'not_found',
      )
    })

    test('there are at most so many endpoints, not counting those of assistants', async () => {
      const { endpoint } = await source()
      await endpoint({ assistantId: 990_001 })
      for (let count = 0; count < endpointsPerOrganizationMax; count++) await endpoint()
      await assert.rejects(() => endpoint(), isConflict)
      await assert.rejects(() => endpoint({ assistantId: 990_001 }), isConflict)
    })

    test('each endpoint gets each event once, from its creation on, if it asked for the type', async () => {
      const mine = await source()
      await mine.event()
      const all = await mine.endpoint()
      const some = await mine.endpoint({ types: ['message', 'opt_out.removed'] })
      const one = await mine.received()
      const two = await mine.event({ type: 'opt_out.created' })
      const three = await mine.event({ type: 'opt_out.removed' })
      await fanOut()
      await fanOut()
      const deliveries = await claimOf(mine)
      const of = (endpointId: number) => keysOf(deliveries.filter((delivery) => delivery.endpointId === endpointId))
      assert.deepEqual(of(all.id), [[one], [two], [three]])
      assert.deepEqual(of(some.id), [[one], [three]])
      assert.equal(deliveries[0]?.webhookId, `evt_${one}`)
    })

    test('fanning out goes on where its limit ended it', async () => {
      const mine = await source()
      await mine.endpoint()
      for (let count = 0; count < 5; count++) await mine.event()
      let looked = 0
      for (let round = 0; round < 3; round++) looked += await database.events.fanOut({ now, limit: 2 })
      assert.equal(looked, 5)
      assert.equal((await claimOf(mine)).length, 5)
    })

    test('an endpoint that was disabled goes on where it stood', async () => {
      const mine = await source()
      const { id } = await mine.endpoint()
      const { organizationId } = mine
      const before = await mine.event()
      await fanOut()
      await database.events.changeEndpoint(organizationId, id, (present) => ({ ...present, disabledAt: now }))
      const meanwhile = await mine.event()
      await fanOut()
      assert.deepEqual(await claimOf(mine), [])
      await database.events.changeEndpoint(organizationId, id, ({ disabledAt: _gone, ...rest }) => rest)
      await fanOut()
      assert.deepEqual(keysOf(await claimOf(mine)), [[before], [meanwhile]])
    })

    test('an endpoint of an assistant gets its inbound texts alone, and no keywords', async () => {
      const mine = await source()
      const assistantId = await mine.assistant()
      await mine.endpoint({ assistantId })
      const text = await mine.received({ assistantId })
      await mine.received({ assistantId, columns: { keyword: 'opt_out' } })
      await mine.received({ assistantId: assistantId + 1_000_000 })
      await mine.event({ type: 'message.sent', message_key: await mine.message({ assistant_id: assistantId }) })
      await fanOut()
      assert.deepEqual(keysOf(await claimOf(mine)), [[text]])
    })

    test('texts of a conversation within the window go out together, others apart', async () => {
      const mine = await source()
      const assistantId = await mine.assistant({ coalesceMs: 3_000 })
      await mine.endpoint({ assistantId })
      const [one, two] = [await mine.conversation(), await mine.conversation()]
      const first = await mine.received({ assistantId, conversationKey: one })
      await fanOut()
      const second = await mine.received({ assistantId, conversationKey: one, at: now + 2_999 })
      const other = await mine.received({ assistantId, conversationKey: two, at: now + 2_999 })
      const late = await mine.received({ assistantId, conversationKey: one, at: now + 3_000 })
      await fanOut(now + 3_000)
      assert.deepEqual(await claimOf(mine, now + 2_999), [])
      assert.deepEqual(keysOf(await claimOf(mine, now + 3_000)), [[first, second]])
      assert.deepEqual(keysOf(await claimOf(mine, now + 6_000)), [[other], [late]])
    })

    test('a text never joins a delivery that was claimed, whatever came of that', async () => {
      const mine = await source()
      const assistantId = await mine.assistant({ coalesceMs: 3_000 })
      await mine.endpoint({ assistantId })
      const conversationKey = await mine.conversation()
      const first = await mine.received({ assistantId, conversationKey })
      await fanOut()
      assert.deepEqual(keysOf(await claimOf(mine, now + 3_000)), [[first]])
      const second = await mine.received({ assistantId, conversationKey, at: now + 2_000 })
      await fanOut(now + 3_000)
      const [delivery] = await claimOf(mine, now + 5_000)
      assert.deepEqual(delivery?.eventKeys, [second])
      assert.equal(
        await database.events.replay(mine.organizationId, { deliveryKey: delivery?.key ?? 0 }, now + 9_000),
        1,
      )
      await mine.received({ assistantId, conversationKey, at: now + 8_000 })
      await fanOut(now + 9_000)
      assert.deepEqual((await database.events.findDelivery(mine.organizationId, delivery?.key ?? 0))?.eventKeys, [
        second,
      ])
    })

    test('a claim holds for its lease, then the delivery comes again under the same id', async () => {
      const mine = await source()
      await mine.endpoint()
      await mine.event()
      await fanOut()
      const [first] = await claimOf(mine)
      assert.deepEqual(await claimOf(mine, now + leaseMs - 1), [])
      const [again] = await claimOf(mine, now + leaseMs)
      assert.deepEqual(
        [again?.key, again?.webhookId, again?.tries, again?.firstTryAt],
        [first?.key, first?.webhookId, 2, now],
      )
    })

    test('what was delivered stays delivered, and what failed comes when it is due', async () => {
      const mine = await source()
      const { id: endpointId } = await mine.endpoint()
      await mine.event()
      await fanOut()
      const [delivery] = await claimOf(mine)
      assert.ok(delivery !== undefined)
      const { organizationId } = mine
      const lastTry = { at: now, durationMs: 5, fault: 'no answer within 15 s' }
      await database.events.recordTry(delivery.key, { lastTry, state: 'pending', nextAt: now + 500 })
      assert.deepEqual(await claimOf(mine, now + 499), [])
      const [again] = await claimOf(mine, now + 500)
      assert.deepEqual(again?.lastTry, lastTry)
      await delivered(delivery)
      await database.events.recordTry(delivery.key, { lastTry, state: 'pending', nextAt: now })
      const end = await database.events.findDelivery(organizationId, delivery.key)
      assert.deepEqual([end?.state, end?.nextAt, end?.lastTry?.status], ['delivered', undefined, 200])
      const page = { skip: 0, limit: 10 }
      assert.deepEqual(await database.events.listDeliveries(organizationId, { endpointId, state: 'delivered' }, page), [
        end,
      ])
      assert.deepEqual(await database.events.listDeliveries(organizationId, { state: 'dead' }, page), [])
      assert.deepEqual(await database.events.listDeliveries(organizationId, {}, page), [end])
      assert.deepEqual(await database.events.listDeliveries(organizationId + 1, {}, page), [])
    })

    test('an ordered endpoint gets one at a time of each conversation, and the next when that one ended', async () => {
      const mine = await source()
      await mine.endpoint({ ordered: true })
      const [one, two] = [await mine.conversation(), await mine.conversation()]
      const first = await mine.received({ conversationKey: one })
      const second = await mine.received({ conversationKey: one })
      const other = await mine.received({ conversationKey: two })
      const [apart, apartToo] = [await mine.event(), await mine.event()]
      await fanOut()
      const claimed = await claimOf(mine)
      assert.deepEqual(keysOf(claimed), [[first], [other], [apart], [apartToo]])
      assert.deepEqual(await claimOf(mine), [])
      const [head] = claimed
      assert.ok(head !== undefined)
      const lastTry = { at: now, durationMs: 1, status: 500 }
      await database.events.recordTry(head.key, { lastTry, state: 'pending', nextAt: now + 10 })
      assert.deepEqual(keysOf(await claimOf(mine, now + 10)), [[first]])
      await database.events.recordTry(head.key, { lastTry, state: 'dead' })
      assert.deepEqual(keysOf(await claimOf(mine, now + 11)), [[second]])
    })

    test('an endpoint with much to do leaves room for others', async () => {
      const [busy, quiet] = [await source(), await source()]
      await Promise.all([busy.endpoint(), quiet.endpoint()])
      for (let count = 0; count < 20; count++) await busy.event()
      const event = await quiet.event()
      await fanOut()
      await claim(now, 2)
      const page = { skip: 0, limit: 100 }
      const triesOf = async ({ organizationId }: { organizationId: number }) =>
        (await database.events.listDeliveries(organizationId, {}, page)).filter(({ tries }) => tries > 0)
      assert.equal((await triesOf(busy)).length, 2)
      assert.deepEqual(keysOf(await triesOf(quiet)), [[event]])
    })

    test('dead deliveries of an endpoint are replayed together, with a fresh count and the same id', async () => {
      const mine = await source()
      const { id: endpointId } = await mine.endpoint()
      const { organizationId } = mine
      for (let count = 0; count < 3; count++) await mine.event()
      await fanOut()
      const [one, two, three] = await claimOf(mine)
      assert.ok(one && two && three)
      const lastTry = { at: now, durationMs: 1, status: 500 }
      for (const { key } of [one, two]) await database.events.recordTry(key, { lastTry, state: 'dead' })
      await delivered(three)
      assert.equal(await database.events.replay(organizationId + 1, { endpointId }, now + 5), 0)
      assert.equal(await database.events.replay(organizationId, { endpointId }, now + 5), 2)
      const again = await claimOf(mine, now + 5)
      assert.deepEqual(
        again.map(({ webhookId, tries, firstTryAt }) => [webhookId, tries, firstTryAt]),
        [one, two].map(({ webhookId }) => [webhookId, 1, now + 5]),
      )
      assert.equal(await database.events.replay(organizationId, { deliveryKey: three.key }, now + 6), 1)
      assert.deepEqual(keysOf(await claimOf(mine, now + 6)), [three.eventKeys])
    })

    test('removing an endpoint removes its deliveries', async () => {
      const mine = await source()
      const { id } = await mine.endpoint()
      await mine.event()
      await fanOut()
      assert.equal(await database.events.removeEndpoint(mine.organizationId, id), true)
      assert.deepEqual(await database.events.listDeliveries(mine.organizationId, {}, { skip: 0, limit: 10 }), [])
    })
  })
}

function isConflict(error: unknown): boolean {
  return error instanceof SmsError && error.code === 'conflict'
}
