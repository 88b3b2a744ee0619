import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { type Child, numberIn, startChild } from './child.ts'
import { type Bed, openSql, type Sql, secretKey } from './queue-fill.ts'
import { apiKey } from './targets.ts'

/** The service at work on a bed: the `serve` command in a process of its own, with all its roles. */
export type QueueService = { readonly bed: Bed; readonly child: Child; readonly sql: Sql; stop(): Promise<void> }

export async function startQueueService(bed: Bed, folder: string): Promise<QueueService> {
  const child = startChild({
    script: new URL('../../src/main.ts', import.meta.url),
    args: ['serve'],
    nodeArgs: ['--import', new URL('./observe.ts', import.meta.url).href],
    outputFile: join(folder, 'service.log'),
    env: {
      TEXTBRIDGE_DATABASE_URL: bed.url,
      TEXTBRIDGE_SECRET_KEY: secretKey.toString('base64'),
      TEXTBRIDGE_PUBLIC_URL: 'https://sms.example.com',
      TEXTBRIDGE_API_KEY: apiKey,
      TEXTBRIDGE_PORT: '0',
    },
  })
  await child.port
  const sql = await openSql(bed)
  return {
    bed,
    child,
    sql,
    async stop() {
      await child.stop()
      await sql.close()
    },
  }
}

/** Nothing leaves the queue until `letGo`; resolves when what was under way is over. */
export async function hold({ sql }: Pick<QueueService, 'sql'>): Promise<void> {
  await sql(`UPDATE queue_state SET held_at = 1, held_reason = 'a benchmark'`)
  await until(async () => {
    const [row] = await sql(`SELECT count(*) AS count FROM messages WHERE status = 'sending'`)
    return Number(row?.count) === 0
  })
}

export async function letGo({ sql }: Pick<QueueService, 'sql'>): Promise<void> {
  await sql('UPDATE queue_state SET held_at = NULL, held_reason = NULL')
}

export type Rate = {
  readonly messagesPerSecond: number
  /** Of the service's process, for each message. */
  readonly cpuUs: number
  /** Of the sessions on PostgreSQL; 0 on SQLite, and where the system does not tell. */
  readonly databaseCpuUs: number
}

/** How fast the next `count` messages leave, from one that has just left on: turns, claim, provider call, outcome. */
export async function measureRate(service: QueueService, provider: Child, count: number): Promise<Rate> {
  const idle = await acceptedBy(provider)
  await until(async () => (await acceptedBy(provider)) > idle)
  const before = await usageOf(service, provider)
  await until(async () => (await acceptedBy(provider)) >= before.accepted + count)
  const after = await usageOf(service, provider)
  const sent = after.accepted - before.accepted
  return {
    messagesPerSecond: (1_000 * sent) / (after.at - before.at),
    cpuUs: (after.cpuUs - before.cpuUs) / sent,
    databaseCpuUs: sessionsCpuUs(before.sessions, after.sessions) / sent,
  }
}

async function usageOf({ bed, child, sql }: QueueService, provider: Child) {
  return {
    at: performance.now(),
    accepted: await acceptedBy(provider),
    cpuUs: numberIn(await child.ask({}), 'cpuUs'),
    sessions: bed.engine === 'postgres' ? await sessionTicks(sql) : new Map<number, number>(),
  }
}

export async function acceptedBy(provider: Child): Promise<number> {
  return numberIn(await provider.ask({ latencyMs: 0 }), 'accepted')
}

/** User and system time by session: of a server on this machine, where the system is Linux. */
async function sessionTicks(sql: Sql): Promise<ReadonlyMap<number, number>> {
  const rows = await sql(
    `SELECT pid FROM pg_stat_activity WHERE datname = current_database() AND backend_type = 'client backend'
       AND pid <> pg_backend_pid()`,
  )
  return new Map(rows.map(({ pid }) => [Number(pid), ticksOf(`/proc/${pid}/stat`)]))
}

