import type { Erased } from '../../ports/people-store.ts'
import type { Queries } from './database.ts'

/** Ends within some 20 ms: until then a step holds its rows. */
export const rowsPerStepMax = 500

/**
 * With attempts, receipts, events, media, and the idempotency keys that point to them. The caller has locked the messages
 * in a statement before, so that whatever was added to them by then is seen here.
 */
export async function deleteMessages(queries: Queries, keys: readonly number[]): Promise<Erased> {
  const [idempotencyKeys, , , events, media, messages] = await Promise.all([
    queries.run(
      `DELETE FROM idempotency_keys k USING messages m WHERE m.key = ANY($1::bigint[]) AND k.created_at = m.created_at
         AND k.message_id = m.id AND k.organization_id = m.organization_id`,
      keys,
    ),
    queries.run('DELETE FROM attempts WHERE message_key = ANY($1::bigint[])', keys),
    queries.run('DELETE FROM receipts WHERE message_key = ANY($1::bigint[])', keys),
    queries.run('DELETE FROM events WHERE message_key = ANY($1::bigint[])', keys),
    deleteMedia(queries, keys),
    queries.run('DELETE FROM messages WHERE key = ANY($1::bigint[])', keys),
  ])
  return { messages, media, events, idempotencyKeys }
}

/** What messages carry. @returns how many. */
export function deleteMedia(queries: Queries, messageKeys: readonly number[]): Promise<number> {
  return queries.run('DELETE FROM media WHERE message_key = ANY($1::bigint[])', messageKeys)
}

/**
 * Those of these conversations of which no message is stored. The caller has locked the opt-outs of their people, so that
 * no message can be added; whoever adds one afterwards sees the count changed and looks its conversation up again.
 */
export async function deleteEmptyConversations(queries: Queries, keys: readonly number[]): Promise<number> {
  const removed = await queries.run(
    `DELETE FROM conversations WHERE key IN (SELECT key FROM conversations AS c WHERE ${isEmpty})`,
    keys,
  )
  if (removed > 0) await queries.run('UPDATE conversation_removals SET count = count + 1')
  return removed
}

/** Of the conversations `c` with the keys $1. Block by block, as the index `messages_by_conversation` is made. */
export const isEmpty = `c.key = ANY($1::bigint[]) AND NOT EXISTS (
  SELECT 1 FROM generate_series((SELECT max(key) >> 14 FROM messages),
    greatest(c.first_key, (SELECT min(key) FROM messages)) >> 14, -1) AS block
  CROSS JOIN LATERAL (SELECT FROM messages WHERE key >> 14 = block AND conversation_key = c.key LIMIT 1) AS m)`
