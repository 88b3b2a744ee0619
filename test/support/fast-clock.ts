import type { Clock } from '../../src/ports/clock.ts'
import { systemClock } from '../../src/telemetry/clock.ts'

/** Time that passes `speed` times as fast as it does, and begins `aheadMs` later than it is. */
export function fastClock({ speed, aheadMs = 0 }: { readonly speed: number; readonly aheadMs?: number }): Clock {
  const madeAt = systemClock.now()
  return {
    now: () => Math.round(madeAt + aheadMs + (systemClock.now() - madeAt) * speed),
    monotonicMs: () => systemClock.monotonicMs() * speed,
    sleep: (ms, signal) => systemClock.sleep(ms / speed, signal),
  }
}
