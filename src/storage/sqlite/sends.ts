import type { Message, ReachedLimit } from '../../core/message.ts'
import type { MessageId } from '../../core/message-id.ts'
import { dayOf } from '../../core/send-facts.ts'
import type { AcceptResult, MessageRecord, NewSend, OutcomeRecord, SendStore } from '../../ports/store.ts'
import {
  countedMessage,
  type EndingRule,
  isRefusedByLimit,
  judged,
  mayJoin,
  messageEventData,
  statusByRule,
  takesGuard,
} from '../ending.ts'
import { guardHolds } from '../guard.ts'
import { causeOf, messageOf, outcomeColumns } from '../rows.ts'
import type { ConversationKeys } from './conversations.ts'
import type { Database } from './database.ts'
import { insertEvent } from './events.ts'
import { concludeAnew } from './evidence.ts'
import { debitLanes, slowSender, wakeSender } from './lanes.ts'
import { insertOptOut } from './opt-outs.ts'
import { addSpending, factsOf } from './send-facts.ts'

export function makeSends(database: Database, conversations: ConversationKeys): SendStore {
  return {
    accept: (send) => database.transaction(() => accept(database, conversations, send)),

    startAttempt: (start) =>
      database.transaction(() => {
        const row = selectStartable(database, start)
        if (row === undefined || (start.resend && isOvertaken(database, start))) return 'superseded'
        const message = messageOf(row)
        const { startedAt } = start.attempt
        const decision = start.terms.decide(factsOf(database, message, start.terms.needs))
        if (decision.kind === 'hold') return 'superseded'
        if (decision.kind === 'refuse') {
          if (!start.resend) endMessage(database, { key: start.key, at: startedAt, ...decision })
          return 'refused'
        }
        debitLanes(database, start.uses, { organizationId: message.organizationId, now: startedAt })
        insertAttempt(database, start.key, start.attempt)
        database.run(
          'UPDATE messages SET guard = coalesce(guard, iif(?, ?, NULL)), guard_expires_at = ? WHERE key = ?',
          start.resend ? 1 : 0,
          Buffer.from(start.guard, 'hex'),
          start.guardExpiresAt,
          start.key,
        )
        if (start.resend) concludeAnew(database, start.key, causeOf(start, start.attempt))
        return 'started'
      }),

    recordOutcome: (record) => database.transaction(() => recordOutcome(database, record)),

    releaseGuard: (organizationId, messageId, now) =>
      database.transaction(() => {
        database.run(
          `UPDATE messages SET guard = NULL
           WHERE id = ? AND organization_id = ? AND guard IS NOT NULL AND status NOT IN ('sending', 'unknown')
             AND ifnull(duplicate_until, 0) <= ?`,
          messageId,
          organizationId,
          now,
        )
      }),

    facts: async (message, needs) => factsOf(database, message, needs),
    async findJoined(message, guard) {
      const holder = selectHolder(database, guard)
      const joins = holder !== undefined && mayJoin(message) && guardHolds(holder, message.createdAt)
      return joins ? (String(holder.id) as MessageId) : undefined
    },

    failInterrupted: ({ startedBefore, now, limit }) =>
      database.transaction(() => {
        const rows = database.all(
          `SELECT m.key FROM messages m WHERE m.status = 'sending'
             AND EXISTS (SELECT 1 FROM attempts a WHERE a.message_key = m.key)
             AND NOT EXISTS (SELECT 1 FROM attempts a WHERE a.message_key = m.key
               AND (NOT ${isOver} OR a.finished_at >= ?))
           ORDER BY m.key LIMIT ?`,
          startedBefore,
          limit,
        )
        for (const row of rows) endMessage(database, { key: Number(row.key), rule: 'interrupted', at: now })
        return rows.length
      }),
  }
}

/** An identical message has taken the guard over meanwhile: sending this one again would text the person twice. */
function isOvertaken(database: Database, { key, guard }: Parameters<SendStore['startAttempt']>[0]): boolean {
  const holder = database.get('SELECT key FROM messages WHERE guard = ?', Buffer.from(guard, 'hex'))
  return holder !== undefined && Number(holder.key) !== key
}

/** Nothing is done or awaited for the attempt `a`, but perhaps a further one. */
const isOver = `ifnull(a.outcome = 'not_sent' OR (a.outcome = 'unknown' AND a.closed_at IS NOT NULL), 0)`

function selectHolder(database: Database, guard: string) {
  return database.get(
    'SELECT key, id, status, guard_expires_at, duplicate_until FROM messages WHERE guard = ?',
    Buffer.from(guard, 'hex'),
  )
}

