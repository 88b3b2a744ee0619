import type { MessageRecord } from '../ports/store.ts'
import { makeDispatchMessage } from './dispatch-message.ts'
import { findStandingRoute, type ReconcileParts } from './reconcile-attempt.ts'

/** Hands a claimed message, whose attempt has started, to its provider: the one dispatch path, for jobs. */
export function makeDispatchClaimed(parts: ReconcileParts): (record: MessageRecord) => Promise<void> {
  const { watch, metrics, log } = parts
  const dispatchMessage = makeDispatchMessage(parts)

  return async function dispatchClaimed(record) {
    const route = await findStandingRoute(parts, record.message)
    try {
      const { message, attempts } = await dispatchMessage(record, route)
      metrics.messageStatus(message.provider, message.status)
      log.info('message.dispatched', {
        messageId: message.id,
        organizationId: message.organizationId,
        provider: message.provider,
        status: message.status,
        reason: message.failure?.reason,
        automatic: message.automatic,
        attempts: attempts.length,
      })
    } finally {
      watch.changed(record.message.id)
    }
  }
}
