import type { Clock } from '../ports/clock.ts'
import type { Log } from '../ports/log.ts'
import type { Store } from '../ports/store.ts'
import { type Loop, startLoop } from './loop.ts'

const intervalMs = 500
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
      if ((await store.events.fanOut({ now: clock.now(), limit: eventsPerRoundMax })) === 0) return
      made()
      // Perhaps there are more.
      loop.wake()
    },
  })
  return loop
}
