import assert from 'node:assert/strict'
import { test } from 'node:test'
import { eventually, manualClock } from '../../test/support/manual-clock.ts'
import { openMemoryStore, testPaces } from '../../test/support/parts.ts'
import { silentLog } from '../../test/support/silent-log.ts'
import { buildRoute, buildSend, freshName, now, silentMetrics } from '../../test/support/store-builders.ts'
import type { MessageStatus } from '../core/message-status.ts'
import type { SendOutcome } from '../core/send-outcome.ts'
import type { Provider } from '../ports/provider.ts'
import { systemRandom } from '../telemetry/random.ts'
import { makeCircuitBreakers } from '../use-cases/circuit-breaker.ts'
import { attemptFreshMs } from '../use-cases/dispatch-message.ts'
import { makeDispatchQueue } from '../use-cases/dispatch-queue.ts'
import { noFailpoints } from '../use-cases/failpoints.ts'
import { makeResolutionWatch } from '../use-cases/resolution-watch.ts'
import { makeStandingRoutes } from '../use-cases/standing-route.ts'
import { startDispatchQueued } from './dispatch-queued.ts'
import { forEachLimited } from './for-each-limited.ts'

const atOnceMax = 128

test('with a provider that hangs, no attempt starts that is not in its call, and none after stop', async () => {
  const { store, loop, calls, count } = await startQueue(atOnceMax + 12)
  await eventually(() => calls.length > 0)
  await eventually(() => calls.length === atOnceMax)
  assert.deepEqual([await count('sending'), await count('queued')], [atOnceMax, 12])
  const stopped = loop.stop()
  for (const end of calls) end({ kind: 'accepted', providerMessageId: freshName('SM'), providerStatus: 'queued' })
  await stopped
  assert.deepEqual([calls.length, await count('sent'), await count('queued')], [atOnceMax, atOnceMax, 12])
  await store.close()
})

test('a provider that is too fast asked slows the number down, and what it did not take waits and then leaves', async () => {
  const { store, loop, calls, clock, count } = await startQueue(1)
  await eventually(() => calls.length === 1)
  calls[0]?.({ kind: 'not_sent', failure: { reason: 'rate_limited' }, retryAfterMs: 3_000 })
  await eventually(async () => (await count('queued')) === 1)
  clock.advance(2_900)
  await eventually(async () => (await count('queued')) === 1)
  assert.equal(calls.length, 1)
  await eventually(() => {
    clock.advance(100)
    return calls.length === 2
  })
  calls[1]?.({ kind: 'accepted', providerMessageId: 'SM-late', providerStatus: 'queued' })
  await loop.stop()
  assert.equal(await count('sent'), 1)
  await store.close()
})

test('what is not begun when the loop is told to stop is left for later', async () => {
  const stopping = new AbortController()
  const begun: number[] = []
  const params = { items: [1, 2, 3, 4], atOnceMax: 2, name: 'test', log: silentLog, stopping: stopping.signal }
  await forEachLimited(params, async (item) => {
    begun.push(item)
    stopping.abort()
  })
  assert.deepEqual(begun, [1])
})

/** A queue of so many texts to different people, and a provider that answers when it is told to. */
async function startQueue(textCount: number) {
  const store = await openMemoryStore()
  const route = await buildRoute(store)
  for (let person = 0; person < textCount; person++)
    await store.sends.accept(
      buildSend(route, {
        body: freshName('text'),
        recipient: `+1202555${1_000 + person}`,
        more: { status: 'queued', queued: true },
      }),
    )
  const calls: ((outcome: SendOutcome) => void)[] = []
  const clock = manualClock(now)
  const queue = makeDispatchQueue({
    store,
    clock,
    providers: new Map([['twilio', answeringProvider(calls)]]),
    callbacks: { urlFor: () => 'https://sms.example.com/', verify: () => true },
    random: systemRandom,
    log: silentLog,
    metrics: silentMetrics,
    failpoints: noFailpoints,
    attemptFreshMs,
    stopping: new AbortController().signal,
    breakers: makeCircuitBreakers({ clock, log: silentLog, metrics: silentMetrics }),
    routes: makeStandingRoutes({ store, clock }),
    watch: makeResolutionWatch({ store, clock }),
  })
  const loop = startDispatchQueued({ clock, log: silentLog, queue })
  const count = (status: MessageStatus) =>
    store.messages.count(route.sender.organizationId, { status, direction: 'outbound' }, 1_000)
  return { store, loop, calls, clock, count }
}

function answeringProvider(calls: ((outcome: SendOutcome) => void)[]): Provider {
  return {
    name: 'twilio',
    accountFields: [],
    notCarriedAsGsm: '',
    paces: testPaces,
    evidenceWindowMs: 600_000,
    checkAccountFields: () => undefined,
    send: () => new Promise((resolve) => calls.push(resolve)),
    claims: () => false,
    readWebhook: () => ({ kind: 'forged', detail: 'not asked for here' }),
    webhookAnswer: { contentType: 'text/plain', body: '' },
    findSent: async () => ({ kind: 'none' }),
    check: async () => [],
    mediaHeaders: () => undefined,
    close: async () => undefined,
  }
}
