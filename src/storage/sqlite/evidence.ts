import type { DeliveryReceipt } from '../../core/delivery-receipt.ts'
import { conclusionEvent, type DomainEvent } from '../../core/event.ts'
import { conclude, keepsGuard } from '../../core/evidence.ts'
import type { AttemptMark, EvidenceStore, MessageRecord } from '../../ports/store.ts'
import { attemptOf, causeOf, messageOf, outcomeColumns, type Row, receiptColumns, receiptOf } from '../rows.ts'
import type { Database } from './database.ts'
import { insertEvent } from './events.ts'
import { wakeSender } from './lanes.ts'
import { keyBlockBits, selectRecord } from './messages.ts'
import { insertOptOut } from './opt-outs.ts'

export function makeEvidence(database: Database): EvidenceStore {
  return {
    recordReceipt: ({ organizationId, messageId, optOut, ...received }) =>
      database.transaction(() => {
        const row = selectMessage(database, { organizationId, messageId })
        if (row === undefined) return 'duplicate'
        if (received.source === 'search' && isTaken(database, row, received.receipt)) return 'taken'
        const { changes } = database.run(
          `INSERT INTO receipts (message_key, provider_status, provider_code, provider_message_id, status, reason,
             provider_message, source, occurred_at, received_at)
           VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING`,
          Number(row.key),
          ...receiptColumns(received),
        )
        if (changes === 0) return 'duplicate'
        concludeAnew(database, Number(row.key), {
          at: received.receivedAt,
          provider_status: received.receipt.providerStatus,
          source: received.source,
        })
        if (optOut !== undefined) insertOptOut(database, optOut)
        return 'recorded'
      }),
    receipts: async (organizationId, id) =>
      database
        .all(
          `SELECT r.* FROM receipts r JOIN messages m ON m.key = r.message_key
           WHERE m.id = ? AND m.organization_id = ? ORDER BY r.received_at, r.provider_status`,
          id,
          organizationId,
        )
        .map(receiptOf),
    claimUnresolved: (params) => database.transaction(() => claimUnresolved(database, params)),
    closeAttempt: (mark) =>
      database.transaction(() => {
        const key = markUnknown(database, mark, 'closed_at')
        if (key !== undefined)
          concludeAnew(database, key, causeOf(mark, { number: mark.attemptNumber, startedAt: mark.at }))
      }),
    vouch: (mark) =>
      database.transaction(() => {
        const key = markUnknown(database, mark, 'vouched_at')
        if (key !== undefined)
          concludeAnew(database, key, causeOf(mark, { number: mark.attemptNumber, startedAt: mark.at }))
        return key !== undefined
      }),
    listUnknown: async (organizationId, { skip, limit }) =>
      database
        .all(
          `SELECT * FROM messages m WHERE organization_id = ? AND key IN (
             SELECT key FROM messages WHERE status = 'unknown'
             UNION ALL SELECT key FROM messages s WHERE status = 'sending' AND EXISTS (
               SELECT 1 FROM attempts a WHERE a.message_key = s.key AND a.outcome = 'unknown' AND a.closed_at IS NULL))
           ORDER BY key DESC LIMIT ? OFFSET ?`,
          organizationId,
          limit,
          skip,
        )
        .map((row) => selectRecord(database, row)),
  }
}

/** See `EvidenceStore.recordReceipt`. */
function isTaken(database: Database, row: Row, { providerMessageId }: DeliveryReceipt): boolean {
  if (row.provider_message_id === providerMessageId) return false
  const key = Number(row.key)
  const twin = database.get(
    // The plus keeps it off the index of all messages of the organization: few are `sending`. It also takes away the
    // column's type, so that a number is wanted.
    `SELECT 1 FROM messages m WHERE m.status = 'sending' AND +m.organization_id = ? AND m.sender = ? AND m.recipient = ?
       AND m.body = ? AND m.key <> ?
       AND EXISTS (SELECT 1 FROM attempts a WHERE a.message_key = m.key AND a.outcome IS NULL)`,
    Number(row.organization_id),
    ...[row.sender, row.recipient, row.body].map(String),
    key,
  )
  if (twin !== undefined) return true
  const newestKey = Number(database.get('SELECT max(key) AS key FROM messages')?.key ?? 0)
  for (let block = Math.floor(newestKey / 2 ** keyBlockBits); block >= 0; block--) {
    const owner = database.get(
      `SELECT 1 FROM messages WHERE (key >> 14) = ?1 AND provider_message_id = ?2 AND organization_id = ?3 AND key <> ?4
       UNION ALL SELECT 1 FROM messages m WHERE (m.key >> 14) = ?1 AND m.conversation_key = ?5 AND m.key <> ?4 AND (
         EXISTS (SELECT 1 FROM receipts r WHERE r.message_key = m.key AND r.provider_message_id = ?2)
         OR EXISTS (SELECT 1 FROM attempts a WHERE a.message_key = m.key AND a.provider_message_id = ?2))
       LIMIT 1`,
      block,
      providerMessageId,
      Number(row.organization_id),
      key,
      Number(row.conversation_key),
    )
    if (owner !== undefined) return true
  }
  return false
}

