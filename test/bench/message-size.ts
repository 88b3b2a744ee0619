import { DatabaseSync } from 'node:sqlite'
import { parseArgs } from 'node:util'
import { Client } from 'pg'
import { senders } from '../support/installation.ts'
import { startRecordingServer } from '../support/recording-server.ts'
import { type engines, engines as enginesKnown } from '../support/service-client.ts'
import { startWorld, type World } from '../support/world.ts'

const usage = `node test/bench/message-size.ts [--messages 10000] [--store sqlite|postgres]

  What a message takes on the disk, in bytes, table by table with its indexes. It goes through the whole service and the
  carrier: a text of 83 characters, two receipts, delivered. Everything is kept: no vacuum is waited for.
`

const { values: options } = parseArgs({
  options: {
    messages: { type: 'string', default: '10000' },
    store: { type: 'string' },
    help: { type: 'boolean', default: false },
  },
})
const people = 1_000
const atOnce = 8

type Engine = (typeof engines)[number]
type Usage = {
  readonly messages: number
  /** Bytes by table, indexes included. */
  readonly tables: ReadonlyMap<string, number>
  /** Written so far to PostgreSQL's write-ahead log. */
  readonly logBytes: number
}
type Kind = { readonly title: string; readonly pass: (world: World, index: number) => Promise<void> }

const kinds: readonly Kind[] = [
  { title: 'sent and delivered', pass: (world, index) => send(world, index, {}) },
  {
    title: 'the same with an idempotency key',
    pass: (world, index) => send(world, index, { idempotency_key: keyOf(index) }),
  },
  {
    title: 'received, and told to its assistant',
    async pass(world, index) {
      world.simulator.text({ from: personOf(index), to: senders.twilio, body: bodyOf(index) })
      if (index % atOnce === 0) await world.simulator.receiptsSent()
    },
  },
]

if (options.help) process.stdout.write(usage)
else
  for (const engine of enginesKnown.filter((known) => options.store === undefined || known === options.store))
    for (const kind of kinds) await measure(engine, kind, Number(options.messages))

async function measure(engine: Engine, { title, pass }: Kind, count: number): Promise<void> {
  const customer = await startRecordingServer()
  const world = await startWorld({ engine, speed: 2, smsWebhookUrl: `${customer.url}/sms` })
  try {
    // Whoever is texted for the first time gets a row of their own; that is not what is measured.
    await passAll(world, pass, { first: 0, count: people })
    const before = await usageOf(world.databaseUrl)
    await passAll(world, pass, { first: people, count })
    const after = await usageOf(world.databaseUrl)
    // On a busy machine the carrier may have given up on some.
    const stored = after.messages - before.messages
    const each = [...after.tables].map(([table, bytes]) => ({
      table,
      bytes: (bytes - (before.tables.get(table) ?? 0)) / stored,
    }))
    const total = each.reduce((sum, { bytes }) => sum + bytes, 0)
    const tables = each.filter(({ bytes }) => bytes >= 1).sort((one, other) => other.bytes - one.bytes)
    process.stdout.write(`${engine}, ${title}: ${Math.round(total)} bytes a message\n`)
    process.stdout.write(`  ${tables.map(({ table, bytes }) => `${table} ${Math.round(bytes)}`).join(', ')}\n`)
    if (engine === 'postgres')
      process.stdout.write(`  write-ahead log: ${Math.round((after.logBytes - before.logBytes) / stored)}\n`)
  } finally {
    await world.close()
    await customer.close()
  }
}

async function passAll(
  world: World,
  pass: Kind['pass'],
  { first, count }: { readonly first: number; readonly count: number },
): Promise<void> {
  await Promise.all(
    Array.from({ length: atOnce }, async (_, caller) => {
      for (let index = first + caller; index < first + count; index += atOnce) await pass(world, index)
    }),
  )
  await world.simulator.receiptsSent()
  await world.until('every event is told', async () => {
    const { body } = await world.call('GET', '/api/v1/event-deliveries?state=pending&limit=1')
    return JSON.stringify(body).includes('"pending"') ? undefined : true
  })
}

async function send(world: World, index: number, more: object): Promise<void> {
  const json = { from_phone_number: senders.twilio, to_phone_number: personOf(index), message: bodyOf(index), ...more }
  const { status, text } = await world.call('POST', '/sms/send', { json })
  if (status !== 200) throw new Error(`a text was not sent: ${status} ${text}`)
}

function personOf(index: number): string {
  return `+1303${1_000_000 + (index % people)}`
}

function bodyOf(index: number): string {
  return `Your table for two at 19:30 is confirmed, booking ${String(index).padStart(7, '0')}. Reply C to cancel it.`
}

function keyOf(index: number): string {
  return crypto.randomUUID() + index
}

async function usageOf(url: string): Promise<Usage> {
  if (url.startsWith('sqlite:')) {
    const file = new DatabaseSync(url.slice('sqlite:'.length), { readOnly: true })
    const rows = file
      .prepare('SELECT tbl_name, sum(pgsize) AS bytes FROM dbstat JOIN sqlite_schema USING (name) GROUP BY tbl_name')
      .all()
    const messages = Number(file.prepare('SELECT count(*) AS count FROM messages').get()?.count)
    file.close()
    return { messages, logBytes: 0, tables: new Map(rows.map((row) => [String(row.tbl_name), Number(row.bytes)])) }
  }
  const rows = await query(
    url,
    `SELECT relname, pg_total_relation_size(oid) AS bytes FROM pg_class
     WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace`,
  )
  const [row] = await query(
    url,
    `SELECT count(*) AS messages, pg_current_wal_insert_lsn() - '0/0'::pg_lsn AS bytes FROM messages`,
  )
  return {
    messages: Number(row?.messages),
    logBytes: Number(row?.bytes),
    tables: new Map(rows.map(({ relname, bytes }) => [String(relname), Number(bytes)])),
  }
}

async function query(url: string, sql: string): Promise<Record<string, unknown>[]> {
  const client = new Client({ connectionString: url })
  await client.connect()
  try {
    return (await client.query(sql)).rows
  } finally {
    await client.end()
  }
}
