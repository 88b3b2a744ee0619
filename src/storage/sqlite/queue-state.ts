import { readFileSync, renameSync, writeFileSync } from 'node:fs'
import { type QueueFacts, reasonToHold } from '../../core/queue-hold.ts'
import type { QueueStateStore } from '../../ports/queue-state.ts'
import { queueFactsOf, queueHoldOf, somethingWaits } from '../queue-state-rows.ts'
import { appendAudit } from './audit.ts'
import type { Database } from './database.ts'
import { notify } from './wake-ups.ts'

export type SqliteQueueState = QueueStateStore & {
  /** A last beat, so that what was copied before is behind from then on. Before the database is closed. */
  close(): Promise<void>
}

/**
 * The beats are counted in a file beside the database too: a copy of the database that is put back has fewer, and one that
 * is put elsewhere has no such file. The database counts first, so that it is never behind where a process died in between.
 */
export function makeQueueState(database: Database, path: string): SqliteQueueState {
  const mark = path === ':memory:' ? makeMemoryMark() : makeFileMark(`${path}.mark`)
  let hasBeaten = false

  return {
    async beat({ now, standstillMs }) {
      const row = await database.transaction(() => {
        const before = database.get(`SELECT beat_at, beats, ${somethingWaits} AS waits FROM queue_state`)
        const [beats, marked] = [Number(before?.beats), mark.read()]
        const reason = reasonToHold(queueFactsOf(before, witnessOf(beats, marked)), { now, standstillMs })
        return database.get(
          `UPDATE queue_state SET beat_at = ?1, beats = ?2, held_reason = coalesce(held_reason, ?3),
             held_at = coalesce(held_at, CASE WHEN ?3 IS NOT NULL THEN ?1 END)
           RETURNING *`,
          now,
          Math.max(beats, marked ?? 0) + 1,
          reason ?? null,
        )
      })
      hasBeaten = true
      mark.write(Number(row?.beats))
      return queueHoldOf(row)
    },
    findHold: async () => queueHoldOf(database.get('SELECT * FROM queue_state')),
    resume: ({ now, audit }) =>
      database.transaction(() => {
        const { changes } = database.run(
          'UPDATE queue_state SET held_at = NULL, held_reason = NULL, beat_at = ? WHERE held_at IS NOT NULL',
          now,
        )
        if (changes === 0) return false
        appendAudit(database, audit)
        notify(database, 'queue')
        return true
      }),
    async close() {
      if (!hasBeaten) return
      const row = await database.transaction(() =>
        database.get('UPDATE queue_state SET beats = beats + 1 RETURNING beats'),
      )
      mark.write(Number(row?.beats))
    },
  }
}

/** A process may have died between its first beat and the file. */
function witnessOf(beats: number, marked: number | undefined): QueueFacts['witness'] {
  if (marked === undefined) return beats > 1 ? 'absent' : 'agrees'
  return marked > beats ? 'has counted more' : 'agrees'
}

type Mark = { read(): number | undefined; write(beats: number): void }

function makeMemoryMark(): Mark {
  let marked: number | undefined
  return {
    read: () => marked,
    write: (beats) => {
      marked = beats
    },
  }
}

function makeFileMark(path: string): Mark {
  return {
    read() {
      try {
        const beats = Number(readFileSync(path, 'utf8'))
        return Number.isSafeInteger(beats) ? beats : undefined
      } catch (error) {
        if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined
        throw error
      }
    },
    write(beats) {
      // As a whole or not at all.
      writeFileSync(`${path}.new`, `${beats}\n`, { mode: 0o600 })
      renameSync(`${path}.new`, path)
    },
  }
}
