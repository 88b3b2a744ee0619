import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import { Client } from 'pg'
import { buildEventSource, openPostgresEvents } from '../../../test/support/event-rows.ts'
import { createTestDatabase } from '../../../test/support/postgres.ts'
import { now } from '../../../test/support/store-builders.ts'
import { eventStoreContract } from '../../ports/event-store.contract.ts'

const server = await createTestDatabase()
after(() => server.drop())

eventStoreContract('postgres', () => openPostgresEvents(server.url))

/** A transaction of another process that stays open: it has written an event that nobody sees yet. */
async function holdEvent(organizationId: number) {
  const client = new Client({ connectionString: server.url })
  await client.connect()
  await client.query('BEGIN')
  const { rows } = await client.query(
    `INSERT INTO events (organization_id, type, occurred_at, data) VALUES ($1, 'opt_out.created', 1, '{}') RETURNING key`,
    [organizationId],
  )
  return {
    key: Number(rows[0].key),
    async end(how: 'COMMIT' | 'ROLLBACK') {
      await client.query(how)
      await client.end()
    },
  }
}

for (const how of ['COMMIT', 'ROLLBACK'] as const)
  test(`no reader passes an event whose transaction is open, until its ${how}`, async () => {
    const database = await openPostgresEvents(server.url)
    const { events } = database
    const mine = await buildEventSource(database)
    const { organizationId } = mine
    await mine.endpoint()
    const first = await mine.event()
    const read = async () => (await events.after({ organizationId, key: 0, limit: 10 })).map(({ key }) => key)
    assert.deepEqual(await read(), [first])
    const held = await holdEvent(organizationId)
    const later = await mine.event()
    assert.ok(first < held.key && held.key < later)
    assert.deepEqual(await read(), [first])
    assert.equal(await events.newestKey(organizationId), first)
    await events.fanOut({ now, limit: 10 })
    await held.end(how)
    const all = how === 'COMMIT' ? [first, held.key, later] : [first, later]
    assert.deepEqual(await read(), all)
    await events.fanOut({ now, limit: 10 })
    const deliveries = await events.listDeliveries(organizationId, {}, { skip: 0, limit: 10 })
    assert.deepEqual(deliveries.flatMap(({ eventKeys }) => eventKeys).reverse(), all)
    await database.close()
  })

test('while writers overlap without a pause, readers still advance', async () => {
  const database = await openPostgresEvents(server.url)
  const mine = await buildEventSource(database)
  const { organizationId } = mine
  let held = await holdEvent(organizationId)
  const newest: number[] = []
  for (let round = 0; round < 4; round++) {
    const next = await holdEvent(organizationId)
    await database.events.newestKey(organizationId)
    await held.end('COMMIT')
    newest.push(await database.events.newestKey(organizationId))
    held = next
  }
  await held.end('ROLLBACK')
  assert.ok(Number(newest.at(-1)) > Number(newest[0]), newest.join(' '))
  await database.close()
})

test('four processes fan out and claim together: each event once for each endpoint, each delivery once', async () => {
  const nodes = await Promise.all(Array.from({ length: 4 }, () => openPostgresEvents(server.url)))
  const [first] = nodes
  assert.ok(first !== undefined)
  const mine = await buildEventSource(first)
  const { organizationId } = mine
  await Promise.all(Array.from({ length: 3 }, () => mine.endpoint()))
  const claimed: number[] = []
  for (let round = 0; round < 10; round++) {
    await Promise.all(Array.from({ length: 20 }, () => mine.event()))
    await Promise.all(nodes.map(({ events }) => events.fanOut({ now, limit: 15 })))
    const batches = await Promise.all(
      nodes.map(({ events }) =>
        events.claimDeliveries({ now, tryAgainAt: now + 60_000, limit: 50, slotsOf: () => 20 }),
      ),
    )
    claimed.push(...batches.flat().map(({ key }) => key))
  }
  assert.equal(new Set(claimed).size, claimed.length)
  while ((await first.events.fanOut({ now, limit: 100 })) > 0);
  const deliveries = await first.events.listDeliveries(organizationId, {}, { skip: 0, limit: 1_000 })
  const pairs = deliveries.map(({ endpointId, eventKeys }) => `${endpointId} ${eventKeys}`)
  assert.equal(pairs.length, 600)
  assert.equal(new Set(pairs).size, 600)
  await Promise.all(nodes.map((node) => node.close()))
})
