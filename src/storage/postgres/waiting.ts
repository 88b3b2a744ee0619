import { isWaiting, type MessageStatus } from '../../core/message-status.ts'
import type { QueueStore } from '../../ports/queue-store.ts'
import { backlogStatement } from '../backlog.ts'
import { backlogOf, messageOf, queueStatsOf, type Row } from '../rows.ts'
import type { Database, Queries } from './database.ts'
import { insertEvent } from './events.ts'
import { wakeSenders } from './lanes.ts'
import { selectRecord } from './messages.ts'
import { isHeld } from './queue.ts'
import { endMessage } from './sends.ts'

type Part = Omit<QueueStore, 'dueSenders' | 'takeTurns' | 'claim' | 'takeDirectTurn' | 'findLane' | 'segmentsAhead'>

/** What becomes of waiting messages besides being dispatched. */
export function makeWaiting(database: Database): Part {
  return {
    releaseDue: ({ now, limit }) =>
      database.transaction(async (queries) =>
        enqueue(
          queries,
          await queries.all(
            `SELECT key FROM messages WHERE status IN ('scheduled', 'held') AND due_at IS NOT NULL AND due_at <= $1
               AND NOT ${isHeld} ORDER BY due_at LIMIT $2 FOR UPDATE SKIP LOCKED`,
            now,
            limit,
          ),
          now,
        ),
      ),
    releaseUnpaused: ({ now, limit }) => releaseUnpaused(database, now, limit),
    expireWaiting: ({ now, limit }) =>
      database.transaction(async (queries) => {
        const rows = await queries.all(
          `SELECT key FROM messages WHERE status IN ('queued', 'scheduled', 'held') AND expires_at IS NOT NULL
             AND expires_at <= $1 ORDER BY expires_at LIMIT $2 FOR UPDATE SKIP LOCKED`,
          now,
          limit,
        )
        for (const row of rows) await endMessage(queries, { key: Number(row.key), rule: 'expired', at: now })
        return rows.length
      }),
    repairLanes: (now) => repairLanes(database, now),
    cancel: (params) => database.transaction((queries) => cancel(queries, params)),
    decideHeld: (params) => database.transaction((queries) => decideHeld(queries, params)),
    async listHeld(organizationId, { limit, before }) {
      const rows = await database.all(
        `SELECT * FROM messages WHERE status = 'held' AND organization_id = $1 AND key < $2 ORDER BY key DESC LIMIT $3`,
        organizationId,
        before ?? Number.MAX_SAFE_INTEGER,
        limit,
      )
      return Promise.all(rows.map((row) => selectRecord(database, row)))
    },
    async stats(organizationId) {
      const rows = await database.all(
        `SELECT w.provider, w.status, w.hold_reason, w.count, (
           SELECT coalesce(m.send_at, m.created_at) FROM messages m WHERE m.organization_id = $1
             AND m.provider = w.provider AND m.status = w.status AND m.status IN ('queued', 'scheduled', 'held')
             AND m.hold_reason IS NULL ORDER BY m.hold_reason, coalesce(m.send_at, m.created_at) LIMIT 1) AS oldest_at
         FROM (SELECT provider, status, hold_reason, count(*) AS count FROM messages
           WHERE organization_id = $1 AND status IN ('queued', 'scheduled', 'held')
           GROUP BY provider, status, hold_reason) AS w`,
        organizationId,
      )
      return rows.map(queueStatsOf)
    },
    backlog: async (countMax) => backlogOf(await database.get(backlogStatement(countMax))),
    countDispatched: (params) => database.transaction((queries) => countDispatched(queries, params)),
  }
}

