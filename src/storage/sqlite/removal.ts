import type { Erased } from '../../ports/people-store.ts'
import type { Database } from './database.ts'

/** What shares the commit of a step waits for it, and everything else in this process too: a few milliseconds. */
export const messagesPerStepMax = 50
export const rowsPerStepMax = 200

/** Whose rows are that are kept only for their key. No organization has this id. */
const nobody = 0

/**
 * SQLite gives a new row the key after the greatest that is there, and keys are known outside: as ids, as cursors of
 * those who read events. None may be given twice, so the row with the greatest stays, emptied, until there is a greater.
 */
function deleteKeyed(
  database: Database,
  table: 'messages' | 'events' | 'conversations',
  keys: readonly number[],
): number {
  if (keys.length === 0) return 0
  const newest = Number(database.get(`SELECT max(key) AS key FROM ${table}`)?.key)
  database.run(`DELETE FROM ${table} WHERE organization_id = ${nobody} AND key < ?`, newest)
  const { changes } = database.run(
    `DELETE FROM ${table} WHERE key IN (SELECT value FROM json_each(?)) AND key < ?`,
    JSON.stringify(keys),
    newest,
  )
  if (!keys.includes(newest)) return changes
  database.run(`UPDATE ${table} SET ${emptied(database, table)} WHERE key = ?`, newest)
  return changes + 1
}

/** Whatever columns there are: nothing of what the row said is left. */
function emptied(database: Database, table: string): string {
  return database
    .all(`SELECT name, type, "notnull" AS required FROM pragma_table_info('${table}') WHERE name <> 'key'`)
    .map(({ name, type, required }) => `${name} = ${required === 0 ? 'NULL' : type === 'TEXT' ? "''" : nobody}`)
    .join(', ')
}

/** With attempts, receipts, events, media, and the idempotency keys that point to them. */
export function deleteMessages(database: Database, keys: readonly number[]): Erased {
  const list = JSON.stringify(keys)
  const removeFrom = (table: 'attempts' | 'receipts') =>
    database.run(`DELETE FROM ${table} WHERE message_key IN (SELECT value FROM json_each(?))`, list)
  const idempotencyKeys = database.run(
    `DELETE FROM idempotency_keys WHERE (organization_id, route, key) IN (
       SELECT k.organization_id, k.route, k.key FROM json_each(?) j
       CROSS JOIN messages m ON m.key = j.value
       CROSS JOIN idempotency_keys k ON k.created_at = m.created_at AND k.message_id = m.id
         AND k.organization_id = m.organization_id)`,
    list,
  )
  removeFrom('attempts')
  removeFrom('receipts')
  const events = database.all(`SELECT e.key FROM json_each(?) j CROSS JOIN events e ON e.message_key = j.value`, list)
  return {
    media: deleteMedia(database, keys),
    events: deleteEvents(
      database,
      events.map(({ key }) => Number(key)),
    ),
    idempotencyKeys: idempotencyKeys.changes,
    messages: deleteKeyed(database, 'messages', keys),
  }
}

/** What messages carry. @returns how many. */
export function deleteMedia(database: Database, messageKeys: readonly number[]): number {
  return database.run(
    'DELETE FROM media WHERE message_key IN (SELECT value FROM json_each(?))',
    JSON.stringify(messageKeys),
  ).changes
}

export function deleteEvents(database: Database, keys: readonly number[]): number {
  return deleteKeyed(database, 'events', keys)
}

/** The caller makes the keys of conversations forgotten that are remembered elsewhere. */
export function deleteConversations(database: Database, keys: readonly number[]): number {
  return deleteKeyed(database, 'conversations', keys)
}

/** Of these conversations, those of which no message is stored. Looked for in each block of keys, as the index is made. */
export function findEmptyConversations(database: Database, keys: readonly number[]): number[] {
  return database
    .all(
      `SELECT c.key FROM json_each(?) j CROSS JOIN conversations c ON c.key = j.value WHERE NOT EXISTS (
         WITH RECURSIVE blocks (block) AS (
           SELECT (SELECT max(key) FROM messages) >> 14
           UNION ALL SELECT block - 1 FROM blocks
           WHERE block > max(c.first_key, (SELECT min(key) FROM messages)) >> 14)
         SELECT 1 FROM blocks CROSS JOIN messages m WHERE (m.key >> 14) = block AND m.conversation_key = c.key)`,
      JSON.stringify(keys),
    )
    .map(({ key }) => Number(key))
}
