import { hourMs, type StatisticsStore } from '../../ports/statistics-store.ts'
import { groupColumns, hoursOf, idsOf, keptGroups, keptHoursOf } from '../hour-counts.ts'
import { scanBackwards } from '../message-scan.ts'
import type { Row } from '../rows.ts'
import type { Database } from './database.ts'

/** About ten milliseconds of looking, in which nothing else is answered. */
const messagesPerStepMax = 4_096

export function makeStatistics(database: Database): StatisticsStore {
  return {
    async count(organizationId, hours) {
      const { from, to } = idsOf(hours)
      const before = database.get('SELECT key FROM messages WHERE id < ? ORDER BY id DESC LIMIT 1', from)
      const after =
        database.get('SELECT key FROM messages WHERE id >= ? ORDER BY id LIMIT 1', to) ??
        database.get('SELECT max(key) AS key FROM messages')
      const rows: Row[] = []
      await scanBackwards(
        { above: Number(before?.key ?? 0), upTo: Number(after?.key ?? 0) },
        {
          messagesPerStepMax,
          async findBoundary(upTo, count) {
            const row = database.get(
              'SELECT key FROM messages WHERE organization_id = ? AND key <= ? ORDER BY key DESC LIMIT 1 OFFSET ?',
              organizationId,
              upTo,
              count,
            )
            return row === undefined ? undefined : Number(row.key)
          },
          async step({ above, upTo }) {
            const counted = database.all(
              `SELECT created_at / ${hourMs} AS hour, ${groupColumns} FROM messages
               WHERE organization_id = ? AND key > ? AND key <= ? AND direction = 'outbound' GROUP BY 1, 2, 3, 4, 5, 6`,
              organizationId,
              above,
              upTo,
            )
            rows.push(...counted)
            return true
          },
        },
      )
      return hoursOf(rows, hours)
    },
    kept: async (organizationId, { fromHour, toHour }) =>
      keptHoursOf(
        database.all(
          'SELECT hour, groups FROM message_hours WHERE organization_id = ? AND hour BETWEEN ? AND ? ORDER BY hour',
          organizationId,
          fromHour,
          toHour,
        ),
      ),
    keep: (organizationId, counts, forgetBefore) =>
      database.transaction(() => {
        for (const one of counts)
          database.run(
            'INSERT INTO message_hours (organization_id, hour, groups) VALUES (?, ?, ?) ON CONFLICT DO NOTHING',
            organizationId,
            one.hour,
            keptGroups(one),
          )
        database.run('DELETE FROM message_hours WHERE organization_id = ? AND hour < ?', organizationId, forgetBefore)
      }),
    async countUnknown(organizationId, countMax) {
      // The unary plus keeps the index of all messages of the organization out of it.
      const row = database.get(
        `SELECT count(*) AS count FROM (
           SELECT 1 FROM messages WHERE status = 'unknown' AND +organization_id = ? LIMIT ?
         )`,
        organizationId,
        countMax,
      )
      return Number(row?.count ?? 0)
    },
  }
}
