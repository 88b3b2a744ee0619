import { makeEventSender } from './event-webhooks/sender.ts'
import { startDeliverEvents } from './jobs/deliver-events.ts'
import { startFanOutEvents } from './jobs/fan-out-events.ts'
import type { GuardedClient } from './net/guarded-client.ts'
import { type DeliverEventParts, makeDeliverEvent } from './use-cases/deliver-event.ts'

export type RunningEvents = {
  /** There may be new events, or deliveries to make again: they go out at once and not with the next look. */
  wake(): void
  /** Waits for posts under way; what is not told yet stays in the store. */
  stop(): Promise<void>
}

/** Wires what tells customers of events: the log into deliveries, deliveries into signed posts. */
export function startEvents(
  parts: Omit<DeliverEventParts, 'sender'> & {
    /** Its calls must end within `eventPostTimeoutMs`. */
    readonly client: GuardedClient
  },
): RunningEvents {
  const deliver = makeDeliverEvent({ ...parts, sender: makeEventSender(parts) })
  const delivering = startDeliverEvents({ ...parts, deliver })
  const fanningOut = startFanOutEvents({ ...parts, made: delivering.wake })
  return {
    wake() {
      fanningOut.wake()
      delivering.wake()
    },
    async stop() {
      await Promise.all([fanningOut.stop(), delivering.stop()])
    },
  }
}
