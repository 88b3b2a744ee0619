import type { DeliveryReceipt } from '../../core/delivery-receipt.ts'
import { conclusionEvent, type DomainEvent } from '../../core/event.ts'
import { conclude, keepsGuard } from '../../core/evidence.ts'
import type { AttemptMark, EvidenceStore, MessageRecord } from '../../ports/store.ts'
import { attemptOf, causeOf, messageOf, receiptColumns, receiptOf } from '../rows.ts'
import type { Database, Queries } from './database.ts'
import { insertEvent } from './events.ts'
import { wakeSenders } from './lanes.ts'
import { selectRecord } from './messages.ts'
import { insertOptOut, lockOptOuts } from './opt-outs.ts'

/** Held by organization while what a search found is given to one of its messages. */
const findingLockClass = 7_836

export function makeEvidence(database: Database): EvidenceStore {
  return {
    recordReceipt: ({ organizationId, messageId, optOut, ...received }) =>
      database.transaction(async (queries) => {
        if (optOut !== undefined) await lockOptOuts(queries, [optOut])
        const isFound = received.source === 'search'
        if (isFound) await queries.all('SELECT pg_advisory_xact_lock($1, $2)', findingLockClass, organizationId)
        const key = await lockMessage(queries, { organizationId, messageId })
        if (key === undefined) return 'duplicate'
        if (isFound && (await isTaken(queries, key, received.receipt))) return 'taken'
        const written = await queries.run(
          `INSERT INTO receipts (message_key, provider_status, provider_code, provider_message_id, status, reason,
             provider_message, source, occurred_at, received_at)
           VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10) ON CONFLICT DO NOTHING`,
          key,
          ...receiptColumns(received),
        )
        if (written === 0) return 'duplicate'
        await concludeAnew(queries, key, {
          at: received.receivedAt,
          provider_status: received.receipt.providerStatus,
          source: received.source,
        })
        if (optOut !== undefined) await insertOptOut(queries, optOut)
        return 'recorded'
      }),
    receipts: async (organizationId, id) =>
      (
        await database.all(
          `SELECT r.* FROM receipts r JOIN messages m ON m.key = r.message_key
           WHERE m.id = $1 AND m.organization_id = $2 ORDER BY r.received_at, r.provider_status`,
          id,
          organizationId,
        )
      ).map(receiptOf),
    claimUnresolved: (params) => database.transaction((queries) => claimUnresolved(queries, params)),
    closeAttempt: (mark) =>
      database.transaction(async (queries) => {
        const key = await markUnknown(queries, mark, 'closed_at')
        if (key !== undefined)
          await concludeAnew(queries, key, causeOf(mark, { number: mark.attemptNumber, startedAt: mark.at }))
      }),
    vouch: (mark) =>
      database.transaction(async (queries) => {
        const key = await markUnknown(queries, mark, 'vouched_at')
        if (key !== undefined)
          await concludeAnew(queries, key, causeOf(mark, { number: mark.attemptNumber, startedAt: mark.at }))
        return key !== undefined
      }),
    async listUnknown(organizationId, { skip, limit }) {
      const rows = await database.all(
        `SELECT * FROM messages WHERE organization_id = $1 AND key IN (
           SELECT key FROM messages WHERE status = 'unknown'
           UNION ALL SELECT key FROM messages s WHERE status = 'sending' AND EXISTS (
             SELECT 1 FROM attempts a WHERE a.message_key = s.key AND a.outcome = 'unknown' AND a.closed_at IS NULL))
         ORDER BY key DESC LIMIT $2 OFFSET $3`,
        organizationId,
        limit,
        skip,
      )
      return Promise.all(rows.map((row) => selectRecord(database, row)))
    },
  }
}

/**
 * See `EvidenceStore.recordReceipt`. One statement, so that a twin whose call ends meanwhile is seen either in its call or
 * with its id.
 */
async function isTaken(queries: Queries, key: number, { providerMessageId }: DeliveryReceipt): Promise<boolean> {
  const owner = await queries.get(
    `SELECT 1 FROM messages own
     WHERE own.key = $1 AND own.provider_message_id IS DISTINCT FROM $2 AND (
       EXISTS (
         SELECT 1 FROM messages m WHERE m.status = 'sending' AND m.organization_id = own.organization_id
           AND m.sender = own.sender AND m.recipient = own.recipient AND m.body = own.body AND m.key <> own.key
           AND EXISTS (SELECT 1 FROM attempts a WHERE a.message_key = m.key AND a.outcome IS NULL))
       OR EXISTS (
         SELECT 1 FROM generate_series((SELECT max(key) >> 14 FROM messages), 0, -1) AS block
         CROSS JOIN LATERAL (
           SELECT key FROM messages m WHERE m.key >> 14 = block AND m.provider_message_id = $2
             AND m.organization_id = own.organization_id AND m.key <> own.key
           UNION ALL SELECT key FROM messages m WHERE m.key >> 14 = block AND m.conversation_key = own.conversation_key
             AND m.key <> own.key AND (
               EXISTS (SELECT 1 FROM receipts r WHERE r.message_key = m.key AND r.provider_message_id = $2)
               OR EXISTS (SELECT 1 FROM attempts a WHERE a.message_key = m.key AND a.provider_message_id = $2))
         ) AS other))`,
    key,
    providerMessageId,
  )
  return owner !== undefined
}

