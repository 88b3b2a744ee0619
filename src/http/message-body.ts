import type { Static } from 'typebox'
import type { RecordedReceipt } from '../core/delivery-receipt.ts'
import type { DomainEvent } from '../core/event.ts'
import { keptBodyOf, type Message } from '../core/message.ts'
import type { Media } from '../ports/inbound-store.ts'
import type { MessageRecord } from '../ports/store.ts'
import { attemptBodyOf, failureBodyOf, type ReadingParts, timeOrNull } from './reading.ts'
import { timeOf } from './schemas/common.ts'
import type { messageSchema } from './schemas/messages.ts'

type MessageFacts = {
  readonly conversationId: string | null
  readonly receipts: readonly RecordedReceipt[]
  readonly events: readonly DomainEvent[]
  /** Where its media can be had; of inbound ones, in the order of `media`. */
  readonly urls: readonly string[]
  readonly media: readonly Media[]
}

/** A message with all that is known about it. */
export async function messageBodyOf(
  { store, mediaUrls }: Pick<ReadingParts, 'store' | 'mediaUrls'>,
  record: MessageRecord,
): Promise<Static<typeof messageSchema>> {
  const { key, message } = record
  const { organizationId, id } = message
  const [conversation, receipts, events, urls, media] = await Promise.all([
    store.inbound.conversationOf(organizationId, key),
    store.evidence.receipts(organizationId, id),
    store.messages.events(organizationId, id),
    mediaUrls(message),
    message.direction === 'inbound' ? store.inbound.mediaOf(organizationId, id) : [],
  ])
  return messageBodyWith(record, { conversationId: conversation?.id ?? null, receipts, events, urls, media })
}

export function messageBodyWith(
  { message, attempts }: MessageRecord,
  { conversationId, receipts, events, urls, media }: MessageFacts,
): Static<typeof messageSchema> {
  return {
    message_id: message.id,
    conversation_id: conversationId,
    assistant_id: message.assistantId,
    direction: message.direction,
    status: message.status,
    from: message.sender,
    to: message.recipient,
    body: keptBodyOf(message),
    media_urls: [...urls],
    media: media.map((one, index) => mediaBodyOf(one, urls[index] ?? '')),
    provider: message.provider,
    provider_message_id: message.providerMessageId ?? null,
    segments: message.segmentCount,
    encoding: message.encoding,
    category: message.category,
    on_unknown: message.onUnknown,
    metadata: { ...message.metadata },
    in_reply_to: message.inReplyTo ?? null,
    automatic: message.automatic ?? null,
    keyword: message.keyword ?? null,
    failure: failureBodyOf(message.failure),
    ...waitingBodyOf(message),
    created_at: timeOf(message.createdAt),
    updated_at: timeOf(message.updatedAt),
    attempts: attempts.map(attemptBodyOf),
    receipts: receipts.map(receiptBodyOf),
    events: events.map(({ type, occurredAt, data }) => ({ type, timestamp: timeOf(occurredAt), data: { ...data } })),
  }
}

/** What the message says about its own time, and about what keeps or kept it from leaving. */
export function waitingBodyOf({ status, sendAt, expiresAt, holdReason, dueAt, reachedLimit }: Message) {
  const isHeld = status === 'held'
  return {
    send_at: timeOrNull(sendAt),
    expires_at: timeOrNull(expiresAt),
    hold_reason: isHeld ? (holdReason ?? null) : null,
    held_until: isHeld ? timeOrNull(dueAt) : null,
    reached_limit:
      reachedLimit === undefined
        ? null
        : {
            limit: reachedLimit.limit,
            count: reachedLimit.count,
            per: reachedLimit.per,
            retry_at: timeOrNull(reachedLimit.retryAt),
          },
  }
}

function mediaBodyOf({ contentType, size, sha256, state, fault }: Media, url: string) {
  return {
    url,
    content_type: contentType === '' ? null : contentType,
    size: size ?? null,
    sha256: sha256 ?? null,
    state,
    fault: state === 'failed' ? (fault ?? null) : null,
  }
}

export function receiptBodyOf(receipt: RecordedReceipt) {
  return {
    provider_status: receipt.providerStatus,
    status: receipt.status ?? null,
    provider_message_id: receipt.providerMessageId,
    failure: failureBodyOf(receipt.failure),
    source: receipt.source,
    occurred_at: timeOrNull(receipt.occurredAt),
    received_at: timeOf(receipt.receivedAt),
  }
}
