import type { ToldEvent } from '../core/event-body.ts'
import type { Message } from '../core/message.ts'
import type { RecordedEvent } from '../ports/event-store.ts'

/** Addresses of ours, for a while, of what an inbound message carries. */
export type MediaUrls = (message: Message) => Promise<readonly string[]>

/** What an outbound message carries stands at its sender's own addresses. */
export function toldEvents(events: readonly RecordedEvent[], mediaUrls: MediaUrls): Promise<ToldEvent[]> {
  return Promise.all(
    events.map(async (event) => ({
      ...event,
      mediaUrls:
        event.message?.direction === 'inbound' ? await mediaUrls(event.message) : (event.message?.mediaUrls ?? []),
    })),
  )
}