/** The caller has locked them. @returns how many. */
async function enqueue(queries: Queries, rows: readonly Row[], now: number): Promise<number> {
  if (rows.length === 0) return 0
  const written = await queries.all(
    `WITH queued AS (
       UPDATE messages SET status = 'queued', queued = true, due_at = NULL, hold_reason = NULL, updated_at = $2
       WHERE key = ANY($1::bigint[]) RETURNING key, organization_id, sender_id, provider
     ), told AS (
       INSERT INTO events (organization_id, message_key, type, occurred_at, data)
       SELECT organization_id, key, 'message.queued', $2, json_build_object('provider', provider) FROM queued
     )
     SELECT DISTINCT organization_id, sender_id FROM queued`,
    rows.map((row) => Number(row.key)),
    now,
  )
  await wakeSenders(
    queries,
    written.map((row) => ({ senderId: Number(row.sender_id), organizationId: Number(row.organization_id), at: now })),
  )
  return rows.length
}

/**
 * By groups of what may be paused, which are few, so that those that stay paused cost one look each, and an organization
 * that is paused costs one for all of its own.
 */
async function releaseUnpaused(database: Database, now: number, limit: number): Promise<number> {
  const groups = await database.all(
    `WITH RECURSIVE groups AS (
       (SELECT ${groupOf('m')} FROM messages m WHERE m.status = 'held' AND m.hold_reason = 'paused'
        ORDER BY ${groupOf('m')} LIMIT 1)
       UNION ALL
       SELECT n.* FROM groups g
       LEFT JOIN organizations o ON o.id = g.organization_id AND o.paused_at IS NOT NULL
       CROSS JOIN LATERAL (
         SELECT ${groupOf('m')} FROM messages m WHERE m.status = 'held' AND m.hold_reason = 'paused'
           AND (${groupOf('m')}) > (g.organization_id, CASE WHEN o.id IS NULL THEN g.assistant_id ELSE $1 END,
             g.sender_id, g.provider_account_id)
         ORDER BY ${groupOf('m')} LIMIT 1) AS n
     )
     SELECT g.* FROM groups g
     WHERE NOT EXISTS (SELECT 1 FROM organizations o WHERE o.id = g.organization_id AND o.paused_at IS NOT NULL)
       AND NOT EXISTS (SELECT 1 FROM assistants a WHERE a.id = g.assistant_id AND a.paused_at IS NOT NULL)
       AND NOT EXISTS (SELECT 1 FROM senders s WHERE s.id = g.sender_id AND s.paused_at IS NOT NULL)
       AND NOT EXISTS (SELECT 1 FROM provider_accounts p WHERE p.id = g.provider_account_id AND p.paused_at IS NOT NULL)`,
    Number.MAX_SAFE_INTEGER,
  )
  let released = 0
  for (const group of groups) {
    if (released >= limit) break
    released += await database.transaction(async (queries) =>
      enqueue(
        queries,
        await queries.all(
          `SELECT key FROM messages WHERE status = 'held' AND hold_reason = 'paused' AND organization_id = $1
             AND assistant_id = $2 AND sender_id = $3 AND provider_account_id = $4
           ORDER BY key LIMIT $5 FOR UPDATE SKIP LOCKED`,
          Number(group.organization_id),
          Number(group.assistant_id),
          Number(group.sender_id),
          Number(group.provider_account_id),
          limit - released,
        ),
        now,
      ),
    )
  }
  return released
}

function groupOf(table: string): string {
  return ['organization_id', 'assistant_id', 'sender_id', 'provider_account_id']
    .map((column) => `${table}.${column}`)
    .join(', ')
}