/**
 * Weighs all evidence of a message and writes what it now comes to, with an event when the status is another one.
 * Inside the transaction that brought new evidence; locks the message.
 */
export async function concludeAnew(
  queries: Queries,
  key: number,
  cause: { readonly at: number } & DomainEvent['data'],
): Promise<void> {
  const row = await queries.get('SELECT * FROM messages WHERE key = $1 FOR UPDATE', key)
  if (row === undefined) return
  const message = messageOf(row)
  const [attemptRows, receiptRows] = await Promise.all([
    queries.all('SELECT * FROM attempts WHERE message_key = $1', key),
    queries.all('SELECT * FROM receipts WHERE message_key = $1', key),
  ])
  const attempts = attemptRows.map(attemptOf)
  const conclusion = conclude({
    attempts,
    receipts: receiptRows.map(receiptOf),
    queued: message.queued === true,
  })
  const { status, failure, providerMessageId } = conclusion
  await queries.run(
    `UPDATE messages SET status = $1, provider_message_id = $2, failure_reason = $3, failure_code = $4,
       failure_message = $5, updated_at = $6, guard = CASE WHEN $7 THEN guard END
     WHERE key = $8`,
    status,
    providerMessageId ?? null,
    failure?.reason ?? null,
    failure?.providerCode ?? null,
    failure?.providerMessage ?? null,
    cause.at,
    keepsGuard(status, attempts, { ...message, now: cause.at }),
    key,
  )
  if (status === 'queued') await wakeSenders(queries, [{ ...message, at: cause.at }])
  if (status !== message.status)
    await insertEvent(queries, conclusionEvent(message, conclusion, cause), { messageKey: key })
}

/** @returns its key. */
async function lockMessage(
  queries: Queries,
  { organizationId, messageId }: Pick<AttemptMark, 'organizationId' | 'messageId'>,
): Promise<number | undefined> {
  const row = await queries.get(
    `SELECT key FROM messages WHERE id = $1 AND organization_id = $2 AND direction = 'outbound' FOR UPDATE`,
    messageId,
    organizationId,
  )
  return row === undefined ? undefined : Number(row.key)
}

/** Sets a time on an attempt that is unknown. @returns the key of its message, undefined when it is not so. */
async function markUnknown(
  queries: Queries,
  mark: AttemptMark,
  column: 'closed_at' | 'vouched_at',
): Promise<number | undefined> {
  const key = await lockMessage(queries, mark)
  if (key === undefined) return undefined
  const written = await queries.run(
    `UPDATE attempts SET ${column} = $1
     WHERE message_key = $2 AND number = $3 AND outcome = 'unknown' AND ${column} IS NULL`,
    mark.at,
    key,
    mark.attemptNumber,
  )
  return written === 0 ? undefined : key
}

async function claimUnresolved(
  queries: Queries,
  { now, startedBefore, checkAgainAt, limit }: Parameters<EvidenceStore['claimUnresolved']>[0],
): Promise<MessageRecord[]> {
  const rows = await queries.all(
    `SELECT m.* FROM messages m WHERE m.status = 'sending' AND (m.check_at IS NULL OR m.check_at <= $1) AND EXISTS (
       SELECT 1 FROM attempts a WHERE a.message_key = m.key AND a.closed_at IS NULL
         AND (a.outcome = 'unknown' OR (a.outcome IS NULL AND a.started_at < $2)))
     ORDER BY m.check_at NULLS FIRST, m.key LIMIT $3 FOR UPDATE SKIP LOCKED`,
    now,
    startedBefore,
    limit,
  )
  const keys = rows.map((row) => Number(row.key))
  await queries.run('UPDATE messages SET check_at = $1 WHERE key = ANY($2::bigint[])', checkAgainAt, keys)
  await queries.run(
    `UPDATE attempts SET finished_at = $1, outcome = 'unknown', detail = 'the process ended before an answer came'
     WHERE message_key = ANY($2::bigint[]) AND outcome IS NULL AND started_at < $3`,
    now,
    keys,
    startedBefore,
  )
  const records: MessageRecord[] = []
  for (const row of rows) records.push(await selectRecord(queries, row))
  return records
}
