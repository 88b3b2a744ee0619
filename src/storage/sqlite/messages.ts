import type { MessageFilter, MessageRecord, MessageStore } from '../../ports/store.ts'
import {
  countsOf,
  filterBindings,
  idBoundsOf,
  type KeyRange,
  keyRangeOf,
  recordsOf,
  scanBackwards,
} from '../message-scan.ts'
import { attemptOf, eventOf, messageOf, type Row } from '../rows.ts'
import type { Database } from './database.ts'

/** As in the index `messages_by_provider_id`. */
export const keyBlockBits = 14

/** About ten milliseconds of looking, in which nothing else is answered. */
const messagesPerStepMax = 4_096

/** `LIKE` takes letters a to z for the same in either case. */
const fits = `organization_id = ?1 AND key > ?2 AND key <= ?3
  AND (?4 IS NULL OR direction = ?4) AND (?5 IS NULL OR status = ?5) AND (?6 IS NULL OR provider = ?6)
  AND (?7 IS NULL OR assistant_id = ?7) AND (?8 IS NULL OR sender = ?8) AND (?9 IS NULL OR recipient = ?9)
  AND (?10 IS NULL OR created_at >= ?10) AND (?11 IS NULL OR created_at < ?11)
  AND (?12 IS NULL OR body LIKE ?12 ESCAPE '\\')`

export function makeMessages(database: Database): MessageStore {
  const recordOf = (row: Row) => selectRecord(database, row)

  /** The newest first, at most `wanted`. */
  async function findKeys(params: Looked & { readonly wanted: number }): Promise<number[]> {
    const { organizationId, filter, before, wanted } = params
    const keys: number[] = []
    await scan({ organizationId, filter, before }, async ({ above, upTo }) => {
      const rows = database.all(
        `SELECT key FROM messages WHERE ${fits} ORDER BY key DESC LIMIT ?13`,
        organizationId,
        above,
        upTo,
        ...filterBindings(filter),
        wanted - keys.length,
      )
      for (const row of rows) keys.push(Number(row.key))
      return keys.length < wanted
    })
    return keys
  }

  function scan(what: Looked, step: (range: KeyRange) => Promise<boolean>): Promise<void> {
    return scanBackwards(rangeOf(database, what), {
      messagesPerStepMax,
      async findBoundary(upTo, count) {
        const row = database.get(
          'SELECT key FROM messages WHERE organization_id = ? AND key <= ? ORDER BY key DESC LIMIT 1 OFFSET ?',
          what.organizationId,
          upTo,
          count,
        )
        return row === undefined ? undefined : Number(row.key)
      },
      step,
    })
  }

  return {
    async list(organizationId, filter, { skip, limit, before }) {
      const keys = await findKeys({ organizationId, filter, before, wanted: skip + limit })
      return selectRecords(database, keys.slice(skip))
    },
    async count(organizationId, filter, countMax) {
      return (await findKeys({ organizationId, filter, wanted: countMax })).length
    },
    async counts(organizationId, period) {
      const counted: Row[] = []
      await scan({ organizationId, filter: period }, async ({ above, upTo }) => {
        const rows = database.all(
          `SELECT status, direction, provider, count(*) AS count FROM messages WHERE ${fits} GROUP BY 1, 2, 3`,
          organizationId,
          above,
          upTo,
          ...filterBindings(period),
        )
        counted.push(...rows)
        return true
      })
      return countsOf(counted)
    },
    async findByKey(organizationId, key) {
      const row = database.get('SELECT * FROM messages WHERE key = ? AND organization_id = ?', key, organizationId)
      return row === undefined ? undefined : recordOf(row)
    },
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

type Looked = {
  readonly organizationId: number
  readonly filter: MessageFilter
  readonly before?: number | undefined
}

/** Between which keys the messages of the filter's period lie. */
function rangeOf(database: Database, { filter, before }: Looked): KeyRange {
  const { from, to } = idBoundsOf(filter)
  const newest = Number(database.get('SELECT max(key) AS key FROM messages')?.key ?? 0)
  const keyOf = (row: Row | undefined, otherwise: number) => Number(row?.key ?? otherwise)
  const first =
    from === undefined
      ? undefined
      : keyOf(database.get('SELECT key FROM messages WHERE id >= ? ORDER BY id LIMIT 1', from), newest)
  const last =
    to === undefined
      ? undefined
      : keyOf(database.get('SELECT key FROM messages WHERE id < ? ORDER BY id DESC LIMIT 1', to), 0)
  return keyRangeOf({ first, last, newest, before })
}

/** A row of `messages` with its attempts. */
export function selectRecord(database: Database, row: Row): MessageRecord {
  const key = Number(row.key)
  const attempts = database.all('SELECT * FROM attempts WHERE message_key = ? ORDER BY number', key)
  return { key, message: messageOf(row), attempts: attempts.map(attemptOf) }
}

/** In the order of the keys. */
export function selectRecords(database: Database, keys: readonly number[]): MessageRecord[] {
  const list = JSON.stringify(keys)
  const rows = database.all('SELECT * FROM messages WHERE key IN (SELECT value FROM json_each(?))', list)
  const attempts = database.all(
    'SELECT * FROM attempts WHERE message_key IN (SELECT value FROM json_each(?)) ORDER BY message_key, number',
    list,
  )
  return recordsOf(keys, rows, attempts)
}
