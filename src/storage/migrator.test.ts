import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { checkMigrations, type Migration, parseMigration, pendingMigrations, schemaOf } from './migrator.ts'

const migration = (number: number, readableFrom = number): Migration => ({
  number,
  title: `000${number}-test`,
  columns: [],
  sql: '',
  concurrent: [],
  readableFrom,
})
const known = [migration(1), migration(2), migration(3)]

suite('a database starts, or is refused', () => {
  const rows: readonly [what: string, version: number, readableFrom: number | undefined, pending: number[] | RegExp][] =
    [
      ['an empty one gets everything', 0, undefined, [1, 2, 3]],
      ['an older one gets what it lacks', 2, 2, [3]],
      ['one of this version gets nothing', 3, 3, []],
      ['a newer one that this version can read starts as it is', 5, 3, []],
      ['a newer one that only newer versions can read is refused', 5, 4, /schema 5, .* knows schemas up to 3/],
      ['a newer one that says nothing is refused', 4, undefined, /schema 4, .* knows schemas up to 3/],
    ]
  for (const [what, version, readableFrom, expected] of rows)
    test(what, () => {
      const look = () => pendingMigrations(known, { version, ...(readableFrom === undefined ? {} : { readableFrom }) })
      if (expected instanceof RegExp) assert.throws(look, expected)
      else
        assert.deepEqual(
          look().map(({ number }) => number),
          expected,
        )
    })
})

test('what a database has after its migrations is told beside what is known', () => {
  assert.deepEqual(schemaOf(known, { version: 1 }), { present: 3, known: 3 })
  assert.deepEqual(schemaOf(known, { version: 7 }), { present: 7, known: 3 })
})

suite('a migration file', () => {
  test('says who can read it; without that, nobody older can', () => {
    assert.equal(parseMigration('0007-a.sql', '-- Words.\n-- readable from: 5\nSELECT 1;').readableFrom, 5)
    assert.equal(parseMigration('0007-a.sql', 'SELECT 1; -- not readable from: 5').readableFrom, 7)
  })

  test('has the statements that others must not wait for taken out of its transaction', () => {
    const text = `ALTER TABLE t
  -- Of one; two are no matter.
  ADD COLUMN IF NOT EXISTS a TEXT DEFAULT '-',
  ADD COLUMN IF NOT EXISTS b TEXT;
ALTER TABLE t ADD COLUMN c TEXT;
CREATE INDEX CONCURRENTLY IF NOT EXISTS t_a ON t (a)
  WHERE a IS NOT NULL;
CREATE UNIQUE INDEX CONCURRENTLY IF NOT EXISTS t_b ON t (b);
CREATE INDEX t_c ON t (c);
DROP INDEX CONCURRENTLY IF EXISTS t_old;
`
    const { columns, sql, concurrent } = parseMigration('0001-a.sql', text)
    assert.deepEqual(columns, [text.slice(0, text.indexOf('ALTER TABLE t ADD') - 1)])
    assert.deepEqual(sql.trim().split(/\n+/), ['ALTER TABLE t ADD COLUMN c TEXT;', 'CREATE INDEX t_c ON t (c);'])
    assert.deepEqual(
      concurrent.map((statement) => [statement.kind, statement.index]),
      [
        ['create', 't_a'],
        ['create', 't_b'],
        ['drop', 't_old'],
      ],
    )
    assert.match(concurrent[0]?.sql ?? '', /^CREATE INDEX CONCURRENTLY IF NOT EXISTS t_a .*\n.*NOT NULL;$/)
  })

  test('has a name of a number and words', () => {
    assert.throws(() => parseMigration('readme.md', ''), /readme\.md is not a migration/)
  })
})

suite('a list of migrations', () => {
  const rows: readonly [what: string, migrations: Migration[], fault: RegExp][] = [
    ['has no gaps', [migration(1), migration(3)], /migration 2 is missing before 0003-test/],
    ['is not readable by what is newer than it', [migration(1, 2)], /from 1 to 1/],
    ['does not become readable again', [migration(1), migration(2), migration(3, 1)], /0003-test is readable from 1/],
  ]
  for (const [what, migrations, fault] of rows)
    test(what, () => assert.throws(() => checkMigrations(migrations), fault))
})
