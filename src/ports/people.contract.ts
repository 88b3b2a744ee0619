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
import type { Route } from '../core/organization.ts'
import { parseE164 } from '../core/phone-number.ts'
import { type ErasedPerson, erasePerson } from '../use-cases/erase-person.ts'
import type { PersonRef } from './people-store.ts'
import type { MessageRecord, Store } from './store.ts'

const person = parseE164('+12025550199')
const other = parseE164('+12025550198')

/** What every engine promises about what is stored of people; erasing goes through its use case. */
export function peopleContract(engine: string, open: () => Promise<Store>): void {
  suite(`people contract on ${engine}`, () => {
    let store: Store
    let route: Route
    let ref: PersonRef
    before(async () => {
      store = await open()
    })
    after(() => store.close())

    async function enter(): Promise<void> {
      route = await buildRoute(store)
      ref = { organizationId: route.sender.organizationId, person }
    }

    async function sent(options: Parameters<typeof buildSend>[1] = {}): Promise<MessageRecord> {
      const accepted = await store.sends.accept(buildSend(route, { body: freshName('text'), ...options }))
      assert.ok(accepted.kind === 'started')
      const outcome = { kind: 'accepted', providerMessageId: freshName('SM'), providerStatus: 'queued' } as const
      await store.sends.recordOutcome(outcomeRecord(accepted.record, outcome))
      return accepted.record
    }

    async function received(options: Parameters<typeof buildInbound>[1] = {}): Promise<MessageRecord> {
      const result = await store.inbound.receive(buildInbound(route, options))
      assert.ok(result.kind === 'received')
      return result.record
    }

    async function scheduled(): Promise<MessageRecord> {
      const more = { status: 'scheduled', queued: true, sendAt: now + 1_000, dueAt: now + 1_000 } as const
      const accepted = await store.sends.accept(buildSend(route, { body: freshName('text'), more }))
      assert.ok(accepted.kind === 'waiting')
      return accepted.record
    }

    function erase(): Promise<ErasedPerson> {
      const clock = { now: () => now, monotonicMs: () => 0, sleep: async () => undefined }
      const log = { debug: () => undefined, info: () => undefined, warn: () => undefined, error: () => undefined }
      const { signal } = new AbortController()
      return erasePerson({ store, clock, log, stopping: signal }, { ...ref, actor: 'API key 1 (test)' })
    }

    async function allMessages(): Promise<MessageRecord[]> {
      const upTo = await store.people.newestMessageKey()
      const found: MessageRecord[] = []
      for (const { key, firstKey } of await store.people.conversations(ref))
        found.push(
          ...(await store.people.messages({ ...ref, conversationKey: key, after: firstKey, upTo, limit: 1_000 })),
        )
      return found
    }

    test('the zone of a person is set, changed and forgotten, in one organization', async () => {
      await enter()
      const zone = () => store.people.findTimeZone(ref)
      assert.equal(await zone(), undefined)
      for (const timeZone of ['America/Chicago', 'Europe/Berlin', undefined]) {
        await store.people.setTimeZone(ref, { timeZone, at: now })
        assert.equal(await zone(), timeZone)
        assert.equal(await store.people.findTimeZone({ ...ref, organizationId: ref.organizationId + 1 }), undefined)
      }
    })

    test('the texts of a person with every number are read in their order, page by page', async () => {
      await enter()
      const first = route
      const expected = [await sent(), await received(), await sent({ recipient: other }), await sent()]
      const ours = expected.filter(({ message }) => message.recipient !== other).map(({ message }) => message.id)
      const { organization, account } = first
      const sender = await store.senders.create({ ...first.sender, phoneNumber: parseE164('+12025550143') })
      route = { organization, account, sender, assistant: first.assistant }
      ours.push((await received()).message.id)
      assert.deepEqual(
        (await allMessages()).map(({ message }) => message.id),
        ours,
      )
      const [conversation] = await store.people.conversations(ref)
      assert.ok(conversation !== undefined)
      const range = { ...ref, conversationKey: conversation.key, upTo: await store.people.newestMessageKey() }
      const page = await store.people.messages({ ...range, after: conversation.firstKey, limit: 2 })
      assert.equal(page.length, 2)
      const rest = await store.people.messages({ ...range, after: page.at(-1)?.key ?? 0, limit: 2 })
      assert.deepEqual(
        [...page, ...rest].map(({ message }) => message.id),
        ours.slice(0, 3),
      )
      const elsewhere = { ...range, organizationId: ref.organizationId + 1, after: 0, limit: 9 }
      assert.deepEqual(await store.people.messages(elsewhere), [])
    })

    test('whoever reads page after page leaves others their turn', async () => {
      await enter()
      await received()
      let turns = 0
      setImmediate(() => turns++)
      await allMessages()
      assert.equal(turns, 1)
    })

    test('erasing removes both directions with all that belongs to them, and nothing of others', async () => {
      await enter()
      const elsewhere = { ref, record: await sent() }
      await enter()
      const { organizationId } = ref
      const [mine, theirs] = [await sent({ idempotencyKey: 'k', body: 'the same' }), await sent({ recipient: other })]
      const inbound = await received({ media: ['https://api.twilio.com/m/7'] })
      const receipt = { providerMessageId: 'SM1', providerStatus: 'delivered', status: 'delivered' } as const
      const report = { organizationId, receipt, source: 'webhook', receivedAt: now } as const
      await store.evidence.recordReceipt({ ...report, messageId: mine.message.id })
      await store.people.setTimeZone(ref, { timeZone: 'America/Chicago', at: now })
      const webhook = { provider: 'twilio', reason: 'unreadable', receivedAt: now, organizationId }
      const hold = ['From=%2B12025550199&To=%2B1', '{"from":"+12025550199"}', 'Body=12025550199']
      const others = ['From=%2B120255501991', 'From=%2B12025550198', 'Body=912025550199']
      for (const body of [...hold, ...others]) await store.inbound.recordRefusedWebhook({ ...webhook, body })
      const erased = await erase()
      assert.deepEqual(erased, {
        messages: 2,
        media: 1,
        events: 5,
        idempotencyKeys: 1,
        refusedWebhooks: 3,
        conversations: 1,
        optOutsKept: 0,
      })
      for (const { message } of [mine, inbound])
        assert.equal(await store.messages.find(organizationId, message.id), undefined)
      assert.deepEqual(await allMessages(), [])
      assert.deepEqual(await store.people.events({ ...ref, after: 0, limit: 9 }), [])
      assert.equal(await store.people.findTimeZone(ref), undefined)
      const kept = await store.inbound.listRefusedWebhooks(organizationId, { skip: 0, limit: 3 })
      assert.deepEqual(new Set(kept.map(({ body }) => body)), new Set(others))
      assert.ok((await store.messages.find(organizationId, theirs.message.id)) !== undefined)
      assert.equal((await store.people.conversations({ ...ref, person: other })).length, 1)
      assert.ok((await store.messages.find(elsewhere.ref.organizationId, elsewhere.record.message.id)) !== undefined)
      assert.equal((await store.people.conversations(elsewhere.ref)).length, 1)
      const again = await store.sends.accept(buildSend(route, { idempotencyKey: 'k', body: 'the same' }))
      assert.equal(again.kind, 'started')
    })

    test('the opt-outs of a person outlive them, without what shows them', async () => {
      await enter()
      await received({ body: 'STOP please' })
      await store.optOuts.add({ ...ref, recipient: person, source: 'api', inDoubt: false, createdAt: now })
      const before = await store.optOuts.find(ref.organizationId, person)
      assert.ok(before.some(({ evidence }) => evidence !== undefined))

      const erased = await erase()
      assert.equal(erased.optOutsKept, before.length)
      const withoutEvidence = before.map(({ evidence: _gone, ...optOut }) => optOut)
      assert.deepEqual(await store.optOuts.find(ref.organizationId, person), withoutEvidence)
      assert.equal((await store.sends.accept(buildSend(route))).kind, 'refused')
    })

    test('what waits is canceled first, and erased with the rest', async () => {
      await enter()
      const record = await scheduled()
      assert.equal(await store.people.cancelWaiting({ ...ref, now }), 1)
      const found = await store.messages.find(ref.organizationId, record.message.id)
      assert.equal(found?.message.status, 'canceled')
      const events = await store.messages.events(ref.organizationId, record.message.id)
      assert.equal(events.at(-1)?.type, 'message.canceled')
      const second = await scheduled()
      assert.equal((await erase()).messages, 2)
      assert.equal(await store.messages.find(ref.organizationId, second.message.id), undefined)
    })

    test('while a text to the person is under way nothing changes', async () => {
      await enter()
      const waiting = await scheduled()
      const accepted = await store.sends.accept(buildSend(route, { body: freshName('text') }))
      assert.ok(accepted.kind === 'started')
      await assert.rejects(erase, { name: 'SmsError', code: 'conflict' })
      const found = await store.messages.find(ref.organizationId, waiting.message.id)
      assert.equal(found?.message.status, 'scheduled')
      const [conversation] = await store.people.conversations(ref)
      const range = { ...ref, conversationKey: conversation?.key ?? 0, after: 0, upTo: accepted.record.key }
      assert.equal(await store.people.eraseMessages(range), 'sending')
      assert.equal((await allMessages()).length, 2)
    })

    test('erased again there is nothing, and each time the audit log says who asked, without the number', async () => {
      await enter()
      await sent()
      assert.equal((await erase()).messages, 1)
      const second = await erase()
      assert.deepEqual(new Set(Object.values(second)), new Set([0]))
      const entries = await store.audit.list(ref.organizationId, { limit: 10 })
      assert.deepEqual(
        entries.map(({ actor, action, data }) => [actor, action, data.messages]),
        [
          ['API key 1 (test)', 'person.erased', 0],
          ['API key 1 (test)', 'person.erased', 1],
        ],
      )
      assert.match(entries[0]?.subject ?? '', /^person [0-9a-f]{16}$/)
      assert.equal(entries[0]?.subject, entries[1]?.subject)
      assert.ok(!JSON.stringify(entries).includes('2025550199'))
    })

    test('a person who writes after that is somebody new, also for what remembers conversations', async () => {
      await enter()
      await sent()
      const [before] = await store.people.conversations(ref)
      await erase()
      await Promise.all([sent({ recipient: other }), sent(), received()])
      const [begun, ...more] = await store.people.conversations(ref)
      assert.ok(begun !== undefined && more.length === 0)
      assert.notEqual(begun.key, before?.key)
      assert.notEqual(begun.id, before?.id)
      assert.equal((await allMessages()).length, 2)
      const events = await store.people.events({ ...ref, after: 0, limit: 9 })
      assert.deepEqual(
        events.map(({ type }) => type),
        ['conversation.created'],
      )
    })

    test('a person with many texts is erased in several steps, and what came meanwhile stays', async () => {
      await enter()
      for (let start = 0; start < 600; start += 100)
        await Promise.all(Array.from({ length: 100 }, () => received({ body: freshName('text') })))
      const upTo = await store.people.newestMessageKey()
      const kept = await received({ body: 'newer' })
      const [conversation] = await store.people.conversations(ref)
      let [at, removed, steps] = [conversation?.firstKey ?? 0, 0, 0]
      for (;;) {
        const step = await store.people.eraseMessages({
          ...ref,
          conversationKey: conversation?.key ?? 0,
          after: at,
          upTo,
        })
        assert.ok(step !== 'sending')
        removed += step.messages
        if (step.reached === undefined) break
        at = step.reached
        steps++
      }
      assert.equal(removed, 600)
      assert.ok(steps > 1)
      assert.deepEqual(
        (await allMessages()).map(({ message }) => message.id),
        [kept.message.id],
      )
    })
  })
}