/**
 * Weighs all evidence of a message and writes what it now comes to, with an event when the status is another one.
 * Inside the transaction that brought new evidence.
 */
export function concludeAnew(
  database: Database,
  key: number,
  cause: { readonly at: number } & DomainEvent['data'],
): void {
  const row = database.get('SELECT * FROM messages WHERE key = ?', key)
  if (row === undefined) return
  const message = messageOf(row)
  const attempts = database.all('SELECT * FROM attempts WHERE message_key = ?', key).map(attemptOf)
  const conclusion = conclude({
    attempts,
    receipts: database.all('SELECT * FROM receipts WHERE message_key = ?', key).map(receiptOf),
    queued: message.queued === true,
  })
  const { status, failure, providerMessageId } = conclusion
  database.run(
    `UPDATE messages SET status = ?, provider_message_id = ?, failure_reason = ?, failure_code = ?,
       failure_message = ?, updated_at = ?, guard = iif(?, guard, NULL) WHERE key = ?`,
    status,
    providerMessageId ?? null,
    failure?.reason ?? null,
    failure?.providerCode ?? null,
    failure?.providerMessage ?? null,
    cause.at,
    keepsGuard(status, attempts, { ...message, now: cause.at }) ? 1 : 0,
    key,
  )
  if (status === 'queued') wakeSender(database, { ...message, at: cause.at })
  if (status !== message.status) insertEvent(database, conclusionEvent(message, conclusion, cause), { messageKey: key })
}

function selectMessage(
  database: Database,
  { organizationId, messageId }: Pick<AttemptMark, 'organizationId' | 'messageId'>,
): Row | undefined {
  return database.get(
    `SELECT * FROM messages WHERE id = ? AND organization_id = ? AND direction = 'outbound'`,
    messageId,
    organizationId,
  )
}

/** Sets a time on an attempt that is unknown. @returns the key of its message, undefined when it is not so. */
function markUnknown(database: Database, mark: AttemptMark, column: 'closed_at' | 'vouched_at'): number | undefined {
  const row = selectMessage(database, mark)
  if (row === undefined) return undefined
  const key = Number(row.key)
  const { changes } = database.run(
    `UPDATE attempts SET ${column} = ? WHERE message_key = ? AND number = ? AND outcome = 'unknown' AND ${column} IS NULL`,
    mark.at,
    key,
    mark.attemptNumber,
  )
  return changes === 0 ? undefined : key
}

const processDied = { kind: 'unknown', detail: 'the process ended before an answer came' } as const

function claimUnresolved(
  database: Database,
  { now, startedBefore, checkAgainAt, limit }: Parameters<EvidenceStore['claimUnresolved']>[0],
): MessageRecord[] {
  const rows = database.all(
    `SELECT m.* FROM messages m WHERE m.status = 'sending' AND (m.check_at IS NULL OR m.check_at <= ?) AND EXISTS (
       SELECT 1 FROM attempts a WHERE a.message_key = m.key AND a.closed_at IS NULL
         AND (a.outcome = 'unknown' OR (a.outcome IS NULL AND a.started_at < ?)))
     ORDER BY m.check_at NULLS FIRST, m.key LIMIT ?`,
    now,
    startedBefore,
    limit,
  )
  return rows.map((row) => {
    const key = Number(row.key)
    database.run('UPDATE messages SET check_at = ? WHERE key = ?', checkAgainAt, key)
    database.run(
      `UPDATE attempts SET finished_at = ?, outcome = ?, provider_message_id = ?, provider_status = ?, reason = ?,
         provider_code = ?, provider_message = ?, retry_after_ms = ?, detail = ?
       WHERE message_key = ? AND outcome IS NULL AND started_at < ?`,
      now,
      ...outcomeColumns(processDied),
      key,
      startedBefore,
    )
    return selectRecord(database, row)
  })
}
