import { errorFields } from '../core/error-fields.ts'
import type { Clock } from '../ports/clock.ts'
import type { Log } from '../ports/log.ts'
import type { DispatchQueue } from '../use-cases/dispatch-queue.ts'
import { type Loop, startLoop } from './loop.ts'

/** Other processes' messages are seen after this at the latest, should a wake-up be lost. */
const intervalMs = 1_000
/** Provider calls for queued messages under way in one process. Direct sends have the rest of the connections. */
const sendsAtOnceMax = 128
/** A round is worth its commits when it can take so many. */
const roomMin = 16

/**
 * Sends what is queued as it becomes due. What is claimed is begun at once, stopping or not: its attempts have started, and
 * their leases run. Stopping waits for it.
 */
export function startDispatchQueued(parts: {
  readonly clock: Clock
  readonly log: Log
  readonly queue: DispatchQueue
}): Loop {
  const { clock, log, queue } = parts
  const underWay = new Set<Promise<void>>()

  function begin(claimed: Parameters<DispatchQueue['dispatch']>[0]): void {
    const dispatch = queue
      .dispatch(claimed)
      .catch((error: unknown) => log.error('job.item_failed', { job: 'dispatch', ...errorFields(error) }))
      .finally(() => underWay.delete(dispatch))
    underWay.add(dispatch)
  }

  const loop = startLoop({
    name: 'dispatch-queued',
    intervalMs,
    clock,
    log,
    async work(stopping) {
      while (!stopping.aborted) {
        if (underWay.size > sendsAtOnceMax - roomMin) {
          await Promise.race(underWay)
          continue
        }
        const { claimed, tookTurns, nextAt } = await queue.claim(sendsAtOnceMax - underWay.size)
        for (const message of claimed) begin(message)
        if (!tookTurns) return nextAt === undefined ? intervalMs : Math.max(1, nextAt - clock.now())
      }
      return intervalMs
    },
  })
  return {
    wake: loop.wake,
    async stop() {
      await loop.stop()
      await Promise.all(underWay)
    },
  }
}
