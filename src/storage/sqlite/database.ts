import { chmodSync, existsSync, mkdirSync } from 'node:fs'
import { dirname } from 'node:path'
import { DatabaseSync, type SQLInputValue, type StatementSync } from 'node:sqlite'
import { SmsError } from '../../core/errors.ts'
import type { Metrics } from '../../ports/metrics.ts'
import { makeGroupCommit } from '../group-commit.ts'
import { loadMigrations, type Migration, pendingMigrations, type Schema, schemaOf } from '../migrator.ts'
import { makeWakeUps, type SqliteWakeUps } from './wake-ups.ts'

export type Row = Record<string, unknown>
export type Bindings = readonly SQLInputValue[]

/** One connection. Statements are prepared once; reads see every commit of this process. */
export type Database = {
  readonly schema: Schema
  readonly wakeUps: SqliteWakeUps
  all(sql: string, ...bindings: Bindings): Row[]
  get(sql: string, ...bindings: Bindings): Row | undefined
  run(sql: string, ...bindings: Bindings): { readonly changes: number; readonly lastKey: number }
  /** Several operations may share the commit; resolves when it is durable. */
  transaction<T>(work: () => T): Promise<T>
  /** Called whenever a transaction was undone: what was remembered inside it is not so. */
  onUndone(forget: () => void): void
  close(): Promise<void>
}

const ownMigrations = loadMigrations(new URL('./migrations/', import.meta.url))

/**
 * The file and its folder are made readable for this user only.
 * @throws SmsError `unavailable` when it cannot be opened, or its schema is newer than this version.
 */
export function openDatabase(params: {
  readonly path: string
  readonly metrics: Pick<Metrics, 'commit'>
  /** For tests; all of this version in production. */
  readonly migrations?: readonly Migration[]
}): Database {
  const sqlite = openFile(params.path)
  const { schema } = applyMigrations(sqlite, params.migrations)
  const statements = new Map<string, StatementSync>()

  function prepare(sql: string): StatementSync {
    const known = statements.get(sql)
    if (known !== undefined) return known
    const statement = sqlite.prepare(sql)
    statements.set(sql, statement)
    return statement
  }

  function inTransaction(work: () => void): void {
    execute(() => prepare('BEGIN IMMEDIATE').run())
    try {
      work()
      execute(() => prepare('COMMIT').run())
    } catch (error) {
      if (sqlite.isTransaction) sqlite.exec('ROLLBACK')
      for (const forget of undoneListeners) forget()
      throw error
    }
  }

  const wakeUps = makeWakeUps()
  const undoneListeners = [wakeUps.undone]
  let startedAt = 0
  const group = makeGroupCommit({
    inTransaction: (work) => {
      startedAt = performance.now()
      inTransaction(work)
    },
    committed: (count) => {
      params.metrics.commit('sqlite', count, performance.now() - startedAt)
      wakeUps.committed()
    },
  })

  return {
    schema,
    wakeUps,
    all: (sql, ...bindings) => execute(() => prepare(sql).all(...bindings)),
    get: (sql, ...bindings) => execute(() => prepare(sql).get(...bindings)),
    run: (sql, ...bindings) =>
      execute(() => {
        const { changes, lastInsertRowid } = prepare(sql).run(...bindings)
        return { changes: Number(changes), lastKey: Number(lastInsertRowid) }
      }),
    transaction: (work) => group.run(work),
    onUndone: (forget) => void undoneListeners.push(forget),
    async close() {
      await group.idle()
      sqlite.close()
    },
  }
}

/** @returns the titles of what was applied. */
export function migrateDatabase(path: string, migrations?: readonly Migration[]): readonly string[] {
  const sqlite = openFile(path)
  try {
    return applyMigrations(sqlite, migrations).applied
  } finally {
    sqlite.close()
  }
}

/** For tests: nothing is kept. Configuration refuses it. */
const inMemory = ':memory:'

function openFile(path: string): DatabaseSync {
  try {
    const folder = dirname(path)
    if (!existsSync(folder)) mkdirSync(folder, { recursive: true, mode: 0o700 })
    const sqlite = new DatabaseSync(path)
    sqlite.exec('PRAGMA busy_timeout = 5000')
    sqlite.exec('PRAGMA journal_mode = WAL')
    sqlite.exec('PRAGMA synchronous = FULL')
    sqlite.exec('PRAGMA foreign_keys = ON')
    // Fewer, larger checkpoints: each one writes every changed page once, however often it changed.
    sqlite.exec('PRAGMA wal_autocheckpoint = 8000')
    if (path !== inMemory) chmodSync(path, 0o600)
    return sqlite
  } catch (cause) {
    throw new SmsError(
      'unavailable',
      `The database file ${path} cannot be opened. Check TEXTBRIDGE_DATABASE_URL and the permissions of the folder.`,
      { cause },
    )
  }
}

function applyMigrations(
  sqlite: DatabaseSync,
  migrations: readonly Migration[] = ownMigrations,
): { readonly applied: readonly string[]; readonly schema: Schema } {
  // The write lock is taken before the version is read, so that of two processes one waits and finds nothing to do.
  sqlite.exec('BEGIN IMMEDIATE')
  try {
    sqlite.exec('CREATE TABLE IF NOT EXISTS schema_version (readable_from INTEGER NOT NULL) STRICT')
    const readableFrom = sqlite.prepare('SELECT readable_from FROM schema_version').get()?.readable_from
    const state = {
      version: Number(sqlite.prepare('PRAGMA user_version').get()?.user_version ?? 0),
      ...(readableFrom === undefined ? {} : { readableFrom: Number(readableFrom) }),
    }
    const pending = pendingMigrations(migrations, state)
    for (const { number, sql, readableFrom } of pending) {
      sqlite.exec(`${sql}; PRAGMA user_version = ${number};
        DELETE FROM schema_version; INSERT INTO schema_version VALUES (${readableFrom})`)
    }
    sqlite.exec('COMMIT')
    return { applied: pending.map(({ title }) => title), schema: schemaOf(migrations, state) }
  } catch (error) {
    if (sqlite.isTransaction) sqlite.exec('ROLLBACK')
    throw error
  }
}

const sqliteBusy = 5
const sqliteIoError = 10
const sqliteFull = 13
const sqliteConstraint = 19
const uniqueConstraints = [1555, 2067]

function execute<T>(work: () => T): T {
  try {
    return work()
  } catch (error) {
    throw translated(error)
  }
}

/** Primary result codes: https://sqlite.org/rescode.html; the low byte of the extended one. */
function translated(cause: unknown): unknown {
  if (!(cause instanceof Error) || !('errcode' in cause) || typeof cause.errcode !== 'number') return cause
  const primary = cause.errcode & 0xff
  if (primary === sqliteConstraint && uniqueConstraints.includes(cause.errcode))
    return new SmsError('conflict', 'This name or number is already in use. Choose another one.', { cause })
  if (primary === sqliteFull || primary === sqliteIoError)
    return new SmsError('unavailable', 'The database cannot write to its disk. Nothing was changed; free some space.', {
      cause,
    })
  if (primary === sqliteBusy)
    return new SmsError('unavailable', 'The database is locked by another process. Nothing was changed; try again.', {
      cause,
      retryAfterMs: 1_000,
    })
  return cause
}
