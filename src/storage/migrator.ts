import { readdirSync, readFileSync } from 'node:fs'
import { SmsError } from '../core/errors.ts'

export type Migration = { readonly number: number; readonly title: string; readonly sql: string }

const fileNamePattern = /^(\d{4})-([a-z0-9-]+)\.sql$/

/** The migrations of a folder, numbered from 1 without gaps. */
export function loadMigrations(folder: URL): Migration[] {
  const migrations = readdirSync(folder)
    .sort()
    .map((name) => {
      const match = fileNamePattern.exec(name)
      if (match === null) throw new Error(`${name} is not a migration: name it 0001-title.sql`)
      const [title] = name.split('.sql')
      return { number: Number(match[1]), title: title ?? name, sql: readFileSync(new URL(name, folder), 'utf8') }
    })
  migrations.forEach((migration, index) => {
    if (migration.number !== index + 1) throw new Error(`migration ${index + 1} is missing before ${migration.title}`)
  })
  return migrations
}

/**
 * What is still to be applied to a schema at version `present` (0 for an empty database).
 * @throws SmsError `unavailable` when the schema is newer than this version knows.
 */
export function pendingMigrations(migrations: readonly Migration[], present: number): Migration[] {
  const newest = migrations.at(-1)?.number ?? 0
  if (present > newest)
    throw new SmsError(
      'unavailable',
      `The database has schema ${present}, and this version of Textbridge knows schemas up to ${newest}. Start the version that last migrated it, or a newer one.`,
    )
  return migrations.filter((migration) => migration.number > present)
}
