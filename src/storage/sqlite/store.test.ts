import assert from 'node:assert/strict'
import { mkdtempSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { after, test } from 'node:test'
import { silentLog } from '../../../test/support/silent-log.ts'
import { buildRoute, buildSend, silentMetrics } from '../../../test/support/store-builders.ts'
import { auditContract } from '../../ports/audit.contract.ts'
import { batchContract } from '../../ports/batch-store.contract.ts'
import { evidenceContract } from '../../ports/evidence.contract.ts'
import { furtherAttemptContract } from '../../ports/further-attempt.contract.ts'
import { inboundContract } from '../../ports/inbound-store.contract.ts'
import { peopleContract } from '../../ports/people.contract.ts'
import { queueContract } from '../../ports/queue-store.contract.ts'
import { readingContract } from '../../ports/reading.contract.ts'
import { retentionContract } from '../../ports/retention.contract.ts'
import { storeContract } from '../../ports/store.contract.ts'
import { loadMigrations } from '../migrator.ts'
import { makeSealer } from '../seal.ts'
import { migrateSqlite, openSqliteStore } from './store.ts'

const folder = mkdtempSync(join(tmpdir(), 'textbridge-'))
after(() => rmSync(folder, { recursive: true }))
const sealer = makeSealer([new Uint8Array(32).fill(1)])
const open = (name: string) => openSqliteStore({ path: join(folder, name), sealer, metrics: silentMetrics })

storeContract('sqlite', () => open('contract.db'))
auditContract('sqlite', () => open('audit.db'))
batchContract('sqlite', () => open('batches.db'))
evidenceContract('sqlite', () => open('evidence.db'))
inboundContract('sqlite', () => open('inbound.db'))
queueContract('sqlite', () => open('queue.db'))
furtherAttemptContract('sqlite', () => open('queue.db'))
retentionContract('sqlite', () => open('retention.db'))
peopleContract('sqlite', () => open('people.db'))
readingContract(
  'sqlite',
  () => open('reading.db'),
  async (count) => {
    const sqlite = new DatabaseSync(join(folder, 'reading.db'))
    const columns = sqlite
      .prepare("SELECT name FROM pragma_table_info('messages') WHERE name NOT IN ('key', 'id', 'guard')")
      .all()
      .map(({ name }) => name)
    // Of nobody, it only makes the next key larger.
    sqlite.exec(
      `INSERT INTO messages (key, id, ${columns}) SELECT key + ${count}, 'gap ' || key,
         ${columns.map((name) => (name === 'organization_id' || name === 'conversation_key' ? -1 : name))}
       FROM messages ORDER BY key DESC LIMIT 1`,
    )
    sqlite.close()
  },
)

test('what was accepted is there after the file is opened again, and is readable for its owner only', async () => {
  const first = await open('again.db')
  const route = await buildRoute(first)
  const send = buildSend(route)
  await first.sends.accept(send)
  await first.close()
  const second = await open('again.db')
  const record = await second.messages.find(send.message.organizationId, send.message.id)
  assert.deepEqual(record?.message, send.message)
  assert.equal((await second.sends.accept(buildSend(route))).kind, 'joined')
  await second.close()
  assert.equal(statSync(join(folder, 'again.db')).mode & 0o777, 0o600)
})

test('a schema from the future stops the start with a sentence, and migrating twice applies nothing', async () => {
  const path = join(folder, 'future.db')
  const titles = loadMigrations(new URL('./migrations/', import.meta.url)).map(({ title }) => title)
  assert.deepEqual(await migrateSqlite({ path }), titles)
  assert.deepEqual(await migrateSqlite({ path }), [])
  const sqlite = new DatabaseSync(path)
  sqlite.exec('PRAGMA user_version = 99; UPDATE schema_version SET readable_from = 99')
  sqlite.close()
  await assert.rejects(() => open('future.db'), /schema 99, and this version of Textbridge knows schemas up to \d+/)
})

test('a newer schema that this version can read starts, and the log says so', async () => {
  const path = join(folder, 'newer.db')
  await migrateSqlite({ path })
  const sqlite = new DatabaseSync(path)
  sqlite.exec('PRAGMA user_version = 99')
  sqlite.close()
  const warned: string[] = []
  const log = { ...silentLog, warn: (event: string) => void warned.push(event) }
  const store = await openSqliteStore({ path, sealer, metrics: silentMetrics, log })
  await store.ping()
  assert.deepEqual(warned, ['schema.newer'])
  await store.close()
})

test('provider secrets are not in the file', async () => {
  const store = await open('sealed.db')
  await buildRoute(store)
  const other = makeSealer([new Uint8Array(32).fill(9)])
  const path = join(folder, 'sealed.db')
  await store.close()
  const sqlite = new DatabaseSync(path)
  assert.ok(!JSON.stringify(sqlite.prepare('SELECT * FROM provider_accounts').all()).includes('secret token'))
  sqlite.close()
  const wrongKey = await openSqliteStore({ path, sealer: other, metrics: silentMetrics })
  await assert.rejects(() => wrongKey.accounts.checkSecrets(), /auth_token of "main" cannot be opened/)
  await wrongKey.close()
})
