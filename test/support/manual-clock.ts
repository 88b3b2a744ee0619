import type { Clock } from '../../src/ports/clock.ts'

export type ManualClock = Clock & { advance(ms: number): void }

/** Time stands still until it is moved; whoever sleeps wakes when their time has come. */
export function manualClock(start: number): ManualClock {
  let time = start
  const sleepers = new Set<{ readonly until: number; readonly wake: () => void }>()
  return {
    now: () => time,
    monotonicMs: () => time,
    sleep: (ms, signal) =>
      new Promise((resolve) => {
        const sleeper = { until: time + ms, wake }
        function wake() {
          sleepers.delete(sleeper)
          signal?.removeEventListener('abort', wake)
          resolve()
        }
        if (signal?.aborted) return resolve()
        sleepers.add(sleeper)
        signal?.addEventListener('abort', wake)
      }),
    advance(ms) {
      time += ms
      for (const { until, wake } of [...sleepers]) if (until <= time) wake()
    },
  }
}

/** Looks again after each turn of the event loop; a test that waits in vain ends by its timeout. */
export async function eventually(check: () => boolean | Promise<boolean>): Promise<void> {
  while (!(await check())) await new Promise((resolve) => setImmediate(resolve))
}
