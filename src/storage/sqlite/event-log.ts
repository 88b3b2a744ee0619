import type { EventStore } from '../../ports/event-store.ts'
import { recordedEventOf, recordedEvents } from '../event-rows.ts'
import type { Database } from './database.ts'

/** There is one writer, so events become visible in the order of their keys. */
export function makeEventLog(database: Database): Pick<EventStore, 'after' | 'newestKey' | 'findByKeys'> {
  return {
    after: async ({ organizationId, key, limit }) =>
      database
        .all(
          `${recordedEvents} WHERE e.organization_id = ? AND e.key > ? ORDER BY e.key LIMIT ?`,
          organizationId,
          key,
          limit,
        )
        .map(recordedEventOf),
    newestKey: async (organizationId) => newestEventKey(database, organizationId),
    findByKeys: async (organizationId, keys) =>
      database
        .all(
          `${recordedEvents} WHERE e.key IN (SELECT value FROM json_each(?)) AND e.organization_id = ? ORDER BY e.key`,
          JSON.stringify(keys),
          organizationId,
        )
        .map(recordedEventOf),
  }
}

export function newestEventKey(database: Database, organizationId: number): number {
  return Number(
    database.get('SELECT coalesce(max(key), 0) AS key FROM events WHERE organization_id = ?', organizationId)?.key,
  )
}
