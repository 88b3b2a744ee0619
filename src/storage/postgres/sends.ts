import { SmsError } from '../../core/errors.ts'
import type { AcceptResult, NewSend, OutcomeRecord, SendStore } from '../../ports/store.ts'
import { messageOf, outcomeColumns } from '../rows.ts'
import { acceptBatch } from './accept.ts'
import { makeBatcher } from './batcher.ts'
import { CommitUnknown, type Database, type Queries } from './database.ts'
import { insertEvent } from './events.ts'
import { insertOptOut, lockOptOuts, selectOptOut, shareOptOuts } from './opt-outs.ts'

type Start = Parameters<SendStore['startAttempt']>[0]
type StartResult = Awaited<ReturnType<SendStore['startAttempt']>>

export function makeSends(database: Database): SendStore {
  const accepting = makeBatcher<NewSend, AcceptResult>({ work: (sends) => acceptBatch(database, sends), isOutage })
  const recording = makeBatcher<OutcomeRecord, null>({ work: (records) => recordBatch(database, records), isOutage })

  return {
    accept: (send) => accepting.run(send),
    async startAttempt(start) {
      try {
        return await database.transaction((queries) => startAttempt(queries, start))
      } catch (error) {
        if (!(error instanceof CommitUnknown)) throw error
        await database.settled(error)
        return database.transaction((queries) => findStart(queries, start))
      }
    },
    async recordOutcome(record) {
      await recording.run(record)
    },
    failInterrupted: (params) => database.transaction((queries) => failInterrupted(queries, params)),
  }
}

function isOutage(error: unknown): boolean {
  return error instanceof SmsError && error.code === 'unavailable'
}

async function startAttempt(queries: Queries, start: Start): Promise<StartResult> {
  const { key, attempt } = start
  const [, message] = await Promise.all([
    shareOptOuts(queries, [start]),
    queries.get(`SELECT * FROM messages WHERE key = $1 AND status = 'sending' FOR UPDATE`, key),
  ])
  const [blocking, optOut] = await Promise.all([
    queries.get(`SELECT 1 FROM attempts WHERE message_key = $1 AND outcome IS DISTINCT FROM 'not_sent' LIMIT 1`, key),
    selectOptOut(queries, start),
  ])
  if (message === undefined || blocking !== undefined) return 'superseded'
  const decision = start.decide({ optOut })
  if (decision.kind === 'refuse') {
    await end(queries, { key, status: 'suppressed', reason: decision.rule, at: attempt.startedAt })
    return 'refused'
  }
  await queries.run(
    'INSERT INTO attempts (message_key, number, started_at) VALUES ($1, $2, $3)',
    key,
    attempt.number,
    attempt.startedAt,
  )
  return 'started'
}

/** What became of a start whose acknowledgement was lost; when nothing did, it is done now. */
async function findStart(queries: Queries, start: Start): Promise<StartResult> {
  const attempt = await queries.get(
    'SELECT started_at FROM attempts WHERE message_key = $1 AND number = $2',
    start.key,
    start.attempt.number,
  )
  if (attempt !== undefined) return Number(attempt.started_at) === start.attempt.startedAt ? 'started' : 'superseded'
  const message = await queries.get('SELECT status FROM messages WHERE key = $1', start.key)
  return message?.status === 'suppressed' ? 'refused' : startAttempt(queries, start)
}

/** Doing it again changes nothing, so a lost acknowledgement needs no special care here. */
async function recordBatch(database: Database, records: readonly OutcomeRecord[]): Promise<null[]> {
  const optOuts = records.flatMap(({ optOut }) => (optOut === undefined ? [] : [optOut]))
  await database.transaction(async (queries) => {
    const [, rows] = await Promise.all([
      optOuts.length === 0 ? undefined : lockOptOuts(queries, optOuts),
      queries.all(recordStatement, JSON.stringify(records.map(recordColumns))),
    ])
    const recorded = new Set(rows.map((row) => `${row.message_key} ${row.number}`))
    for (const { key, attemptNumber, optOut } of records)
      if (optOut !== undefined && recorded.has(`${key} ${attemptNumber}`)) await insertOptOut(queries, optOut)
  })
  return records.map(() => null)
}

