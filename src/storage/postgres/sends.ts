import { SmsError } from '../../core/errors.ts'
import type { ReachedLimit } from '../../core/message.ts'
import type { MessageId } from '../../core/message-id.ts'
import type { AcceptResult, NewSend, OutcomeRecord, SendStore } from '../../ports/store.ts'
import { type EndingRule, mayJoin, messageEventData, statusByRule } from '../ending.ts'
import { guardHolds } from '../guard.ts'
import { causeOf, messageOf, outcomeColumns } from '../rows.ts'
import { acceptBatch, selectHolders } from './accept.ts'
import { makeBatcher } from './batcher.ts'
import type { ConversationKeys } from './conversations.ts'
import { CommitUnknown, type Database, type Queries } from './database.ts'
import { insertEvent } from './events.ts'
import { concludeAnew } from './evidence.ts'
import { debitLanes, lockSenders, slowSenders, wakeSenders } from './lanes.ts'
import { insertOptOut, lockOptOuts, shareOptOuts } from './opt-outs.ts'
import { selectFacts } from './send-facts.ts'

type Start = Parameters<SendStore['startAttempt']>[0]
type StartResult = Awaited<ReturnType<SendStore['startAttempt']>>

export function makeSends(database: Database, conversations: ConversationKeys): SendStore {
  const accepting = makeBatcher<NewSend, AcceptResult>({
    work: (sends) => acceptBatch(database, conversations, sends),
    isOutage,
  })
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
    async releaseGuard(organizationId, messageId, now) {
      await database.run(
        `UPDATE messages SET guard = NULL
         WHERE id = $1 AND organization_id = $2 AND guard IS NOT NULL AND status NOT IN ('sending', 'unknown')
           AND coalesce(duplicate_until, 0) <= $3`,
        messageId,
        organizationId,
        now,
      )
    },
    async facts(message, needs) {
      return (await selectFacts(database, [{ message, terms: { needs } }])).of(message)
    },
    async findJoined(message, guard) {
      const holder = (await selectHolders(database, [guard])).get(guard)
      const joins = holder !== undefined && mayJoin(message) && guardHolds(holder, message.createdAt)
      return joins ? (String(holder.id) as MessageId) : undefined
    },
    failInterrupted: (params) => database.transaction((queries) => failInterrupted(queries, params)),
  }
}

function isOutage(error: unknown): boolean {
  return error instanceof SmsError && error.code === 'unavailable'
}

async function startAttempt(queries: Queries, start: Start): Promise<StartResult> {
  const { key, attempt, resend } = start
  const [, row] = await Promise.all([
    shareOptOuts(queries, [start]),
    queries.get(
      'SELECT * FROM messages WHERE key = $1 AND status = $2 FOR UPDATE',
      key,
      resend ? 'unknown' : 'sending',
    ),
  ])
  if (row === undefined || !(await mayStart(queries, start))) return 'superseded'
  if (resend && (await isOvertaken(queries, start))) return 'superseded'
  const message = messageOf(row)
  const book = await selectFacts(queries, [{ message, terms: start.terms }])
  const decision = start.terms.decide(book.of(message))
  if (decision.kind === 'hold') return 'superseded'
  if (decision.kind === 'refuse') {
    if (!resend) await endMessage(queries, { key, at: attempt.startedAt, ...decision })
    return 'refused'
  }
  await queries.run(
    'INSERT INTO attempts (message_key, number, started_at) VALUES ($1, $2, $3)',
    key,
    attempt.number,
    attempt.startedAt,
  )
  await queries.run(
    `UPDATE messages SET guard = coalesce(guard, CASE WHEN $1 THEN decode($2, 'hex') END), guard_expires_at = $3
     WHERE key = $4`,
    resend,
    start.guard,
    start.guardExpiresAt,
    key,
  )
  if (resend) await concludeAnew(queries, key, causeOf(start, attempt))
  await debitLanes(queries, [{ organizationId: start.organizationId, now: attempt.startedAt, uses: start.uses }])
  return 'started'
}

/** An identical message has taken the guard over meanwhile: sending this one again would text the person twice. */
async function isOvertaken(queries: Queries, { key, guard }: Start): Promise<boolean> {
  const holder = await queries.get(`SELECT key FROM messages WHERE guard = decode($1, 'hex')`, guard)
  return holder !== undefined && Number(holder.key) !== key
}