/** The message, when a further attempt may start: see `SendStore.startAttempt`. */
function selectStartable(database: Database, { key, resend }: Parameters<SendStore['startAttempt']>[0]) {
  return database.get(
    `SELECT m.* FROM messages m WHERE m.key = ? AND m.status = ?
       AND NOT EXISTS (SELECT 1 FROM attempts a WHERE a.message_key = m.key AND NOT ${isOver})`,
    key,
    resend ? 'unknown' : 'sending',
  )
}

function accept(database: Database, conversations: ConversationKeys, send: NewSend): AcceptResult {
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
  const conversationKey = conversations.ensure(message)
  const decision = send.terms.decide(factsOf(database, message, send.terms.needs))
  const holder = selectHolder(database, send.guard)
  const held = holder !== undefined && guardHolds(holder, message.createdAt)
  const joined =
    held && mayJoin(message) ? ({ kind: 'joined', messageId: String(holder.id) as MessageId } as const) : undefined
  if (joined !== undefined && isRefusedByLimit(decision)) return joined
  if (decision.kind === 'refuse') {
    const refused = judged(message, decision)
    const key = insertMessage(database, refused, { conversationKey, guard: null, guardExpiresAt: null })
    insertMessageEvent(database, key, refused)
    return { kind: 'refused', rule: decision.rule, record: { key, message: refused, attempts: [] } }
  }
  const accepted = decision.kind === 'hold' ? judged(message, decision) : countedMessage(send)
  if (joined !== undefined) return joined
  if (holder !== undefined && !held) database.run('UPDATE messages SET guard = NULL WHERE key = ?', Number(holder.key))
  const isGuarded = !held && takesGuard(accepted)
  const key = insertMessage(database, accepted, {
    conversationKey,
    guard: isGuarded ? Buffer.from(send.guard, 'hex') : null,
    guardExpiresAt: isGuarded && accepted.status === 'sending' ? send.guardExpiresAt : null,
  })
  insertMessageEvent(database, key, accepted)
  if (idempotency !== undefined) insertIdempotencyKey(database, message, idempotency)
  return begin(database, key, send, accepted)
}

function begin(database: Database, key: number, send: NewSend, message: Message): AcceptResult {
  const { organizationId, senderId, createdAt, status } = message
  if (status !== 'sending') {
    if (status === 'queued') wakeSender(database, { senderId, organizationId, at: createdAt })
    return { kind: 'waiting', record: { key, message, attempts: [] } }
  }
  const attempt = { number: 1, startedAt: createdAt }
  insertAttempt(database, key, attempt)
  debitLanes(database, send.uses, { organizationId, now: createdAt })
  addSpending(database, message, dayOf(createdAt))
  return { kind: 'started', record: { key, message, attempts: [attempt] } }
}

function insertIdempotencyKey(
  database: Database,
  message: Message,
  { route, key, requestHash }: NonNullable<NewSend['idempotency']>,
): void {
  database.run(
    `INSERT OR REPLACE INTO idempotency_keys (organization_id, route, key, request_hash, message_id, created_at)
     VALUES (?, ?, ?, ?, ?, ?)`,
    message.organizationId,
    route,
    key,
    requestHash,
    message.id,
    message.createdAt,
  )
}

function recordOutcome(database: Database, record: OutcomeRecord): void {
  const { attempt, conclusion, key } = record
  const columns = [attempt.finishedAt, ...outcomeColumns(attempt.outcome), attempt.closedAt ?? null] as const
  const isFirst = database.run(`${setOutcome} AND outcome IS NULL`, ...columns, key, attempt.number).changes > 0
  const isBetter =
    !isFirst &&
    attempt.outcome.kind !== 'unknown' &&
    database.run(`${setOutcome} AND outcome = 'unknown'`, ...columns, key, attempt.number).changes > 0
  if (!isFirst && !isBetter) return
  // What one process concludes from its own attempt holds only while there is nothing else to weigh.
  const moved =
    isFirst &&
    database.run(
      `UPDATE messages SET status = ?, provider_message_id = ?, failure_reason = ?, failure_code = ?,
         failure_message = ?, updated_at = ?, guard = iif(?, guard, NULL)
       WHERE key = ? AND status = 'sending'
         AND NOT EXISTS (SELECT 1 FROM attempts WHERE message_key = ? AND number > ?)`,
      conclusion.status,
      conclusion.providerMessageId ?? null,
      conclusion.failure?.reason ?? null,
      conclusion.failure?.providerCode ?? null,
      conclusion.failure?.providerMessage ?? null,
      attempt.finishedAt,
      record.keepsGuard ? 1 : 0,
      key,
      key,
      attempt.number,
    ).changes > 0
  if (!moved) concludeAnew(database, key, { at: attempt.finishedAt, attempt: attempt.number })
  else if (record.event !== undefined) insertEvent(database, record.event, { messageKey: key })
  if (moved && (record.slowedUntil !== undefined || conclusion.status === 'queued')) giveBack(database, record)
  if (record.optOut !== undefined) insertOptOut(database, record.optOut)
}

