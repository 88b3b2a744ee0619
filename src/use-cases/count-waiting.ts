import type { Clock } from '../ports/clock.ts'
import type { QueueStats } from '../ports/queue-store.ts'
import type { Store } from '../ports/store.ts'

/** To count more takes tens of milliseconds, in SQLite of the whole process: so it is told again for a while. */
export const countedEachTimeMax = 100_000
export const toldAgainMs = 5_000
const organizationsKeptMax = 1_000

/** What waits in an organization, by provider, status and reason. */
export function makeCountWaiting({
  store,
  clock,
}: {
  readonly store: { readonly queue: Pick<Store['queue'], 'stats'> }
  readonly clock: Pick<Clock, 'monotonicMs'>
}): (organizationId: number) => Promise<readonly QueueStats[]> {
  const kept = new Map<number, { readonly stats: readonly QueueStats[]; readonly until: number }>()

  return async function countWaiting(organizationId) {
    const known = kept.get(organizationId)
    if (known !== undefined && clock.monotonicMs() < known.until) return known.stats
    kept.delete(organizationId)
    const stats = await store.queue.stats(organizationId)
    if (stats.reduce((sum, { count }) => sum + count, 0) > countedEachTimeMax) {
      const oldest = kept.keys().next().value
      if (kept.size >= organizationsKeptMax && oldest !== undefined) kept.delete(oldest)
      kept.set(organizationId, { stats, until: clock.monotonicMs() + toldAgainMs })
    }
    return stats
  }
}