const recordStatement = `
  WITH input AS MATERIALIZED (
    SELECT * FROM json_to_recordset($1) AS i (key BIGINT, number INTEGER, finished_at BIGINT, outcome TEXT,
      provider_message_id TEXT, provider_status TEXT, reason TEXT, provider_code TEXT, provider_message TEXT,
      retry_after_ms BIGINT, detail TEXT, status TEXT, resolved BOOLEAN, failure_reason TEXT, failure_code TEXT,
      failure_message TEXT, organization_id BIGINT, event_type TEXT, occurred_at BIGINT, event_data TEXT)
    ORDER BY key
  ), recorded AS (
    UPDATE attempts a SET finished_at = i.finished_at, outcome = i.outcome,
      provider_message_id = i.provider_message_id, provider_status = i.provider_status, reason = i.reason,
      provider_code = i.provider_code, provider_message = i.provider_message, retry_after_ms = i.retry_after_ms,
      detail = i.detail
    FROM input i WHERE a.message_key = i.key AND a.number = i.number AND a.outcome IS NULL
    RETURNING a.message_key, a.number
  ), moved AS (
    UPDATE messages m SET status = i.status,
      provider_message_id = coalesce(m.provider_message_id, i.provider_message_id),
      failure_reason = i.failure_reason, failure_code = i.failure_code, failure_message = i.failure_message,
      updated_at = i.finished_at, guard = CASE WHEN i.resolved THEN NULL ELSE m.guard END
    FROM input i JOIN recorded r ON r.message_key = i.key AND r.number = i.number
    WHERE m.key = i.key AND m.status = 'sending'
    RETURNING m.key
  ), told AS (
    INSERT INTO events (organization_id, message_key, type, occurred_at, data)
    SELECT i.organization_id, i.key, i.event_type, i.occurred_at, i.event_data
    FROM input i JOIN moved ON moved.key = i.key WHERE i.event_type IS NOT NULL
  )
  SELECT message_key, number FROM recorded`

function recordColumns(record: OutcomeRecord) {
  const [outcome, providerMessageId, providerStatus, reason, code, message, retryAfterMs, detail] = outcomeColumns(
    record.outcome,
  )
  return {
    key: record.key,
    number: record.attemptNumber,
    finished_at: record.finishedAt,
    outcome,
    provider_message_id: providerMessageId,
    provider_status: providerStatus,
    reason,
    provider_code: code,
    provider_message: message,
    retry_after_ms: retryAfterMs,
    detail,
    status: record.status,
    resolved: record.resolved,
    failure_reason: record.failure?.reason,
    failure_code: record.failure?.providerCode,
    failure_message: record.failure?.providerMessage,
    organization_id: record.organizationId,
    event_type: record.event?.type,
    occurred_at: record.event?.occurredAt,
    event_data: record.event === undefined ? undefined : JSON.stringify(record.event.data),
  }
}

async function failInterrupted(
  queries: Queries,
  { startedBefore, now, limit }: Parameters<SendStore['failInterrupted']>[0],
): Promise<number> {
  const stuck = `m.status = 'sending'
    AND EXISTS (SELECT 1 FROM attempts a WHERE a.message_key = m.key)
    AND NOT EXISTS (SELECT 1 FROM attempts a WHERE a.message_key = m.key
      AND (a.outcome IS DISTINCT FROM 'not_sent' OR a.finished_at >= $1))`
  const locked = await queries.all(
    `SELECT m.key FROM messages m WHERE ${stuck} ORDER BY m.key LIMIT $2 FOR UPDATE SKIP LOCKED`,
    startedBefore,
    limit,
  )
  if (locked.length === 0) return 0
  // An attempt may have started between that statement's view and its locks; what is locked now cannot get one.
  const rows = await queries.all(
    `SELECT m.key FROM messages m WHERE ${stuck} AND m.key = ANY($2::bigint[]) ORDER BY m.key`,
    startedBefore,
    locked.map((row) => Number(row.key)),
  )
  for (const row of rows) await end(queries, { key: Number(row.key), status: 'failed', reason: 'interrupted', at: now })
  return rows.length
}

type Ending = {
  readonly key: number
  readonly status: 'suppressed' | 'failed'
  readonly reason: 'recipient_opted_out' | 'interrupted'
  readonly at: number
}

/** Ends a message of which nothing left. */
async function end(queries: Queries, { key, status, reason, at }: Ending): Promise<void> {
  const row = await queries.get(
    'UPDATE messages SET status = $1, failure_reason = $2, guard = NULL, updated_at = $3 WHERE key = $4 RETURNING *',
    status,
    reason,
    at,
    key,
  )
  if (row === undefined) return
  const { organizationId, provider } = messageOf(row)
  await insertEvent(
    queries,
    { type: `message.${status}`, organizationId, occurredAt: at, data: { provider, reason } },
    key,
  )
}
