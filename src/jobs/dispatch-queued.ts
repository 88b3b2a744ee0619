import { decideQueued } from '../core/policy.ts'
import type { Clock } from '../ports/clock.ts'
import type { Log } from '../ports/log.ts'
import type { MessageRecord, Store } from '../ports/store.ts'
import { forEachLimited } from './for-each-limited.ts'
import { type Loop, startLoop } from './loop.ts'

const intervalMs = 1_000
/** What is claimed is begun at once, stopping or not: its attempts have started, and their leases run. */
const sendsAtOnceMax = 10

/** Sends what is queued: the automatic replies to keywords. Claiming starts the attempt; the dispatch is the common one. */
export function startDispatchQueued(parts: {
  readonly store: Store
  readonly clock: Clock
  readonly log: Log
  readonly dispatchClaimed: (record: MessageRecord) => Promise<void>
}): Loop {
  const { store, clock, log, dispatchClaimed } = parts
  const loop = startLoop({
    name: 'dispatch-queued',
    intervalMs,
    clock,
    log,
    work: async () => {
      const claimed = await store.sends.claimQueued({
        now: clock.now(),
        limit: sendsAtOnceMax,
        decide: (message, facts) => decideQueued(message, facts, clock.now()),
      })
      await forEachLimited({ items: claimed, atOnceMax: sendsAtOnceMax, log, name: 'dispatch' }, dispatchClaimed)
      if (claimed.length === sendsAtOnceMax) loop.wake()
    },
  })
  return loop
}
