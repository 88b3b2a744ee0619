import { errorFields } from '../core/error-fields.ts'
import type { Clock } from '../ports/clock.ts'
import type { Log } from '../ports/log.ts'
import type { Metrics } from '../ports/metrics.ts'
import type { Store } from '../ports/store.ts'

/** Of each kind no more are counted: then there may be any number. */
export const backlogCountMax = 10_000
/** The database is asked no more often, whoever wants to know. */
export const backlogAgeMsMax = 5_000
/** Whoever asks waits no longer for a database that is slow to answer. */
const waitMsMax = 1_000

/** Brings what the metrics tell of the backlog up to date. */
export function makeWatchBacklog({
  store,
  clock,
  log,
  metrics,
}: {
  readonly store: { readonly queue: Pick<Store['queue'], 'backlog'> }
  readonly clock: Clock
  readonly log: Log
  readonly metrics: Pick<Metrics, 'backlog'>
}): () => Promise<void> {
  let askedAtMs: number | undefined
  let asking: Promise<void> | undefined

  async function ask(): Promise<void> {
    try {
      metrics.backlog(await store.queue.backlog(backlogCountMax), clock.now())
    } catch (error) {
      metrics.backlog(undefined, clock.now())
      log.warn('metrics.backlog_not_read', errorFields(error))
    }
  }

  return async function watchBacklog() {
    const nowMs = clock.monotonicMs()
    if (asking === undefined && (askedAtMs === undefined || nowMs - askedAtMs >= backlogAgeMsMax)) {
      askedAtMs = nowMs
      asking = ask().finally(() => {
        asking = undefined
      })
    }
    if (asking === undefined) return
    const answered = new AbortController()
    await Promise.race([asking, clock.sleep(waitMsMax, answered.signal)])
    answered.abort()
  }
}
