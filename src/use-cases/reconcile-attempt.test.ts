import assert from 'node:assert/strict'
import { after, before, suite, test } from 'node:test'
import { openMemoryStore, testPaces } from '../../test/support/parts.ts'
import { silentLog } from '../../test/support/silent-log.ts'
import {
  buildRoute,
  buildSend,
  freshName,
  now,
  outcomeRecord,
  silentMetrics,
} from '../../test/support/store-builders.ts'
import type { Message } from '../core/message.ts'
import type { Route } from '../core/organization.ts'
import { resendAttemptsMax } from '../core/retry.ts'
import type { SendOutcome } from '../core/send-outcome.ts'
import type { Clock } from '../ports/clock.ts'
import type { Provider, SearchResult } from '../ports/provider.ts'
import type { MessageRecord, Store } from '../ports/store.ts'
import { systemRandom } from '../telemetry/random.ts'
import { makeCircuitBreakers } from './circuit-breaker.ts'
import { attemptFreshMs } from './dispatch-message.ts'
import { noFailpoints } from './failpoints.ts'
import { makeReconcileAttempt, makeResolveUnknown } from './reconcile-attempt.ts'
import { makeResolutionWatch } from './resolution-watch.ts'
import { resumeQueue } from './resume-queue.ts'
import { makeStandingRoutes } from './standing-route.ts'

const windowMs = 600_000
const unknown: SendOutcome = { kind: 'unknown', detail: 'reset' }

