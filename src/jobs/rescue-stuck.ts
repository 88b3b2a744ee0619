import { attemptLeaseMs } from '../core/message.ts'
import type { Clock } from '../ports/clock.ts'
import type { Log } from '../ports/log.ts'
import type { Store } from '../ports/store.ts'
import { type Loop, startLoop } from './loop.ts'

const intervalMs = 15_000
const messagesPerRoundMax = 500

/**
 * Ends messages whose process died while they waited for a further attempt: nothing of them left, so they are
 * reported as not sent. Attempts without an outcome are not touched here: those may have gone out.
 */
export function startRescueStuck(parts: { readonly store: Store; readonly clock: Clock; readonly log: Log }): Loop {
  const { store, clock, log } = parts
  return startLoop({
    name: 'rescue-stuck',
    intervalMs,
    clock,
    log,
    work: async () => {
      const now = clock.now()
      const count = await store.sends.failInterrupted({
        startedBefore: now - attemptLeaseMs,
        now,
        limit: messagesPerRoundMax,
      })
      if (count > 0) log.warn('messages.interrupted', { count })
    },
  })
}
