import { mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { loadavg } from 'node:os'
import { join } from 'node:path'
import type { Route } from '../../src/core/organization.ts'
import type { ClaimTerms } from '../../src/ports/queue-store.ts'
import type { MessageRecord, Store } from '../../src/ports/store.ts'
import { startPostgres } from '../support/postgres.ts'
import { buildSend, decisionTerms, freshName, guardFor, outcomeRecord } from '../support/store-builders.ts'
import { fill, makeBed, openBed } from './queue-fill.ts'

/**
 * `node test/bench/queue-claims.ts`: what a million waiting messages cost the claims of the store, beside a few. No service,
 * no provider: turns, claims and outcomes alone. Takes two minutes.
 */
const backlogs = [5_000, 1_000_000]
const roundsMeasured = 3
const messagesPerRound = 1_000
const lagsMeasured = 100
const dayMs = 86_400_000

const folderOfAll = join(new URL('../../', import.meta.url).pathname, 'data')
mkdirSync(folderOfAll, { recursive: true })
// Beside the default database: the temporary folder may be in memory, where a commit costs nothing.
const folder = mkdtempSync(join(folderOfAll, 'bench-'))
const server = await startPostgres({ durable: true })
try {
  for (const engine of ['sqlite', 'postgres'] as const)
    for (const waiting of backlogs) {
      const postgres = engine === 'postgres' ? server : undefined
      const bed = await makeBed({ engine, name: `w${waiting}`, folder, postgres, providerUrl: 'http://127.0.0.1:9' })
      await fill(bed, { count: waiting, status: 'queued', spread: 'even' })
      const store = await openBed(bed)
      await measureRate(store, bed.routes)
      const rates = []
      for (let round = 0; round < roundsMeasured; round++) rates.push(await measureRate(store, bed.routes))
      const lag = await measureLag(store, bed.fresh)
      process.stdout.write(
        `${JSON.stringify({ engine, waiting, rates, lag, load: Number(loadavg()[0]?.toFixed(1)) })}\n`,
      )
      await store.close()
    }
} finally {
  await server.stop()
  rmSync(folder, { recursive: true, force: true })
}

async function measureRate(store: Store, routes: readonly Route[]) {
  const cpu = process.cpuUsage()
  const startedAt = performance.now()
  let count = 0
  while (count < messagesPerRound) {
    const { senders } = await store.queue.dueSenders({ now: Date.now(), limit: 64, without: [] })
    const due = new Set(senders.map(({ senderId }) => senderId))
    const records = await claimAt(
      store,
      routes.filter(({ sender }) => due.has(sender.id)),
    )
    await Promise.all(records.map((record) => store.sends.recordOutcome(acceptedNow(record))))
    count += records.length
  }
  const { user, system } = process.cpuUsage(cpu)
  return {
    perSecond: Math.round((1_000 * count) / (performance.now() - startedAt)),
    cpuUs: Math.round((user + system) / count),
  }
}

/** From handing over a text at a number where nothing waits to the commit of its attempt. */
async function measureLag(store: Store, fresh: readonly Route[]) {
  const lags: number[] = []
  for (let index = 0; index < lagsMeasured; index++) {
    const route = fresh[index % fresh.length]
    if (route === undefined) throw new Error('there is no number at which nothing waits')
    const send = buildSend(route, {
      at: Date.now(),
      body: freshName('lag'),
      recipient: `+1303${5_550_000 + index}`,
      more: { status: 'queued', queued: true },
    })
    const startedAt = performance.now()
    await store.sends.accept(send)
    for (let isClaimed = false; !isClaimed; ) {
      await store.queue.dueSenders({ now: Date.now(), limit: 64, without: [] })
      isClaimed = (await claimAt(store, [route])).some(({ message }) => message.id === send.message.id)
    }
    lags.push(performance.now() - startedAt)
  }
  lags.sort((left, right) => left - right)
  const at = (share: number) => Number(lags[Math.floor(share * (lags.length - 1))]?.toFixed(1))
  return { p50Ms: at(0.5), p99Ms: at(0.99) }
}

async function claimAt(store: Store, routes: readonly Route[]): Promise<MessageRecord[]> {
  const now = Date.now()
  const turns = await store.queue.takeTurns({
    now,
    day: Math.floor(now / dayMs),
    nextDayAt: (Math.floor(now / dayMs) + 1) * dayMs,
    leasedUntil: now + 3_000,
    senders: routes.map(({ sender, account }) => ({
      senderId: sender.id,
      organizationId: sender.organizationId,
      providerAccountId: account.id,
      segmentsPerSecond: 10_000,
      paused: false,
      takeMax: 2,
    })),
  })
  const termsOf = (message: MessageRecord['message']): ClaimTerms => ({
    ...decisionTerms(message, { at: now }),
    guard: guardFor(message),
    guardExpiresAt: now + 600_000,
  })
  return store.queue.claim({ now, turns, senderIds: [...new Set(turns.map(({ senderId }) => senderId))], termsOf })
}

function acceptedNow(record: MessageRecord) {
  const outcome = { kind: 'accepted', providerMessageId: freshName('SM'), providerStatus: 'queued' } as const
  const at = Date.now()
  const attempt = { ...record.attempts.at(-1), number: 1, startedAt: at, finishedAt: at, closedAt: at, outcome }
  return { ...outcomeRecord(record, outcome), attempt }
}
