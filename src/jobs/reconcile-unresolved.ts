import { attemptLeaseMs } from '../core/message.ts'
import type { Clock } from '../ports/clock.ts'
import type { Log } from '../ports/log.ts'
import type { MessageRecord, Store } from '../ports/store.ts'
import { forEachLimited } from './for-each-limited.ts'
import { type Loop, startLoop } from './loop.ts'

const intervalMs = 15_000
/** Between two looks for one message. */
const checkIntervalMs = 30_000
const messagesPerRoundMax = 200
const searchesAtOnceMax = 8

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
  return startLoop({
    name: 'reconcile-unresolved',
    intervalMs,
    clock,
    log,
    work: async () => {
      const now = clock.now()
      const claimed = await store.evidence.claimUnresolved({
        now,
        startedBefore: now - attemptLeaseMs,
        checkAgainAt: now + checkIntervalMs,
        limit: messagesPerRoundMax,
      })
      await forEachLimited({ items: claimed, atOnceMax: searchesAtOnceMax, log, name: 'reconcile' }, reconcileAttempt)
    },
  })
}
