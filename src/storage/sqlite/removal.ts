import type { Erased } from '../../ports/people-store.ts'
import type { Database } from './database.ts'

/** Whose rows are that are kept only for their key. No organization has this id. */
const nobody = 0

/** What such a row is, beside its key and its owner. */
const emptied = {
  messages: `id = 'removed ' || key, direction = 'outbound', assistant_id = 0, sender_id = 0, provider_account_id = 0,
    conversation_key = 0, provider = '', sender = '', recipient = '', body = '', media_urls = '[]', metadata = '{}',
    in_reply_to = NULL, automatic = NULL, keyword = NULL, status = 'canceled', provider_message_id = NULL,
    failure_reason = NULL, failure_code = NULL, failure_message = NULL, refusal = NULL, guard = NULL,
    counted_at = NULL, due_at = NULL, expires_at = NULL, send_at = NULL`,
  events: `message_key = NULL, recipient = NULL, data = '{}'`,
  conversations: `id = 'removed ' || key, assistant_id = 0, sender_id = -key, number = '', person = '',
    last_inbound_id = NULL, last_inbound_at = NULL`,
} as const

/**
 * SQLite gives a new row the key after the greatest that is there, and keys are known outside: as ids, as cursors of
 * those who read events. None may be given twice, so the row with the greatest stays, emptied, until there is a greater.
 */
function deleteKeyed(database: Database, table: keyof typeof emptied, keys: readonly number[]): number {
  if (keys.length === 0) return 0
  const newest = Number(database.get(`SELECT max(key) AS key FROM ${table}`)?.key)
  const kept = keys.includes(newest)
  if (kept) database.run(`UPDATE ${table} SET organization_id = ${nobody}, ${emptied[table]} WHERE key = ?`, newest)
  const { changes } = database.run(
    `DELETE FROM ${table} WHERE key IN (SELECT value FROM json_each(?)) AND key <> ?`,
    JSON.stringify(keys),
    kept ? newest : 0,
  )
  database.run(`DELETE FROM ${table} WHERE organization_id = ${nobody} AND key < ?`, newest)
  return changes + (kept ? 1 : 0)
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
