import type { Message } from '../../core/message.ts'
import type { MessageId } from '../../core/message-id.ts'
import type { Queries } from './database.ts'

export type MessageInsertion = {
  readonly message: Message
  readonly conversationKey: number
  /** 32 hex digits. */
  readonly guard?: string
  readonly guardExpiresAt?: number
}

/**
 * Messages, the first attempts of those that are `sending`, and events, in one statement.
 * @returns keys by message id; messages whose guard somebody holds are not inserted and miss.
 */
export async function insertMessages(
  queries: Queries,
  insertions: readonly MessageInsertion[],
): Promise<Map<MessageId, number>> {
  const rows = await queries.all(insertStatement, JSON.stringify(insertions.map(columnsOf)))
  return new Map(rows.map((row) => [String(row.id) as MessageId, Number(row.key)]))
}

const insertStatement = `
  WITH written AS (
    INSERT INTO messages (id, organization_id, direction, conversation_key, assistant_id, sender_id,
      provider_account_id, provider, sender, recipient, body, media_urls, encoding, segment_count, category, on_unknown,
      metadata, in_reply_to, automatic, keyword, status, provider_message_id, failure_reason, guard, guard_expires_at,
      queued, keyed, priority, send_at, expires_at, due_at, hold_reason, reached_limit, counted_at, cost_micros,
      duplicate_until, created_at, updated_at)
    SELECT id, organization_id, direction, conversation_key, assistant_id, sender_id,
      provider_account_id, provider, sender, recipient, body, media_urls, encoding, segment_count, category, on_unknown,
      metadata, in_reply_to, automatic, keyword, status, provider_message_id, failure_reason, decode(guard, 'hex'),
      guard_expires_at, coalesce(queued, false), coalesce(keyed, false), priority, send_at, expires_at, due_at, hold_reason,
      reached_limit, counted_at, cost_micros, duplicate_until, created_at, updated_at
    FROM json_to_recordset($1) AS i (id TEXT, organization_id BIGINT, direction TEXT, conversation_key BIGINT,
      assistant_id BIGINT, sender_id BIGINT, provider_account_id BIGINT, provider TEXT, sender TEXT, recipient TEXT,
      body TEXT, media_urls TEXT, encoding TEXT, segment_count INTEGER, category TEXT, on_unknown TEXT, metadata TEXT,
      in_reply_to TEXT, automatic TEXT, keyword TEXT, status TEXT, provider_message_id TEXT, failure_reason TEXT,
      guard TEXT, guard_expires_at BIGINT, queued BOOLEAN, keyed BOOLEAN, priority INTEGER, send_at BIGINT,
      expires_at BIGINT, due_at BIGINT, hold_reason TEXT, reached_limit TEXT, counted_at BIGINT, cost_micros BIGINT,
      duplicate_until BIGINT, created_at BIGINT, updated_at BIGINT)
    ORDER BY guard
    ON CONFLICT (guard) WHERE guard IS NOT NULL DO NOTHING
    RETURNING key, id, organization_id, provider, status, failure_reason, hold_reason, keyword, created_at
  ), started AS (
    INSERT INTO attempts (message_key, number, started_at)
    SELECT key, 1, created_at FROM written WHERE status = 'sending'
  ), told AS (
    INSERT INTO events (organization_id, message_key, type, occurred_at, data)
    SELECT organization_id, key, 'message.' || status, created_at,
      json_strip_nulls(json_build_object('provider', provider, 'reason', failure_reason, 'hold_reason', hold_reason,
        'keyword', keyword))
    FROM written
  )
  SELECT key, id FROM written`

function columnsOf({ message, conversationKey, guard, guardExpiresAt }: MessageInsertion) {
  return {
    id: message.id,
    organization_id: message.organizationId,
    direction: message.direction,
    conversation_key: conversationKey,
    assistant_id: message.assistantId,
    sender_id: message.senderId,
    provider_account_id: message.providerAccountId,
    provider: message.provider,
    sender: message.sender,
    recipient: message.recipient,
    body: message.body,
    media_urls: JSON.stringify(message.mediaUrls),
    encoding: message.encoding,
    segment_count: message.segmentCount,
    category: message.category,
    on_unknown: message.onUnknown,
    metadata: JSON.stringify(message.metadata),
    in_reply_to: message.inReplyTo,
    automatic: message.automatic,
    keyword: message.keyword,
    status: message.status,
    provider_message_id: message.providerMessageId,
    failure_reason: message.failure?.reason,
    guard,
    guard_expires_at: guardExpiresAt,
    queued: message.queued,
    keyed: message.keyed,
    priority: message.priority,
    send_at: message.sendAt,
    expires_at: message.expiresAt,
    due_at: message.dueAt,
    hold_reason: message.holdReason,
    reached_limit: message.reachedLimit === undefined ? undefined : JSON.stringify(message.reachedLimit),
    counted_at: message.countedAt,
    cost_micros: message.costMicros,
    duplicate_until: message.duplicateUntil,
    created_at: message.createdAt,
    updated_at: message.updatedAt,
  }
}
