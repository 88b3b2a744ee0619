import { otherDatabaseReason, reasonToHold } from '../../core/queue-hold.ts'
import type { QueueStateStore } from '../../ports/queue-state.ts'
import { queueFactsOf, queueHoldOf, somethingWaits } from '../queue-state-rows.ts'
import { appendAudit } from './audit.ts'
import { isNotOffered } from './connection.ts'
import type { Database, Queries } from './database.ts'
import { notify } from './wake-ups.ts'

export type PostgresQueueState = QueueStateStore & {
  /**
   * For each new connection, before anything is read through it: after a failover or a restore, connections lead to
   * another database from one moment to the next.
   */
  checkDatabase(queries: Queries): Promise<void>
}

/**
 * What a database has that no copy of it has, by what makes copies: a base backup or a standby that took over has another
 * timeline (a new one begins with each promotion); another cluster another system identifier; `CREATE DATABASE` another
 * database oid; a dump that is loaded anew, here too, another oid of this table. A copy of the disks has all of them: only
 * the beats tell it.
 */
const fingerprintParts = [
  '(SELECT system_identifier FROM pg_control_system())',
  // Of the file that is written now. pg_control_checkpoint() tells of a promotion only when a checkpoint is through.
  'left(pg_walfile_name(pg_current_wal_lsn()), 8)',
  '(SELECT oid FROM pg_database WHERE datname = current_database())',
  `'queue_state'::regclass::oid`,
] as const
/** In place of a part that this server does not tell this user. Such parts are not compared. */
const notTold = '-'

export async function makeQueueState(database: Database): Promise<PostgresQueueState> {
  const fingerprint = await offeredFingerprint(database)
  /** How many beats this process has seen committed. */
  let beatsSeen = 0

  async function checkDatabase(queries: Queries): Promise<void> {
    await queries.run(
      `UPDATE queue_state SET fingerprint = present.fingerprint, held_reason = coalesce(held_reason, $1),
         held_at = coalesce(held_at, floor(extract(epoch FROM clock_timestamp()) * 1000))
       FROM (SELECT ${fingerprint} AS fingerprint) AS present
       WHERE EXISTS (
         SELECT 1 FROM unnest(string_to_array(queue_state.fingerprint, ' '), string_to_array(present.fingerprint, ' '))
           AS part (stored, found) WHERE stored <> found AND '${notTold}' NOT IN (stored, found))`,
      otherDatabaseReason,
    )
  }

  return {
    checkDatabase,
    async beat({ now, standstillMs }) {
      const row = await database.transaction(async (queries) => {
        await checkDatabase(queries)
        const before = await queries.get(
          `SELECT beat_at, beats, ${somethingWaits} AS waits FROM queue_state FOR UPDATE`,
        )
        const beats = Number(before?.beats)
        const witness = beats < beatsSeen ? 'has counted more' : 'agrees'
        const reason = reasonToHold(queueFactsOf(before, witness), { now, standstillMs })
        return queries.get(
          `UPDATE queue_state SET fingerprint = ${fingerprint}, beat_at = $1::bigint, beats = $2,
             held_reason = coalesce(held_reason, $3::text),
             held_at = coalesce(held_at, CASE WHEN $3::text IS NOT NULL THEN $1::bigint END)
           RETURNING *`,
          now,
          Math.max(beats, beatsSeen) + 1,
          reason ?? null,
        )
      })
      beatsSeen = Number(row?.beats)
      return queueHoldOf(row)
    },
    findHold: async () => queueHoldOf(await database.get('SELECT * FROM queue_state')),
    resume: ({ now, audit }) =>
      database.transaction(async (queries) => {
        const resumed = await queries.run(
          'UPDATE queue_state SET held_at = NULL, held_reason = NULL, beat_at = $1 WHERE held_at IS NOT NULL',
          now,
        )
        if (resumed === 0) return false
        await appendAudit(queries, audit)
        await notify(queries, 'queue')
        return true
      }),
  }
}

/** An expression for the parts of the fingerprint, in the order above. */
async function offeredFingerprint(database: Database): Promise<string> {
  const offered: string[] = []
  for (const part of fingerprintParts) offered.push((await isOffered(database, part)) ? part : `'${notTold}'`)
  return `concat_ws(' ', ${offered.join(', ')})`
}

async function isOffered(database: Database, expression: string): Promise<boolean> {
  try {
    await database.get(`SELECT ${expression} AS part`)
    return true
  } catch (error) {
    if (isNotOffered(error)) return false
    throw error
  }
}
