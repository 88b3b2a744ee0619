import assert from 'node:assert/strict'
import { test } from 'node:test'
import { manualClock } from '../../test/support/manual-clock.ts'
import { openMemoryStore, providersOffline } from '../../test/support/parts.ts'
import { silentLog } from '../../test/support/silent-log.ts'
import { buildRoute, buildSend, freshName, now, silentMetrics } from '../../test/support/store-builders.ts'
import { parseE164 } from '../core/phone-number.ts'
import type { Clock } from '../ports/clock.ts'
import type { Store } from '../ports/store.ts'
import { systemRandom } from '../telemetry/random.ts'
import { type CircuitBreakers, failuresInARowMax, makeCircuitBreakers } from './circuit-breaker.ts'
import { attemptFreshMs } from './dispatch-message.ts'
import { type DispatchQueue, makeDispatchQueue } from './dispatch-queue.ts'
import { noFailpoints } from './failpoints.ts'
import { makeResolutionWatch } from './resolution-watch.ts'
import { makeStandingRoutes } from './standing-route.ts'

const queued = { status: 'queued', queued: true } as const

test('numbers whose provider is down, however many and long due, keep no others of their organization waiting', async () => {
  const store = await openMemoryStore()
  const clock = manualClock(now)
  const breakers = makeCircuitBreakers({ clock, log: silentLog, metrics: silentMetrics })
  const down = await buildRoute(store)
  const { organizationId } = down.sender
  const up = await store.accounts.create({ ...down.account, name: 'other' })
  const [first, ...rest] = Array.from({ length: 100 }, (_, index) => parseE164(`+1202555${2_000 + index}`))
  for (const phoneNumber of rest) {
    const sender = await store.senders.create({ ...down.sender, phoneNumber })
    await store.sends.accept(buildSend({ ...down, sender }, { body: freshName('text'), more: queued }))
  }
  const sender = await store.senders.create({
    ...down.sender,
    providerAccountId: up.id,
    phoneNumber: first ?? assert.fail(),
  })
  await store.sends.accept(buildSend({ ...down, account: up, sender }, { body: 'late', at: now + 1, more: queued }))
  for (let count = 0; count < failuresInARowMax; count++)
    breakers.record(down.account, { kind: 'unknown', detail: 'no answer' })
  const queue = buildQueue({ store, clock, breakers })
  clock.advance(2)
  const { claimed } = await queue.claim(128)
  assert.deepEqual(
    claimed.map(({ record }) => record.message.body),
    ['late'],
  )
  clock.advance(1_000)
  const probe = await queue.claim(128)
  assert.deepEqual([probe.claimed.length, probe.tookTurns], [1, true])
  assert.equal((await queue.claim(128)).claimed.length, 0)
  assert.equal(await store.messages.count(organizationId, { status: 'queued', direction: 'outbound' }, 1_000), 98)
  await store.close()
})

test('what a removed assistant has left waiting is still decided by its own policy and pause', async () => {
  const store = await openMemoryStore()
  const clock = manualClock(now)
  const breakers = makeCircuitBreakers({ clock, log: silentLog, metrics: silentMetrics })
  for (const [change, holdReason] of [
    [{ policy: { approval: true } }, 'approval'],
    [{ pausedAt: now }, 'paused'],
  ] as const) {
    const route = await buildRoute(store)
    const { id, organizationId } = route.assistant
    const accepted = await store.sends.accept(buildSend(route, { body: freshName('text'), more: queued }))
    await store.assistants.change(organizationId, id, (assistant) => ({ ...assistant, ...change }))
    assert.equal(await store.assistants.remove(organizationId, id, now), true)
    assert.deepEqual((await buildQueue({ store, clock, breakers }).claim(128)).claimed, [])
    assert.ok(accepted.kind === 'waiting')
    const left = await store.messages.find(organizationId, accepted.record.message.id)
    assert.deepEqual([left?.message.status, left?.message.holdReason], ['held', holdReason])
  }
  await store.close()
})

function buildQueue({
  store,
  clock,
  breakers,
}: {
  readonly store: Store
  readonly clock: Clock
  readonly breakers: CircuitBreakers
}): DispatchQueue {
  return makeDispatchQueue({
    store,
    clock,
    providers: providersOffline,
    callbacks: { urlFor: () => 'https://sms.example.com/', verify: () => true },
    random: systemRandom,
    log: silentLog,
    metrics: silentMetrics,
    failpoints: noFailpoints,
    attemptFreshMs,
    stopping: new AbortController().signal,
    breakers,
    routes: makeStandingRoutes({ store, clock }),
    watch: makeResolutionWatch({ store, clock }),
  })
}
