import { isDue } from '../../core/retention.ts'
import { pendingLookedAtMax, type RetentionStore, type Walk, type WalkStep } from '../../ports/retention-store.ts'
import { organizationOf, type Row } from '../rows.ts'
import { deliveryLook, lastHeardOf, lookThrough, messageFactsOf, upTo } from '../walk.ts'
import type { ConversationKeys } from './conversations.ts'
import type { Database } from './database.ts'
import {
  deleteConversations,
  deleteEvents,
  deleteMedia,
  deleteMessages,
  findEmptyConversations,
  messagesPerStepMax,
  rowsPerStepMax,
} from './removal.ts'

const blocksPerStepMax = 4_096
const conversationsPerStepMax = 50

export function makeRetention(database: Database, conversations: ConversationKeys): RetentionStore {
  /** In two looks: what is due is read without holding the transaction, and again in it. */
  async function walkMessages(
    walk: Walk & { readonly now: number },
    isWanted: (row: Row) => boolean,
    remove: (keys: readonly number[]) => number,
  ): Promise<WalkStep> {
    const wants = (row: Row) => isWanted(row) && isDue(messageFactsOf(row), walk)
    const rows = database.all(
      `SELECT ${messageFacts} FROM messages WHERE organization_id = ? AND key > ? ORDER BY key LIMIT ?`,
      walk.organizationId,
      walk.after,
      rowsPerStepMax,
    )
    const { due, ...look } = lookThrough(
      rows.map((row) => ({
        key: Number(row.key),
        isYoung: Number(row.created_at) >= walk.before,
        isDue: wants(row),
      })),
      { after: walk.after, lookedMax: rowsPerStepMax, dueMax: messagesPerStepMax },
    )
    if (due.length === 0) return { ...look, removed: 0 }
    const removed = await database.transaction(() => {
      const still = database.all(
        `SELECT ${messageFacts} FROM messages WHERE key IN (SELECT value FROM json_each(?))`,
        JSON.stringify(due),
      )
      return remove(still.filter(wants).map(({ key }) => Number(key)))
    })
    return { ...look, removed }
  }

  return {
    listSettings: async ({ after, limit }) =>
      database
        .all('SELECT * FROM organizations WHERE id > ? ORDER BY id LIMIT ?', after, limit)
        .map(organizationOf)
        .map(({ id, retention }) => ({ organizationId: id, retention })),

    removeBodies: (walk) =>
      walkMessages(
        walk,
        (row) => row.body_removed_at === null,
        (keys) => {
          deleteMedia(database, keys)
          return database.run(
            `UPDATE messages SET body = '', media_urls = '[]', body_removed_at = ?
             WHERE key IN (SELECT value FROM json_each(?))`,
            walk.now,
            JSON.stringify(keys),
          ).changes
        },
      ),

    removeMessages: (walk) =>
      walkMessages(
        walk,
        () => true,
        (keys) => deleteMessages(database, keys).messages,
      ),

    async removeConversations({ organizationId, after, before }) {
      const limit = Math.max(1, Math.min(conversationsPerStepMax, Math.floor(blocksPerStepMax / blockCount(database))))
      const rows = database.all(
        'SELECT key, created_at FROM conversations WHERE organization_id = ? AND key > ? ORDER BY key LIMIT ?',
        organizationId,
        after,
        limit,
      )
      const { due, ...look } = lookThrough(
        rows.map((row) => ({ key: Number(row.key), isYoung: Number(row.created_at) >= before, isDue: true })),
        { after, lookedMax: limit, dueMax: limit },
      )
      if (findEmptyConversations(database, due).length === 0) return { ...look, removed: 0 }
      const removed = await database.transaction(() => {
        conversations.forget()
        return deleteConversations(database, findEmptyConversations(database, due))
      })
      return { ...look, removed }
    },

    async removeDeliveries({ organizationId, after, before, deadBefore }) {
      const rows = database.all(
        'SELECT key, state, created_at FROM event_deliveries WHERE organization_id = ? AND key > ? ORDER BY key LIMIT ?',
        organizationId,
        after,
        rowsPerStepMax,
      )
      const { due, ...look } = lookThrough(
        rows.map((row) => deliveryLook(row, { before, deadBefore })),
        { after, lookedMax: rowsPerStepMax, dueMax: rowsPerStepMax },
      )
      if (due.length === 0) return { ...look, removed: 0 }
      const removed = await database.transaction(
        () =>
          database.run(
            `DELETE FROM event_deliveries WHERE key IN (SELECT value FROM json_each(?)) AND state <> 'pending'`,
            JSON.stringify(due),
          ).changes,
      )
      return { ...look, removed }
    },

    async removeEvents({ organizationId, after, before }) {
      const rows = database.all(
        'SELECT key, occurred_at FROM events WHERE organization_id = ? AND key > ? ORDER BY key LIMIT ?',
        organizationId,
        after,
        rowsPerStepMax,
      )
      const look = lookThrough(
        rows.map((row) => ({ key: Number(row.key), isYoung: Number(row.occurred_at) >= before, isDue: true })),
        { after, lookedMax: rowsPerStepMax, dueMax: rowsPerStepMax },
      )
      const last = look.due.length === 0 ? 0 : lastHeardKey(database, organizationId)
      const { due, ...step } = upTo(look, { last, after })
      if (due.length === 0) return { ...step, removed: 0 }
      return { ...step, removed: await database.transaction(() => deleteEvents(database, due)) }
    },

    removeIdempotencyKeys: (before) =>
      database.transaction(
        () =>
          database.run(
            `DELETE FROM idempotency_keys WHERE (organization_id, route, key) IN (
               SELECT organization_id, route, key FROM idempotency_keys WHERE created_at < ?
               ORDER BY created_at LIMIT ?)`,
            before,
            rowsPerStepMax,
          ).changes,
      ),

    removeRefusedWebhooks: (before) =>
      database.transaction(
        () =>
          database.run(
            `DELETE FROM refused_webhooks WHERE key IN (
               SELECT key FROM (SELECT key, received_at FROM refused_webhooks ORDER BY key LIMIT ?)
               WHERE received_at < ?)`,
            rowsPerStepMax,
            before,
          ).changes,
      ),
  }
}

const messageFacts = 'key, status, created_at, updated_at, body_removed_at'

/** How many blocks of `messages_by_conversation` there are. */
function blockCount(database: Database): number {
  const row = database.get(
    'SELECT ((SELECT max(key) FROM messages) >> 14) - ((SELECT min(key) FROM messages) >> 14) + 1 AS count',
  )
  return Math.max(1, Number(row?.count ?? 1))
}

/** The key up to which every endpoint has taken or given up the events of its organization. */
function lastHeardKey(database: Database, organizationId: number): number {
  const seen = database.get(
    'SELECT min(seen_key) AS key FROM event_endpoints WHERE organization_id = ?',
    organizationId,
  )
  const firsts = database.all(
    `SELECT min(key) AS key, count(*) AS count FROM (
       SELECT d.endpoint_id, d.key FROM event_endpoints p
       CROSS JOIN event_deliveries d ON d.endpoint_id = p.id AND d.state = 'pending'
       WHERE p.organization_id = ? LIMIT ?) GROUP BY endpoint_id`,
    organizationId,
    pendingLookedAtMax + 1,
  )
  const pending = database.all(
    'SELECT event_keys FROM event_deliveries WHERE key IN (SELECT value FROM json_each(?))',
    JSON.stringify(firsts.map(({ key }) => Number(key))),
  )
  return lastHeardOf({ seenKey: seen?.key, firsts, pending })
}
