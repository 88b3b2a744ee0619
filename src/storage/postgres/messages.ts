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
import type { Database, Queries } from './database.ts'

/** A statement over so many ends well within its time limit. */
const messagesPerStepMax = 131_072

/** With the collation "C", letters a to z are the same in either case and no others, as in SQLite. */
const fits = `organization_id = $1 AND key > $2 AND key <= $3
  AND ($4::text IS NULL OR direction = $4) AND ($5::text IS NULL OR status = $5)
  AND ($6::text IS NULL OR provider = $6) AND ($7::bigint IS NULL OR assistant_id = $7)
  AND ($8::text IS NULL OR sender = $8) AND ($9::text IS NULL OR recipient = $9)
  AND ($10::bigint IS NULL OR created_at >= $10) AND ($11::bigint IS NULL OR created_at < $11)
  AND ($12::text IS NULL OR body COLLATE "C" ILIKE $12 ESCAPE '\\')`

export function makeMessages(database: Database): MessageStore {
  const recordOf = async (row: Row | undefined) => (row === undefined ? undefined : selectRecord(database, row))

  /** The newest first, at most `wanted`. */
  async function findKeys(params: Looked & { readonly wanted: number }): Promise<number[]> {
    const { organizationId, filter, before, wanted } = params
    const keys: number[] = []
    await scan({ organizationId, filter, before }, async ({ above, upTo }) => {
      const rows = await database.all(
        `SELECT key FROM messages WHERE ${fits} ORDER BY key DESC LIMIT $13`,
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

  async function scan(what: Looked, step: (range: KeyRange) => Promise<boolean>): Promise<void> {
    return scanBackwards(await rangeOf(database, what), {
      messagesPerStepMax,
      async findBoundary(upTo, count) {
        const row = await database.get(
          'SELECT key FROM messages WHERE organization_id = $1 AND key <= $2 ORDER BY key DESC LIMIT 1 OFFSET $3',
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
        const rows = await database.all(
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
    findByKey: async (organizationId, key) =>
      recordOf(
        await database.get('SELECT * FROM messages WHERE key = $1 AND organization_id = $2', key, organizationId),
      ),
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

type Looked = {
  readonly organizationId: number
  readonly filter: MessageFilter
  readonly before?: number | undefined
}

/** Between which keys the messages of the filter's period lie. */
async function rangeOf(queries: Queries, { filter, before }: Looked): Promise<KeyRange> {
  const { from, to } = idBoundsOf(filter)
  const newest = Number((await queries.get('SELECT max(key) AS key FROM messages'))?.key ?? 0)
  const keyOf = (row: Row | undefined, otherwise: number) => Number(row?.key ?? otherwise)
  const first =
    from === undefined
      ? undefined
      : keyOf(await queries.get('SELECT key FROM messages WHERE id >= $1 ORDER BY id LIMIT 1', from), newest)
  const last =
    to === undefined
      ? undefined
      : keyOf(await queries.get('SELECT key FROM messages WHERE id < $1 ORDER BY id DESC LIMIT 1', to), 0)
  return keyRangeOf({ first, last, newest, before })
}

/** A row of `messages` with its attempts. */
export async function selectRecord(queries: Queries, row: Row): Promise<MessageRecord> {
  const key = Number(row.key)
  const attempts = await queries.all('SELECT * FROM attempts WHERE message_key = $1 ORDER BY number', key)
  return { key, message: messageOf(row), attempts: attempts.map(attemptOf) }
}

/** In the order of the keys. */
export async function selectRecords(queries: Queries, keys: readonly number[]): Promise<MessageRecord[]> {
  const [rows, attempts] = await Promise.all([
    queries.all('SELECT * FROM messages WHERE key = ANY ($1::bigint[])', keys),
    queries.all('SELECT * FROM attempts WHERE message_key = ANY ($1::bigint[]) ORDER BY message_key, number', keys),
  ])
  return recordsOf(keys, rows, attempts)
}
