import type { Message } from '../../core/message.ts'
import type { MessageId } from '../../core/message-id.ts'
import type { E164 } from '../../core/phone-number.ts'
import type { SendFacts } from '../../core/policy.ts'
import type { AcceptResult, MessageRecord, NewSend, OutcomeRecord, SendStore } from '../../ports/store.ts'
import { messageOf, outcomeColumns } from '../rows.ts'
import type { Database } from './database.ts'
import { insertEvent } from './events.ts'
import { insertOptOut, selectOptOut } from './opt-outs.ts'

export function makeSends(database: Database): SendStore {
  return {
    accept: (send) => database.transaction(() => accept(database, send)),

    startAttempt: (start) =>
      database.transaction(() => {
        const waiting = database.get(
          `SELECT 1 FROM messages m WHERE m.key = ? AND m.status = 'sending'
             AND NOT EXISTS (SELECT 1 FROM attempts a WHERE a.message_key = m.key AND a.outcome IS NOT 'not_sent')`,
          start.key,
        )
        if (waiting === undefined) return 'superseded'
        const decision = start.decide(factsOf(database, start.organizationId, start.recipient))
        if (decision.kind === 'refuse') {
          end(database, { key: start.key, status: 'suppressed', reason: decision.rule, at: start.attempt.startedAt })
          return 'refused'
        }
        insertAttempt(database, start.key, start.attempt)
        return 'started'
      }),

    recordOutcome: (record) => database.transaction(() => recordOutcome(database, record)),

    failInterrupted: ({ startedBefore, now, limit }) =>
      database.transaction(() => {
        const rows = database.all(
          `SELECT m.key FROM messages m WHERE m.status = 'sending'
             AND EXISTS (SELECT 1 FROM attempts a WHERE a.message_key = m.key)
             AND NOT EXISTS (SELECT 1 FROM attempts a WHERE a.message_key = m.key
               AND (a.outcome IS NOT 'not_sent' OR a.finished_at >= ?))
           ORDER BY m.key LIMIT ?`,
          startedBefore,
          limit,
        )
        for (const row of rows)
          end(database, { key: Number(row.key), status: 'failed', reason: 'interrupted', at: now })
        return rows.length
      }),
  }
}

function accept(database: Database, send: NewSend): AcceptResult {
  const { message, idempotency } = send
  if (idempotency !== undefined) {
    const known = database.get(
      `SELECT message_id, request_hash FROM idempotency_keys
       WHERE organization_id = ? AND route = ? AND key = ? AND created_at >= ?`,
      message.organizationId,
      idempotency.route,
      idempotency.key,
      idempotency.forgetBefore,
    )
    if (known !== undefined)
      return {
        kind: 'replayed',
        messageId: String(known.message_id) as MessageId,
        sameRequest: known.request_hash === idempotency.requestHash,
      }
  }
  const decision = send.decide(factsOf(database, message.organizationId, message.recipient))
  if (decision.kind === 'refuse') {
    const refused: Message = { ...message, status: 'suppressed', failure: { reason: decision.rule } }
    const key = insertMessage(database, refused, { guard: null, guardExpiresAt: null })
    insertMessageEvent(database, key, refused)
    return { kind: 'refused', rule: decision.rule, record: { key, message: refused, attempts: [] } }
  }
  const guard = Buffer.from(send.guard, 'hex')
  const holder = database.get('SELECT key, id, guard_expires_at FROM messages WHERE guard = ?', guard)
  const held = holder !== undefined && Number(holder.guard_expires_at) > message.createdAt
  if (held && idempotency === undefined) return { kind: 'joined', messageId: String(holder.id) as MessageId }
  if (holder !== undefined && !held) database.run('UPDATE messages SET guard = NULL WHERE key = ?', Number(holder.key))
  const key = insertMessage(database, message, {
    guard: held ? null : guard,
    guardExpiresAt: held ? null : send.guardExpiresAt,
  })
  const attempt = { number: 1, startedAt: message.createdAt }
  insertAttempt(database, key, attempt)
  insertMessageEvent(database, key, message)
  if (idempotency !== undefined)
    database.run(
      `INSERT OR REPLACE INTO idempotency_keys (organization_id, route, key, request_hash, message_id, created_at)
       VALUES (?, ?, ?, ?, ?, ?)`,
      message.organizationId,
      idempotency.route,
      idempotency.key,
      idempotency.requestHash,
      message.id,
      message.createdAt,
    )
  return { kind: 'started', record: { key, message, attempts: [attempt] } }
}

