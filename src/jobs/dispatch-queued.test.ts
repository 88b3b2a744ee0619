import assert from 'node:assert/strict'
import { test } from 'node:test'
import { eventually, manualClock } from '../../test/support/manual-clock.ts'
import { openMemoryStore } from '../../test/support/parts.ts'
import { silentLog } from '../../test/support/silent-log.ts'
import { buildInbound, buildRoute, now } from '../../test/support/store-builders.ts'
import { startDispatchQueued } from './dispatch-queued.ts'
import { forEachLimited } from './for-each-limited.ts'

test('with a provider that hangs, no attempt starts that is not in its call, and none after stop', async () => {
  const store = await openMemoryStore()
  const route = await buildRoute(store)
  for (let person = 10; person < 25; person++)
    await store.inbound.receive(buildInbound(route, { body: 'STOP', person: `+120255501${person}` }))
  const calls: (() => void)[] = []
  const loop = startDispatchQueued({
    store,
    clock: manualClock(now),
    log: silentLog,
    dispatchClaimed: () => new Promise((resolve) => calls.push(resolve)),
  })
  await eventually(() => calls.length > 0)
  const withStatus = (status: 'queued' | 'sending') =>
    store.messages.count(route.sender.organizationId, { status, direction: 'outbound' }, 100)
  assert.deepEqual([calls.length, await withStatus('sending'), await withStatus('queued')], [10, 10, 5])
  const stopped = loop.stop()
  for (const end of calls) end()
  await stopped
  assert.deepEqual([calls.length, await withStatus('queued')], [10, 5])
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
