import { readdirSync, readFileSync } from 'node:fs'
import { SmsError } from '../core/errors.ts'
import type { Log } from '../ports/log.ts'

export type Migration = {
  readonly number: number
  readonly title: string
  /**
   * Runs first, each statement in a transaction of its own (`ALTER TABLE … ADD COLUMN IF NOT EXISTS`). Whoever holds one
   * table that is in use while waiting for another meets those who have them the other way round.
   */
  readonly columns: readonly string[]
  /** Runs in one transaction. */
  readonly sql: string
  /** Runs last, outside of a transaction (`CREATE` or `DROP INDEX CONCURRENTLY`): others write meanwhile. */
  readonly concurrent: readonly ConcurrentStatement[]
  /** The oldest schema whose code still works on this one. */
  readonly readableFrom: number
}

export type ConcurrentStatement = { readonly sql: string; readonly index: string; readonly kind: 'create' | 'drop' }

/** The schema of a database; 0 of an empty one. `readableFrom` is absent where a version wrote it that knew of none. */
export type SchemaState = { readonly version: number; readonly readableFrom?: number }

/** The schema that a database has, and the newest that this version knows. */
export type Schema = { readonly present: number; readonly known: number }

const fileNamePattern = /^(\d{4})-([a-z0-9-]+)\.sql$/
const readableFromPattern = /^-- readable from: (\d+)$/m
/** To the end of a statement; a semicolon in a comment ends none. There are none in texts. */
const rest = String.raw`(?:--.*\n|[^;-]|-(?!-))*;`
const columnsPattern = new RegExp(String.raw`^ALTER TABLE \w+(?:\s|--.*\n)+ADD COLUMN IF NOT EXISTS ${rest}`, 'gm')
const concurrentPattern = new RegExp(
  String.raw`^(?<kind>CREATE|DROP)(?: UNIQUE)? INDEX CONCURRENTLY IF (?:NOT )?EXISTS (?<index>\w+)${rest}`,
  'gm',
)

/** The migrations of a folder, numbered from 1 without gaps. */
export function loadMigrations(folder: URL): Migration[] {
  const migrations = readdirSync(folder)
    .sort()
    .map((name) => parseMigration(name, readFileSync(new URL(name, folder), 'utf8')))
  checkMigrations(migrations)
  return migrations
}

/**
 * A line `-- readable from: N` says that code which knows schemas up to N works on this one too; without it, only code
 * that knows this migration does.
 */
export function parseMigration(fileName: string, text: string): Migration {
  const match = fileNamePattern.exec(fileName)
  if (match === null) throw new Error(`${fileName} is not a migration: name it 0001-title.sql`)
  const number = Number(match[1])
  return {
    number,
    title: fileName.replace('.sql', ''),
    columns: [...text.matchAll(columnsPattern)].map(([sql]) => sql),
    sql: text.replace(columnsPattern, '').replace(concurrentPattern, ''),
    concurrent: [...text.matchAll(concurrentPattern)].map(({ 0: sql, groups }) => ({
      sql,
      index: groups?.index ?? '',
      kind: groups?.kind === 'DROP' ? 'drop' : 'create',
    })),
    readableFrom: Number(readableFromPattern.exec(text)?.[1] ?? number),
  }
}

/** @throws Error when one is missing, or one takes back what an earlier one said about older code. */
export function checkMigrations(migrations: readonly Migration[]): void {
  migrations.forEach(({ number, title, readableFrom }, index) => {
    if (number !== index + 1) throw new Error(`migration ${index + 1} is missing before ${title}`)
    const before = migrations[index - 1]?.readableFrom ?? 1
    if (readableFrom < before || readableFrom > number)
      throw new Error(`${title} is readable from ${readableFrom}; that must be from ${before} to ${number}`)
  })
}

/**
 * What is still to be applied: nothing to a newer schema that says that this version works on it, so that an old process
 * can start again while the new version is being rolled out.
 * @throws SmsError `unavailable` when the schema is newer and does not say so.
 */
export function pendingMigrations(migrations: readonly Migration[], present: SchemaState): Migration[] {
  const known = newestOf(migrations)
  if (present.version > known && !((present.readableFrom ?? present.version) <= known))
    throw new SmsError(
      'unavailable',
      `The database has schema ${present.version}, and this version of Textbridge knows schemas up to ${known}. Start the version that last migrated it, or a newer one.`,
    )
  return migrations.filter((migration) => migration.number > present.version)
}

/** What a database has after its pending migrations. */
export function schemaOf(migrations: readonly Migration[], { version }: SchemaState): Schema {
  const known = newestOf(migrations)
  return { present: Math.max(version, known), known }
}

/** An operator should know that newer processes are, or were, at work. */
export function logNewerSchema(log: Log | undefined, { present, known }: Schema): void {
  if (present > known)
    log?.warn('schema.newer', {
      present,
      known,
      hint: 'A newer version has migrated the database. This one can work on it; replace it when you can.',
    })
}

function newestOf(migrations: readonly Migration[]): number {
  return migrations.at(-1)?.number ?? 0
}