/** Linux counts in hundredths of a second. */
const usPerTick = 10_000

function sessionsCpuUs(before: ReadonlyMap<number, number>, after: ReadonlyMap<number, number>): number {
  let ticks = 0
  for (const [pid, now] of after) ticks += now - (before.get(pid) ?? 0)
  return ticks * usPerTick
}

/** Fields 14 and 15 of /proc/<pid>/stat (proc_pid_stat(5)); the second, in parentheses, may contain spaces. */
function ticksOf(path: string): number {
  if (!existsSync(path)) return 0
  const stat = readFileSync(path, 'utf8')
  const [user = '0', system = '0'] = stat
    .slice(stat.lastIndexOf(')') + 2)
    .split(' ')
    .slice(11, 13)
  return Number(user) + Number(system)
}

export type Lag = { readonly p50Ms: number; readonly p99Ms: number }

const lagIntervalMs = 25

/**
 * From the acceptance of a text for the queue, at a number where nothing waits, to the start of its attempt, as both stand
 * in the store.
 */
export async function measureLag({ bed, child, sql }: QueueService, count: number): Promise<Lag> {
  const url = `http://127.0.0.1:${await child.port}/sms/send`
  const [row] = await sql('SELECT max(key) AS key FROM messages')
  for (let index = 0; index < count; index++) {
    const number = bed.fresh[index % bed.fresh.length]?.sender.phoneNumber
    const response = await fetch(url, {
      method: 'POST',
      headers: { authorization: `Bearer ${apiKey}`, 'content-type': 'application/json' },
      body: JSON.stringify({
        from_phone_number: number,
        to_phone_number: `+1${3_030_000_000 + index}`,
        message: `Your table is ready, guest ${index}.`,
        queue: true,
      }),
    })
    if (response.status !== 200) throw new Error(`a message was not taken: ${await response.text()}`)
    await response.arrayBuffer()
    await sleep(lagIntervalMs)
  }
  const lags = `FROM messages m JOIN attempts a ON a.message_key = m.key AND a.number = 1
    WHERE m.key > ${Number(row?.key)} AND m.sender_id > ${bed.routes.length}`
  await until(async () => Number((await sql(`SELECT count(*) AS count ${lags}`))[0]?.count) === count)
  const sorted = (await sql(`SELECT a.started_at - m.created_at AS lag ${lags}`))
    .map(({ lag }) => Number(lag))
    .sort((one, other) => one - other)
  const quantile = (part: number) => sorted[Math.floor(part * (sorted.length - 1))] ?? Number.NaN
  return { p50Ms: quantile(0.5), p99Ms: quantile(0.99) }
}

export type Accepting = {
  readonly messagesPerSecond: number
  readonly cpuUs: number
  readonly p50Ms: number
  readonly p99Ms: number
}

const acceptLoad = { connections: 16, durationMs: 2_000, withKeys: 0, queued: 1 }

/** What it takes to take a text for the queue; the driver knows of which number. */
export async function measureAccepting({ child }: QueueService, driver: Child): Promise<Accepting> {
  const before = numberIn(await child.ask({}), 'cpuUs')
  const answered = await driver.ask({ port: await child.port, ...acceptLoad })
  const cpuUs = numberIn(await child.ask({}), 'cpuUs') - before
  const count = numberIn(answered, 'count')
  return {
    messagesPerSecond: (1_000 * count) / numberIn(answered, 'elapsedMs'),
    cpuUs: cpuUs / count,
    p50Ms: numberIn(answered, 'p50Ms'),
    p99Ms: numberIn(answered, 'p99Ms'),
  }
}

const pollMs = 5
const untilMsMax = 3_600_000

export async function until(isSo: () => Promise<boolean>): Promise<void> {
  const deadline = performance.now() + untilMsMax
  while (!(await isSo())) {
    if (performance.now() > deadline) throw new Error('what the benchmark waits for does not come')
    await sleep(pollMs)
  }
}
