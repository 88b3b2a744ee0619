import { hourMs, type StatisticsStore } from '../../ports/statistics-store.ts'
import { groupColumns, hoursOf, idsOf, keptGroups, keptHoursOf } from '../hour-counts.ts'
import { scanBackwards } from '../message-scan.ts'
import type { Row } from '../rows.ts'
import type { Database } from './database.ts'

/** A statement over so many ends well within its time limit. */
const messagesPerStepMax = 131_072

export function makeStatistics(database: Database): StatisticsStore {
  return {
    async count(organizationId, hours) {
      const { from, to } = idsOf(hours)
      const before = await database.get('SELECT key FROM messages WHERE id < $1 ORDER BY id DESC LIMIT 1', from)
      const after =
        (await database.get('SELECT key FROM messages WHERE id >= $1 ORDER BY id LIMIT 1', to)) ??
        (await database.get('SELECT max(key) AS key FROM messages'))
      const rows: Row[] = []
      await scanBackwards(
        { above: Number(before?.key ?? 0), upTo: Number(after?.key ?? 0) },
        {
          messagesPerStepMax,
          async findBoundary(upTo, count) {
            const row = await database.get(
              'SELECT key FROM messages WHERE organization_id = $1 AND key <= $2 ORDER BY key DESC LIMIT 1 OFFSET $3',
              organizationId,
              upTo,
              count,
            )
            return row === undefined ? undefined : Number(row.key)
          },
          async step({ above, upTo }) {
            const counted = await database.all(
              `SELECT created_at / ${hourMs} AS hour, ${groupColumns} FROM messages
               WHERE organization_id = $1 AND key > $2 AND key <= $3 AND direction = 'outbound'
               GROUP BY 1, 2, 3, 4, 5, 6`,
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
        await database.all(
          'SELECT hour, groups FROM message_hours WHERE organization_id = $1 AND hour BETWEEN $2 AND $3 ORDER BY hour',
          organizationId,
          fromHour,
          toHour,
        ),
      ),
    async keep(organizationId, counts, forgetBefore) {
      await database.transaction(async (queries) => {
        await queries.run(
          `INSERT INTO message_hours (organization_id, hour, groups)
           SELECT $1, hour, groups FROM unnest($2::bigint[], $3::text[]) AS counted (hour, groups) ON CONFLICT DO NOTHING`,
          organizationId,
          counts.map(({ hour }) => hour),
          counts.map(keptGroups),
        )
        await queries.run(
          'DELETE FROM message_hours WHERE organization_id = $1 AND hour < $2',
          organizationId,
          forgetBefore,
        )
      })
    },
    async countUnknown(organizationId, countMax) {
      const row = await database.get(
        `SELECT count(*) AS count FROM (
           SELECT 1 FROM messages WHERE status = 'unknown' AND organization_id = $1 LIMIT $2
         ) AS unknown`,
        organizationId,
        countMax,
      )
      return Number(row?.count ?? 0)
    },
  }
}
