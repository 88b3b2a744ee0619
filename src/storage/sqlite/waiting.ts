import { isWaiting, type MessageStatus } from '../../core/message-status.ts'
import type { QueueStore } from '../../ports/queue-store.ts'
import { backlogStatement } from '../backlog.ts'
import { backlogOf, messageOf, queueStatsOf } from '../rows.ts'
import type { Database, Row } from './database.ts'
import { insertEvent } from './events.ts'
import { wakeSender } from './lanes.ts'
import { selectRecord } from './messages.ts'
import { isHeld } from './queue.ts'
import { endMessage, insertMessageEvent } from './sends.ts'

type Part = Omit<QueueStore, 'dueSenders' | 'takeTurns' | 'claim' | 'takeDirectTurn' | 'findLane' | 'segmentsAhead'>

/** What becomes of waiting messages besides being dispatched. */
export function makeWaiting(database: Database): Part {
  return {
    releaseDue: ({ now, limit }) =>
      database.transaction(() =>
        enqueueAll(
          database,
          database.all(
            `SELECT key FROM messages INDEXED BY messages_due
             WHERE status IN ('scheduled', 'held') AND due_at IS NOT NULL AND due_at <= ?
               AND NOT ${isHeld} ORDER BY due_at LIMIT ?`,
            now,
            limit,
          ),
          now,
        ),
      ),
    releaseUnpaused: ({ now, limit }) => database.transaction(() => releaseUnpaused(database, now, limit)),
    expireWaiting: ({ now, limit }) =>
      database.transaction(() => {
        const rows = database.all(
          `SELECT key FROM messages INDEXED BY messages_expiring
           WHERE status IN ('queued', 'scheduled', 'held') AND expires_at IS NOT NULL
             AND expires_at <= ? ORDER BY expires_at LIMIT ?`,
          now,
          limit,
        )
        for (const row of rows) endMessage(database, { key: Number(row.key), rule: 'expired', at: now })
        return rows.length
      }),
    repairLanes: (now) => database.transaction(() => repairLanes(database, now)),
    cancel: (params) => database.transaction(() => cancel(database, params)),
    decideHeld: (params) => database.transaction(() => decideHeld(database, params)),
    listHeld: async (organizationId, { limit, before }) =>
      database
        .all(
          `SELECT * FROM messages WHERE status = 'held' AND organization_id = ? AND key < ? ORDER BY key DESC LIMIT ?`,
          organizationId,
          before ?? Number.MAX_SAFE_INTEGER,
          limit,
        )
        .map((row) => selectRecord(database, row)),
    stats: async (organizationId) =>
      (['queued', 'scheduled', 'held'] as const).flatMap((status) =>
        database
          .all(
            `SELECT provider, status, hold_reason, count(*) AS count,
               iif(status = 'held', NULL, min(coalesce(send_at, created_at))) AS oldest_at
             FROM messages INDEXED BY messages_by_wait
             WHERE status = ? AND status IN ('queued', 'scheduled', 'held') AND organization_id = ?
             GROUP BY provider, hold_reason`,
            status,
            organizationId,
          )
          .map(queueStatsOf),
      ),
    backlog: async (countMax) => backlogOf(database.get(backlogStatement(countMax))),
    countDispatched: ({ organizationId, since, before, limit }) =>
      database.transaction(() => {
        const rows = database.all(
          `SELECT key, created_at FROM messages WHERE organization_id = ? AND key < ? ORDER BY key DESC LIMIT ?`,
          organizationId,
          before ?? Number.MAX_SAFE_INTEGER,
          limit,
        )
        const last = rows.at(-1)
        if (last === undefined) return undefined
        database.run(
          `UPDATE messages SET counted_at = (SELECT max(started_at) FROM attempts WHERE message_key = key)
           WHERE organization_id = ? AND key BETWEEN ? AND ? AND direction = 'outbound' AND counted_at IS NULL`,
          organizationId,
          Number(last.key),
          Number(rows[0]?.key),
        )
        return rows.length < limit || Number(last.created_at) < since ? undefined : Number(last.key)
      }),
  }
}

function enqueueAll(database: Database, rows: readonly Row[], now: number): number {
  for (const row of rows) enqueue(database, Number(row.key), now)
  return rows.length
}

function enqueue(database: Database, key: number, now: number): void {
  const row = database.get(
    `UPDATE messages SET status = 'queued', queued = 1, due_at = NULL, hold_reason = NULL, updated_at = ? WHERE key = ?
     RETURNING *`,
    now,
    key,
  )
  if (row === undefined) return
  const message = messageOf(row)
  insertMessageEvent(database, key, message)
  wakeSender(database, { ...message, at: now })
}

/**
 * By groups of what may be paused, which are few, so that those that stay paused cost one look each, and an organization
 * that is paused costs one for all of its own. `>` on several columns would walk through the whole group before.
 */
