import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { Client } from 'pg'
import { createTestDatabase, type TestDatabase } from '../../../test/support/postgres.ts'
import { loadMigrations } from '../migrator.ts'
import { type Database, openDatabase } from './database.ts'
import { migrateDatabase } from './migrate.ts'

const metrics = { commit: () => undefined }
const all = loadMigrations(new URL('./migrations/', import.meta.url))
/** What a version of before the queue, the paces and the policies brought. */
const older = all.slice(0, 2)
const newer = all.slice(older.length).map(({ title }) => title)
const messagesStored = 20_000
const writersAtOnce = 4
/** Less than what a caller of the API waits, also on a busy machine; what it was is printed. */
const gapMsMax = 5_000

suite('a schema is changed while an older version works on it', () => {
  test('no write fails, none waits long, and the older version can start again', async (t) => {
    const { database, old } = await olderInstallation()
    const load = startLoad(old)
    await load.written(50)
    const { applied } = await migrateDatabase(database.url)
    await load.written(50)
    const { failures, longestGapMs, count } = await load.stop()
    t.diagnostic(`${count} writes, longest gap ${Math.round(longestGapMs)} ms`)
    assert.deepEqual(applied, newer)
    assert.deepEqual(failures, [])
    assert.ok(longestGapMs < gapMsMax, `nothing was written for ${longestGapMs} ms`)
    await old.close()

    const again = await openDatabase({ url: database.url, metrics, migrations: older })
    assert.deepEqual(again.schema, { present: all.length, known: older.length })
    assert.ok((await write(again)).id)
    assert.deepEqual(await indexesOf(again), { invalid: [], queued: ['messages_queued_by_sender'] })
    await again.close()
    await database.drop()
  })

  test('a long statement on a table makes the change step back, not everybody wait', async (t) => {
    const { database, old } = await olderInstallation()
    const dump = await connected(database.url)
    await dump.query('BEGIN')
    await dump.query('SELECT count(*) FROM messages')
    const load = startLoad(old)
    await load.written(10)
    const migrated = migrateDatabase(database.url)
    for (let round = 0; round < 2; round++) {
      await until(async () => await isTableAwaited(dump))
      await until(async () => !(await isTableAwaited(dump)))
    }
    await dump.query('COMMIT')
    assert.deepEqual((await migrated).applied, newer)
    const { failures, longestGapMs } = await load.stop()
    t.diagnostic(`longest gap ${Math.round(longestGapMs)} ms`)
    assert.deepEqual(failures, [])
    assert.ok(longestGapMs < gapMsMax, `nothing was written for ${longestGapMs} ms`)
    await Promise.all([dump.end(), old.close()])
    await database.drop()
  })

  test('one process builds the indexes, another that starts meanwhile waits for them and is not waited for', async () => {
    const { database, old } = await olderInstallation()
    const reader = await connected(database.url)
    await migrateDatabase(
      database.url,
      all.map((migration) => ({ ...migration, concurrent: [] })),
    )
    await old.run('UPDATE schema_version SET finished = 2')
    // An index that is built concurrently waits for whoever wrote the table before it.
    await reader.query('BEGIN')
    await reader.query('UPDATE messages SET updated_at = updated_at WHERE key = 1')
    const first = migrateDatabase(database.url)
    await until(async () => await isTableAwaited(old))
    const second = migrateDatabase(database.url)
    await until(async () => (await sessions(old)) >= 2)
    await reader.query('COMMIT')
    await Promise.all([first, second])
    assert.deepEqual((await indexesOf(old)).invalid, [])
    assert.deepEqual(await old.get('SELECT version, readable_from, finished FROM schema_version'), {
      version: all.length,
      readable_from: all.at(-1)?.readableFrom,
      finished: all.length,
    })
    await Promise.all([reader.end(), old.close()])
    await database.drop()
  })
})

