import { Client } from 'pg'
import { startPostgres } from '../support/postgres.ts'

// `node test/bench/wake-ups.ts`: what telling others costs the commits of a PostgreSQL that waits for its disk.

const secondsPerRun = 5
const notify = "SELECT pg_notify('textbridge', 'queue')"
const modes = ['silent', 'every 20 ms', 'after each commit', 'in each transaction'] as const

const server = await startPostgres({ durable: true })
const listener = new Client({ connectionString: server.url })
await listener.connect()
await listener.query('CREATE TABLE written (key BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY, body TEXT)')
await listener.query('LISTEN textbridge')
let heard = 0
listener.on('notification', () => heard++)

for (const writers of [1, 4, 16])
  for (const mode of modes) {
    heard = 0
    const commits = await run(writers, mode)
    process.stdout.write(
      `${String(writers).padStart(2)} writers, told ${mode.padEnd(19)} ${String(Math.round(commits)).padStart(6)} commits/s, heard ${heard}\n`,
    )
  }
await listener.end()
await server.stop()

/** As `WakeUps.tell` does, however often it is called. */
async function tellNowAndThen(until: number): Promise<void> {
  const client = new Client({ connectionString: server.url })
  await client.connect()
  while (performance.now() < until) {
    await client.query(notify)
    await new Promise((resolve) => setTimeout(resolve, 20))
  }
  await client.end()
}

async function run(writers: number, mode: (typeof modes)[number]): Promise<number> {
  const startedAt = performance.now()
  const until = startedAt + secondsPerRun * 1_000
  const [counts] = await Promise.all([
    Promise.all(Array.from({ length: writers }, () => write(mode, until))),
    mode === 'every 20 ms' ? tellNowAndThen(until) : undefined,
  ])
  return counts.reduce((sum, count) => sum + count, 0) / ((performance.now() - startedAt) / 1_000)
}

async function write(mode: (typeof modes)[number], until: number): Promise<number> {
  const client = new Client({ connectionString: server.url })
  await client.connect()
  let count = 0
  for (; performance.now() < until; count++) {
    await client.query(
      `BEGIN; INSERT INTO written (body) SELECT repeat('x', 200) FROM generate_series(1, 5);
       ${mode === 'in each transaction' ? `${notify};` : ''} COMMIT`,
    )
    if (mode === 'after each commit') await client.query(notify)
  }
  await client.end()
  return count
}
