import assert from 'node:assert/strict'
import { test } from 'node:test'
import { manualClock } from '../../test/support/manual-clock.ts'
import { openMemoryStore, steppedClock, testPaces } from '../../test/support/parts.ts'
import { silentLog } from '../../test/support/silent-log.ts'
import { buildRoute, buildSend, claimQueue, now, silentMetrics } from '../../test/support/store-builders.ts'
import { SmsError } from '../core/errors.ts'
import type { Provider } from '../ports/provider.ts'
import type { Store } from '../ports/store.ts'
import { systemRandom } from '../telemetry/random.ts'
import { makeCircuitBreakers } from './circuit-breaker.ts'
import { attemptFreshMs, makeDispatchMessage } from './dispatch-message.ts'
import { noFailpoints } from './failpoints.ts'
import { answerOf } from './send-answer.ts'
import { makeStandingRoutes } from './standing-route.ts'

test('what the store did not take is answered as unknown, and the next repetition joins it', async () => {
  const store = await openMemoryStore()
  const route = await buildRoute(store)
  const accepted = await store.sends.accept(buildSend(route))
  assert.ok(accepted.kind === 'started')
  const broken: Store = {
    ...store,
    sends: { ...store.sends, recordOutcome: () => Promise.reject(new SmsError('unavailable', 'away')) },
  }
  const dispatchMessage = makeDispatchMessage({
    store: broken,
    providers: new Map([['twilio', acceptingProvider]]),
    callbacks: { urlFor: () => 'https://sms.example.com/', verify: () => true },
    clock: steppedClock(),
    random: systemRandom,
    log: silentLog,
    metrics: silentMetrics,
    failpoints: noFailpoints,
    attemptFreshMs,
    breakers: makeCircuitBreakers({ clock: steppedClock(), log: silentLog, metrics: silentMetrics }),
    routes: makeStandingRoutes({ store, clock: steppedClock() }),
    stopping: new AbortController().signal,
  })
  const record = await dispatchMessage(accepted.record, route)
  assert.equal(answerOf(record).kind, 'unknown')
  assert.equal((await store.sends.accept(buildSend(route))).kind, 'joined')
  await store.close()
})

test('an attempt whose process was frozen since its commit is not made: it is as if it had not been sent', async () => {
  const store = await openMemoryStore()
  const route = await buildRoute(store)
  const accepted = await store.sends.accept(buildSend(route, { more: { status: 'queued', queued: true } }))
  assert.ok(accepted.kind === 'waiting')
  const [claimed] = await claimQueue(store, route)
  assert.ok(claimed !== undefined)
  let asked = 0
  const provider: Provider = {
    ...acceptingProvider,
    send: async (...call) => {
      asked++
      return acceptingProvider.send(...call)
    },
  }
  const clock = manualClock(now + attemptFreshMs + 1)
  const dispatchMessage = makeDispatchMessage({
    store,
    providers: new Map([['twilio', provider]]),
    callbacks: { urlFor: () => 'https://sms.example.com/', verify: () => true },
    clock,
    random: systemRandom,
    log: silentLog,
    metrics: silentMetrics,
    failpoints: noFailpoints,
    attemptFreshMs,
    breakers: makeCircuitBreakers({ clock, log: silentLog, metrics: silentMetrics }),
    routes: makeStandingRoutes({ store, clock }),
    stopping: new AbortController().signal,
  })
  const { message, attempts } = await dispatchMessage(claimed, route)
  assert.deepEqual(
    [asked, message.status, attempts[0]?.outcome],
    [0, 'queued', { kind: 'not_sent', failure: { reason: 'interrupted' } }],
  )
  const [again] = await claimQueue(store, route, { at: now + 10_000 })
  assert.equal(again?.message.id, message.id)
  await store.close()
})

test('a pause that begins while a direct send waits for its further attempt stops it', async () => {
  const store = await openMemoryStore()
  const route = await buildRoute(store)
  const { sender } = route
  const accepted = await store.sends.accept(buildSend(route))
  assert.ok(accepted.kind === 'started')
  let asked = 0
  const busyProvider: Provider = {
    ...acceptingProvider,
    async send() {
      asked++
      await store.senders.change(sender.organizationId, sender.id, (present) => ({ ...present, pausedAt: now }))
      return { kind: 'not_sent', failure: { reason: 'rate_limited' }, retryAfterMs: 6_000 }
    },
  }
  const clock = steppedClock()
  const dispatchMessage = makeDispatchMessage({
    store,
    providers: new Map([['twilio', busyProvider]]),
    callbacks: { urlFor: () => 'https://sms.example.com/', verify: () => true },
    clock,
    random: { ...systemRandom, chance: () => 0 },
    log: silentLog,
    metrics: silentMetrics,
    failpoints: noFailpoints,
    attemptFreshMs,
    breakers: makeCircuitBreakers({ clock, log: silentLog, metrics: silentMetrics }),
    routes: makeStandingRoutes({ store, clock }),
    stopping: new AbortController().signal,
  })
  const record = await dispatchMessage(accepted.record, route)
  assert.deepEqual([asked, record.attempts.length, answerOf(record).kind], [1, 1, 'failed'])
  await store.close()
})

const acceptingProvider: Provider = {
  name: 'twilio',
  accountFields: [],
  notCarriedAsGsm: '',
  paces: testPaces,
  evidenceWindowMs: 600_000,
  checkAccountFields: () => undefined,
  send: async () => ({ kind: 'accepted', providerMessageId: 'SM1', providerStatus: 'queued' }),
  claims: () => false,
  readWebhook: () => ({ kind: 'forged', detail: 'not asked for here' }),
  webhookAnswer: { contentType: 'text/plain', body: '' },
  findSent: async () => ({ kind: 'none' }),
  check: async () => [],
  mediaHeaders: () => undefined,
  close: async () => undefined,
}
