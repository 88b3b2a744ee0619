import type { Clock } from '../ports/clock.ts'
import type { Log } from '../ports/log.ts'
import type { Store } from '../ports/store.ts'
import { type Loop, startLoop } from './loop.ts'

const intervalMs = 250
const eventsPerRoundMax = 200

/** Makes deliveries of new events. `made` is called after a round that looked at any. */
export function startFanOutEvents(parts: {
  readonly store: Pick<Store, 'events'>
  readonly clock: Clock
  readonly log: Log
  readonly made: () => void
}): Loop {
  const { store, clock, log, made } = parts
  const loop = startLoop({
    name: 'fan-out-events',
    intervalMs,
    clock,
    log,
    work: async () => {
      const count = await store.events.fanOut({ now: clock.now(), limit: eventsPerRoundMax })
      if (count > 0) made()
      // Only a full round is followed at once: under load, few large rounds cost the sends less than many small ones.
      if (count >= eventsPerRoundMax) loop.wake()
    },
  })
  return loop
}