test('no migration holds tables in use: columns come one table at a time, indexes concurrently', () => {
  for (const { title, sql } of all.slice(older.length)) {
    const made = [...sql.matchAll(/^CREATE (?:UNLOGGED )?TABLE (\w+)/gm)].map(([, table]) => table)
    const touched = [...sql.matchAll(/^CREATE (?:UNIQUE )?INDEX \w+ ON (\w+)|^ALTER TABLE (\w+)\s(?!SET \()/gm)]
    assert.deepEqual(
      touched.map(([, indexed, altered]) => indexed ?? altered).filter((table) => !made.includes(table)),
      [],
      title,
    )
  }
})

test('an index whose build was interrupted is dropped and built again', async () => {
  const database = await createTestDatabase()
  await migrateDatabase(database.url)
  const opened = await openDatabase({ url: database.url, metrics })
  await opened.run(`UPDATE pg_index SET indisvalid = false WHERE indexrelid = 'messages_due'::regclass`)
  await opened.run('DROP INDEX messages_held')
  await opened.run('UPDATE schema_version SET finished = 2')
  assert.deepEqual((await indexesOf(opened)).invalid, ['messages_due'])
  assert.deepEqual((await migrateDatabase(database.url)).applied, [])
  assert.deepEqual((await indexesOf(opened)).invalid, [])
  assert.ok(await opened.get(`SELECT 1 FROM pg_class WHERE relname = 'messages_held'`))
  await opened.close()
  await database.drop()
})

test('statements that were prepared before their table changed are prepared again, in and outside of transactions', async () => {
  const database = await createTestDatabase()
  const opened = await openDatabase({ url: database.url, metrics })
  const read = () => opened.get('SELECT * FROM queue_state WHERE id = $1', 1)
  const readInTransaction = () => opened.transaction((queries) => queries.get('SELECT * FROM queue_state'))
  await Promise.all(Array.from({ length: 30 }, (_, index) => (index % 2 === 0 ? read() : readInTransaction())))
  const other = await connected(database.url)
  await other.query('ALTER TABLE queue_state ADD COLUMN a INTEGER DEFAULT 7')
  const rows = await Promise.all(
    Array.from({ length: 60 }, (_, index) => (index % 2 === 0 ? read() : readInTransaction())),
  )
  assert.ok(rows.every((row) => row?.a === 7))
  await Promise.all([other.end(), opened.close()])
  await database.drop()
})

/** A database of the older version with messages in it, and that version at work. */
async function olderInstallation(): Promise<{ readonly database: TestDatabase; readonly old: Database }> {
  const database = await createTestDatabase()
  const old = await openDatabase({ url: database.url, metrics, migrations: older })
  await old.run(
    `INSERT INTO messages (id, organization_id, assistant_id, sender_id, provider_account_id, provider, sender, recipient,
       body, media_urls, encoding, segment_count, category, on_unknown, metadata, status, created_at, updated_at)
     SELECT 'stored ' || n, 1, 1, n % 50, 1, 'none', '', '', 'Hello', '[]', 'gsm-7', 1, 'conversation', 'hold', '{}',
       CASE n % 100 WHEN 0 THEN 'queued' ELSE 'sent' END, n, n
     FROM generate_series(1, $1::integer) AS n`,
    messagesStored,
  )
  return { database, old }
}

let made = 0
/** As the older version writes and reads. */
function write(database: Database): Promise<Readonly<Record<string, unknown>>> {
  return database.transaction(async (queries) => {
    const row = await queries.get(
      `INSERT INTO messages (id, organization_id, assistant_id, sender_id, provider_account_id, provider, sender,
         recipient, body, media_urls, encoding, segment_count, category, on_unknown, metadata, status, created_at, updated_at)
       VALUES ($1, 1, 1, 1, 1, 'none', '', '', 'Hello', '[]', 'gsm-7', 1, 'conversation', 'hold', '{}', 'sent', 0, 0)
       RETURNING *`,
      `written ${++made}`,
    )
    await queries.all(`SELECT * FROM messages WHERE status = 'queued' ORDER BY key LIMIT 10 FOR UPDATE SKIP LOCKED`)
    await queries.all('SELECT * FROM organizations')
    return row ?? {}
  })
}

function startLoad(database: Database) {
  let stopped = false
  let count = 0
  let lastAt = performance.now()
  let longestGapMs = 0
  const failures: unknown[] = []

  async function writer(): Promise<void> {
    while (!stopped) {
      try {
        await write(database)
        count++
      } catch (error) {
        failures.push(error)
      }
      longestGapMs = Math.max(longestGapMs, performance.now() - lastAt)
      lastAt = performance.now()
    }
  }

  const writers = Array.from({ length: writersAtOnce }, writer)
  return {
    written: (more: number) => {
      const target = count + more
      return until(async () => count >= target || failures.length > 0)
    },
    async stop() {
      stopped = true
      await Promise.all(writers)
      return { failures, longestGapMs, count }
    },
  }
}

async function indexesOf(database: Database) {
  const rows =
    await database.all(`SELECT c.relname, i.indisvalid FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid
    WHERE i.indrelid = 'messages'::regclass ORDER BY c.relname`)
  return {
    invalid: rows.filter((row) => !row.indisvalid).map((row) => row.relname),
    queued: rows.map((row) => row.relname).filter((name) => String(name).startsWith('messages_queued')),
  }
}

const ofThisDatabase = 'database = (SELECT oid FROM pg_database WHERE datname = current_database())'

/** Whether a session waits for a table, or for a transaction as the build of an index does. */
async function isTableAwaited(queries: Pick<Client, 'query'> | Database): Promise<boolean> {
  const sql = `SELECT count(*)::integer AS waiting FROM pg_locks WHERE NOT granted
    AND (locktype = 'relation' AND ${ofThisDatabase} AND mode IN ('AccessExclusiveLock') OR locktype = 'virtualxid')`
  return (
    Number('query' in queries ? (await queries.query(sql)).rows[0]?.waiting : (await queries.get(sql))?.waiting) > 0
  )
}

/** How many sessions ask for the lock of migrations, or have it. */
async function sessions(database: Database): Promise<number> {
  const row = await database.get(
    `SELECT count(*)::integer AS count FROM pg_stat_activity WHERE datname = current_database()
       AND (query LIKE 'SELECT pg_try_advisory_lock%' OR query LIKE '%CONCURRENTLY%') AND pid <> pg_backend_pid()`,
  )
  return Number(row?.count)
}

async function connected(url: string): Promise<Client> {
  const client = new Client({ connectionString: url })
  await client.connect()
  return client
}

async function until(check: () => Promise<boolean>): Promise<void> {
  while (!(await check())) await new Promise((resolve) => setImmediate(resolve))
}
