import { errorFields } from '../core/error-fields.ts'
import { endpointHoldMs } from '../core/event-delivery.ts'
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
/** One that failed is asked by one delivery at a time, so that those that hang cannot take every place. */
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
  const health = makeEndpointHealth({ log })

  function slotsOf(endpointId: number): number {
    const taken = [...inFlight.values()].filter((id) => id === endpointId).length
    return health.slotsMax(endpointId, clock.now()) - taken
  }

  async function deliverOne(delivery: EventDelivery): Promise<void> {
    try {
      const startedAt = clock.now()
      const result = await deliver(delivery)
      if (result === 'taken') health.works(delivery.endpointId)
      else if (result === 'failed') health.fails(delivery.endpointId, startedAt)
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

/** Which endpoints fail, as this process saw it. Told in the log when it changes, not at every try. */
function makeEndpointHealth({ log }: { readonly log: Log }) {
  const failing = new Map<number, { readonly failures: number; readonly heldUntil: number }>()
  return {
    slotsMax(endpointId: number, now: number): number {
      const state = failing.get(endpointId)
      if (state === undefined) return inFlightPerEndpointMax
      return now < state.heldUntil ? 0 : inFlightOfFailingMax
    },
    works(endpointId: number): void {
      if (failing.delete(endpointId)) log.info('event_endpoint.recovered', { endpointId })
    },
    fails(endpointId: number, startedAt: number): void {
      const state = failing.get(endpointId)
      // Of those that were under way together, one counts.
      if (state !== undefined && startedAt < state.heldUntil) return
      if (state === undefined) log.warn('event_endpoint.failing', { endpointId })
      if (failing.size >= failingKnownMax) failing.clear()
      const failures = (state?.failures ?? 0) + 1
      failing.set(endpointId, { failures, heldUntil: startedAt + endpointHoldMs(failures) })
    },
  }
}
