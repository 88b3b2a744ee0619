import assert from 'node:assert/strict'
import { after, before, suite, test } from 'node:test'
import {
  buildInbound,
  buildRoute,
  buildSend,
  freshName,
  now,
  outcomeRecord,
} from '../../test/support/store-builders.ts'
import type { Message } from '../core/message.ts'
import type { Route } from '../core/organization.ts'
import type { DeliveryState } from './event-store.ts'
import type { RetentionStore, Walk, WalkStep } from './retention-store.ts'
import type { MessageRecord, Store } from './store.ts'

const dayMs = 86_400_000
/** What was stored at `now` is 40 days old then. */
const later = now + 40 * dayMs

/** What every engine promises about what is not kept any more. */
export function retentionContract(engine: string, open: () => Promise<Store>): void {
  suite(`retention contract on ${engine}`, () => {
    let store: Store
    let retention: RetentionStore
    let route: Route
    let organizationId = 0
    before(async () => {
      store = await open()
      retention = store.retention
    })
    after(() => store.close())

    async function enter(): Promise<void> {
      route = await buildRoute(store)
      organizationId = route.sender.organizationId
    }

    async function failed(options: Parameters<typeof buildSend>[1] = {}): Promise<MessageRecord> {
      const accepted = await store.sends.accept(buildSend(route, { body: freshName('text'), ...options }))
      assert.ok(accepted.kind === 'started')
      await store.sends.recordOutcome(
        outcomeRecord(accepted.record, { kind: 'rejected', failure: { reason: 'landline' } }),
      )
      return accepted.record
    }

    async function received(options: Parameters<typeof buildInbound>[1] = {}): Promise<MessageRecord> {
      const result = await store.inbound.receive(buildInbound(route, options))
      assert.ok(result.kind === 'received')
      return result.record
    }

    async function waiting(more: Partial<Message>): Promise<MessageRecord> {
      const accepted = await store.sends.accept(buildSend(route, { body: freshName('text'), more }))
      assert.ok(accepted.kind === 'waiting')
      return accepted.record
    }

    /** To the end. @returns how many were removed, in how many steps. */
    async function walked(step: (walk: Walk) => Promise<WalkStep>, beforeMs = later - 31 * dayMs) {
      let [removed, steps, at] = [0, 0, 0]
      for (let isDone = false; !isDone; steps++) {
        const taken = await step({ organizationId, after: at, before: beforeMs })
        assert.ok(taken.reached > at || taken.isDone)
        removed += taken.removed
        at = taken.reached
        isDone = taken.isDone
      }
      return { removed, steps }
    }
    const removeBodies = (walk: Walk) => retention.removeBodies({ ...walk, now: later })
    const removeMessages = (walk: Walk) => retention.removeMessages({ ...walk, now: later })
    const find = ({ message }: MessageRecord) => store.messages.find(organizationId, message.id)

    test('what organizations have set is listed page by page', async () => {
      await enter()
      await store.organizations.change(organizationId, (present) => ({ ...present, retention: { bodiesDays: 7 } }))
      const other = (await buildRoute(store)).sender.organizationId
      const first = await retention.listSettings({ after: organizationId - 1, limit: 1 })
      assert.deepEqual(first, [{ organizationId, retention: { bodiesDays: 7 } }])
      const rest = await retention.listSettings({ after: organizationId, limit: 10 })
      assert.deepEqual(rest, [{ organizationId: other, retention: {} }])
    })

    test('an old text loses its words and its media, once, and says so; all else of it stays', async () => {
      await enter()
      const [sent, inbound] = [await failed(), await received({ media: ['https://api.twilio.com/m/9'] })]
      const before = await find(sent)
      assert.deepEqual((await walked(removeBodies)).removed, 2)
      assert.ok(before !== undefined)
      const message = { ...before.message, body: '', mediaUrls: [], bodyRemovedAt: later }
      assert.deepEqual(await find(sent), { ...before, message })
      assert.deepEqual((await find(inbound))?.message.mediaUrls, [])
      assert.deepEqual(await store.inbound.mediaOf(organizationId, inbound.message.id), [])
      assert.equal((await walked(removeBodies)).removed, 0)
    })

    test('what has not ended, is young, or is of another organization is left', async () => {
      await enter()
      const elsewhere = await failed()
      await enter()
      const gone = await failed()
      const left = [
        await waiting({ status: 'queued', queued: true }),
        await waiting({ status: 'scheduled', queued: true, sendAt: later + dayMs, dueAt: later + dayMs }),
        await failed({ at: later }),
      ]
      const underWay = await store.sends.accept(buildSend(route, { body: freshName('text') }))
      assert.ok(underWay.kind === 'started')
      assert.equal((await walked(removeMessages)).removed, 1)
      assert.equal(await find(gone), undefined)
      for (const record of [...left, underWay.record]) assert.ok((await find(record)) !== undefined)
      assert.ok((await store.messages.find(elsewhere.message.organizationId, elsewhere.message.id)) !== undefined)
    })

    test('a message that was only handed to its carrier has ended after four days', async () => {
      await enter()
      const accepted = await store.sends.accept(buildSend(route, { body: freshName('text') }))
      assert.ok(accepted.kind === 'started')
      const outcome = { kind: 'accepted', providerMessageId: freshName('SM'), providerStatus: 'queued' } as const
      await store.sends.recordOutcome(outcomeRecord(accepted.record, outcome))
      const at = (days: number) => (walk: Walk) => retention.removeBodies({ ...walk, now: now + days * dayMs })
      assert.equal((await walked(at(3), now + 2 * dayMs)).removed, 0)
      assert.equal((await walked(at(5), now + 4 * dayMs)).removed, 1)
    })

    test('an old message goes with attempts, receipts, events and media, and a late receipt brings nothing back', async () => {
      await enter()
      const [sent, inbound] = [await failed(), await received({ media: ['https://api.twilio.com/m/8'] })]
      const media = (await store.inbound.mediaOf(organizationId, inbound.message.id))[0]?.id ?? ''
      const receipt = { providerMessageId: 'SM1', providerStatus: 'failed', status: 'failed' } as const
      const report = {
        organizationId,
        messageId: sent.message.id,
        receipt,
        source: 'webhook',
        receivedAt: now,
      } as const
      assert.equal(await store.evidence.recordReceipt(report), 'recorded')
      assert.equal((await walked(removeMessages)).removed, 2)
      assert.equal(await store.inbound.findMedia(media), undefined)
      assert.deepEqual(await store.evidence.receipts(organizationId, sent.message.id), [])
      const events = await store.events.after({ organizationId, key: 0, limit: 100 })
      assert.deepEqual(
        events.map(({ type }) => type),
        ['conversation.created'],
      )
      assert.equal(await store.evidence.recordReceipt(report), 'duplicate')
      assert.equal(await find(sent), undefined)
    })

    test('many are removed in several steps, past those that stay', async () => {
      await enter()
      const left = await waiting({ status: 'queued', queued: true })
      for (let start = 0; start < 1_200; start += 100)
        await Promise.all(Array.from({ length: 100 }, () => failed({ body: freshName('text') })))
      const { removed, steps } = await walked(removeMessages)
      assert.equal(removed, 1_200)
      assert.ok(steps > 2)
      assert.deepEqual(await store.messages.count(organizationId, {}, 10), 1)
      assert.ok((await find(left)) !== undefined)
    })

    test('no key is given twice: who reads events goes on behind the newest that was removed', async () => {
      await enter()
      const first = await failed()
      const newest = await store.events.newestKey(organizationId)
      const everything = later + 365 * dayMs
      await walked((walk) => retention.removeMessages({ ...walk, now: everything }), everything)
      await walked((walk) => retention.removeEvents(walk), everything)
      assert.deepEqual(await store.events.after({ organizationId, key: 0, limit: 10 }), [])
      const second = await failed()
      assert.ok(second.key > first.key)
      const heard = await store.events.after({ organizationId, key: newest, limit: 10 })
      assert.deepEqual(
        heard.map(({ type }) => type),
        ['message.sending', 'message.failed'],
      )
    })

    test('a conversation goes when it is old and has no messages; the next text begins it anew', async () => {
      await enter()
      const { message, key } = await received()
      const conversation = await store.inbound.conversationOf(organizationId, key)
      const removed = async (beforeMs?: number) =>
        (await walked((walk) => retention.removeConversations(walk), beforeMs)).removed
      assert.equal(await removed(), 0)
      await walked(removeMessages)
      assert.equal(await removed(now), 0)
      assert.equal(await removed(), 1)
      assert.equal(await store.inbound.findConversation(organizationId, conversation?.id ?? ''), undefined)
      const again = await received({ at: later })
      const begun = await store.inbound.conversationOf(organizationId, again.key)
      assert.equal(begun?.person, message.sender)
      assert.notEqual(begun?.id, conversation?.id)
      assert.equal((await store.inbound.listConversations(organizationId, {}, { skip: 0, limit: 9 })).length, 1)
    })

    /** An endpoint, and the deliveries of events that it has heard of. */
    async function endpoint() {
      const { id: endpointId } = await store.events.createEndpoint({
        organizationId,
        url: 'https://example.com/events',
        types: ['message.failed'],
        secrets: [],
        ordered: false,
        trusted: false,
        createdAt: now,
        updatedAt: now,
      })
      return {
        async fanOut(): Promise<void> {
          while ((await store.events.fanOut({ now, limit: 1_000 })) > 0);
        },
        deliveries: async () =>
          (await store.events.listDeliveries(organizationId, { endpointId }, { skip: 0, limit: 100 })).reverse(),
        async end(index: number, state: DeliveryState): Promise<void> {
          const key = (await this.deliveries())[index]?.key ?? 0
          await store.events.recordTry(key, { lastTry: { at: now, durationMs: 1 }, state })
        },
      }
    }

    test('deliveries go when they were taken, or long after they were given up; never while they are to be tried', async () => {
      await enter()
      const { fanOut, deliveries, end } = await endpoint()
      for (let count = 0; count < 3; count++) await failed()
      await fanOut()
      await end.call({ deliveries }, 0, 'delivered')
      await end.call({ deliveries }, 1, 'dead')
      const removed = async (deadBefore: number) =>
        (await walked((walk) => retention.removeDeliveries({ ...walk, deadBefore }), now + dayMs)).removed
      assert.equal((await walked((walk) => retention.removeDeliveries({ ...walk, deadBefore: now }), now)).removed, 0)
      assert.equal(await removed(now), 1)
      assert.deepEqual(
        (await deliveries()).map(({ state }) => state),
        ['dead', 'pending'],
      )
      assert.equal(await removed(now + dayMs), 1)
      assert.deepEqual(
        (await deliveries()).map(({ state }) => state),
        ['pending'],
      )
    })

    test('an event stays until every endpoint has heard of it, and has taken it or given it up', async () => {
      await enter()
      const [first, second] = [await endpoint(), await endpoint()]
      await failed()
      await failed()
      const removed = async () => (await walked((walk) => retention.removeEvents(walk), later)).removed
      assert.equal(await removed(), 0)
      await first.fanOut()
      const seen = await store.events.after({ organizationId, key: 0, limit: 100 })
      assert.equal(seen.length, 5)
      await first.end(0, 'delivered')
      await second.end(0, 'delivered')
      await first.end(1, 'delivered')
      const sent = seen.findIndex(({ type }, index) => type === 'message.failed' && index > 3)
      assert.equal(await removed(), sent)
      assert.equal(await removed(), 0)
      await second.end(1, 'dead')
      assert.equal(await removed(), 5 - sent)
      assert.equal(await removed(), 0)
    })

    test('idempotency keys and unusable webhooks go by their age', async () => {
      await enter()
      await failed({ idempotencyKey: 'old', body: 'the same' })
      await store.inbound.recordRefusedWebhook({ provider: 'twilio', reason: 'unreadable', body: 'x', receivedAt: now })
      await retention.removeIdempotencyKeys(now)
      const again = () => store.sends.accept(buildSend(route, { idempotencyKey: 'old', body: 'the same' }))
      assert.equal((await again()).kind, 'replayed')
      while ((await retention.removeIdempotencyKeys(now + 1)) > 0);
      assert.equal((await again()).kind, 'started')
      assert.equal(await retention.removeRefusedWebhooks(now), 0)
      assert.ok((await retention.removeRefusedWebhooks(now + 1)) > 0)
      assert.deepEqual(await store.inbound.listRefusedWebhooks(organizationId, { skip: 0, limit: 1 }), [])
    })

    test('opt-outs outlive the texts that they came from', async () => {
      await enter()
      await received({ body: 'STOP' })
      const turns = await store.optOuts.find(organizationId, buildInbound(route).message.sender)
      const everything = later + 3_650 * dayMs
      await walked((walk) => retention.removeMessages({ ...walk, now: everything }), everything)
      await walked((walk) => retention.removeConversations(walk), everything)
      assert.equal(turns.length, 1)
      assert.deepEqual(await store.optOuts.find(organizationId, buildInbound(route).message.sender), turns)
    })
  })
}
