import type { Message } from '../../core/message.ts'
import type { MessageId } from '../../core/message-id.ts'
import type { SendFacts } from '../../core/policy.ts'
import type { AcceptResult, MessageRecord, NewSend, OutcomeRecord, SendStore } from '../../ports/store.ts'
import { type EndingRule, statusByRule } from '../ending.ts'
import { guardHolds } from '../guard.ts'
import { causeOf, messageOf, outcomeColumns } from '../rows.ts'
import type { ConversationKeys } from './conversations.ts'
import type { Database } from './database.ts'
import { insertEvent } from './events.ts'
import { concludeAnew } from './evidence.ts'
import { insertOptOut, selectOptOuts } from './opt-outs.ts'

export function makeSends(database: Database, conversations: ConversationKeys): SendStore {
  return {
    accept: (send) => database.transaction(() => accept(database, conversations, send)),

    startAttempt: (start) =>
      database.transaction(() => {
        const row = selectStartable(database, start)
        if (row === undefined || (start.resend && isOvertaken(database, start))) return 'superseded'
        const decision = start.decide(factsOf(database, messageOf(row)))
        if (decision.kind === 'refuse') {
          if (!start.resend) end(database, { key: start.key, rule: decision.rule, at: start.attempt.startedAt })
          return 'refused'
        }
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

    releaseGuard: (organizationId, messageId) =>
      database.transaction(() => {
        database.run(
          `UPDATE messages SET guard = NULL
           WHERE id = ? AND organization_id = ? AND guard IS NOT NULL AND status NOT IN ('sending', 'unknown')`,
          messageId,
          organizationId,
        )
      }),

    claimQueued: ({ now, limit, decide }) =>
      database.transaction(() => {
        const claimed: MessageRecord[] = []
        for (const row of database.all(`SELECT * FROM messages WHERE status = 'queued' ORDER BY key LIMIT ?`, limit)) {
          const key = Number(row.key)
          const message: Message = { ...messageOf(row), status: 'sending', updatedAt: now }
          const decision = decide(message, factsOf(database, message))
          if (decision.kind === 'refuse') {
            end(database, { key, rule: decision.rule, at: now })
            continue
          }
          const attempt = { number: 1, startedAt: now }
          database.run(`UPDATE messages SET status = 'sending', updated_at = ? WHERE key = ?`, now, key)
          insertAttempt(database, key, attempt)
          insertMessageEvent(database, key, message)
          claimed.push({ key, message, attempts: [attempt] })
        }
        return claimed
      }),

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
        for (const row of rows) end(database, { key: Number(row.key), rule: 'interrupted', at: now })
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
  const decision = send.decide(factsOf(database, message))
  if (decision.kind === 'refuse') {
    const refused: Message = {
      ...message,
      status: statusByRule[decision.rule],
      failure: { reason: decision.rule },
    }
    const key = insertMessage(database, refused, { conversationKey, guard: null, guardExpiresAt: null })
    insertMessageEvent(database, key, refused)
    return { kind: 'refused', rule: decision.rule, record: { key, message: refused, attempts: [] } }
  }
  const guard = Buffer.from(send.guard, 'hex')
  const holder = database.get('SELECT key, id, status, guard_expires_at FROM messages WHERE guard = ?', guard)
  const held = holder !== undefined && guardHolds(holder, message.createdAt)
  if (held && idempotency === undefined) return { kind: 'joined', messageId: String(holder.id) as MessageId }
  if (holder !== undefined && !held) database.run('UPDATE messages SET guard = NULL WHERE key = ?', Number(holder.key))
  const key = insertMessage(database, message, {
    conversationKey,
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
  if (record.optOut !== undefined) insertOptOut(database, record.optOut)
}

const setOutcome = `UPDATE attempts SET finished_at = ?, outcome = ?, provider_message_id = ?, provider_status = ?,
  reason = ?, provider_code = ?, provider_message = ?, retry_after_ms = ?, detail = ?, closed_at = coalesce(?, closed_at)
  WHERE message_key = ? AND number = ?`

function factsOf(database: Database, message: Message): SendFacts {
  return {
    optOuts: selectOptOuts(database, message.organizationId, message.recipient),
    ...(message.inReplyTo === undefined ? {} : lastInbound(database, message)),
  }
}

function lastInbound(database: Database, { senderId, recipient }: Message): Pick<SendFacts, 'lastInboundId'> {
  const row = database.get(
    'SELECT last_inbound_id AS id FROM conversations WHERE sender_id = ? AND person = ?',
    senderId,
    recipient,
  )
  return typeof row?.id === 'string' ? { lastInboundId: row.id } : {}
}

function end(
  database: Database,
  { key, rule, at }: { readonly key: number; readonly rule: EndingRule; readonly at: number },
): void {
  database.run('UPDATE attempts SET closed_at = ? WHERE message_key = ? AND closed_at IS NULL', at, key)
  if (database.get(`SELECT 1 FROM attempts WHERE message_key = ? AND outcome = 'unknown'`, key) !== undefined) {
    concludeAnew(database, key, { at, reason: rule })
    return
  }
  const row = database.get(
    `UPDATE messages SET status = ?, failure_reason = ?, guard = NULL, updated_at = ? WHERE key = ? RETURNING *`,
    statusByRule[rule],
    rule,
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
       guard_expires_at, created_at, updated_at)
     VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
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

/** What a message has become, as an event. */
export function insertMessageEvent(database: Database, key: number, message: Message): void {
  const reason = message.failure === undefined ? {} : { reason: message.failure.reason }
  insertEvent(
    database,
    {
      type: `message.${message.status}`,
      organizationId: message.organizationId,
      occurredAt: message.updatedAt,
      data: { provider: message.provider, ...reason },
    },
    { messageKey: key },
  )
}
