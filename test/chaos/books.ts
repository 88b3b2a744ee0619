import { DatabaseSync } from 'node:sqlite'
import { Client } from 'pg'

/** A message as the database has it in the end. */
export type StoredMessage = {
  readonly key: number
  readonly id: string
  readonly status: string
  readonly recipient: string
  readonly segmentCount: number
  readonly attempts: readonly StoredAttempt[]
}

export type StoredAttempt = {
  readonly startedAt: number
  readonly outcome: string | undefined
  readonly reason: string | undefined
}

/** The database, read by its tables and not through the service. */
export type Books = {
  /** Messages in the queue that no unresolved attempt to the same person holds back. */
  free(): Promise<number>
  /** Messages in the queue, or for later. */
  waiting(): Promise<number>
  /** Messages whose attempts are under way, or unresolved. */
  sending(): Promise<number>
  messages(): Promise<StoredMessage[]>
  close(): Promise<void>
}

export async function openBooks(url: string): Promise<Books> {
  const { rows, close } = url.startsWith('sqlite:') ? openSqlite(url) : await openPostgres(url)
  const count = async (what: string) =>
    Number((await rows(`SELECT count(*) AS count FROM messages m WHERE ${what}`))[0]?.count)
  return {
    free: () =>
      count(`status = 'queued' AND NOT EXISTS (
        SELECT 1 FROM messages u JOIN attempts a ON a.message_key = u.key
        WHERE u.status = 'sending' AND u.sender_id = m.sender_id AND u.recipient = m.recipient AND a.outcome IS NULL)`),
    waiting: () => count(`status IN ('queued', 'scheduled', 'held')`),
    sending: () => count(`status = 'sending'`),
    async messages() {
      const attempts = Map.groupBy(await rows('SELECT * FROM attempts ORDER BY message_key, number'), (row) =>
        Number(row.message_key),
      )
      const messages = await rows(`SELECT * FROM messages WHERE direction = 'outbound' ORDER BY key`)
      return messages.map((row) => ({
        key: Number(row.key),
        id: String(row.id),
        status: String(row.status),
        recipient: String(row.recipient),
        segmentCount: Number(row.segment_count),
        attempts: (attempts.get(Number(row.key)) ?? []).map((attempt) => ({
          startedAt: Number(attempt.started_at),
          outcome: textOf(attempt.outcome),
          reason: textOf(attempt.reason),
        })),
      }))
    },
    close,
  }
}

type Rows = {
  rows(sql: string): Promise<Record<string, unknown>[]>
  close(): Promise<void>
}

async function openPostgres(url: string): Promise<Rows> {
  const client = new Client({ connectionString: url })
  await client.connect()
  return { rows: async (sql) => (await client.query(sql)).rows, close: () => client.end() }
}

function openSqlite(url: string): Rows {
  const database = new DatabaseSync(url.slice('sqlite:'.length), { readOnly: true })
  return { rows: async (sql) => database.prepare(sql).all(), close: async () => database.close() }
}

function textOf(value: unknown): string | undefined {
  return typeof value === 'string' ? value : undefined
}
