import assert from 'node:assert/strict'
import { after, before, suite, test } from 'node:test'
import { eventually } from '../../test/support/manual-clock.ts'
import { buildRoute, buildSend, freshName, now, outcomeRecord } from '../../test/support/store-builders.ts'
import { SmsError } from '../core/errors.ts'
import type { MessageId } from '../core/message-id.ts'
import { learnedOptOut } from '../core/opt-out.ts'
import { parseE164 } from '../core/phone-number.ts'
import type { AcceptResult, MessageRecord, NewSend, Store } from './store.ts'

/** What every engine promises. `open` gives an empty store. */
export function storeContract(engine: string, open: () => Promise<Store>): void {
  suite(`store contract on ${engine}`, () => {
    let store: Store
    before(async () => {
      store = await open()
    })
    after(() => store.close())

    test('an accepted send is stored whole, with its attempt and its event', async () => {
      const route = await buildRoute(store)
      const send = buildSend(route)
      const { key } = started(await store.sends.accept(send))
      const record = await found(store, send.message)
      assert.deepEqual(record, { key, message: send.message, attempts: [{ number: 1, startedAt: now }] })
      const events = await store.messages.events(send.message.organizationId, send.message.id)
      assert.deepEqual(
        events.map((event) => event.type),
        ['message.sending'],
      )
    })

    test('of fifty parallel sends with one idempotency key one starts, and all name the same message', async () => {
      const route = await buildRoute(store)
      const results = await Promise.all(
        Array.from({ length: 50 }, () => store.sends.accept(buildSend(route, { idempotencyKey: 'one' }))),
      )
      assert.equal(results.filter((result) => result.kind === 'started').length, 1)
      assert.equal(new Set(results.map(messageIdOf)).size, 1)
    })

    test('of fifty parallel identical sends one starts and the others join it', async () => {
      const route = await buildRoute(store)
      const results = await Promise.all(Array.from({ length: 50 }, () => store.sends.accept(buildSend(route))))
      assert.equal(results.filter((result) => result.kind === 'started').length, 1)
      assert.equal(results.filter((result) => result.kind === 'joined').length, 49)
      assert.equal(new Set(results.map(messageIdOf)).size, 1)
    })

    test('another request under a known idempotency key is told apart, and the key is forgotten in time', async () => {
      const route = await buildRoute(store)
      started(await store.sends.accept(buildSend(route, { idempotencyKey: 'k', body: 'first' })))
      const reuse = await store.sends.accept(buildSend(route, { idempotencyKey: 'k', body: 'second' }))
      assert.ok(reuse.kind === 'replayed' && !reuse.sameRequest)
      const later = await store.sends.accept(buildSend(route, { idempotencyKey: 'k', body: 'third', at: now + 5_000 }))
      assert.equal(later.kind, 'started')
    })

    test('a send with a key of its own goes out beside an unresolved identical one', async () => {
      const route = await buildRoute(store)
      started(await store.sends.accept(buildSend(route)))
      assert.equal((await store.sends.accept(buildSend(route, { idempotencyKey: 'mine' }))).kind, 'started')
    })

    test('which message one would join can be asked without joining it', async () => {
      const route = await buildRoute(store)
      const first = buildSend(route)
      const asked = ({ message, guard }: NewSend) => store.sends.findJoined(message, guard)
      assert.equal(await asked(first), undefined)
      const { message } = started(await store.sends.accept(first))
      assert.equal(await asked(buildSend(route)), message.id)
      assert.equal(await asked(buildSend(route, { idempotencyKey: 'mine' })), undefined)
      assert.equal(await asked(buildSend(route, { body: 'else' })), undefined)
    })

    test('a message that is still being sent guards its content, however late it is', async () => {
      const route = await buildRoute(store)
      started(await store.sends.accept(buildSend(route)))
      assert.equal((await store.sends.accept(buildSend(route, { at: now + 599_999 }))).kind, 'joined')
      assert.equal((await store.sends.accept(buildSend(route, { at: now + 9_000_000 }))).kind, 'joined')
    })

    test('an unknown message stops guarding when its window has passed', async () => {
      const route = await buildRoute(store)
      const record = started(await store.sends.accept(buildSend(route)))
      const { organizationId, id: messageId } = record.message
      await store.sends.recordOutcome(outcomeRecord(record, { kind: 'unknown', detail: 'reset' }))
      await store.evidence.closeAttempt({ organizationId, messageId, attemptNumber: 1, at: now + 500_000 })
      assert.equal((await store.sends.accept(buildSend(route, { at: now + 599_999 }))).kind, 'joined')
      assert.equal((await store.sends.accept(buildSend(route, { at: now + 600_000 }))).kind, 'started')
      assert.equal((await store.sends.accept(buildSend(route, { at: now + 600_001 }))).kind, 'joined')
    })

    test('an accepted outcome resolves the message, frees its guard, and is found by the provider id', async () => {
      const route = await buildRoute(store)
      const record = started(await store.sends.accept(buildSend(route)))
      const outcome = { kind: 'accepted', providerMessageId: freshName('SM'), providerStatus: 'queued' } as const
      await store.sends.recordOutcome(outcomeRecord(record, outcome))
      const stored = await found(store, record.message)
      assert.equal(stored.message.status, 'sent')
      assert.equal(stored.message.providerMessageId, outcome.providerMessageId)
      assert.deepEqual(stored.attempts[0]?.outcome, outcome)
      const { organizationId } = record.message
      const byProvider = await store.messages.findByProviderId(organizationId, outcome.providerMessageId)
      assert.equal(byProvider?.message.id, record.message.id)
      assert.equal(await store.messages.findByProviderId(organizationId + 1, outcome.providerMessageId), undefined)
      assert.equal((await store.sends.accept(buildSend(route))).kind, 'started')
    })

    test('an unknown outcome keeps guarding its content', async () => {
      const route = await buildRoute(store)
      const record = started(await store.sends.accept(buildSend(route)))
      const outcome = { kind: 'unknown', detail: 'reset after the request was written' } as const
      await store.sends.recordOutcome(outcomeRecord(record, outcome))
      assert.deepEqual((await found(store, record.message)).attempts[0]?.outcome, outcome)
      assert.equal((await store.sends.accept(buildSend(route))).kind, 'joined')
    })

    test('recording an outcome twice changes nothing', async () => {
      const route = await buildRoute(store)
      const record = started(await store.sends.accept(buildSend(route)))
      const accepted = { kind: 'accepted', providerMessageId: freshName('SM'), providerStatus: 'queued' } as const
      await store.sends.recordOutcome(outcomeRecord(record, accepted))
      const stored = await found(store, record.message)
      const unknown = { kind: 'unknown', detail: 'late' } as const
      await store.sends.recordOutcome(outcomeRecord(record, unknown))
      assert.deepEqual(await found(store, record.message), stored)
    })

    test('a refusal because of an opt-out teaches the ledger, which then refuses before the provider is asked', async () => {
      const route = await buildRoute(store)
      const record = started(await store.sends.accept(buildSend(route)))
      const { organizationId, recipient } = record.message
      const failure = { reason: 'recipient_opted_out', providerCode: '21610' } as const
      const outcome = { kind: 'rejected', failure } as const
      await store.sends.recordOutcome({
        ...outcomeRecord(record, outcome, { closedAt: now + 1 }),
        optOut: learnedOptOut(record.message, { code: '21610', at: now }),
      })
      assert.equal((await found(store, record.message)).message.status, 'suppressed')
      assert.equal((await store.optOuts.find(organizationId, recipient))[0]?.source, 'provider')
      const refused = await store.sends.accept(buildSend(route, { idempotencyKey: 'not kept' }))
      assert.ok(refused.kind === 'refused')
      assert.equal((await found(store, refused.record.message)).message.status, 'suppressed')
      assert.equal(await store.optOuts.remove(organizationId, recipient, { removedAt: now, onlyInDoubt: false }), 1)
      assert.equal((await store.sends.accept(buildSend(route, { idempotencyKey: 'not kept' }))).kind, 'started')
    })

    test('a further attempt starts only while all earlier ones were not sent', async () => {
      const route = await buildRoute(store)
      const record = started(await store.sends.accept(buildSend(route)))
      const { key, message } = record
      const start = (number: number) =>
        store.sends.startAttempt({
          key,
          messageId: message.id,
          organizationId: message.organizationId,
          recipient: message.recipient,
          attempt: { number, startedAt: now + number },
          resend: false,
          guard: buildSend(route).guard,
          guardExpiresAt: now + 600_000,
          terms: buildSend(route).terms,
          uses: [],
        })
      assert.equal(await start(2), 'superseded')
      const notSent = { kind: 'not_sent', failure: { reason: 'rate_limited' }, retryAfterMs: 1_000 } as const
      await store.sends.recordOutcome(outcomeRecord(record, notSent))
      assert.equal(await start(2), 'started')
      assert.equal(await start(3), 'superseded')
      assert.deepEqual(
        (await found(store, message)).attempts.map((attempt) => attempt.outcome),
        [notSent, undefined],
      )
    })

    test('a message whose process died between two attempts is reported as not sent', async () => {
      const route = await buildRoute(store)
      const record = started(await store.sends.accept(buildSend(route)))
      const other = started(await store.sends.accept(buildSend(route, { body: 'under way' })))
      const notSent = { kind: 'not_sent', failure: { reason: 'rate_limited' } } as const
      await store.sends.recordOutcome(outcomeRecord(record, notSent))
      assert.equal(await store.sends.failInterrupted({ startedBefore: now, now: now + 10, limit: 100 }), 0)
      assert.equal(await store.sends.failInterrupted({ startedBefore: now + 10, now: now + 10, limit: 100 }), 1)
      const { message } = await found(store, record.message)
      assert.deepEqual([message.status, message.failure?.reason], ['failed', 'interrupted'])
      assert.equal((await found(store, other.message)).message.status, 'sending')
    })

    test('nothing of one organization is seen by another', async () => {
      const mine = await buildRoute(store)
      const { organizationId } = await buildRoute(store).then(({ sender }) => sender)
      const { message } = started(await store.sends.accept(buildSend(mine)))
      assert.equal(await store.messages.find(organizationId, message.id), undefined)
      assert.deepEqual(await store.messages.events(organizationId, message.id), [])
      assert.equal(await store.assistants.find(organizationId, mine.assistant.id), undefined)
      assert.equal(await store.senders.find(organizationId, mine.sender.id), undefined)
      assert.equal(await store.accounts.find(organizationId, mine.account.id), undefined)
      assert.equal(await store.assistants.remove(organizationId, mine.assistant.id, now), false)
      assert.equal(await store.accounts.remove(organizationId, mine.account.id), false)
    })

    test('a route needs an active number with an active assistant', async () => {
      const route = await buildRoute(store)
      const { sender, assistant } = route
      const { organizationId, phoneNumber } = sender
      assert.deepEqual(await store.senders.findRoute(organizationId, phoneNumber), route)
      await store.senders.change(organizationId, sender.id, (present) => ({ ...present, isActive: false }))
      assert.equal(await store.senders.findRoute(organizationId, phoneNumber), undefined)
      await store.senders.change(organizationId, sender.id, (present) => ({ ...present, isActive: true }))
      assert.equal(await store.assistants.remove(organizationId, assistant.id, now), true)
      assert.equal(await store.senders.findRoute(organizationId, phoneNumber), undefined)
      assert.equal((await store.senders.find(organizationId, sender.id))?.assistantId, undefined)
    })

    test('a number and an account name are taken once in an organization', async () => {
      const { sender, account } = await buildRoute(store)
      await assert.rejects(() => store.senders.create(sender), isConflict)
      await assert.rejects(() => store.accounts.create(account), isConflict)
      await assert.rejects(() => store.accounts.remove(account.organizationId, account.id), isConflict)
    })

    test('opt-outs are kept once for each reach, listed newest first, and a certain one replaces one in doubt', async () => {
      const { organizationId } = (await buildRoute(store)).sender
      const recipient = parseE164('+12025550101')
      const first = { organizationId, recipient, source: 'api', inDoubt: true, createdAt: now } as const
      assert.deepEqual(await store.optOuts.add(first), { created: true, optOut: first })
      assert.deepEqual(await store.optOuts.add({ ...first, source: 'import' }), { created: false, optOut: first })
      const certain = { ...first, source: 'console', inDoubt: false, evidence: 'said so', createdAt: now + 1 } as const
      assert.deepEqual(await store.optOuts.add(certain), { created: true, optOut: certain })
      assert.deepEqual(await store.optOuts.add({ ...certain, source: 'api' }), { created: false, optOut: certain })
      const narrow = { ...certain, assistantId: 7, createdAt: now + 2 }
      assert.equal(await store.optOuts.addAll([certain, narrow]), 1)
      const other = { ...certain, recipient: parseE164('+12025550102'), createdAt: now + 3 }
      await store.optOuts.add(other)
      assert.deepEqual(await store.optOuts.find(organizationId, recipient), [certain, narrow])
      assert.deepEqual(await store.optOuts.list(organizationId, { skip: 0, limit: 10 }), [other, narrow, certain])
      const removal = { removedAt: now, onlyInDoubt: true }
      assert.equal(await store.optOuts.remove(organizationId, recipient, removal), 0)
      assert.equal(await store.optOuts.remove(organizationId, recipient, { ...removal, onlyInDoubt: false }), 2)
    })

    test('the event of an opt-out says where it came from and how far it reaches', async () => {
      const { organizationId } = (await buildRoute(store)).sender
      const recipient = parseE164('+12025550101')
      const whole = { organizationId, recipient, source: 'api', inDoubt: false, createdAt: now } as const
      await store.optOuts.add(whole)
      await store.optOuts.add({ ...whole, source: 'keyword', inDoubt: true, senderId: 7 })
      const events = await store.events.after({ organizationId, key: 0, limit: 10 })
      assert.deepEqual(
        events.map(({ type, data }) => [type, data]),
        [
          ['opt_out.created', { source: 'api', scope: 'organization' }],
          ['opt_out.doubted', { source: 'keyword', scope: 'sender', phone_number_id: 7 }],
        ],
      )
    })

    test('an organization changes how far its opt-outs reach', async () => {
      const { organizationId } = (await buildRoute(store)).sender
      assert.equal((await store.organizations.find(organizationId))?.optOutScope, 'organization')
      await store.organizations.change(organizationId, (present) => ({ ...present, optOutScope: 'sender' }))
      assert.equal((await store.organizations.find(organizationId))?.optOutScope, 'sender')
    })

    test('policies, paces and pauses are kept as they were set, and gone when taken away', async () => {
      const { organization, account, assistant, sender } = await buildRoute(store)
      const organizationId = organization.id
      const pausedAt = now + 5
      const policy = { unanswered: 5, perAssistant: [{ messages: 10, per: 'hour' }], loop: 'off' } as const
      await store.organizations.change(organizationId, (present) => ({ ...present, policy, pausedAt }))
      await store.assistants.change(organizationId, assistant.id, (present) => ({ ...present, policy, pausedAt }))
      const pacing = { segmentsPerSecond: 0.5, dailySegments: 2_000, strict: true, type: 'short_code' } as const
      await store.senders.change(organizationId, sender.id, (present) => ({ ...present, pacing, pausedAt }))
      const ofAccount = { smsPerSecond: 100, mmsPerSecond: 1 }
      await store.accounts.change(organizationId, account.id, (present) => ({
        ...present,
        pacing: ofAccount,
        pausedAt,
      }))
      assert.deepEqual(await store.senders.findRoute(organizationId, sender.phoneNumber), {
        organization: { ...organization, policy, pausedAt },
        account: { ...account, pacing: ofAccount, pausedAt },
        assistant: { ...assistant, policy, pausedAt },
        sender: { ...sender, pacing, pausedAt },
      })
      await store.organizations.change(organizationId, () => organization)
      await store.assistants.change(organizationId, assistant.id, () => assistant)
      await store.senders.change(organizationId, sender.id, () => sender)
      await store.accounts.change(organizationId, account.id, () => account)
      assert.deepEqual(await store.senders.findRoute(organizationId, sender.phoneNumber), {
        organization,
        account,
        assistant,
        sender,
      })
    })

    test('API keys are found by hash, revoked ones too, and listed without those', async () => {
      const { organizationId } = (await buildRoute(store)).sender
      const hash = freshName('hash')
      const apiKey = await store.apiKeys.create({
        organizationId,
        name: 'first',
        prefix: 'tb_live_abcdefgh',
        hash,
        scopes: ['send', 'read'],
        createdAt: now,
        updatedAt: now,
      })
      assert.deepEqual(await store.apiKeys.findByHash(hash), apiKey)
      await store.apiKeys.touch(apiKey.id, now + 5)
      await store.apiKeys.change(organizationId, apiKey.id, (present) => ({ ...present, revokedAt: now }))
      assert.deepEqual(await store.apiKeys.findByHash(hash), { ...apiKey, lastUsedAt: now + 5, revokedAt: now })
      assert.deepEqual(await store.apiKeys.list(organizationId), [])
    })

    test('a rate limit is kept with its key, changed, and taken away', async () => {
      const { organizationId } = (await buildRoute(store)).sender
      const hash = freshName('hash')
      const rateLimit = { requests: 50, per: 'minute' } as const
      const apiKey = await store.apiKeys.create({
        organizationId,
        name: 'limited',
        prefix: 'tb_live_',
        hash,
        scopes: ['read'],
        rateLimit,
        createdAt: now,
        updatedAt: now,
      })
      assert.deepEqual(await store.apiKeys.findByHash(hash), apiKey)
      const change = { requests: 1, per: 'hour' } as const
      await store.apiKeys.change(organizationId, apiKey.id, (present) => ({ ...present, rateLimit: change }))
      assert.deepEqual(await store.apiKeys.findByHash(hash), { ...apiKey, rateLimit: change })
      const { rateLimit: _gone, ...unlimited } = apiKey
      await store.apiKeys.change(organizationId, apiKey.id, () => unlimited)
      assert.deepEqual(await store.apiKeys.list(organizationId), [unlimited])
    })

    test('of the requests that a key wants at once, just as many are granted as its window has left', async () => {
      const take = (apiKeyId: number, wish: { windowMs?: number; requestsMax?: number; wanted?: number } = {}) =>
        store.apiKeys.takeRequests({
          apiKeyId,
          windowMs: 60_000,
          requestsMax: 30,
          wanted: 1,
          now: performance.now(),
          ...wish,
        })
      const together = await Promise.all(Array.from({ length: 40 }, () => take(71)))
      const granted = together.filter((taken) => taken.granted === 1)
      assert.deepEqual(
        granted.map(({ total }) => total).sort((left, right) => left - right),
        Array.from({ length: 30 }, (_, index) => index + 1),
      )
      assert.ok(together.every(({ leftMs }) => leftMs > 50_000 && leftMs <= 60_000))
      assert.partialDeepStrictEqual(await take(71, { requestsMax: 35, wanted: 9 }), { granted: 5, total: 35 })
      assert.partialDeepStrictEqual(await take(71, { requestsMax: 10 }), { granted: 0, total: 35 })
      assert.partialDeepStrictEqual(await take(71, { windowMs: 1_000 }), { granted: 1, total: 1 })
      assert.partialDeepStrictEqual(await take(72, { wanted: 31 }), { granted: 30, total: 30 })
    })

    test('when its window has ended, a key begins another with its next request', async () => {
      const take = () =>
        store.apiKeys.takeRequests({ apiKeyId: 73, windowMs: 20, requestsMax: 2, wanted: 1, now: performance.now() })
      await eventually(async () => {
        const { granted, leftMs } = await take()
        assert.ok(leftMs <= 20)
        return granted === 0
      })
      await eventually(async () => (await take()).granted === 1)
    })
  })
}

function started(result: AcceptResult): MessageRecord {
  assert.ok(result.kind === 'started', `expected started, got ${result.kind}`)
  return result.record
}

function messageIdOf(result: AcceptResult): MessageId {
  return 'messageId' in result ? result.messageId : result.record.message.id
}

async function found(store: Store, message: MessageRecord['message']): Promise<MessageRecord> {
  const record = await store.messages.find(message.organizationId, message.id)
  assert.ok(record !== undefined)
  return record
}

function isConflict(error: unknown): boolean {
  return error instanceof SmsError && error.code === 'conflict'
}
