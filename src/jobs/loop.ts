import { errorFields } from '../core/error-fields.ts'
import type { Clock } from '../ports/clock.ts'
import type { Log } from '../ports/log.ts'

export type Loop = {
  /** Begins the next round at once, or right after the one under way. */
  wake(): void
  /** Resolves when the round under way has ended; no further one begins. */
  stop(): Promise<void>
}

/**
 * Runs `work` at once and then every `intervalMs` (counted from the end of a round), or earlier when woken or when the
 * round itself says after how many milliseconds, until stopped. A round that throws is logged and the next one comes as usual: what it did not do is still in the store.
 */
export function startLoop(params: {
  readonly name: string
  readonly intervalMs: number
  /** Aborted when the loop is told to stop: the round under way begins nothing new. */
  readonly work: (stopping: AbortSignal) => Promise<number> | Promise<void>
  readonly clock: Clock
  readonly log: Log
}): Loop {
  const stopping = new AbortController()
  let waiting = new AbortController()

  async function run(): Promise<void> {
    while (!stopping.signal.aborted) {
      waiting = new AbortController()
      let waitMs = params.intervalMs
      try {
        waitMs = Math.min((await params.work(stopping.signal)) ?? waitMs, waitMs)
      } catch (error) {
        params.log.error('job.failed', { job: params.name, ...errorFields(error) })
      }
      await params.clock.sleep(waitMs, waiting.signal)
    }
  }

  const done = run()
  return {
    wake: () => waiting.abort(),
    stop() {
      stopping.abort()
      waiting.abort()
      return done
    },
  }
}
