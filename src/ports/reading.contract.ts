import assert from 'node:assert/strict'
import { after, before, suite, test } from 'node:test'
import {
  buildInbound,
  buildRoute,
  buildSend,
  now as first,
  freshName,
  outcomeRecord,
} from '../../test/support/store-builders.ts'
import type { Route } from '../core/organization.ts'
import { parseE164 } from '../core/phone-number.ts'
import type { MessageFilter, MessageRecord, Store } from './store.ts'

const ann = '+12025550101'
const bob = '+12025550102'
const dayMs = 86_400_000
const all = { skip: 0, limit: 100 }

/**
 * What every engine promises to those who read. `skipKeys` leaves a gap of that many message keys, as years of other
 * people's messages would: lists look through the table in steps, and conversations lie in many blocks of it.
 */
export function readingContract(
  engine: string,
  open: () => Promise<Store>,
  skipKeys: (count: number) => Promise<void>,
): void {
  suite(`reading contract on ${engine}`, () => {
    let store: Store
    let route: Route
    let organizationId: number
    let now = first
    before(async () => {
      store = await open()
    })
    after(() => store.close())

    /** Each test has a day of its own, the later ones later days, as time goes. */
    async function freshRoute(): Promise<void> {
      now += dayMs
      route = await buildRoute(store)
      organizationId = route.sender.organizationId
    }

    async function sent(recipient: string, options: { body?: string; at?: number } = {}): Promise<MessageRecord> {
      const result = await store.sends.accept(
        buildSend(route, { body: freshName('text'), at: now, ...options, recipient }),
      )
      assert.ok(result.kind === 'started', result.kind)
      return result.record
    }

    async function received(person: string, options: { body?: string; at?: number } = {}): Promise<MessageRecord> {
      const result = await store.inbound.receive(buildInbound(route, { at: now, ...options, person }))
      assert.ok(result.kind === 'received')
      return result.record
    }

    async function conversationOf({ key }: MessageRecord): Promise<string> {
      const conversation = await store.inbound.conversationOf(organizationId, key)
      assert.ok(conversation !== undefined)
      return conversation.id
    }

    const keysOf = (records: readonly MessageRecord[]) => records.map(({ key }) => key)
    const listed = async (filter: MessageFilter, page: { skip?: number; limit?: number; before?: number } = {}) =>
      keysOf(await store.messages.list(organizationId, filter, { ...all, ...page }))
    const people = async (filter = {}, page = all) =>
      (await store.inbound.listConversations(organizationId, filter, page)).map(({ person }) => person)

    suite('messages', () => {
      test('are listed newest first, in pages that fit together however they are asked for', async () => {
        await freshRoute()
        const keys: number[] = []
        for (const at of [1, 2, 3, 4, 5]) {
          if (at === 3) await skipKeys(300_000)
          keys.unshift((await sent(ann, { at: now + at })).key)
        }
        assert.deepEqual(await listed({}), keys)
        assert.deepEqual(await listed({}, { skip: 1, limit: 3 }), keys.slice(1, 4))
        assert.deepEqual(await listed({}, { limit: 2, before: keys[1] ?? 0 }), keys.slice(2, 4))
        assert.deepEqual(await listed({}, { skip: 9 }), [])
        assert.equal(await store.messages.count(organizationId, {}, 100), 5)
        assert.equal(await store.messages.count(organizationId, {}, 3), 3)
      })

      test('come with all their attempts', async () => {
        await freshRoute()
        const record = await sent(ann)
        const failure = { reason: 'rate_limited' } as const
        await store.sends.recordOutcome(outcomeRecord(record, { kind: 'not_sent', failure }))
        const { message } = record
        await store.sends.startAttempt({
          key: record.key,
          messageId: message.id,
          organizationId,
          recipient: message.recipient,
          attempt: { number: 2, startedAt: now + 5 },
          resend: false,
          guard: '0'.repeat(32),
          guardExpiresAt: now + 9,
          terms: buildSend(route).terms,
          uses: [],
        })
        const other = await sent(bob)
        const [newest, older] = await store.messages.list(organizationId, {}, all)
        assert.deepEqual([newest?.key, newest?.attempts.length], [other.key, 1])
        assert.deepEqual(older, await store.messages.find(organizationId, message.id))
        assert.equal(older?.attempts.length, 2)
        assert.deepEqual(await store.messages.findByKey(organizationId, record.key), older)
      })

      test('are found by what they are, and by any of it together', async () => {
        await freshRoute()
        const first = await sent(ann, { body: 'Your Order is 50% done', at: now })
        const second = await received(ann, { body: 'order_7 \\ ÄRGER', at: now + 7_200_000 })
        const third = await sent(bob, { body: 'Bye', at: now + 14_400_000 })
        const [a, b, c] = [first.key, second.key, third.key]
        const rows: readonly [MessageFilter, number[]][] = [
          [{ direction: 'inbound' }, [b]],
          [{ status: 'sending' }, [c, a]],
          [{ provider: 'twilio' }, [c, b, a]],
          [{ provider: 'telnyx' }, []],
          [{ assistantId: route.assistant.id }, [c, b, a]],
          [{ assistantId: route.assistant.id + 1 }, []],
          [{ sender: ann }, [b]],
          [{ recipient: ann }, [a]],
          [{ from: now + 1 }, [c, b]],
          [{ to: now + 7_200_000 }, [a]],
          [{ from: now, to: now + 7_200_001 }, [b, a]],
          [{ from: now + 99_999_999 }, []],
          [{ search: 'ORDER' }, [b, a]],
          [{ search: '0%' }, [a]],
          [{ search: '%' }, [a]],
          [{ search: 'r_7' }, [b]],
          [{ search: 'r_' }, [b]],
          [{ search: '\\' }, [b]],
          [{ search: 'Ärger' }, [b]],
          [{ search: 'ärger' }, []],
          [{ search: 'order', direction: 'outbound', recipient: ann, from: now }, [a]],
        ]
        for (const [filter, keys] of rows) {
          assert.deepEqual(await listed(filter), keys, JSON.stringify(filter))
          assert.equal(await store.messages.count(organizationId, filter, 10), keys.length)
        }
      })

      test('are counted by status, direction and provider, within a period', async () => {
        await freshRoute()
        await sent(ann)
        await sent(bob)
        await skipKeys(300_000)
        await received(ann, { at: now + 10_000_000 })
        assert.deepEqual(await store.messages.counts(organizationId, {}), {
          total: 3,
          byStatus: { sending: 2, received: 1 },
          byDirection: { outbound: 2, inbound: 1 },
          byProvider: { twilio: 3 },
        })
        assert.equal((await store.messages.counts(organizationId, { from: now + 1 })).total, 1)
        assert.equal((await store.messages.counts(organizationId, { to: now + 1 })).total, 2)
      })
    })

    suite('conversations', () => {
      test('the one with the newest message comes first, whoever wrote it, with count and time', async () => {
        await freshRoute()
        const first = await sent(ann, { at: now + 1 })
        await sent(bob, { at: now + 2 })
        assert.deepEqual(await people(), [bob, ann])
        await skipKeys(300_000)
        const inbound = await received(ann, { at: now + 3 })
        assert.deepEqual(await people(), [ann, bob])
        assert.deepEqual(await people({}, { skip: 1, limit: 5 }), [bob])
        const conversation = await store.inbound.findConversation(organizationId, await conversationOf(first))
        assert.equal(conversation?.id, await conversationOf(inbound))
        assert.ok(conversation !== undefined)
        const { messageCount, lastMessageAt, isArchived, lastInboundId, createdAt } = conversation
        assert.deepEqual(
          { messageCount, lastMessageAt, isArchived, lastInboundId, createdAt },
          {
            messageCount: 2,
            lastMessageAt: now + 3,
            isArchived: false,
            lastInboundId: inbound.message.id,
            createdAt: now + 1,
          },
        )
        assert.deepEqual((await store.inbound.listConversations(organizationId, {}, all))[0], conversation)
      })

      test('are found by assistant, person and when they began', async () => {
        await freshRoute()
        await sent(ann, { at: now })
        await sent(bob, { at: now + 10 })
        assert.deepEqual(await people({ person: parseE164(ann) }), [ann])
        assert.deepEqual(await people({ from: now + 1 }), [bob])
        assert.deepEqual(await people({ to: now + 10 }), [ann])
        assert.deepEqual(await people({ assistantId: route.assistant.id }), [bob, ann])
        assert.deepEqual(await people({ assistantId: route.assistant.id + 1 }), [])
      })

      test('their messages are listed oldest first over all blocks of the table, in pages', async () => {
        await freshRoute()
        const keys: number[] = []
        for (const round of [1, 2, 3]) {
          keys.push((await sent(ann)).key, (await received(ann)).key)
          await sent(bob)
          if (round < 3) await skipKeys(20_000)
        }
        const conversation = (await store.inbound.listConversations(organizationId, { person: parseE164(ann) }, all))[0]
        assert.ok(conversation !== undefined)
        const list = async (page: { skip: number; limit: number }) =>
          keysOf(await store.inbound.listMessages(organizationId, conversation.key, page))
        assert.equal(conversation.messageCount, 6)
        assert.deepEqual(await list(all), keys)
        assert.deepEqual(await list({ skip: 2, limit: 3 }), keys.slice(2, 5))
        const [first] = await store.inbound.listMessages(organizationId, conversation.key, all)
        assert.equal(first?.attempts.length, 1)
      })

      test('an archived one is hidden until a message comes, in either direction', async () => {
        for (const next of [sent, received]) {
          await freshRoute()
          const id = await conversationOf(await sent(ann))
          await sent(bob)
          assert.equal(await store.inbound.archiveConversation(organizationId, id), true)
          assert.deepEqual(await people(), [bob])
          assert.deepEqual(await people({ archived: true }), [ann])
          assert.equal((await store.inbound.findConversation(organizationId, id))?.isArchived, true)
          await next(ann)
          assert.deepEqual(await people(), [ann, bob])
          assert.deepEqual(await people({ archived: true }), [])
          assert.equal((await store.inbound.findConversation(organizationId, id))?.isArchived, false)
        }
      })
    })

    test('nothing of it is seen by another organization', async () => {
      await freshRoute()
      const record = await sent(ann)
      const id = await conversationOf(record)
      const { key } = (await store.inbound.findConversation(organizationId, id)) ?? { key: 0 }
      await freshRoute()
      assert.deepEqual(await listed({}), [])
      assert.equal(await store.messages.count(organizationId, {}, 10), 0)
      assert.equal((await store.messages.counts(organizationId, {})).total, 0)
      assert.equal(await store.messages.findByKey(organizationId, record.key), undefined)
      assert.equal(await store.inbound.findConversation(organizationId, id), undefined)
      assert.equal(await store.inbound.conversationOf(organizationId, record.key), undefined)
      assert.deepEqual(await people(), [])
      assert.deepEqual(await store.inbound.listMessages(organizationId, key, all), [])
      assert.equal(await store.inbound.archiveConversation(organizationId, id), false)
    })
  })
}
