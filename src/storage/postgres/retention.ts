import { isDue } from '../../core/retention.ts'
import { pendingLookedAtMax, type RetentionStore, type Walk, type WalkStep } from '../../ports/retention-store.ts'
import { conversationOf, organizationOf, type Row } from '../rows.ts'
import { deliveryLook, lastHeardOf, lookThrough, messageFactsOf, upTo } from '../walk.ts'
import type { Database, Queries } from './database.ts'
import { lockOptOuts } from './opt-outs.ts'
import { deleteEmptyConversations, deleteMedia, deleteMessages, isEmpty, rowsPerStepMax } from './removal.ts'

const lookedMax = 1_000
const blocksPerStepMax = 16_384
const conversationsPerStepMax = 50

export function makeRetention(database: Database): RetentionStore {
  /** In two looks: what is due is read without a lock, and again under it. What another process holds is left for later. */
  async function walkMessages(
    walk: Walk & { readonly now: number },
    isWanted: (row: Row) => boolean,
    remove: (queries: Queries, keys: readonly number[]) => Promise<number>,
  ): Promise<WalkStep> {
    const wants = (row: Row) => isWanted(row) && isDue(messageFactsOf(row), walk)
    const rows = await database.all(
      `SELECT ${messageFacts} FROM messages WHERE organization_id = $1 AND key > $2 ORDER BY key LIMIT $3`,
      walk.organizationId,
      walk.after,
      lookedMax,
    )
    const { due, ...look } = lookThrough(
      rows.map((row) => ({
        key: Number(row.key),
        isYoung: Number(row.created_at) >= walk.before,
        isDue: wants(row),
      })),
      { after: walk.after, lookedMax, dueMax: rowsPerStepMax },
    )
    if (due.length === 0) return { ...look, removed: 0 }
    const removed = await database.transaction(async (queries) => {
      const locked = await queries.all(
        `SELECT ${messageFacts} FROM messages WHERE key = ANY($1::bigint[]) ORDER BY key FOR UPDATE SKIP LOCKED`,
        due,
      )
      return remove(
        queries,
        locked.filter(wants).map(({ key }) => Number(key)),
      )
    })
    return { ...look, removed }
  }

  return {
    listSettings: async ({ after, limit }) =>
      (await database.all('SELECT * FROM organizations WHERE id > $1 ORDER BY id LIMIT $2', after, limit))
        .map(organizationOf)
        .map(({ id, retention }) => ({ organizationId: id, retention })),

    removeBodies: (walk) =>
      walkMessages(
        walk,
        (row) => row.body_removed_at === null,
        async (queries, keys) => {
          const [, removed] = await Promise.all([
            deleteMedia(queries, keys),
            queries.run(
              `UPDATE messages SET body = '', media_urls = '[]', body_removed_at = $1 WHERE key = ANY($2::bigint[])`,
              walk.now,
              keys,
            ),
          ])
          return removed
        },
      ),

    removeMessages: (walk) =>
      walkMessages(
        walk,
        () => true,
        async (queries, keys) => (await deleteMessages(queries, keys)).messages,
      ),

    async removeConversations({ organizationId, after, before }) {
      const limit = Math.max(
        1,
        Math.min(conversationsPerStepMax, Math.floor(blocksPerStepMax / (await blockCount(database)))),
      )
      const rows = await database.all(
        'SELECT * FROM conversations WHERE organization_id = $1 AND key > $2 ORDER BY key LIMIT $3',
        organizationId,
        after,
        limit,
      )
      const { due, ...look } = lookThrough(
        rows.map((row) => ({ key: Number(row.key), isYoung: Number(row.created_at) >= before, isDue: true })),
        { after, lookedMax: limit, dueMax: limit },
      )
      const empty = await database.all(`SELECT key, person FROM conversations AS c WHERE ${isEmpty}`, due)
      if (empty.length === 0) return { ...look, removed: 0 }
      const removed = await database.transaction(async (queries) => {
        const keys = new Set(empty.map(({ key }) => Number(key)))
        const people = rows.filter(({ key }) => keys.has(Number(key))).map(conversationOf)
        await lockOptOuts(
          queries,
          people.map(({ person }) => ({ organizationId, recipient: person })),
        )
        return deleteEmptyConversations(queries, [...keys])
      })
      return { ...look, removed }
    },

    async removeDeliveries({ organizationId, after, before, deadBefore }) {
      const rows = await database.all(
        'SELECT key, state, created_at FROM event_deliveries WHERE organization_id = $1 AND key > $2 ORDER BY key LIMIT $3',
        organizationId,
        after,
        lookedMax,
      )
      const { due, ...look } = lookThrough(
        rows.map((row) => deliveryLook(row, { before, deadBefore })),
        { after, lookedMax, dueMax: rowsPerStepMax },
      )
      if (due.length === 0) return { ...look, removed: 0 }
      const removed = await database.run(
        `DELETE FROM event_deliveries WHERE key = ANY($1::bigint[]) AND state <> 'pending'`,
        due,
      )
      return { ...look, removed }
    },

    async removeEvents({ organizationId, after, before }) {
      const rows = await database.all(
        'SELECT key, occurred_at FROM events WHERE organization_id = $1 AND key > $2 ORDER BY key LIMIT $3',
        organizationId,
        after,
        rowsPerStepMax,
      )
      const look = lookThrough(
        rows.map((row) => ({ key: Number(row.key), isYoung: Number(row.occurred_at) >= before, isDue: true })),
        { after, lookedMax: rowsPerStepMax, dueMax: rowsPerStepMax },
      )
      const last = look.due.length === 0 ? 0 : await lastHeardKey(database, organizationId)
      const { due, ...step } = upTo(look, { last, after })
      if (due.length === 0) return { ...step, removed: 0 }
      return { ...step, removed: await database.run('DELETE FROM events WHERE key = ANY($1::bigint[])', due) }
    },

    removeIdempotencyKeys: (before) =>
      database.run(
        `DELETE FROM idempotency_keys WHERE ctid = ANY(ARRAY(
           SELECT ctid FROM idempotency_keys WHERE created_at < $1 ORDER BY created_at LIMIT $2
           FOR UPDATE SKIP LOCKED))`,
        before,
        rowsPerStepMax,
      ),

    removeRefusedWebhooks: (before) =>
      database.run(
        `DELETE FROM refused_webhooks WHERE key = ANY(ARRAY(
           SELECT key FROM (SELECT key, received_at FROM refused_webhooks ORDER BY key LIMIT $1) AS oldest
           WHERE received_at < $2))`,
        rowsPerStepMax,
        before,
      ),
  }
}

