import { Client } from 'pg'

/** A message as the database has it in the end. */
export type StoredMessage = {
  readonly key: number
  readonly id: string
  readonly status: string
  readonly text: string
  readonly recipient: string
  readonly segmentCount: number
  readonly attempts: readonly StoredAttempt[]
}

export type StoredAttempt = {
  readonly number: number
  readonly startedAt: number
  readonly outcome: string | null
  readonly reason: string | null
}

/** The database, read by its tables and not through the service. */
export type Books = {
  /** Messages in the queue that no unresolved attempt to the same person holds back. */
  free(): Promise<number>
  /** Messages in the queue. */
  queued(): Promise<number>
  /** Messages whose attempts are under way, or unresolved. */
  sending(): Promise<number>
  messages(): Promise<StoredMessage[]>
  close(): Promise<void>
}

export async function openBooks(url: string): Promise<Books> {
  const client = new Client({ connectionString: url })
  await client.connect()
  const count = async (sql: string) => Number((await client.query(sql)).rows[0].count)
  return {
    free: () =>
      count(`SELECT count(*) FROM messages m WHERE status = 'queued' AND NOT EXISTS (
        SELECT 1 FROM messages u JOIN attempts a ON a.message_key = u.key
        WHERE u.status = 'sending' AND u.sender_id = m.sender_id AND u.recipient = m.recipient AND a.outcome IS NULL)`),
    queued: () => count(`SELECT count(*) FROM messages WHERE status = 'queued'`),
    sending: () => count(`SELECT count(*) FROM messages WHERE status = 'sending'`),
    async messages() {
      const attempts = new Map<number, StoredAttempt[]>()
      const rows = await client.query('SELECT * FROM attempts ORDER BY message_key, number')
      for (const row of rows.rows) {
        const key = Number(row.message_key)
        const known = attempts.get(key) ?? []
        attempts.set(key, known)
        known.push({
          number: row.number,
          startedAt: Number(row.started_at),
          outcome: row.outcome,
          reason: row.reason,
        })
      }
      const found = await client.query(`SELECT * FROM messages WHERE direction = 'outbound' ORDER BY key`)
      return found.rows.map((row) => ({
        key: Number(row.key),
        id: row.id,
        status: row.status,
        text: row.body,
        recipient: row.recipient,
        segmentCount: row.segment_count,
        attempts: attempts.get(Number(row.key)) ?? [],
      }))
    },
    close: () => client.end(),
  }
}
