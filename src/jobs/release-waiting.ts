import type { Clock } from '../ports/clock.ts'
import type { Log } from '../ports/log.ts'
import type { Store } from '../ports/store.ts'
import { type Loop, startLoop } from './loop.ts'

const intervalMs = 500
const messagesPerCommitMax = 500
const repairIntervalMs = 60_000

/**
 * Puts what waited for a time, or for the end of a pause, into the queue, and ends what has expired. Now and then it also
 * makes sure that every number with queued messages is looked at: the rows are the truth, and a wake-up may be lost.
 */
export function startReleaseWaiting(parts: {
  readonly store: Store
  readonly clock: Clock
  readonly log: Log
  readonly wakeDispatch: () => void
}): Loop {
  const { store, clock, log, wakeDispatch } = parts
  let repairAt = 0
  return startLoop({
    name: 'release-waiting',
    intervalMs,
    clock,
    log,
    async work(stopping) {
      if (clock.now() >= repairAt) {
        await store.queue.repairLanes(clock.now())
        repairAt = clock.now() + repairIntervalMs
      }
      for (const release of [store.queue.releaseDue, store.queue.releaseUnpaused, store.queue.expireWaiting]) {
        let count = messagesPerCommitMax
        while (count === messagesPerCommitMax && !stopping.aborted) {
          count = await release({ now: clock.now(), limit: messagesPerCommitMax })
          if (count > 0) wakeDispatch()
        }
      }
    },
  })
}
