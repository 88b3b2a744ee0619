import type { QueueHold } from '../core/queue-hold.ts'
import type { Clock } from '../ports/clock.ts'
import type { Log } from '../ports/log.ts'
import type { Metrics } from '../ports/metrics.ts'
import type { Store } from '../ports/store.ts'
import { type Loop, startLoop } from './loop.ts'

const intervalMs = 10_000
const reminderIntervalMs = 10 * 60_000

/**
 * Beats on the database and, when the queue is held, says so at once and every ten minutes. In processes of every role:
 * a database that only takes requests for a while does not stand still. Resolves after the first beat: what takes from
 * the queue is to be started after that.
 */
export async function startWatchQueueState(parts: {
  readonly store: Pick<Store, 'queueState'>
  readonly clock: Clock
  readonly log: Log
  readonly metrics: Pick<Metrics, 'queueHeld'>
  readonly standstillMs?: number | undefined
}): Promise<Loop> {
  const { store, clock, log, metrics, standstillMs } = parts
  let toldAtMs: number | undefined

  function tell(hold: QueueHold | undefined): void {
    metrics.queueHeld(hold !== undefined)
    if (hold === undefined) {
      if (toldAtMs !== undefined) log.info('queue.goes_on')
      toldAtMs = undefined
      return
    }
    if (toldAtMs !== undefined && clock.monotonicMs() - toldAtMs < reminderIntervalMs) return
    toldAtMs = clock.monotonicMs()
    log.error('queue.held', {
      since: new Date(hold.since).toISOString(),
      reason: hold.reason,
      hint: 'Nothing leaves the queue; direct sends do. Look at what waits, then say go: `textbridge queue resume`, or POST /api/v1/queue/resume.',
    })
  }

  const beat = async () => tell(await store.queueState.beat({ now: clock.now(), standstillMs }))
  await beat()
  return startLoop({ name: 'watch-queue-state', intervalMs, clock, log, work: beat })
}
