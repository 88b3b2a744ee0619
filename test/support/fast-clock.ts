import type { Clock } from '../../src/ports/clock.ts'
import { systemClock } from '../../src/telemetry/clock.ts'

/** Waits end `speed` times as early as they should, and the time of day is `aheadMs` later than it is. */
export function fastClock({ speed, aheadMs = 0 }: { readonly speed: number; readonly aheadMs?: number }): Clock {
  return {
    now: () => systemClock.now() + aheadMs,
    monotonicMs: () => systemClock.monotonicMs() * speed,
    sleep: (ms, signal) => systemClock.sleep(ms / speed, signal),
  }
}
