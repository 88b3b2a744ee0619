import { attemptLeaseMs } from '../core/message.ts'
import type { Clock } from '../ports/clock.ts'
import type { Log } from '../ports/log.ts'
import type { MessageRecord, Store } from '../ports/store.ts'
import { forEachLimited } from './for-each-limited.ts'
import { type Loop, startLoop } from './loop.ts'

const intervalMs = 15_000
/** Between two looks for one message. Well above what a search takes whose provider hangs. */
const checkIntervalMs = 60_000
const searchesAtOnceMax = 16

/**
 * Looks for what became of attempts without an outcome, at start and then every 15 s. Each is claimed, so that several
 * processes do not ask for the same one.
 */
export function startReconcileUnresolved(parts: {
  readonly store: Store
  readonly clock: Clock
  readonly log: Log
  readonly reconcileAttempt: (record: MessageRecord) => Promise<void>
}): Loop {
  const { store, clock, log, reconcileAttempt } = parts
  const loop = startLoop({
    name: 'reconcile-unresolved',
    intervalMs,
    clock,
    log,
    work: async (stopping) => {
      const now = clock.now()
      const claimed = await store.evidence.claimUnresolved({
        now,
        startedBefore: now - attemptLeaseMs,
        checkAgainAt: now + checkIntervalMs,
        limit: searchesAtOnceMax,
      })
      await forEachLimited(
        { items: claimed, atOnceMax: searchesAtOnceMax, log, name: 'reconcile', stopping },
        reconcileAttempt,
      )
      if (claimed.length === searchesAtOnceMax) loop.wake()
    },
  })
  return loop
}