/** The queue of the number rests as its provider asked for, and is looked at after that. */
function giveBack(database: Database, { key, organizationId, slowedUntil, attempt, conclusion }: OutcomeRecord): void {
  const senderId = Number(database.get('SELECT sender_id FROM messages WHERE key = ?', key)?.sender_id)
  if (slowedUntil !== undefined) slowSender(database, { senderId, organizationId, until: slowedUntil })
  if (conclusion.status === 'queued')
    wakeSender(database, { senderId, organizationId, at: slowedUntil ?? attempt.finishedAt })
}

const setOutcome = `UPDATE attempts SET finished_at = ?, outcome = ?, provider_message_id = ?, provider_status = ?,
  reason = ?, provider_code = ?, provider_message = ?, retry_after_ms = ?, detail = ?, closed_at = coalesce(?, closed_at)
  WHERE message_key = ? AND number = ?`

/** Ends a message of which nothing left; one that was sent again, and may have left before, becomes unknown. */
export function endMessage(
  database: Database,
  {
    key,
    rule,
    at,
    reached,
  }: { readonly key: number; readonly rule: EndingRule; readonly at: number; readonly reached?: ReachedLimit },
): void {
  database.run('UPDATE attempts SET closed_at = ? WHERE message_key = ? AND closed_at IS NULL', at, key)
  if (database.get(`SELECT 1 FROM attempts WHERE message_key = ? AND outcome = 'unknown'`, key) !== undefined) {
    concludeAnew(database, key, { at, reason: rule })
    return
  }
  const row = database.get(
    `UPDATE messages SET status = ?, failure_reason = ?, reached_limit = ?, guard = NULL, hold_reason = NULL, due_at = NULL,
       updated_at = ? WHERE key = ? RETURNING *`,
    statusByRule[rule],
    rule,
    reached === undefined ? null : JSON.stringify(reached),
    at,
    key,
  )
  if (row !== undefined) insertMessageEvent(database, key, messageOf(row))
}

/** @returns its key. */
export function insertMessage(
  database: Database,
  message: Message,
  {
    conversationKey,
    guard,
    guardExpiresAt,
  }: { readonly conversationKey: number; readonly guard: Buffer | null; readonly guardExpiresAt: number | null },
): MessageRecord['key'] {
  return database.run(
    `INSERT INTO messages (id, organization_id, direction, conversation_key, assistant_id, sender_id,
       provider_account_id, provider, sender, recipient, body, media_urls, encoding, segment_count, category,
       on_unknown, metadata, in_reply_to, automatic, keyword, status, provider_message_id, failure_reason, guard,
       guard_expires_at, queued, keyed, priority, send_at, expires_at, due_at, hold_reason, reached_limit, counted_at,
       cost_micros, duplicate_until, created_at, updated_at)
     VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
    message.id,
    message.organizationId,
    message.direction,
    conversationKey,
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
    message.inReplyTo ?? null,
    message.automatic ?? null,
    message.keyword ?? null,
    message.status,
    message.providerMessageId ?? null,
    message.failure?.reason ?? null,
    guard,
    guardExpiresAt,
    message.queued ? 1 : 0,
    message.keyed ? 1 : 0,
    message.priority,
    message.sendAt ?? null,
    message.expiresAt ?? null,
    message.dueAt ?? null,
    message.holdReason ?? null,
    message.reachedLimit === undefined ? null : JSON.stringify(message.reachedLimit),
    message.countedAt ?? null,
    message.costMicros ?? null,
    message.duplicateUntil ?? null,
    message.createdAt,
    message.updatedAt,
  ).lastKey
}

export function insertAttempt(database: Database, key: number, attempt: { number: number; startedAt: number }): void {
  database.run(
    'INSERT INTO attempts (message_key, number, started_at) VALUES (?, ?, ?)',
    key,
    attempt.number,
    attempt.startedAt,
  )
}

/** What a message has become, as an event. */
export function insertMessageEvent(database: Database, key: number, message: Message): void {
  insertEvent(
    database,
    {
      type: `message.${message.status}`,
      organizationId: message.organizationId,
      occurredAt: message.updatedAt,
      data: messageEventData(message),
    },
    { messageKey: key },
  )
}
