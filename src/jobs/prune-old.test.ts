import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { eventually, manualClock } from '../../test/support/manual-clock.ts'
import { openMemoryStore } from '../../test/support/parts.ts'
import { silentLog } from '../../test/support/silent-log.ts'
import { buildInbound, buildRoute, freshName, now } from '../../test/support/store-builders.ts'
import type { Route } from '../core/organization.ts'
import type { Retention } from '../core/retention.ts'
import type { MessageFilter, Store } from '../ports/store.ts'
import { startPruneOld } from './prune-old.ts'

const dayMs = 86_400_000
let store: Store
before(async () => {
  store = await openMemoryStore()
})
after(() => store.close())

async function organization(retention: Retention): Promise<Route> {
  const route = await buildRoute(store)
  await store.organizations.change(route.sender.organizationId, (present) => ({ ...present, retention }))
  return route
}

async function receive(route: Route, count: number, at: number): Promise<void> {
  await Promise.all(
    Array.from({ length: count }, () => store.inbound.receive(buildInbound(route, { body: freshName('text'), at }))),
  )
}

const stored = ({ sender }: Route, filter: MessageFilter = {}) =>
  store.messages.count(sender.organizationId, filter, 100_000)

test('each organization keeps what it has set, whatever another has', async () => {
  const clock = manualClock(now + 40 * dayMs)
  const [all, some, texts] = [
    await organization({}),
    await organization({ messagesDays: 31 }),
    await organization({ bodiesDays: 7 }),
  ]
  for (const route of [all, some, texts]) {
    await receive(route, 3, now)
    await receive(route, 2, clock.now())
  }
  const loop = startPruneOld({ store, clock, log: silentLog })
  const withText = (route: Route) => stored(route, { search: 'text' })
  await eventually(async () => (await stored(some)) === 2 && (await withText(texts)) === 2)
  assert.deepEqual([await stored(all), await withText(all), await stored(texts)], [5, 5, 5])
  await loop.stop()
})

test('what comes of age is removed in the next round, and what had not ended when the walk passed it a day later', async () => {
  const clock = manualClock(now + 31.5 * dayMs)
  const route = await organization({ messagesDays: 31 })
  await receive(route, 1, now)
  const late = buildInbound(route, { body: 'STOP', at: now })
  await store.inbound.receive(late)
  await receive(route, 1, now + dayMs)
  const queued = { status: 'queued' } as const
  const loop = startPruneOld({ store, clock, log: silentLog })
  await eventually(async () => (await stored(route)) === 2)
  assert.equal(await stored(route, queued), 1)
  clock.advance(dayMs / 2 + 1)
  loop.wake()
  await eventually(async () => (await stored(route)) === 1)
  await store.people.cancelWaiting({
    organizationId: route.sender.organizationId,
    person: late.message.sender,
    now,
  })
  clock.advance(dayMs)
  loop.wake()
  await eventually(async () => (await stored(route)) === 0)
  await loop.stop()
})

test('more than a round has room for is removed in the rounds after it, without waiting', async () => {
  const clock = manualClock(now + 40 * dayMs)
  const route = await organization({ messagesDays: 31 })
  const count = 6_000
  await receive(route, count, now)
  const loop = startPruneOld({ store, clock, log: silentLog })
  await eventually(async () => (await stored(route)) === 0)
  await loop.stop()
})

test('told to stop, it begins no further step', async () => {
  const clock = manualClock(now + 40 * dayMs)
  const route = await organization({ messagesDays: 31 })
  await receive(route, 500, now)
  const loop = startPruneOld({ store, clock, log: silentLog })
  await eventually(async () => (await stored(route)) < 500)
  await loop.stop()
  const left = await stored(route)
  assert.ok(left > 0)
})
