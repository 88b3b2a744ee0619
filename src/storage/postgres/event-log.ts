import type { EventStore } from '../../ports/event-store.ts'
import { recordedEventOf, recordedEvents } from '../event-rows.ts'
import type { Database, Queries } from './database.ts'

/** The key up to which events may be read: below it none can appear any more. It only grows. */
export type VisibleKey = () => Promise<number>

/**
 * Keys are given before their transactions commit, so a reader could pass a key below which one appears later. A
 * writer takes its lock on `events` before its key and keeps it until its commit is visible. So, in this order: the last
 * key given, then who holds such a lock; once all of those have ended, everything up to that key is visible or was
 * undone. (The number of a session's transaction is never used again while the session lasts.)
 */
export function makeVisibleKey(database: Database): VisibleKey {
  let visible = 0
  let candidate: { readonly key: number; readonly writers: readonly string[] } | undefined
  let underWay: Promise<number> | undefined

  async function look(): Promise<number> {
    const sequence = await database.get('SELECT last_value, is_called FROM events_key_seq')
    const lastKey = sequence?.is_called ? Number(sequence.last_value) : 0
    if (lastKey === visible) return visible
    const rows = await database.all(
      `SELECT virtualtransaction FROM pg_locks WHERE locktype = 'relation' AND relation = 'events'::regclass
         AND database = (SELECT oid FROM pg_database WHERE datname = current_database()) AND mode = 'RowExclusiveLock'
         AND granted`,
    )
    const writers = rows.map((row) => String(row.virtualtransaction))
    if (candidate?.writers.every((writer) => !writers.includes(writer))) {
      visible = candidate.key
      candidate = undefined
    }
    if (writers.length === 0) visible = lastKey
    else candidate ??= { key: lastKey, writers }
    return visible
  }

  return () => {
    underWay ??= look().finally(() => {
      underWay = undefined
    })
    return underWay
  }
}

export function makeEventLog(
  database: Database,
  visibleKey: VisibleKey,
): Pick<EventStore, 'after' | 'newestKey' | 'findByKeys'> {
  return {
    async after({ organizationId, key, limit }) {
      const rows = await database.all(
        `${recordedEvents} WHERE e.organization_id = $1 AND e.key > $2 AND e.key <= $3 ORDER BY e.key LIMIT $4`,
        organizationId,
        key,
        await visibleKey(),
        limit,
      )
      return rows.map(recordedEventOf)
    },
    newestKey: async (organizationId) => newestEventKey(database, organizationId, await visibleKey()),
    findByKeys: async (organizationId, keys) =>
      (
        await database.all(
          `${recordedEvents} WHERE e.key = ANY($1::bigint[]) AND e.organization_id = $2 ORDER BY e.key`,
          keys,
          organizationId,
        )
      ).map(recordedEventOf),
  }
}

export async function newestEventKey(queries: Queries, organizationId: number, visible: number): Promise<number> {
  const row = await queries.get(
    'SELECT coalesce(max(key), 0) AS key FROM events WHERE organization_id = $1 AND key <= $2',
    organizationId,
    visible,
  )
  return Number(row?.key)
}