suite('an attempt without a usable answer', () => {
  let store: Store
  let route: Route
  let time = now
  let finding: SearchResult = { kind: 'none' }
  let outcome: SendOutcome = unknown
  let sent = 0
  let afterSend = () => {}
  let searches = 0
  let searchMs = 0
  const clock: Clock = { now: () => time, monotonicMs: () => time, sleep: async () => undefined }
  const provider: Provider = {
    name: 'twilio',
    accountFields: [],
    notCarriedAsGsm: '',
    paces: testPaces,
    evidenceWindowMs: windowMs,
    checkAccountFields: () => undefined,
    async send() {
      sent++
      const answer = outcome
      afterSend()
      return answer
    },
    claims: () => false,
    readWebhook: () => ({ kind: 'forged', detail: 'not asked for here' }),
    webhookAnswer: { contentType: 'text/plain', body: '' },
    async findSent() {
      searches++
      time += searchMs
      return finding
    },
    check: async () => [],
    mediaHeaders: () => undefined,
    close: async () => undefined,
  }
  let reconcile: ReturnType<typeof makeReconcileAttempt>
  let resolve: ReturnType<typeof makeResolveUnknown>
  before(async () => {
    store = await openMemoryStore()
    route = await buildRoute(store)
    const parts = {
      store,
      providers: new Map([['twilio', provider]]),
      callbacks: { urlFor: () => 'https://sms.example.com/', verify: () => true },
      clock,
      random: systemRandom,
      log: silentLog,
      metrics: silentMetrics,
      watch: makeResolutionWatch({ store, clock }),
      failpoints: noFailpoints,
      attemptFreshMs,
      breakers: makeCircuitBreakers({ clock, log: silentLog, metrics: silentMetrics }),
      routes: makeStandingRoutes({ store, clock }),
      stopping: new AbortController().signal,
    }
    reconcile = makeReconcileAttempt(parts)
    resolve = makeResolveUnknown(parts)
  })
  after(() => store.close())

  async function lost(more: Partial<Message> = {}): Promise<MessageRecord> {
    ;[time, finding, outcome, sent, searches, searchMs] = [now, { kind: 'none' }, unknown, 0, 0, 0]
    afterSend = () => {}
    const send = buildSend(route, { body: freshName('text') })
    const result = await store.sends.accept({ ...send, message: { ...send.message, ...more } })
    assert.ok(result.kind === 'started')
    await store.sends.recordOutcome(outcomeRecord(result.record, unknown))
    return found(result.record)
  }

  async function found({ message }: MessageRecord): Promise<MessageRecord> {
    const record = await store.messages.find(message.organizationId, message.id)
    assert.ok(record !== undefined)
    return record
  }

  test('found at its provider it is what the provider says', async () => {
    const record = await lost()
    finding = { kind: 'found', receipt: { providerMessageId: 'SM1', providerStatus: 'delivered', status: 'delivered' } }
    await reconcile(record)
    const { message } = await found(record)
    assert.deepEqual([message.status, message.providerMessageId], ['delivered', 'SM1'])
  })

  for (const result of [
    { kind: 'none' },
    { kind: 'ambiguous', count: 2 },
    { kind: 'unavailable', detail: 'HTTP 500' },
  ] as const)
    test(`with the finding "${result.kind}" it waits until its window has passed, then it is unknown`, async () => {
      const record = await lost()
      finding = result
      time = now + windowMs - 1
      await reconcile(record)
      assert.equal((await found(record)).message.status, 'sending')
      time = now + windowMs
      await reconcile(record)
      await reconcile(await found(record))
      assert.equal((await found(record)).message.status, 'unknown')
      assert.equal(sent, 0)
    })

  test('what another message has or may have is no evidence: it waits on', async () => {
    const record = await lost()
    const twin = await lost()
    const receipt = { providerMessageId: 'SM twins', providerStatus: 'delivered', status: 'delivered' } as const
    finding = { kind: 'found', receipt }
    await Promise.all([reconcile(record), reconcile(twin)])
    const statuses = await Promise.all([record, twin].map(async (one) => (await found(one)).message.status))
    assert.deepEqual(statuses.toSorted(), ['delivered', 'sending'])
  })

  test('while its provider hangs no other message is searched for, and windows end in time', async () => {
    const [first, second, third] = [await lost(), await lost(), await lost()]
    finding = { kind: 'unavailable', detail: 'no answer within 30 s' }
    searchMs = 30_000
    time = now + windowMs
    for (const record of [first, second]) await reconcile(record)
    assert.equal(searches, 1)
    for (const record of [first, second]) assert.equal((await found(record)).message.status, 'unknown')
    time += 60_000
    finding = { kind: 'found', receipt: { providerMessageId: 'SM5', providerStatus: 'sent', status: 'sent' } }
    await reconcile(third)
    assert.equal((await found(third)).message.status, 'sent')
  })

  test('while the queue is held it is not sent again, and when that goes on it is', async () => {
    const record = await lost({ onUnknown: 'resend' })
    await store.queueState.beat({ now })
    assert.ok(await store.queueState.beat({ now: now + 5 * 3_600_000 }))
    time = now + windowMs
    await reconcile(record)
    assert.deepEqual([(await found(record)).message.status, sent], ['sending', 0])
    await resumeQueue({ store, clock }, { organizationId: record.message.organizationId, actor: 'somebody' })
    await reconcile(await found(record))
    assert.equal(sent, 1)
  })

  test('evidence found at the last moment goes before the window', async () => {
    const record = await lost({ onUnknown: 'resend' })
    finding = { kind: 'found', receipt: { providerMessageId: 'SM2', providerStatus: 'sent', status: 'sent' } }
    time = now + windowMs * 2
    await reconcile(record)
    assert.deepEqual([(await found(record)).message.status, sent], ['sent', 0])
  })

  test('a message that may be sent again is, but not for ever', async () => {
    const record = await lost({ onUnknown: 'resend' })
    for (let round = 1; round <= resendAttemptsMax + 2; round++) {
      time = now + windowMs * round + round
      await reconcile(await found(record))
    }
    const { message, attempts } = await found(record)
    assert.deepEqual([message.status, attempts.length, sent], ['unknown', resendAttemptsMax, resendAttemptsMax - 1])
  })

  test('sent again and accepted, it is sent', async () => {
    const record = await lost({ onUnknown: 'resend' })
    outcome = { kind: 'accepted', providerMessageId: 'SM3', providerStatus: 'queued' }
    time = now + windowMs
    await reconcile(record)
    assert.deepEqual([(await found(record)).message.status, sent], ['sent', 1])
  })

  test('sent again and not taken at first, it is tried until it is', async () => {
    const record = await lost({ onUnknown: 'resend' })
    outcome = { kind: 'not_sent', failure: { reason: 'rate_limited' } }
    afterSend = () => {
      outcome = { kind: 'accepted', providerMessageId: 'SM6', providerStatus: 'queued' }
    }
    time = now + windowMs
    await reconcile(record)
    assert.deepEqual([(await found(record)).message.status, sent], ['sent', 2])
  })

  test('it is not sent again to somebody who has opted out meanwhile', async () => {
    const record = await lost({ onUnknown: 'resend' })
    const { organizationId, recipient } = record.message
    await store.optOuts.add({ organizationId, recipient, source: 'api', inDoubt: false, createdAt: now })
    time = now + windowMs
    await reconcile(record)
    await store.optOuts.remove(organizationId, recipient, { removedAt: now, onlyInDoubt: false })
    // Unknown, and not suppressed: the first attempt may have reached them.
    assert.deepEqual([(await found(record)).message.status, sent], ['unknown', 0])
  })

  test('a person decides once, in either way, and only about what is unknown', async () => {
    const by = 'key 1 (ops)'
    const vouched = await lost()
    const { organizationId, id } = vouched.message
    await resolve(organizationId, id, { resolution: 'sent', by })
    assert.equal((await found(vouched)).message.status, 'sent')
    await assert.rejects(() => resolve(organizationId, id, { resolution: 'sent', by }), { code: 'conflict' })
    await assert.rejects(() => resolve(organizationId + 1, id, { resolution: 'sent', by }), { code: 'not_found' })
    const again = await lost()
    outcome = { kind: 'accepted', providerMessageId: 'SM4', providerStatus: 'queued' }
    await resolve(organizationId, again.message.id, { resolution: 'send_again', by, note: 'the person asked' })
    assert.deepEqual([(await found(again)).message.status, sent], ['sent', 1])
    const events = await store.messages.events(organizationId, again.message.id)
    assert.ok(
      events.some(({ data }) => data.resolved_by === by && data.note === 'the person asked' && data.attempt === 2),
    )
  })
})
