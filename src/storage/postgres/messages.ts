import type { MessageRecord, MessageStore } from '../../ports/store.ts'
import { attemptOf, eventOf, messageOf, type Row } from '../rows.ts'
import type { Database, Queries } from './database.ts'

export function makeMessages(database: Database): MessageStore {
  const recordOf = async (row: Row | undefined) => (row === undefined ? undefined : selectRecord(database, row))

  return {
    find: async (organizationId, id) =>
      recordOf(await database.get('SELECT * FROM messages WHERE id = $1 AND organization_id = $2', id, organizationId)),
    findByProviderId: async (organizationId, providerMessageId) =>
      recordOf(
        // Block by block from the newest, as the index `messages_by_provider_id` is made.
        await database.get(
          `SELECT m.* FROM generate_series((SELECT max(key) >> 14 FROM messages), 0, -1) AS block
           CROSS JOIN LATERAL (
             SELECT * FROM messages WHERE key >> 14 = block AND provider_message_id = $1 AND organization_id = $2
             ORDER BY key DESC LIMIT 1
           ) AS m LIMIT 1`,
          providerMessageId,
          organizationId,
        ),
      ),
    events: async (organizationId, id) =>
      (
        await database.all(
          `SELECT e.* FROM events e JOIN messages m ON m.key = e.message_key
           WHERE m.id = $1 AND m.organization_id = $2 ORDER BY e.key`,
          id,
          organizationId,
        )
      ).map(eventOf),
  }
}

/** A row of `messages` with its attempts. */
export async function selectRecord(queries: Queries, row: Row): Promise<MessageRecord> {
  const key = Number(row.key)
  const attempts = await queries.all('SELECT * FROM attempts WHERE message_key = $1 ORDER BY number', key)
  return { key, message: messageOf(row), attempts: attempts.map(attemptOf) }
}
