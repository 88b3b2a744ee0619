import assert from 'node:assert/strict'
import { after, before, suite, test } from 'node:test'
import fc from 'fast-check'
import {
  buildRoute,
  buildSend,
  decisionTerms,
  freshName,
  now,
  outcomeRecord,
} from '../../test/support/store-builders.ts'
import type { DeliveryReceipt } from '../core/delivery-receipt.ts'
import { conclude } from '../core/evidence.ts'
import { learnedOptOut } from '../core/opt-out.ts'
import type { Route } from '../core/organization.ts'
import type { MessageRecord, Store } from './store.ts'

const unknown = { kind: 'unknown', detail: 'reset after the request was written' } as const
const lease = 45_000

/** What every engine promises about messages after they were handed over. */
export function evidenceContract(engine: string, open: () => Promise<Store>): void {
  suite(`evidence contract on ${engine}`, () => {
    let store: Store
    let route: Route
    before(async () => {
      store = await open()
      route = await buildRoute(store)
    })
    after(() => store.close())

    async function started(body = freshName('text')): Promise<MessageRecord> {
      const result = await store.sends.accept(buildSend(route, { body }))
      assert.ok(result.kind === 'started')
      return result.record
    }

    async function withOutcome(kind: 'accepted' | 'unknown'): Promise<MessageRecord> {
      const record = await started()
      const accepted = { kind: 'accepted', providerMessageId: freshName('SM'), providerStatus: 'queued' } as const
      await store.sends.recordOutcome(outcomeRecord(record, kind === 'accepted' ? accepted : unknown))
      return record
    }

    const record = ({ message }: MessageRecord, receipt: Partial<DeliveryReceipt> & { providerStatus: string }) =>
      store.evidence.recordReceipt({
        organizationId: message.organizationId,
        messageId: message.id,
        receipt: { providerMessageId: 'SM9', ...receipt },
        source: 'webhook',
        receivedAt: now + 10,
      })

    async function stored({ message }: MessageRecord): Promise<MessageRecord> {
      const found = await store.messages.find(message.organizationId, message.id)
      assert.ok(found !== undefined)
      return found
    }

    async function eventTypes({ message }: MessageRecord): Promise<string[]> {
      return (await store.messages.events(message.organizationId, message.id)).map((event) => event.type)
    }

    test('receipts move the status forward, each once, and with one event for each new status', async () => {
      const sent = await withOutcome('accepted')
      assert.equal(await record(sent, { providerStatus: 'delivered', status: 'delivered' }), 'recorded')
      assert.equal(await record(sent, { providerStatus: 'delivered', status: 'delivered' }), 'duplicate')
      assert.equal(await record(sent, { providerStatus: 'sent', status: 'sent' }), 'recorded')
      assert.equal((await stored(sent)).message.status, 'delivered')
      assert.deepEqual(await eventTypes(sent), ['message.sending', 'message.sent', 'message.delivered'])
      const receipts = await store.evidence.receipts(sent.message.organizationId, sent.message.id)
      assert.deepEqual(receipts.map((receipt) => receipt.providerStatus).sort(), ['delivered', 'sent'])
    })

    test('a receipt before the answer of its own send stands, and the answer adds to it', async () => {
      const early = await started()
      await record(early, { providerStatus: 'delivered', status: 'delivered' })
      const accepted = { kind: 'accepted', providerMessageId: 'SM9', providerStatus: 'queued' } as const
      await store.sends.recordOutcome(outcomeRecord(early, accepted))
      const { message, attempts } = await stored(early)
      assert.deepEqual([message.status, message.providerMessageId], ['delivered', 'SM9'])
      assert.deepEqual(attempts[0]?.outcome, accepted)
    })

    test('a receipt proves that an unknown attempt was sent; repeats join it until somebody has read so', async () => {
      const lost = await withOutcome('unknown')
      const { organizationId, id, body } = lost.message
      await store.sends.releaseGuard(organizationId, id, now)
      assert.equal((await store.sends.accept(buildSend(route, { body }))).kind, 'joined')
      await record(lost, { providerStatus: 'sent', status: 'sent' })
      assert.equal((await stored(lost)).message.status, 'sent')
      assert.equal((await store.sends.accept(buildSend(route, { body }))).kind, 'joined')
      await store.sends.releaseGuard(organizationId + 1, id, now)
      assert.equal((await store.sends.accept(buildSend(route, { body }))).kind, 'joined')
      await store.sends.releaseGuard(organizationId, id, now)
      assert.equal((await store.sends.accept(buildSend(route, { body }))).kind, 'started')
    })

    test('a receipt that an unknown attempt failed frees its content at once', async () => {
      const lost = await withOutcome('unknown')
      await record(lost, { providerStatus: 'failed', status: 'failed' })
      assert.equal((await store.sends.accept(buildSend(route, { body: lost.message.body }))).kind, 'started')
    })

    test('a failure that is an opt-out is learned by the ledger', async () => {
      const refused = await withOutcome('accepted')
      const { organizationId, recipient } = refused.message
      const failure = { reason: 'recipient_opted_out', providerCode: '40300' } as const
      await store.evidence.recordReceipt({
        organizationId,
        messageId: refused.message.id,
        receipt: { providerMessageId: 'SM9', providerStatus: 'sending_failed', status: 'failed', failure },
        source: 'webhook',
        receivedAt: now + 10,
        optOut: learnedOptOut(refused.message, { code: '40300', at: now + 10 }),
      })
      assert.equal((await stored(refused)).message.status, 'suppressed')
      assert.equal((await store.optOuts.find(organizationId, recipient)).length, 1)
      await store.optOuts.remove(organizationId, recipient, { removedAt: now, onlyInDoubt: false })
    })

    test('receipts of any kind in any order end as the evidence says', async () => {
      const receipts: DeliveryReceipt[] = [
        { providerMessageId: 'SM9', providerStatus: 'sent', status: 'sent' },
        { providerMessageId: 'SM9', providerStatus: 'delivered', status: 'delivered' },
        { providerMessageId: 'SM9', providerStatus: 'undelivered', status: 'undelivered' },
        {
          providerMessageId: 'SM9',
          providerStatus: 'undelivered',
          status: 'undelivered',
          failure: { reason: 'unreachable', providerCode: '30003' },
        },
        { providerMessageId: 'SM9', providerStatus: 'teleported' },
      ]
      const orders = fc
        .shuffledSubarray(receipts, { minLength: 1 })
        .chain((order) => fc.subarray(order).map((again) => [...order, ...again]))
      await fc.assert(
        fc.asyncProperty(orders, async (order) => {
          const subject = await withOutcome('unknown')
          for (const receipt of order) await record(subject, receipt)
          const { message, attempts } = await stored(subject)
          const expected = conclude({ attempts, receipts: order })
          assert.deepEqual([message.status, message.failure], [expected.status, expected.failure])
        }),
        { numRuns: 25 },
      )
    })

    const found = ({ message }: MessageRecord, providerMessageId: string, providerStatus = 'delivered') =>
      store.evidence.recordReceipt({
        organizationId: message.organizationId,
        messageId: message.id,
        receipt: { providerMessageId, providerStatus, status: 'delivered' },
        source: 'search',
        receivedAt: now + 20,
      })

    async function twins(): Promise<[MessageRecord, MessageRecord]> {
      const body = freshName('text')
      const first = await started(body)
      const second = await store.sends.accept(buildSend(route, { body, idempotencyKey: freshName('key') }))
      assert.ok(second.kind === 'started')
      await store.sends.recordOutcome(outcomeRecord(first, unknown))
      return [first, second.record]
    }

    test('of identical messages that are searched for at the same time, one gets what was found', async () => {
      for (let round = 0; round < 5; round++) {
        const both = await twins()
        await store.sends.recordOutcome(outcomeRecord(both[1], unknown))
        const id = freshName('SM')
        const results = await Promise.all(both.map((twin) => found(twin, id)))
        assert.deepEqual(results.toSorted(), ['recorded', 'taken'])
        const statuses = await Promise.all(both.map(async (twin) => (await stored(twin)).message.status))
        assert.deepEqual(statuses.toSorted(), ['delivered', 'sending'])
      }
    })

    test('what was found is nobody else’s while an identical message is in its own call', async () => {
      const [first, second] = await twins()
      const id = freshName('SM')
      assert.equal(await found(first, id), 'taken')
      const accepted = { kind: 'accepted', providerMessageId: id, providerStatus: 'queued' } as const
      await store.sends.recordOutcome(outcomeRecord(second, accepted))
      assert.equal(await found(first, id), 'taken')
      assert.equal((await stored(first)).message.status, 'sending')
      assert.equal(await found(first, freshName('SM')), 'recorded')
    })

    test('a message holds each id that was reported of it, also one that it does not show', async () => {
      const [first, second] = await twins()
      const accepted = { kind: 'accepted', providerMessageId: 'SM 0', providerStatus: 'queued' } as const
      await store.sends.recordOutcome(outcomeRecord(second, accepted))
      const reported = freshName('SM later')
      await record(second, { providerMessageId: reported, providerStatus: 'sent', status: 'sent' })
      assert.equal((await stored(second)).message.providerMessageId, 'SM 0')
      assert.equal(await found(first, reported), 'taken')
    })

    test('of its own id a search may tell more, whatever identical messages do', async () => {
      const [first] = await twins()
      const id = freshName('SM')
      await record(first, { providerMessageId: id, providerStatus: 'sent', status: 'sent' })
      assert.equal(await found(first, id), 'recorded')
      assert.equal(await found(first, id), 'duplicate')
    })

    test('what was never looked for is claimed first, then what waits longest', async () => {
      const claim = async (at: number, limit: number) => {
        const claimed = await store.evidence.claimUnresolved({
          now: at,
          startedBefore: at - lease,
          checkAgainAt: at + 1,
          limit,
        })
        return claimed.map(({ message }) => message.id)
      }
      await claim(now + 20, 500)
      const [older, newer] = [await withOutcome('unknown'), await withOutcome('unknown')]
      assert.deepEqual(await claim(now + 21, 1), [older.message.id])
      assert.deepEqual(await claim(now + 22, 1), [newer.message.id])
      const all = await claim(now + 23, 500)
      assert.deepEqual(all.slice(-2), [older.message.id, newer.message.id])
    })

    test('unresolved messages are claimed once until they are due again', async () => {
      const lost = await withOutcome('unknown')
      const dead = await started()
      const claim = (at: number) =>
        store.evidence.claimUnresolved({ now: at, startedBefore: at - lease, checkAgainAt: at + 30_000, limit: 500 })
      const ids = (records: MessageRecord[]) => records.map(({ message }) => message.id)
      const first = ids(await claim(now + 20))
      assert.ok(first.includes(lost.message.id) && !first.includes(dead.message.id))
      assert.ok(!ids(await claim(now + 21)).includes(lost.message.id))
      const later = await claim(now + lease + 30_000)
      assert.ok(ids(later).includes(lost.message.id))
      const claimedDead = later.find(({ message }) => message.id === dead.message.id)
      assert.equal(claimedDead?.attempts[0]?.outcome?.kind, 'unknown')
    })

    test('a closed window makes a message unknown; an answer that comes even later is still heard', async () => {
      const lost = await withOutcome('unknown')
      const { organizationId, id: messageId } = lost.message
      const mark = { organizationId, messageId, attemptNumber: 1, at: now + 600_000 }
      await store.evidence.closeAttempt(mark)
      await store.evidence.closeAttempt(mark)
      assert.equal((await stored(lost)).message.status, 'unknown')
      assert.deepEqual(await eventTypes(lost), ['message.sending', 'message.unknown'])
      const unknowns = await store.evidence.listUnknown(organizationId, { skip: 0, limit: 500 })
      assert.ok(unknowns.some(({ message }) => message.id === messageId))
      const accepted = { kind: 'accepted', providerMessageId: freshName('SM'), providerStatus: 'queued' } as const
      await store.sends.recordOutcome(outcomeRecord(lost, accepted))
      assert.equal((await stored(lost)).message.status, 'sent')
    })

    test('a person can say that an unknown attempt was sent, once, and it is on record who', async () => {
      const lost = await withOutcome('unknown')
      const { organizationId, id: messageId } = lost.message
      const vouch = { organizationId, messageId, attemptNumber: 1, at: now + 20, by: 'key 7 (ops)', note: 'saw it' }
      assert.equal(await store.evidence.vouch({ ...vouch, organizationId: organizationId + 1 }), false)
      assert.equal(await store.evidence.vouch(vouch), true)
      assert.equal(await store.evidence.vouch(vouch), false)
      assert.equal((await stored(lost)).message.status, 'sent')
      const events = await store.messages.events(organizationId, messageId)
      assert.deepEqual(events.at(-1)?.data, {
        provider: 'twilio',
        attempt: 1,
        resolved_by: 'key 7 (ops)',
        note: 'saw it',
      })
    })

    test('a late answer to the first attempt does not end a message whose second is under way', async () => {
      const lost = await withOutcome('unknown')
      const { organizationId, id: messageId, body } = lost.message
      await store.evidence.closeAttempt({ organizationId, messageId, attemptNumber: 1, at: now + 600_000 })
      assert.equal(await resend(lost), 'started')
      const rejected = { kind: 'rejected', failure: { reason: 'landline', providerCode: '21614' } } as const
      await store.sends.recordOutcome(outcomeRecord(lost, rejected, { closedAt: now + 700_001 }))
      assert.equal((await stored(lost)).message.status, 'sending')
      assert.equal((await store.sends.accept(buildSend(route, { body, at: now + 700_002 }))).kind, 'joined')
    })

    test('a message is not sent again when an identical one has gone out instead', async () => {
      const lost = await withOutcome('unknown')
      const { organizationId, id: messageId, body } = lost.message
      await store.evidence.closeAttempt({ organizationId, messageId, attemptNumber: 1, at: now + 600_000 })
      assert.equal((await store.sends.accept(buildSend(route, { body, at: now + 700_000 }))).kind, 'started')
      assert.equal(await resend(lost), 'superseded')
      assert.equal((await stored(lost)).message.status, 'unknown')
    })

    for (const [what, end] of [
      ['that opts out', 'refused'],
      ['whose process dies', 'interrupted'],
    ] as const)
      test(`sent again and not taken, a message may be tried once more; one ${what} meanwhile is unknown`, async () => {
        const lost = await withOutcome('unknown')
        const { organizationId, id: messageId, recipient, body } = lost.message
        await store.evidence.closeAttempt({ organizationId, messageId, attemptNumber: 1, at: now + 600_000 })
        const step = (number: number, resend: boolean, refuse = false) =>
          store.sends.startAttempt({
            key: lost.key,
            messageId,
            organizationId,
            recipient,
            attempt: { number, startedAt: now + 700_000 + number },
            resend,
            guard: buildSend(route, { body }).guard,
            guardExpiresAt: now + 1_300_000,
            terms: {
              ...decisionTerms(lost.message),
              decide: () => (refuse ? { kind: 'refuse', rule: 'recipient_opted_out' } : { kind: 'send' }),
            },
            uses: [],
          })
        const notSent = async (number: number) => {
          const outcome = { kind: 'not_sent', failure: { reason: 'rate_limited' } } as const
          const { attempts } = await stored(lost)
          await store.sends.recordOutcome({
            ...outcomeRecord(lost, outcome, { number }),
            conclusion: conclude({
              attempts: attempts.map((attempt) => (attempt.number === number ? { ...attempt, outcome } : attempt)),
              receipts: [],
            }),
          })
        }
        assert.equal(await step(2, true), 'started')
        assert.equal(await step(3, false), 'superseded')
        await notSent(2)
        assert.equal((await stored(lost)).message.status, 'sending')
        assert.equal(await step(3, false), 'started')
        await notSent(3)
        if (end === 'refused') assert.equal(await step(4, false, true), 'refused')
        else
          assert.equal(
            await store.sends.failInterrupted({ startedBefore: now + 800_000, now: now + 900_000, limit: 1 }),
            1,
          )
        const { message, attempts } = await stored(lost)
        assert.deepEqual([message.status, attempts.length], ['unknown', 3])
        assert.equal(await step(4, true), 'started')
      })

    function resend(lost: MessageRecord) {
      const { id: messageId, organizationId, recipient, body } = lost.message
      return store.sends.startAttempt({
        key: lost.key,
        messageId,
        organizationId,
        recipient,
        attempt: { number: 2, startedAt: now + 700_000 },
        resend: true,
        guard: buildSend(route, { body }).guard,
        guardExpiresAt: now + 1_300_000,
        terms: decisionTerms(lost.message),
        uses: [],
      })
    }

    test('an unknown message is sent again only when asked for, and then guards its content again', async () => {
      const lost = await withOutcome('unknown')
      const { organizationId, id: messageId, recipient, body } = lost.message
      const start = (resend: boolean) =>
        store.sends.startAttempt({
          key: lost.key,
          messageId,
          organizationId,
          recipient,
          attempt: { number: 2, startedAt: now + 700_000 },
          resend,
          guard: buildSend(route, { body }).guard,
          guardExpiresAt: now + 1_300_000,
          terms: decisionTerms(lost.message),
          uses: [],
        })
      assert.equal(await start(true), 'superseded')
      await store.evidence.closeAttempt({ organizationId, messageId, attemptNumber: 1, at: now + 600_000 })
      assert.equal(await start(false), 'superseded')
      assert.equal(await start(true), 'started')
      assert.equal(await start(true), 'superseded')
      assert.equal((await stored(lost)).message.status, 'sending')
      assert.equal((await store.sends.accept(buildSend(route, { body, at: now + 700_001 }))).kind, 'joined')
    })
  })
}
