import pg from 'pg'
import { SmsError } from '../../core/errors.ts'
import {
  type ConcurrentStatement,
  loadMigrations,
  type Migration,
  pendingMigrations,
  type Schema,
  schemaOf,
} from '../migrator.ts'
import { optionsFor, translated } from './connection.ts'

/** Any number that nothing else in the database takes as an advisory lock. */
const migrationLock = 7_835_411_902
const lockPollMs = 200
/**
 * Whoever wants a table behind a change that waits for it waits too: so long at most, then the change steps back. Longer
 * than the second (`deadlock_timeout`) after which PostgreSQL ends an automatic vacuum that is in the way.
 */
export const tableLockMsMax = 1_500
const tableLockPauseMs = 1_000
/** Some three minutes. */
const tableLockTriesMax = 80
const buildTriesMax = 5

const ownMigrations = loadMigrations(new URL('./migrations/', import.meta.url))

/**
 * Brings the schema up to date while others work on it. Of several processes one does, the others wait.
 *
 *   columns   one table after the other, each giving way to long statements and trying again
 *   the rest  of a migration, in one transaction
 *   indexes   each on its own, without holding up writes; what an interrupted build left is dropped first
 *
 * @returns the titles of what was applied.
 */
export async function migrateDatabase(
  url: string,
  migrations: readonly Migration[] = ownMigrations,
): Promise<{ readonly applied: readonly string[]; readonly schema: Schema }> {
  const client = new pg.Client(optionsFor(url))
  // Its failure reaches the query that waits; without a listener it would end the process.
  client.on('error', () => undefined)
  try {
    await client.connect()
    await lock(client)
    const state = await readState(client)
    const pending = pendingMigrations(migrations, state)
    for (const migration of migrations.filter(({ number }) => number > state.finished)) {
      if (pending.includes(migration)) await apply(client, migration)
      for (const statement of migration.concurrent) await build(client, statement)
      await client.query('UPDATE schema_version SET finished = $1', [migration.number])
    }
    return { applied: pending.map(({ title }) => title), schema: schemaOf(migrations, state) }
  } catch (error) {
    throw translated(error)
  } finally {
    await client.end()
  }
}

/** Asks again and again: a session that waits inside a statement is waited for by every index that is being built. */
async function lock(client: pg.Client): Promise<void> {
  for (;;) {
    const { rows } = await client.query('SELECT pg_try_advisory_lock($1) AS taken', [migrationLock])
    if (rows[0]?.taken) return
    await pause(lockPollMs)
  }
}

async function readState(
  client: pg.Client,
): Promise<{ readonly version: number; readonly readableFrom?: number; readonly finished: number }> {
  await client.query('CREATE TABLE IF NOT EXISTS schema_version (version INTEGER NOT NULL)')
  await client.query(`ALTER TABLE schema_version ADD COLUMN IF NOT EXISTS readable_from INTEGER,
    ADD COLUMN IF NOT EXISTS finished INTEGER`)
  await client.query('INSERT INTO schema_version (version) SELECT 0 WHERE NOT EXISTS (SELECT 1 FROM schema_version)')
  const { rows } = await client.query('SELECT version, readable_from, finished FROM schema_version')
  const { version, readable_from: readableFrom, finished } = rows[0]
  return {
    version: Number(version),
    ...(readableFrom === null ? {} : { readableFrom: Number(readableFrom) }),
    finished: Number(finished ?? version),
  }
}

async function apply(client: pg.Client, { number, columns, sql, readableFrom }: Migration): Promise<void> {
  for (const statement of columns) await change(client, statement)
  await change(
    client,
    `${sql}; UPDATE schema_version SET version = ${number}, readable_from = ${readableFrom},
       finished = coalesce(finished, version)`,
  )
}

async function change(client: pg.Client, sql: string): Promise<void> {
  await patiently(tableLockTriesMax, async () => {
    try {
      await client.query(`BEGIN; SET LOCAL lock_timeout = ${tableLockMsMax}; ${sql}; COMMIT`)
    } catch (error) {
      if (isHeldUp(error)) await client.query('ROLLBACK')
      throw error
    }
  })
}

async function build(client: pg.Client, { sql, index }: ConcurrentStatement): Promise<void> {
  await patiently(buildTriesMax, async () => {
    const { rowCount } = await client.query(
      'SELECT 1 FROM pg_index WHERE indexrelid = to_regclass($1) AND NOT indisvalid',
      [index],
    )
    if (rowCount !== 0) await client.query(`DROP INDEX CONCURRENTLY IF EXISTS ${index}`)
    await client.query(sql)
  })
}

/** @throws SmsError `unavailable` when others are in the way each time. */
async function patiently(triesMax: number, work: () => Promise<void>): Promise<void> {
  for (let tries = 1; ; tries++) {
    try {
      return await work()
    } catch (error) {
      if (!isHeldUp(error)) throw error
      if (tries >= triesMax) throw heldUp(error)
      await pause(tableLockPauseMs)
    }
  }
}

/** `lock_timeout` and deadlock: others were in the way, and nothing was changed but that an index may be half built. */
function isHeldUp(error: unknown): boolean {
  return error instanceof pg.DatabaseError && (error.code === '55P03' || error.code === '40P01')
}

function heldUp(cause: unknown): SmsError {
  return new SmsError(
    'unavailable',
    'The schema cannot be changed: something has been using a table of the database for minutes, such as a dump. Start again when it has ended.',
    { cause },
  )
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms))
}