/** Lanes that are in order are not touched: nobody waits for their locks. */
async function repairLanes(database: Database, now: number): Promise<void> {
  await database.run(
    `WITH RECURSIVE waiting AS (
       (SELECT sender_id, organization_id FROM messages WHERE status = 'queued' ORDER BY sender_id LIMIT 1)
       UNION ALL
       SELECT n.* FROM waiting w CROSS JOIN LATERAL (
         SELECT m.sender_id, m.organization_id FROM messages m WHERE m.status = 'queued' AND m.sender_id > w.sender_id
         ORDER BY m.sender_id LIMIT 1) AS n
     )
     INSERT INTO lanes AS l (kind, id, organization_id, next_at)
     SELECT 'sender', w.sender_id, w.organization_id, $1 FROM waiting w
     WHERE NOT EXISTS (
       SELECT 1 FROM lanes k WHERE k.kind = 'sender' AND k.id = w.sender_id AND k.next_at IS NOT NULL OFFSET 0)
     ORDER BY w.sender_id
     ON CONFLICT (kind, id) DO UPDATE SET next_at = excluded.next_at WHERE l.next_at IS NULL`,
    now,
  )
}

async function lockMessage(
  queries: Queries,
  { organizationId, messageId }: { readonly organizationId: number; readonly messageId: string },
): Promise<Row | undefined> {
  return queries.get(
    `SELECT * FROM messages WHERE id = $1 AND organization_id = $2 AND direction = 'outbound' FOR UPDATE`,
    messageId,
    organizationId,
  )
}

async function cancel(queries: Queries, params: Parameters<QueueStore['cancel']>[0]): ReturnType<QueueStore['cancel']> {
  const row = await lockMessage(queries, params)
  if (row === undefined) return undefined
  const previous = String(row.status) as MessageStatus
  if (!isWaiting(previous)) return { canceled: false, previous, now: previous }
  const key = Number(row.key)
  await endMessage(queries, { key, rule: 'canceled', at: params.now })
  const after = await queries.get('SELECT status FROM messages WHERE key = $1', key)
  const status = String(after?.status) as MessageStatus
  return { canceled: status === 'canceled', previous, now: status }
}

async function decideHeld(queries: Queries, params: Parameters<QueueStore['decideHeld']>[0]): Promise<boolean> {
  const { approve, by, note, now } = params
  const row = await lockMessage(queries, params)
  if (row?.status !== 'held' || row.hold_reason !== 'approval') return false
  const key = Number(row.key)
  const { organizationId, provider, sendAt } = messageOf(row)
  await insertEvent(
    queries,
    {
      type: approve ? 'message.approved' : 'message.refused',
      organizationId,
      occurredAt: now,
      data: { provider, by, ...(note === undefined ? {} : { note }) },
    },
    { messageKey: key },
  )
  if (!approve) {
    await endMessage(queries, { key, rule: 'not_approved', at: now })
    return true
  }
  await queries.run('UPDATE messages SET approved_at = $1 WHERE key = $2', now, key)
  if (sendAt === undefined || sendAt <= now) {
    await enqueue(queries, [row], now)
    return true
  }
  await queries.run(
    `UPDATE messages SET status = 'scheduled', due_at = $1, hold_reason = NULL, updated_at = $2 WHERE key = $3`,
    sendAt,
    now,
    key,
  )
  await insertEvent(
    queries,
    { type: 'message.scheduled', organizationId, occurredAt: now, data: { provider } },
    { messageKey: key },
  )
  return true
}

async function countDispatched(
  queries: Queries,
  { organizationId, since, before, limit }: Parameters<QueueStore['countDispatched']>[0],
): Promise<number | undefined> {
  const rows = await queries.all(
    'SELECT key, created_at FROM messages WHERE organization_id = $1 AND key < $2 ORDER BY key DESC LIMIT $3',
    organizationId,
    before ?? Number.MAX_SAFE_INTEGER,
    limit,
  )
  const last = rows.at(-1)
  if (last === undefined) return undefined
  await queries.run(
    `UPDATE messages m SET counted_at = (SELECT max(a.started_at) FROM attempts a WHERE a.message_key = m.key)
     WHERE m.organization_id = $1 AND m.key BETWEEN $2 AND $3 AND m.direction = 'outbound' AND m.counted_at IS NULL`,
    organizationId,
    Number(last.key),
    Number(rows[0]?.key),
  )
  return rows.length < limit || Number(last.created_at) < since ? undefined : Number(last.key)
}
