import { isWaiting, type MessageStatus } from '../../core/message-status.ts'
import type { QueueStore } from '../../ports/queue-store.ts'
import { messageOf, queueStatsOf } from '../rows.ts'
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
            `SELECT key FROM messages WHERE status IN ('scheduled', 'held') AND due_at IS NOT NULL AND due_at <= ?
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
          `SELECT key FROM messages WHERE status IN ('queued', 'scheduled', 'held') AND expires_at IS NOT NULL
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
      database
        .all(
          `SELECT provider, status, hold_reason, count(*) AS count, min(coalesce(send_at, created_at)) AS oldest_at
           FROM messages WHERE organization_id = ? AND status IN ('queued', 'scheduled', 'held')
           GROUP BY provider, status, hold_reason`,
          organizationId,
        )
        .map(queueStatsOf),
    async waiting(countMax) {
      const row = database.get(
        `SELECT count(*) AS count, min(coalesce(send_at, created_at)) AS oldest_at FROM (
           SELECT send_at, created_at FROM messages WHERE status = 'queued' LIMIT ?)`,
        countMax,
      )
      return {
        count: Number(row?.count ?? 0),
        ...(typeof row?.oldest_at === 'number' ? { oldestQueuedAt: row.oldest_at } : {}),
      }
    },
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

/** By groups of assistant and number, which are few, so that those that stay paused cost one look each. */
function releaseUnpaused(database: Database, now: number, limit: number): number {
  let released = 0
  let group: Row | undefined
  for (;;) {
    group = database.get(
      `SELECT assistant_id, sender_id FROM messages WHERE status = 'held' AND hold_reason = 'paused'
         AND (assistant_id, sender_id) > (?, ?) ORDER BY assistant_id, sender_id LIMIT 1`,
      Number(group?.assistant_id ?? -1),
      Number(group?.sender_id ?? -1),
    )
    if (group === undefined || released >= limit) return released
    const rows = database.all(
      `SELECT m.key FROM messages m WHERE m.status = 'held' AND m.hold_reason = 'paused' AND m.assistant_id = ?
         AND m.sender_id = ? AND NOT EXISTS (SELECT 1 FROM organizations o WHERE o.id = m.organization_id AND o.paused_at > 0)
         AND NOT EXISTS (SELECT 1 FROM assistants a WHERE a.id = m.assistant_id AND a.paused_at > 0)
         AND NOT EXISTS (SELECT 1 FROM senders s WHERE s.id = m.sender_id AND s.paused_at > 0)
         AND NOT EXISTS (SELECT 1 FROM provider_accounts p WHERE p.id = m.provider_account_id AND p.paused_at > 0)
       ORDER BY m.key LIMIT ?`,
      Number(group.assistant_id),
      Number(group.sender_id),
      limit - released,
    )
    released += enqueueAll(database, rows, now)
  }
}

function repairLanes(database: Database, now: number): void {
  let senderId = -1
  for (;;) {
    const row = database.get(
      `SELECT sender_id, organization_id FROM messages WHERE status = 'queued' AND sender_id > ? ORDER BY sender_id LIMIT 1`,
      senderId,
    )
    if (row === undefined) return
    senderId = Number(row.sender_id)
    database.run(
      `INSERT INTO lanes (kind, id, organization_id, next_at) VALUES ('sender', ?, ?, ?)
       ON CONFLICT DO UPDATE SET next_at = excluded.next_at WHERE next_at IS NULL`,
      senderId,
      Number(row.organization_id),
      now,
    )
  }
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
  return { canceled: true, previous, now: String(after?.status) as MessageStatus }
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
