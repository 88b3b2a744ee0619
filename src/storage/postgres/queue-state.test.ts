import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { after, suite, test } from 'node:test'
import { Client } from 'pg'
import { createTestDatabase } from '../../../test/support/postgres.ts'
import { silentMetrics } from '../../../test/support/store-builders.ts'
import { insertMessage, waitingMessage } from '../../../test/support/waiting-message.ts'
import { queueStateContract } from '../../ports/queue-state.contract.ts'
import type { Store } from '../../ports/store.ts'
import { makeSealer } from '../seal.ts'
import { openPostgresStore } from './store.ts'

const server = await createTestDatabase()
after(() => server.drop())
const sealer = makeSealer([new Uint8Array(32).fill(1)])
const open = (url = server.url) => openPostgresStore({ url, sealer, metrics: silentMetrics })
const now = 1_790_000_000_000

queueStateContract('postgres', async () => {
  const store = await open()
  await query(`UPDATE queue_state SET fingerprint = NULL, beat_at = NULL, beats = 0, held_at = NULL, held_reason = NULL;
    TRUNCATE messages, audit_log`)
  return {
    ...store,
    wait: async (message) => {
      const columns = waitingMessage(message)
      const marks = Object.values(columns).map((value) => (typeof value === 'number' ? `${value}` : `'${value}'`))
      await query(insertMessage(columns, marks))
    },
  }
})

suite('a database that is another one than before is held', () => {
  const anotherReason = /not the database that the service last worked on/

  async function workedOn(): Promise<{ readonly url: string; readonly store: Store; drop(): Promise<void> }> {
    const database = await createTestDatabase()
    const store = await open(database.url)
    assert.equal(await store.queueState.beat({ now }), undefined)
    assert.equal(await store.queueState.beat({ now: now + 10_000 }), undefined)
    return { url: database.url, store, drop: () => database.drop() }
  }

  test('a copy in another database, from its first connections on; the one that was copied is not', async () => {
    const { url, store, drop } = await workedOn()
    await store.close()
    const copy = new URL(url)
    copy.pathname = `/textbridge_test_${randomBytes(8).toString('hex')}`
    await query(`CREATE DATABASE ${copy.pathname.slice(1)} TEMPLATE ${new URL(url).pathname.slice(1)}`)
    const restored = await open(copy.href)
    // More than the one connection that the store was opened through.
    await Promise.all(Array.from({ length: 8 }, () => restored.ping()))
    assert.match((await restored.queueState.findHold())?.reason ?? '', anotherReason)
    assert.match((await restored.queueState.beat({ now }))?.reason ?? '', anotherReason)
    await restored.close()
    const original = await open(url)
    assert.equal(await original.queueState.beat({ now }), undefined)
    await original.close()
    await query(`DROP DATABASE ${copy.pathname.slice(1)} WITH (FORCE)`)
    await drop()
  })

  test('a dump that was loaded in its place', async () => {
    const { url, store, drop } = await workedOn()
    await store.close()
    await query(
      `ALTER TABLE queue_state RENAME TO dumped; CREATE TABLE queue_state (LIKE dumped INCLUDING ALL);
       INSERT INTO queue_state SELECT * FROM dumped; DROP TABLE dumped`,
      url,
    )
    const restored = await open(url)
    assert.match((await restored.queueState.beat({ now }))?.reason ?? '', anotherReason)
    await restored.close()
    await drop()
  })

  test('a standby that took over while processes run: before anything goes through a new connection', async () => {
    const { url, store, drop } = await workedOn()
    // Another timeline, as after a promotion; connections are lost then.
    await query(
      `UPDATE queue_state SET fingerprint = regexp_replace(fingerprint, ' [0-9A-F]{8} ', ' 000000FF ');
       SELECT pg_terminate_backend(pid) FROM pg_stat_activity
       WHERE datname = current_database() AND pid <> pg_backend_pid()`,
      url,
    )
    const hold = await eventuallyAnswered(() => store.queueState.findHold())
    assert.match(hold?.reason ?? '', anotherReason)
    assert.ok((hold?.since ?? 0) > now)
    await store.close()
    await drop()
  })

  test('disks that were put back to an earlier moment under a running process', async () => {
    const { url, store, drop } = await workedOn()
    await query('UPDATE queue_state SET beats = beats - 1', url)
    assert.match((await store.queueState.beat({ now }))?.reason ?? '', /older than the service has seen it/)
    await store.close()
    await drop()
  })

  test('but one that was held and let go is not held again for the same', async () => {
    const { url, store, drop } = await workedOn()
    await query(`UPDATE queue_state SET fingerprint = '1 2 3 4'`, url)
    assert.ok(await store.queueState.beat({ now }))
    await store.queueState.resume({
      now,
      audit: { organizationId: 1, occurredAt: now, actor: 'me', action: 'queue.resumed', subject: 'queue', data: {} },
    })
    await store.close()
    const again = await open(url)
    assert.equal(await again.queueState.beat({ now }), undefined)
    await again.close()
    await drop()
  })
})

test('what a server does not tell a user is not compared', async () => {
  const database = await createTestDatabase()
  const { pathname } = new URL(database.url)
  const role = `textbridge_test_${randomBytes(8).toString('hex')}`
  await query(
    `CREATE ROLE ${role} LOGIN PASSWORD 'secret'; ALTER DATABASE ${pathname.slice(1)} OWNER TO ${role};
     ALTER SCHEMA public OWNER TO ${role};
     REVOKE EXECUTE ON FUNCTION pg_control_system(), pg_walfile_name(pg_lsn) FROM PUBLIC`,
    database.url,
  )
  const url = new URL(database.url)
  url.username = role
  url.password = 'secret'
  const restricted = await open(url.href)
  assert.equal(await restricted.queueState.beat({ now }), undefined)
  const [row] = await query('SELECT fingerprint FROM queue_state', database.url)
  assert.match(String(row?.fingerprint), /^- - \d+ \d+$/)
  const full = await open(database.url)
  for (const store of [full, restricted, full]) assert.equal(await store.queueState.beat({ now }), undefined)
  await Promise.all([restricted.close(), full.close()])
  await query(`REASSIGN OWNED BY ${role} TO CURRENT_USER; DROP OWNED BY ${role}; DROP ROLE ${role};`, database.url)
  await database.drop()
})

test('several processes that beat at once count every beat', async () => {
  const database = await createTestDatabase()
  const nodes = await Promise.all([open(database.url), open(database.url), open(database.url)])
  for (let round = 0; round < 5; round++)
    await Promise.all(nodes.map((node) => node.queueState.beat({ now: now + round })))
  const [row] = await query('SELECT beats FROM queue_state', database.url)
  assert.equal(Number(row?.beats), 15)
  assert.equal(await nodes[0].queueState.findHold(), undefined)
  await Promise.all(nodes.map((node) => node.close()))
  await database.drop()
})

/** The first calls may meet connections that were cut. */
async function eventuallyAnswered<T>(ask: () => Promise<T>): Promise<T> {
  for (;;) {
    try {
      return await ask()
    } catch (error) {
      if (!(error instanceof Error && 'code' in error && error.code === 'unavailable')) throw error
    }
  }
}

async function query(sql: string, url = server.url): Promise<Record<string, unknown>[]> {
  const client = new Client({ connectionString: url })
  await client.connect()
  try {
    return (await client.query(sql)).rows
  } finally {
    await client.end()
  }
}