function releaseUnpaused(database: Database, now: number, limit: number): number {
  let released = 0
  let place: readonly [number, number, number, number] = [0, 0, 0, 0]
  for (;;) {
    const group = database.get(
      `SELECT organization_id, assistant_id, sender_id, provider_account_id FROM messages INDEXED BY messages_paused
       WHERE status = 'held' AND hold_reason = 'paused'
         AND (organization_id, assistant_id, sender_id, provider_account_id) >= (?, ?, ?, ? + 1)
       ORDER BY organization_id, assistant_id, sender_id, provider_account_id LIMIT 1`,
      ...place,
    )
    if (group === undefined || released >= limit) return released
    const ids = [group.organization_id, group.assistant_id, group.sender_id, group.provider_account_id].map(Number)
    const [organizationId = 0, assistantId = 0, senderId = 0, accountId = 0] = ids
    const paused = database.get(
      `SELECT (SELECT paused_at FROM organizations WHERE id = ?) AS whole, coalesce(
         (SELECT paused_at FROM assistants WHERE id = ?), (SELECT paused_at FROM senders WHERE id = ?),
         (SELECT paused_at FROM provider_accounts WHERE id = ?)) AS part`,
      organizationId,
      assistantId,
      senderId,
      accountId,
    )
    const isWhole = typeof paused?.whole === 'number'
    place = [organizationId, isWhole ? Number.MAX_SAFE_INTEGER : assistantId, senderId, accountId]
    if (isWhole || typeof paused?.part === 'number') continue
    const rows = database.all(
      `SELECT key FROM messages WHERE status = 'held' AND hold_reason = 'paused' AND organization_id = ?
         AND assistant_id = ? AND sender_id = ? AND provider_account_id = ? ORDER BY key LIMIT ?`,
      organizationId,
      assistantId,
      senderId,
      accountId,
      limit - released,
    )
    released += enqueueAll(database, rows, now)
  }
}

function repairLanes(database: Database, now: number): void {
  database.run(
    `WITH RECURSIVE waiting (sender_id) AS (
       SELECT min(sender_id) FROM messages WHERE status = 'queued'
       UNION ALL
       SELECT (SELECT min(m.sender_id) FROM messages m WHERE m.status = 'queued' AND m.sender_id > w.sender_id)
       FROM waiting w WHERE w.sender_id IS NOT NULL)
     INSERT INTO lanes (kind, id, organization_id, next_at)
     SELECT 'sender', w.sender_id, (SELECT m.organization_id FROM messages m WHERE m.status = 'queued'
       AND m.sender_id = w.sender_id LIMIT 1), ?
     FROM waiting w WHERE w.sender_id IS NOT NULL AND NOT EXISTS (
       SELECT 1 FROM lanes l WHERE l.kind = 'sender' AND l.id = w.sender_id AND l.next_at IS NOT NULL)
     ON CONFLICT DO UPDATE SET next_at = excluded.next_at`,
    now,
  )
}

function selectMessage(
  database: Database,
  { organizationId, messageId }: { organizationId: number; messageId: string },
) {
  return database.get(
    `SELECT * FROM messages WHERE id = ? AND organization_id = ? AND direction = 'outbound'`,
    messageId,
    organizationId,
  )
}

function cancel(
  database: Database,
  params: Parameters<QueueStore['cancel']>[0],
): Awaited<ReturnType<QueueStore['cancel']>> {
  const row = selectMessage(database, params)
  if (row === undefined) return undefined
  const previous = String(row.status) as MessageStatus
  if (!isWaiting(previous)) return { canceled: false, previous, now: previous }
  const key = Number(row.key)
  endMessage(database, { key, rule: 'canceled', at: params.now })
  const after = database.get('SELECT status FROM messages WHERE key = ?', key)
  const status = String(after?.status) as MessageStatus
  return { canceled: status === 'canceled', previous, now: status }
}

function decideHeld(database: Database, params: Parameters<QueueStore['decideHeld']>[0]): boolean {
  const { approve, by, note, now } = params
  const row = selectMessage(database, params)
  if (row?.status !== 'held' || row.hold_reason !== 'approval') return false
  const key = Number(row.key)
  const message = messageOf(row)
  insertEvent(
    database,
    {
      type: approve ? 'message.approved' : 'message.refused',
      organizationId: message.organizationId,
      occurredAt: now,
      data: { provider: message.provider, by, ...(note === undefined ? {} : { note }) },
    },
    { messageKey: key },
  )
  if (!approve) {
    endMessage(database, { key, rule: 'not_approved', at: now })
    return true
  }
  database.run('UPDATE messages SET approved_at = ? WHERE key = ?', now, key)
  if (message.sendAt === undefined || message.sendAt <= now) enqueue(database, key, now)
  else {
    const scheduled = { ...message, status: 'scheduled', dueAt: message.sendAt, updatedAt: now } as const
    database.run(
      `UPDATE messages SET status = 'scheduled', due_at = ?, hold_reason = NULL, updated_at = ? WHERE key = ?`,
      message.sendAt,
      now,
      key,
    )
    insertMessageEvent(database, key, scheduled)
  }
  return true
}
