import type { MessageRecord, MessageStore } from '../../ports/store.ts'
import { attemptOf, eventOf, messageOf, type Row } from '../rows.ts'
import type { Database } from './database.ts'

/** As in the index `messages_by_provider_id`. */
const keyBlockBits = 14

export function makeMessages(database: Database): MessageStore {
  const recordOf = (row: Row) => selectRecord(database, row)

  return {
    async find(organizationId, id) {
      const row = database.get('SELECT * FROM messages WHERE id = ? AND organization_id = ?', id, organizationId)
      return row === undefined ? undefined : recordOf(row)
    },
    async findByProviderId(organizationId, providerMessageId) {
      const newestKey = Number(database.get('SELECT max(key) AS key FROM messages')?.key ?? 0)
      for (let block = Math.floor(newestKey / 2 ** keyBlockBits); block >= 0; block--) {
        const row = database.get(
          `SELECT * FROM messages WHERE (key >> 14) = ? AND provider_message_id = ? AND organization_id = ?
           ORDER BY key DESC LIMIT 1`,
          block,
          providerMessageId,
          organizationId,
        )
        if (row !== undefined) return recordOf(row)
      }
      return undefined
    },
    events: async (organizationId, id) =>
      database
        .all(
          `SELECT e.* FROM events e JOIN messages m ON m.key = e.message_key
           WHERE m.id = ? AND m.organization_id = ? ORDER BY e.key`,
          id,
          organizationId,
        )
        .map(eventOf),
  }
}

/** A row of `messages` with its attempts. */
export function selectRecord(database: Database, row: Row): MessageRecord {
  const key = Number(row.key)
  const attempts = database.all('SELECT * FROM attempts WHERE message_key = ? ORDER BY number', key)
  return { key, message: messageOf(row), attempts: attempts.map(attemptOf) }
}
