import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import {
  buildRoute,
  buildSend,
  claimQueue,
  decisionTerms,
  guardFor,
  now,
  outcomeRecord,
} from '../../test/support/store-builders.ts'
import type { Message } from '../core/message.ts'
import type { Route } from '../core/organization.ts'
import { effectivePolicy, type Policy } from '../core/policy.ts'
import type { SendSettings } from '../core/send-terms.ts'
import type { MessageRecord, NewSend, Store } from './store.ts'

const notSent = { kind: 'not_sent', failure: { reason: 'rate_limited' } } as const
const settings = (policy: Policy): SendSettings => ({ policy: effectivePolicy(policy, undefined), counted: true })
const queued = { status: 'queued', queued: true } as const

/** What every engine is tested for when a message of which nothing left is dispatched once more. */
export function furtherAttemptContract(engine: string, open: () => Promise<Store>): void {
  describe(`further attempts on ${engine}`, () => {
    let store: Store
    before(async () => {
      store = await open()
    })
    after(() => store.close())

    async function accepted(send: NewSend): Promise<MessageRecord> {
      const result = await store.sends.accept(send)
      return 'record' in result ? result.record : assert.fail(`${result.kind}`)
    }

    async function claimedOnce(route: Route, options: Parameters<typeof claimQueue>[2] = {}): Promise<MessageRecord> {
      const [claimed] = await claimQueue(store, route, options)
      return claimed ?? assert.fail('nothing was claimed')
    }

    function startFurther({ key, message }: MessageRecord, limits?: SendSettings) {
      const startedAt = now + 500
      return store.sends.startAttempt({
        key,
        messageId: message.id,
        organizationId: message.organizationId,
        recipient: message.recipient,
        attempt: { number: 2, startedAt },
        resend: message.queued === true,
        guard: guardFor(message),
        guardExpiresAt: now + 600_000,
        uses: [],
        terms: decisionTerms(message, {
          at: startedAt,
          ...(limits === undefined ? {} : { settings: limits }),
        }),
      })
    }

    const limits: readonly (readonly [string, Policy, Partial<Message>])[] = [
      ['a cap per person', { perRecipient: [{ messages: 1, per: 'day' }] }, {}],
      ['a cap per assistant', { perAssistant: [{ messages: 1, per: 'day' }] }, {}],
      ['a cap of the organization', { perOrganization: [{ messages: 1, per: 'day' }] }, {}],
      ['the velocity of a prefix', { prefixVelocity: { digits: 6, messages: 1, per: 'hour' } }, {}],
      ['the limit of unanswered texts', { unanswered: 1 }, {}],
      [
        'a budget',
        { spend: { amount: 1, per: 'day' }, prices: { currency: 'USD', default: 1 } },
        { costMicros: 1_000_000 },
      ],
    ]
    for (const [name, policy, more] of limits)
      test(`does not stand in its own way: ${name} has room for a message that was not sent the first time`, async () => {
        const limited = settings(policy)
        const route = await buildRoute(store)
        await accepted(buildSend(route, { more: { ...queued, ...more }, settings: limited }))
        await store.sends.recordOutcome(outcomeRecord(await claimedOnce(route, { settings: limited }), notSent))
        assert.equal((await claimedOnce(route, { at: now + 5_000, settings: limited })).attempts.length, 2)
        const other = buildSend(route, { body: 'another', at: now + 5_001, more, settings: limited })
        assert.equal((await store.sends.accept(other)).kind, 'refused')

        const direct = await accepted(buildSend(await buildRoute(store), { more, settings: limited }))
        await store.sends.recordOutcome(outcomeRecord(direct, notSent))
        assert.equal(await startFurther(direct, limited), 'started')
      })

    /** Its first attempt may have gone out, its second did not, and it waits in the queue for its third. */
    async function waitingAgain(route: Route): Promise<Message> {
      const { message } = await accepted(buildSend(route, { more: { ...queued, onUnknown: 'resend' } }))
      const { organizationId, id: messageId } = message
      const claimed = await claimedOnce(route)
      await store.sends.recordOutcome(outcomeRecord(claimed, { kind: 'unknown', detail: 'no answer' }))
      await store.evidence.closeAttempt({ organizationId, messageId, attemptNumber: 1, at: now + 10 })
      assert.equal(await startFurther(claimed), 'started')
      await store.sends.recordOutcome(outcomeRecord(claimed, notSent, { number: 2 }))
      return message
    }

    test('what may have gone out before is not canceled, but no attempt follows', async () => {
      const route = await buildRoute(store)
      const { organizationId, id: messageId } = await waitingAgain(route)
      assert.deepEqual(await store.queue.cancel({ organizationId, messageId, now: now + 600 }), {
        canceled: false,
        previous: 'queued',
        now: 'unknown',
      })
      assert.deepEqual(await claimQueue(store, route, { at: now + 60_000 }), [])
    })

    test('an opt-out ends what waits for one, and does not say of what may have gone out before that nothing left', async () => {
      const route = await buildRoute(store)
      const { organizationId, recipient, id: messageId } = await waitingAgain(route)
      const stored = async () => (await store.messages.find(organizationId, messageId)) ?? assert.fail()
      assert.equal((await stored()).message.status, 'queued')
      await store.optOuts.add({ organizationId, recipient, source: 'api', inDoubt: false, createdAt: now + 600 })
      const { message: ended, attempts } = await stored()
      assert.deepEqual([ended.status, ended.failure], ['unknown', undefined])
      assert.ok(attempts.every(({ closedAt }) => closedAt !== undefined))
      assert.equal((await store.messages.events(organizationId, messageId)).at(-1)?.type, 'message.unknown')
      assert.deepEqual(await claimQueue(store, route, { at: now + 60_000 }), [])
    })
  })
}
