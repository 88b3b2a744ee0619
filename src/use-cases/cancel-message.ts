import { isMessageId, type MessageId } from '../core/message-id.ts'
import type { MessageStatus } from '../core/message-status.ts'
import type { Clock } from '../ports/clock.ts'
import type { Log } from '../ports/log.ts'
import type { Metrics } from '../ports/metrics.ts'
import type { Store } from '../ports/store.ts'
import type { ResolutionWatch } from './resolution-watch.ts'

export type Cancellation = {
  readonly messageId: MessageId
  /** By this call. */
  readonly canceled: boolean
  readonly previous: MessageStatus
  readonly now: MessageStatus
}

export type CancelParts = {
  readonly store: Store
  readonly clock: Clock
  readonly log: Log
  readonly metrics: Metrics
  readonly watch: ResolutionWatch
}

/** Ends a message that waits, by our id or the provider's. Undefined when there is no such message. */
export function makeCancelMessage(
  parts: CancelParts,
): (organizationId: number, id: string) => Promise<Cancellation | undefined> {
  const { store, clock, log, metrics, watch } = parts

  return async function cancelMessage(organizationId, id) {
    const record = isMessageId(id)
      ? await store.messages.find(organizationId, id)
      : await store.messages.findByProviderId(organizationId, id)
    if (record === undefined) return undefined
    const { id: messageId, provider } = record.message
    const ended = await store.queue.cancel({ organizationId, messageId, now: clock.now() })
    if (ended === undefined) return undefined
    if (ended.now !== ended.previous) {
      watch.changed(messageId)
      metrics.messageStatus(provider, ended.now)
      log.info('message.canceled', { messageId, organizationId, provider, previous: ended.previous, now: ended.now })
    }
    return { messageId, ...ended }
  }
}