const messageFacts = 'key, status, created_at, updated_at, body_removed_at'

/** How many blocks of `messages_by_conversation` there are. */
async function blockCount(queries: Queries): Promise<number> {
  const row = await queries.get('SELECT (max(key) >> 14) - (min(key) >> 14) + 1 AS count FROM messages')
  return Math.max(1, Number(row?.count ?? 1))
}

/** The key up to which every endpoint has taken or given up the events of its organization. */
async function lastHeardKey(queries: Queries, organizationId: number): Promise<number> {
  const [seen, firsts] = await Promise.all([
    queries.get('SELECT min(seen_key) AS key FROM event_endpoints WHERE organization_id = $1', organizationId),
    queries.all(
      `SELECT min(key) AS key, count(*) AS count FROM (
         SELECT d.endpoint_id, d.key FROM event_endpoints p
         JOIN event_deliveries d ON d.endpoint_id = p.id AND d.state = 'pending'
         WHERE p.organization_id = $1 LIMIT $2) AS waiting GROUP BY endpoint_id`,
      organizationId,
      pendingLookedAtMax + 1,
    ),
  ])
  const pending = await queries.all(
    'SELECT event_keys FROM event_deliveries WHERE key = ANY($1::bigint[])',
    firsts.map(({ key }) => Number(key)),
  )
  return lastHeardOf({ seenKey: seen?.key, firsts, pending })
}