/** Nothing is done or awaited for the attempt `a`, but perhaps a further one. */
const isOver = `coalesce(a.outcome = 'not_sent' OR (a.outcome = 'unknown' AND a.closed_at IS NOT NULL), false)`

/** See `SendStore.startAttempt`. The message is locked. */
async function mayStart(queries: Queries, { key }: Start): Promise<boolean> {
  const blocking = await queries.get(`SELECT 1 FROM attempts a WHERE a.message_key = $1 AND NOT ${isOver} LIMIT 1`, key)
  return blocking === undefined
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
  return message?.status === 'suppressed' || message?.status === 'canceled' ? 'refused' : startAttempt(queries, start)
}

/** Doing it again changes nothing, so a lost acknowledgement needs no special care here. */
async function recordBatch(database: Database, records: readonly OutcomeRecord[]): Promise<null[]> {
  const optOuts = records.flatMap(({ optOut }) => (optOut === undefined ? [] : [optOut]))
  await database.transaction(async (queries) => {
    const [, , rows] = await Promise.all([
      optOuts.length === 0 ? undefined : lockOptOuts(queries, optOuts),
      // Messages before their attempts, as everybody locks them.
      queries.all(
        'SELECT key FROM messages WHERE key = ANY($1::bigint[]) ORDER BY key FOR UPDATE',
        records.map(({ key }) => key),
      ),
      queries.all(recordStatement, JSON.stringify(records.map(recordColumns))),
    ])
    const moved = new Map(rows.map((row) => [`${row.message_key} ${row.number}`, Boolean(row.moved)]))
    for (const { key, attempt, optOut } of records) {
      const hasMoved = moved.get(`${key} ${attempt.number}`)
      if (hasMoved === false) await concludeAnew(queries, key, { at: attempt.finishedAt, attempt: attempt.number })
      if (hasMoved !== undefined && optOut !== undefined) await insertOptOut(queries, optOut)
    }
    await giveBack(
      queries,
      records.filter(({ key, attempt }) => moved.get(`${key} ${attempt.number}`) === true),
    )
  })
  return records.map(() => null)
}

/** The queues of the numbers rest as their providers asked for, and are looked at after that. */
async function giveBack(queries: Queries, records: readonly OutcomeRecord[]): Promise<void> {
  const resting = records.filter(
    ({ slowedUntil, conclusion }) => slowedUntil !== undefined || conclusion.status === 'queued',
  )
  if (resting.length === 0) return
  const rows = await queries.all(
    'SELECT key, sender_id FROM messages WHERE key = ANY($1::bigint[])',
    resting.map(({ key }) => key),
  )
  const senderOf = new Map(rows.map((row) => [Number(row.key), Number(row.sender_id)]))
  const owned = resting.map((record) => ({ ...record, senderId: senderOf.get(record.key) ?? 0 }))
  await lockSenders(queries, owned)
  await slowSenders(
    queries,
    owned.flatMap(({ slowedUntil, ...record }) =>
      slowedUntil === undefined ? [] : [{ ...record, until: slowedUntil }],
    ),
  )
  await wakeSenders(
    queries,
    owned.flatMap(({ conclusion, slowedUntil, attempt, ...record }) =>
      conclusion.status === 'queued' ? [{ ...record, at: slowedUntil ?? attempt.finishedAt }] : [],
    ),
  )
}