function recordOutcome(database: Database, record: OutcomeRecord): void {
  const { outcome } = record
  const { changes } = database.run(
    `UPDATE attempts SET finished_at = ?, outcome = ?, provider_message_id = ?, provider_status = ?, reason = ?,
       provider_code = ?, provider_message = ?, retry_after_ms = ?, detail = ?
     WHERE message_key = ? AND number = ? AND outcome IS NULL`,
    record.finishedAt,
    ...outcomeColumns(outcome),
    record.key,
    record.attemptNumber,
  )
  if (changes === 0) return
  const moved = database.run(
    `UPDATE messages SET status = ?, provider_message_id = coalesce(provider_message_id, ?), failure_reason = ?,
       failure_code = ?, failure_message = ?, updated_at = ?,
       guard = iif(?, NULL, guard)
     WHERE key = ? AND status = 'sending'`,
    record.status,
    outcome.kind === 'accepted' ? outcome.providerMessageId : null,
    record.failure?.reason ?? null,
    record.failure?.providerCode ?? null,
    record.failure?.providerMessage ?? null,
    record.finishedAt,
    record.resolved ? 1 : 0,
    record.key,
  )
  if (moved.changes > 0 && record.event !== undefined) insertEvent(database, record.event, record.key)
  if (record.optOut !== undefined) insertOptOut(database, record.optOut)
}

function factsOf(database: Database, organizationId: number, recipient: E164): SendFacts {
  return { optOut: selectOptOut(database, organizationId, recipient) }
}

type Ending = {
  readonly key: number
  readonly status: 'suppressed' | 'failed'
  readonly reason: 'recipient_opted_out' | 'interrupted'
  readonly at: number
}

/** Ends a message of which nothing left. */
function end(database: Database, { key, status, reason, at }: Ending): void {
  const row = database.get(
    `UPDATE messages SET status = ?, failure_reason = ?, guard = NULL, updated_at = ? WHERE key = ? RETURNING *`,
    status,
    reason,
    at,
    key,
  )
  if (row !== undefined) insertMessageEvent(database, key, messageOf(row))
}

function insertMessage(
  database: Database,
  message: Message,
  { guard, guardExpiresAt }: { readonly guard: Buffer | null; readonly guardExpiresAt: number | null },
): MessageRecord['key'] {
  return database.run(
    `INSERT INTO messages (id, organization_id, assistant_id, sender_id, provider_account_id, provider, sender,
       recipient, body, media_urls, encoding, segment_count, category, on_unknown, metadata, status, failure_reason,
       guard, guard_expires_at, created_at, updated_at)
     VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
    message.id,
    message.organizationId,
    message.assistantId,
    message.senderId,
    message.providerAccountId,
    message.provider,
    message.sender,
    message.recipient,
    message.body,
    JSON.stringify(message.mediaUrls),
    message.encoding,
    message.segmentCount,
    message.category,
    message.onUnknown,
    JSON.stringify(message.metadata),
    message.status,
    message.failure?.reason ?? null,
    guard,
    guardExpiresAt,
    message.createdAt,
    message.updatedAt,
  ).lastKey
}

function insertAttempt(database: Database, key: number, attempt: { number: number; startedAt: number }): void {
  database.run(
    'INSERT INTO attempts (message_key, number, started_at) VALUES (?, ?, ?)',
    key,
    attempt.number,
    attempt.startedAt,
  )
}

function insertMessageEvent(database: Database, key: number, message: Message): void {
  const reason = message.failure === undefined ? {} : { reason: message.failure.reason }
  insertEvent(
    database,
    {
      type: `message.${message.status}`,
      organizationId: message.organizationId,
      occurredAt: message.updatedAt,
      data: { provider: message.provider, ...reason },
    },
    key,
  )
}
