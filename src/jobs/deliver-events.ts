import { errorFields } from '../core/error-fields.ts'
import type { Clock } from '../ports/clock.ts'
import { eventPostTimeoutMs } from '../ports/event-sender.ts'
import type { EventDelivery } from '../ports/event-store.ts'
import type { Log } from '../ports/log.ts'
import type { Store } from '../ports/store.ts'
import type { DeliverEvent } from '../use-cases/deliver-event.ts'
import { type Loop, startLoop } from './loop.ts'

const intervalMs = 250
/** From the claim to the record of its end. Past it the process died, and the delivery is made again. */
export const deliveryLeaseMs = eventPostTimeoutMs + 30_000
const inFlightMax = 100
const inFlightPerEndpointMax = 8
/** One whose last try failed is asked by one delivery at a time, so that those that hang cannot take every place. */
const inFlightOfFailingMax = 1
const failingKnownMax = 10_000

/** Posts what is due, several at a time. `stop` waits for what is under way. */
export function startDeliverEvents(parts: {
  readonly store: Pick<Store, 'events'>
  readonly clock: Clock
  readonly log: Log
  readonly deliver: DeliverEvent
}): Loop {
  const { store, clock, log, deliver } = parts
  const inFlight = new Map<Promise<void>, number>()
  const failing = new Set<number>()

  function slotsOf(endpointId: number): number {
    const taken = [...inFlight.values()].filter((id) => id === endpointId).length
    return (failing.has(endpointId) ? inFlightOfFailingMax : inFlightPerEndpointMax) - taken
  }

  async function deliverOne(delivery: EventDelivery): Promise<void> {
    try {
      const isTaken = await deliver(delivery)
      if (failing.size >= failingKnownMax) failing.clear()
      if (isTaken) failing.delete(delivery.endpointId)
      else failing.add(delivery.endpointId)
    } catch (error) {
      // Its lease ends, and it is made again.
      log.error('event.delivery_not_recorded', { deliveryKey: delivery.key, ...errorFields(error) })
    }
  }

  const loop = startLoop({
    name: 'deliver-events',
    intervalMs,
    clock,
    log,
    work: async () => {
      if (inFlight.size >= inFlightMax) return
      const now = clock.now()
      const claimed = await store.events.claimDeliveries({
        now,
        tryAgainAt: now + deliveryLeaseMs,
        limit: inFlightMax - inFlight.size,
        slotsOf,
      })
      for (const delivery of claimed) {
        const task = deliverOne(delivery).then(() => {
          inFlight.delete(task)
          loop.wake()
        })
        inFlight.set(task, delivery.endpointId)
      }
    },
  })
  return {
    wake: loop.wake,
    async stop() {
      await loop.stop()
      await Promise.all(inFlight.keys())
    },
  }
}
