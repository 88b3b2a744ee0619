import assert from 'node:assert/strict'
import { after, suite, test } from 'node:test'
import { Client } from 'pg'
import { steppedClock } from '../../../test/support/parts.ts'
import { createTestDatabase, startPostgres } from '../../../test/support/postgres.ts'
import { silentLog } from '../../../test/support/silent-log.ts'
import {
  buildRoute,
  buildSend,
  freshName,
  now,
  outcomeRecord,
  silentMetrics,
} from '../../../test/support/store-builders.ts'
import { startTcpProxy } from '../../../test/support/tcp-proxy.ts'
import type { Route } from '../../core/organization.ts'
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
import { erasePerson } from '../../use-cases/erase-person.ts'
import { loadMigrations } from '../migrator.ts'
import { makeSealer } from '../seal.ts'
import { openDatabase } from './database.ts'
import { migratePostgres, openPostgresStore } from './store.ts'

const database = await createTestDatabase()
after(() => database.drop())
const titles = loadMigrations(new URL('./migrations/', import.meta.url)).map(({ title }) => title)
const sealer = makeSealer([new Uint8Array(32).fill(1)])
const open = (url = database.url) => openPostgresStore({ url, sealer, metrics: silentMetrics })

storeContract('postgres', () => open())
auditContract('postgres', () => open())
batchContract('postgres', () => open())
evidenceContract('postgres', () => open())
inboundContract('postgres', () => open())
queueContract('postgres', () => open())
furtherAttemptContract('postgres', () => open())
retentionContract('postgres', () => open())
peopleContract('postgres', () => open())
readingContract(
  'postgres',
  () => open(),
  (count) => query(`SELECT setval(s, nextval(s) + ${count}) FROM pg_get_serial_sequence('messages', 'key') AS s`),
)

suite('several processes on one PostgreSQL', () => {
  test('of parallel sends with one key, or with one content, one starts over all of them', async () => {
    const nodes = await Promise.all([open(), open(), open()])
    const [first] = nodes
    const route = await buildRoute(first)
    for (const options of [{ idempotencyKey: 'one' }, { body: 'the same' }]) {
      const results = await Promise.all(
        nodes.flatMap((node) => Array.from({ length: 40 }, () => node.sends.accept(buildSend(route, options)))),
      )
      assert.equal(results.filter((result) => result.kind === 'started').length, 1)
      const ids = results.map((result) => ('messageId' in result ? result.messageId : result.record.message.id))
      assert.equal(new Set(ids).size, 1)
    }
    await Promise.all(nodes.map((node) => node.close()))
  })

  test('an opt-out waits for attempts that are about to commit, and attempts wait for it', async () => {
    const store = await open()
    const route = await buildRoute(store)
    const send = buildSend(route)
    const { organizationId, recipient } = send.message
    const optOut = { organizationId, recipient, source: 'api', inDoubt: false, createdAt: now } as const
    // Held by another session, as one that is about to commit holds them: shared by attempts, alone by opt-outs.
    const other = await connected()
    await other.query('BEGIN')
    await other.query('SELECT pg_advisory_xact_lock_shared(7835, stripe) FROM generate_series(0, 63) AS stripe')
    const added = store.optOuts.add(optOut)
    await someoneWaits(other)
    await other.query('COMMIT')
    assert.equal((await added).created, true)
    await other.query('BEGIN')
    await other.query('SELECT pg_advisory_xact_lock(7835, stripe) FROM generate_series(0, 63) AS stripe')
    const accepted = store.sends.accept(send)
    await someoneWaits(other)
    await other.query('COMMIT')
    assert.equal((await accepted).kind, 'refused')
    await other.end()
    await store.close()
  })

  test('two processes that each send from one number and queue at the other do not wait for each other in a circle', async () => {
    const other = await connected()
    const before = await deadlocks(other)
    const [one, two] = [await open(), await open()]
    const [first, second] = [await buildRoute(one), await buildRoute(one, '+12025550143')]
    const accept = (store: typeof one, direct: Route, waiting: Route) =>
      Promise.all([
        store.sends.accept(buildSend(direct, { body: freshName('direct') })),
        store.sends.accept(buildSend(waiting, { body: freshName('queued'), more: { status: 'queued', queued: true } })),
      ])
    await accept(one, first, second)
    await other.query('BEGIN')
    await other.query(`SELECT 1 FROM lanes WHERE kind = 'sender' AND id = ${first.sender.id} FOR UPDATE`)
    const accepted = [accept(one, first, second)]
    await someoneWaits(other, 'transactionid')
    accepted.push(accept(two, second, first))
    await someoneWaits(other, 'tuple')
    await other.query('COMMIT')
    await Promise.all(accepted)
    await Promise.all([one.close(), two.close()])
    assert.equal(await deadlocks(other), before)
    await other.end()
  })

  test('a conversation that one process removed is begun anew by another that remembers it', async () => {
    const [one, other] = [await open(), await open()]
    const route = await buildRoute(one)
    const { organizationId } = route.sender
    const send = buildSend(route, { body: 'before' })
    const accepted = await other.sends.accept(send)
    assert.ok(accepted.kind === 'started')
    await other.sends.recordOutcome(outcomeRecord(accepted.record, { kind: 'unknown', detail: 'reset' }))
    const mark = { organizationId, messageId: send.message.id, attemptNumber: 1, at: now }
    await other.evidence.closeAttempt(mark)
    const [before] = await one.people.conversations({ organizationId, person: send.message.recipient })
    const parts = { store: one, clock: steppedClock(), log: silentLog, stopping: new AbortController().signal }
    const erased = await erasePerson(parts, { organizationId, person: send.message.recipient, actor: 'test' })
    assert.equal(erased.conversations, 1)
    const again = await other.sends.accept(buildSend(route, { body: 'after' }))
    assert.ok(again.kind === 'started')
    const conversation = await one.inbound.conversationOf(organizationId, again.record.key)
    assert.equal(conversation?.person, send.message.recipient)
    assert.notEqual(conversation?.id, before?.id)
    await Promise.all([one.close(), other.close()])
  })

  test('on a server that takes no writes a process is not ready, and goes on as soon as writes are taken again', async () => {
    const own = await createTestDatabase()
    const store = await open(own.url)
    const route = await buildRoute(store)
    const name = new URL(own.url).pathname.slice(1)
    // As after a failover: the same address, another server.
    await query(`ALTER DATABASE ${name} SET default_transaction_read_only = on`)
    await query(`SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '${name}'`)
    for (let tries = 0; tries < 3; tries++) await assert.rejects(store.ping(), { code: 'unavailable' })
    await assert.rejects(store.sends.accept(buildSend(route)), { code: 'unavailable' })
    await query(`ALTER DATABASE ${name} SET default_transaction_read_only = off`)
    assert.equal((await store.sends.accept(buildSend(route))).kind, 'started')
    await store.close()
    await own.drop()
  })

  test('opened by five at once, an empty database is migrated once', async () => {
    const empty = await createTestDatabase()
    const applied = await Promise.all(Array.from({ length: 5 }, () => migratePostgres({ url: empty.url })))
    assert.deepEqual(applied.flat(), titles)
    await empty.drop()
  })
})

