import { Client } from 'pg'
import { openDatabase } from '../../src/storage/sqlite/database.ts'
import { silentMetrics } from '../support/store-builders.ts'

const perTransaction = 50_000

/** Fills the store's own tables as if `count` messages had been sent, one a second until now. */
export async function storeInSqlite(path: string, count: number): Promise<void> {
  const database = openDatabase({ path, metrics: silentMetrics })
  for (const statements of transactions(count, 'lower(hex(randomblob(16)))'))
    await database.transaction(() => {
      for (const statement of statements) database.run(statement)
    })
  await database.close()
}

export async function storeInPostgres(url: string, count: number): Promise<void> {
  const client = new Client({ connectionString: url })
  await client.connect()
  for (const statements of transactions(count, 'md5(random()::text)')) {
    await client.query('BEGIN')
    for (const statement of statements) await client.query(statement)
    await client.query('COMMIT')
  }
  // As autovacuum would have done in the days that so many messages take.
  await client.query('VACUUM ANALYZE')
  await client.query('CHECKPOINT')
  await client.end()
}

/** `randomHex`: the engine's expression for 32 random hex digits. All else both engines read alike. */
function* transactions(count: number, randomHex: string): Iterable<readonly string[]> {
  const firstAt = Date.now() - count * 1_000
  for (let first = 1; first <= count; first += perTransaction) {
    const last = Math.min(count, first + perTransaction - 1)
    const numbers = `(WITH RECURSIVE numbers (n) AS (SELECT ${first} UNION ALL SELECT n + 1 FROM numbers WHERE n < ${last})
      SELECT n FROM numbers) AS numbers`
    const id = "'msg_0000000' || (1000000000000000000 + n)"
    const at = `${firstAt} + n * 1000`
    yield [
      `INSERT INTO messages (id, organization_id, assistant_id, sender_id, provider_account_id, provider, sender,
         recipient, body, media_urls, encoding, segment_count, category, on_unknown, metadata, status,
         provider_message_id, created_at, updated_at)
       SELECT ${id}, 1, 1, 1, 1, 'twilio', '+12025550142', '+1' || (2000000000 + n),
         'Your table for two at 19:30 is confirmed, booking ' || n || '. Reply C to cancel it.', '[]', 'gsm-7', 1,
         'conversation', 'hold', '{}', 'sent', 'SM' || ${randomHex}, ${at}, ${at} + 200
       FROM ${numbers} ORDER BY n`,
      `INSERT INTO attempts (message_key, number, started_at, finished_at, outcome, provider_message_id, provider_status)
       SELECT key, 1, created_at, updated_at, 'accepted', provider_message_id, 'queued'
       FROM messages WHERE key BETWEEN ${first} AND ${last} ORDER BY key`,
      `INSERT INTO events (organization_id, message_key, type, occurred_at, data)
       SELECT 1, n, type, ${at}, '{"attempt":1,"provider":"twilio","provider_status":"queued"}'
       FROM ${numbers} CROSS JOIN (SELECT 'message.sending' AS type UNION ALL SELECT 'message.sent') AS types ORDER BY n`,
      `INSERT INTO idempotency_keys (organization_id, route, key, request_hash, message_id, created_at)
       SELECT 1, 'sms.send', ${randomHex}, ${randomHex} || ${randomHex}, ${id}, ${at} FROM ${numbers}`,
    ]
  }
}