const recordStatement = `
  WITH input AS MATERIALIZED (
    SELECT * FROM json_to_recordset($1) AS i (key BIGINT, number INTEGER, finished_at BIGINT, outcome TEXT,
      provider_message_id TEXT, provider_status TEXT, reason TEXT, provider_code TEXT, provider_message TEXT,
      retry_after_ms BIGINT, detail TEXT, closed_at BIGINT, status TEXT, keeps_guard BOOLEAN, known_id TEXT, failure_reason TEXT,
      failure_code TEXT, failure_message TEXT, organization_id BIGINT, event_type TEXT, occurred_at BIGINT, event_data TEXT)
    ORDER BY key
  ), before AS MATERIALIZED (
    SELECT a.message_key, a.number, a.outcome FROM attempts a JOIN input i ON a.message_key = i.key AND a.number = i.number
  ), recorded AS (
    UPDATE attempts a SET finished_at = i.finished_at, outcome = i.outcome,
      provider_message_id = i.provider_message_id, provider_status = i.provider_status, reason = i.reason,
      provider_code = i.provider_code, provider_message = i.provider_message, retry_after_ms = i.retry_after_ms,
      detail = i.detail, closed_at = coalesce(i.closed_at, a.closed_at)
    FROM input i WHERE a.message_key = i.key AND a.number = i.number
      AND (a.outcome IS NULL OR (a.outcome = 'unknown' AND i.outcome <> 'unknown'))
    RETURNING a.message_key, a.number
  ), moved AS (
    UPDATE messages m SET status = i.status, provider_message_id = i.known_id,
      failure_reason = i.failure_reason, failure_code = i.failure_code, failure_message = i.failure_message,
      updated_at = i.finished_at, guard = CASE WHEN i.keeps_guard THEN m.guard END
    FROM input i JOIN recorded r ON r.message_key = i.key AND r.number = i.number
      JOIN before b ON b.message_key = i.key AND b.number = i.number
    -- What one process concludes from its own attempt holds only while there is nothing else to weigh.
    WHERE m.key = i.key AND m.status = 'sending' AND b.outcome IS NULL
      AND NOT EXISTS (SELECT 1 FROM attempts later WHERE later.message_key = i.key AND later.number > i.number)
    RETURNING m.key
  ), told AS (
    INSERT INTO events (organization_id, message_key, type, occurred_at, data)
    SELECT i.organization_id, i.key, i.event_type, i.occurred_at, i.event_data
    FROM input i JOIN moved ON moved.key = i.key WHERE i.event_type IS NOT NULL
  )
  SELECT r.message_key, r.number, m.key IS NOT NULL AS moved FROM recorded r LEFT JOIN moved m ON m.key = r.message_key`

function recordColumns({ key, organizationId, attempt, conclusion, keepsGuard, event }: OutcomeRecord) {
  const [outcome, providerMessageId, providerStatus, reason, code, message, retryAfterMs, detail] = outcomeColumns(
    attempt.outcome,
  )
  return {
    key,
    number: attempt.number,
    finished_at: attempt.finishedAt,
    outcome,
    provider_message_id: providerMessageId,
    provider_status: providerStatus,
    reason,
    provider_code: code,
    provider_message: message,
    retry_after_ms: retryAfterMs,
    detail,
    closed_at: attempt.closedAt,
    status: conclusion.status,
    keeps_guard: keepsGuard,
    known_id: conclusion.providerMessageId,
    failure_reason: conclusion.failure?.reason,
    failure_code: conclusion.failure?.providerCode,
    failure_message: conclusion.failure?.providerMessage,
    organization_id: organizationId,
    event_type: event?.type,
    occurred_at: event?.occurredAt,
    event_data: event === undefined ? undefined : JSON.stringify(event.data),
  }
}

async function failInterrupted(
  queries: Queries,
  { startedBefore, now, limit }: Parameters<SendStore['failInterrupted']>[0],
): Promise<number> {
  const stuck = `m.status = 'sending'
    AND EXISTS (SELECT 1 FROM attempts a WHERE a.message_key = m.key)
    AND NOT EXISTS (SELECT 1 FROM attempts a WHERE a.message_key = m.key
      AND (NOT ${isOver} OR a.finished_at >= $1))`
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
  for (const row of rows) await endMessage(queries, { key: Number(row.key), rule: 'interrupted', at: now })
  return rows.length
}

/** Ends a message of which nothing left; one that was sent again, and may have left before, becomes unknown. */
export async function endMessage(
  queries: Queries,
  {
    key,
    rule,
    at,
    reached,
  }: { readonly key: number; readonly rule: EndingRule; readonly at: number; readonly reached?: ReachedLimit },
): Promise<void> {
  const status = statusByRule[rule]
  await queries.run('UPDATE attempts SET closed_at = $1 WHERE message_key = $2 AND closed_at IS NULL', at, key)
  const doubt = await queries.get(`SELECT 1 FROM attempts WHERE message_key = $1 AND outcome = 'unknown' LIMIT 1`, key)
  if (doubt !== undefined) return concludeAnew(queries, key, { at, reason: rule })
  const row = await queries.get(
    `UPDATE messages SET status = $1, failure_reason = $2, reached_limit = $3, guard = NULL, hold_reason = NULL,
       due_at = NULL, updated_at = $4 WHERE key = $5 RETURNING *`,
    status,
    rule,
    reached === undefined ? null : JSON.stringify(reached),
    at,
    key,
  )
  if (row === undefined) return
  const message = messageOf(row)
  await insertEvent(
    queries,
    {
      type: `message.${status}`,
      organizationId: message.organizationId,
      occurredAt: at,
      data: messageEventData(message),
    },
    { messageKey: key },
  )
}