for (const when of ['before', 'after'] as const)
  test(`a connection lost ${when} COMMIT reached the server neither loses nor doubles a message`, async () => {
    const { hostname, port } = new URL(database.url)
    const proxy = await startTcpProxy({ host: hostname, port: Number(port) })
    const url = new URL(database.url)
    url.port = String(proxy.port)
    const store = await open(url.href)
    const route = await buildRoute(store)
    proxy.cutAt('COMMIT', when)
    const send = buildSend(route, { idempotencyKey: when })
    const result = await store.sends.accept(send)
    assert.equal(result.kind, 'started')
    assert.equal(proxy.cuts(), 1)
    const record = await store.messages.find(send.message.organizationId, send.message.id)
    assert.equal(record?.attempts.length, 1)
    assert.equal((await store.messages.events(send.message.organizationId, send.message.id)).length, 1)
    await store.close()
    await proxy.close()
  })

test('a session ended by an administrator costs one connection, not the service', async () => {
  const store = await open()
  const route = await buildRoute(store)
  await query(`SELECT pg_terminate_backend(pid) FROM pg_stat_activity
    WHERE application_name = 'textbridge' AND datname = current_database()`)
  const answer = await store.sends.accept(buildSend(route)).catch((error: unknown) => error)
  if (answer instanceof Error) assert.equal('code' in answer && answer.code, 'unavailable')
  assert.ok((await store.sends.accept(buildSend(route))).kind)
  await store.close()
})

test('a commit waits for the disk although the default of the server is not to', async () => {
  const careless = await createTestDatabase()
  const { pathname } = new URL(careless.url)
  await query(`ALTER DATABASE ${pathname.slice(1)} SET synchronous_commit = off`, careless.url)
  const opened = await openDatabase({ url: careless.url, metrics: silentMetrics })
  assert.deepEqual(await opened.get('SHOW synchronous_commit'), { synchronous_commit: 'on' })
  await opened.close()
  await careless.drop()
})

test('a schema from the future stops the start with a sentence', async () => {
  const future = await createTestDatabase()
  await migratePostgres({ url: future.url })
  await query('UPDATE schema_version SET version = 99, readable_from = 99', future.url)
  await assert.rejects(() => open(future.url), /schema 99, and this version of Textbridge knows schemas up to \d+/)
  await future.drop()
})

test('a server that is away, or refuses the password, is told from a bug', async () => {
  const server = await startPostgres({ durable: false })
  const wrong = new URL(server.url)
  wrong.password = 'wrong'
  await assert.rejects(() => open(wrong.href), /refuses this user or does not exist\. Check TEXTBRIDGE_DATABASE_URL/)
  const store = await open(server.url)
  const route = await buildRoute(store)
  await server.stop()
  for (const call of [() => store.ping(), () => store.sends.accept(buildSend(route))])
    await assert.rejects(call, { name: 'SmsError', code: 'unavailable' })
  await assert.rejects(() => open(server.url), { name: 'SmsError', code: 'unavailable' })
  await store.close()
})

async function query(sql: string, url = database.url): Promise<void> {
  const client = await connected(url)
  await client.query(sql)
  await client.end()
}

async function connected(url = database.url): Promise<Client> {
  const client = new Client({ connectionString: url })
  await client.connect()
  return client
}

/** Of this database, by sessions that have ended: each tells what it met when it ends. */
async function deadlocks(client: Client): Promise<number> {
  for (;;) {
    const { rows } = await client.query(
      `SELECT deadlocks, EXISTS (SELECT 1 FROM pg_stat_activity a
         WHERE a.datname = d.datname AND a.application_name = 'textbridge') AS is_open
       FROM pg_stat_database d WHERE datname = current_database()`,
    )
    if (rows[0]?.is_open === false) return Number(rows[0].deadlocks)
  }
}

/** Resolves when a session of this database waits for such a lock. */
async function someoneWaits(client: Client, kind = 'advisory'): Promise<void> {
  for (;;) {
    const { rowCount } = await client.query(
      `SELECT 1 FROM pg_locks l JOIN pg_stat_activity a USING (pid)
       WHERE l.locktype = '${kind}' AND NOT l.granted AND a.datname = current_database()`,
    )
    if (rowCount !== 0) return
  }
}
