import { setTimeout as sleep } from 'node:timers/promises'
import type { TestServer } from '../support/postgres.ts'
import type { Child } from './child.ts'
import { medianOf } from './measure.ts'
import { type CallTime, pauseAll, timeCallsOn } from './queue-calls.ts'
import { type Bed, fill, makeBed, openSql, type Waiting } from './queue-fill.ts'
import {
  type Accepting,
  acceptedBy,
  hold,
  type Lag,
  letGo,
  measureAccepting,
  measureLag,
  measureRate,
  type QueueService,
  type Rate,
  startQueueService,
  until,
} from './queue-service.ts'
import type { Engine } from './targets.ts'

export type Players = {
  readonly folder: string
  readonly provider: Child
  readonly providerUrl: string
  readonly driver: Child
  /** How many messages wait where many do. */
  readonly many: number
  readonly note: (line: string) => void
}

export const few = 1_000
const rounds = 5
/** So many leave while a rate is measured: a second or two, and never so many that no backlog is left. */
const windowMessagesMax = 3_000

/** What waits; the first is what the others are compared with. */
export const bedKinds = ['few', 'even', 'one number', 'scheduled'] as const
export type BedKind = (typeof bedKinds)[number]

/** Calls are timed in two further ones: everything is held by the pauses of 500 numbers; 10,000 numbers are due. */
export type CallBedKind = BedKind | 'paused' | 'many numbers'

export type QueueFigures = {
  readonly engine: Engine
  readonly rates: readonly (Rate & { readonly kind: BedKind })[]
  readonly lags: readonly (Lag & { readonly kind: BedKind })[]
  readonly accepts: readonly (Accepting & { readonly kind: BedKind })[]
  readonly calls: readonly (CallTime & { readonly kind: CallBedKind })[]
  readonly drained: readonly (Rate & { readonly when: DrainMoment })[]
  readonly release: Release
}

export const drainMoments = ['full', 'half drained', 'a snapshot held for a minute', 'a minute after its end'] as const
export type DrainMoment = (typeof drainMoments)[number]

export type Release = {
  readonly count: number
  readonly seconds: number
  /** How fast others left the queue meanwhile, and without it. */
  readonly besideIt: number
  readonly before: number
}

type EngineParts = { readonly engine: Engine; readonly postgres: TestServer | undefined }

/** All figures of one store. */
export async function measureEngine(players: Players, parts: EngineParts): Promise<QueueFigures> {
  const { many, note } = players
  const services = new Map<BedKind, QueueService>()
  try {
    for (const kind of bedKinds) {
      note(`${parts.engine}: filling "${kind}"`)
      const bed = await filledBed(players, parts, { kind, waiting: waitingOf(kind, many) })
      const service = await startQueueService(bed, players.folder)
      services.set(kind, service)
      await hold(service)
    }
    note(`${parts.engine}: rates`)
    const rates = await measureRates(players, services)
    note(`${parts.engine}: lags`)
    const lags = await measureLags(players, services)
    note(`${parts.engine}: draining`)
    const drained = await measureDraining(players, serviceOf(services, 'even'))
    note(`${parts.engine}: a release`)
    const release = await measureRelease(players, serviceOf(services, 'one number'))
    note(`${parts.engine}: accepting`)
    const accepts = await measureAccepts(players, services)
    note(`${parts.engine}: calls`)
    const calls = await measureCalls(players, parts, services)
    return { engine: parts.engine, rates, lags, accepts, calls, drained, release }
  } finally {
    for (const service of services.values()) await service.stop()
  }
}

function serviceOf(services: ReadonlyMap<BedKind, QueueService>, kind: BedKind): QueueService {
  const service = services.get(kind)
  if (service === undefined) throw new Error(`there is no bed "${kind}"`)
  return service
}

const month = 30 * 86_400_000

function waitingOf(kind: BedKind, many: number): readonly Waiting[] {
  const queued = { status: 'queued', spread: 'even' } as const
  switch (kind) {
    case 'few':
      return [{ ...queued, count: few }]
    case 'even':
      return [{ ...queued, count: many }]
    case 'one number':
      return [{ ...queued, count: many, spread: 'one number' }]
    case 'scheduled':
      return [
        { ...queued, count: many, status: 'scheduled', dueAt: Date.now() + month },
        { ...queued, count: few },
      ]
  }
}

async function filledBed(
  players: Players,
  { engine, postgres }: EngineParts,
  params: { readonly kind: CallBedKind; readonly waiting: readonly Waiting[]; readonly numberCount?: number },
): Promise<Bed> {
  const { kind, waiting, numberCount = 100 } = params
  const bed = await makeBed({ ...players, engine, name: `${engine}_${kind.replace(' ', '_')}`, postgres, numberCount })
  for (const part of waiting) await fill(bed, part)
  return bed
}

/** Where few wait, as many come in as leave. */
async function topUp({ bed, sql }: QueueService, count: number): Promise<void> {
  const [row] = await sql(`SELECT count(*) AS count FROM messages WHERE status = 'queued'`)
  const missing = few + count - Number(row?.count)
  if (missing > 0) await fill(bed, { status: 'queued', spread: 'even', count: missing })
}

const waitsFew: readonly BedKind[] = ['few', 'scheduled']

function windowOf({ many }: Players): number {
  return Math.min(windowMessagesMax, Math.floor(many / 100))
}

/** Each round takes every bed once, so that a disturbance of the machine meets all of them alike. */
async function measureRates(players: Players, services: ReadonlyMap<BedKind, QueueService>) {
  const found = new Map<BedKind, Rate[]>()
  for (let round = 0; round <= rounds; round++)
    for (const [kind, service] of services) {
      if (waitsFew.includes(kind)) await topUp(service, windowOf(players))
      await letGo(service)
      const rate = await measureRate(service, players.provider, windowOf(players))
      await hold(service)
      // The first round compiles the hot code.
      if (round > 0) found.set(kind, [...(found.get(kind) ?? []), rate])
    }
  return [...found].map(([kind, all]) => ({ kind, ...medianRate(all) }))
}

function medianRate(rates: readonly Rate[]): Rate {
  const of = (name: keyof Rate) => medianOf(rates.map((rate) => rate[name]))
  return { messagesPerSecond: of('messagesPerSecond'), cpuUs: of('cpuUs'), databaseCpuUs: of('databaseCpuUs') }
}

const lagSamples = 400
/** Settings hold after two seconds; the burst of the slow pace is over in one more. */
const settleMs = 4_000

/** The backlog waits for its pace, one segment a second of each number. */
async function measureLags(players: Players, services: ReadonlyMap<BedKind, QueueService>) {
  const lags = []
  for (const [kind, service] of services) {
    if (waitsFew.includes(kind)) await topUp(service, windowOf(players))
    await setPace(service, 1)
    await letGo(service)
    await sleep(settleMs)
    lags.push({ kind, ...(await measureLag(service, lagSamples)) })
    await hold(service)
    await setPace(service, 10_000)
  }
  return lags
}

async function setPace({ bed, sql }: QueueService, segmentsPerSecond: number): Promise<void> {
  await sql(`UPDATE senders SET pacing = '${JSON.stringify({ segmentsPerSecond })}' WHERE id <= ${bed.routes.length}`)
  await sql(`UPDATE lanes SET free_at = 0, next_at = 0, leased_until = 0 WHERE next_at IS NOT NULL`)
}

const snapshotMsMax = 60_000
const windowsPerMoment = 3

async function measureDraining(players: Players, service: QueueService) {
  const { provider, many } = players
  // Of a smaller backlog something must be left, too.
  const snapshotMs = Math.min(snapshotMsMax, many * 0.06)
  const drained: (Rate & { readonly when: DrainMoment })[] = []
  const measureNow = async (when: DrainMoment) => {
    const rates = []
    for (let count = 0; count < windowsPerMoment; count++)
      rates.push(await measureRate(service, provider, windowOf(players)))
    drained.push({ when, ...medianRate(rates) })
  }
  await letGo(service)
  const half = (await acceptedBy(provider)) + many / 2
  await measureNow('full')
  await until(async () => (await acceptedBy(provider)) >= half)
  await measureNow('half drained')
  const endSnapshot = await holdSnapshot(service.bed)
  await sleep(snapshotMs)
  await measureNow('a snapshot held for a minute')
  await endSnapshot()
  await sleep(snapshotMs)
  await measureNow('a minute after its end')
  await hold(service)
  return drained
}

/** As a dump or a report does: nothing that ends meanwhile can be cleared away. */
async function holdSnapshot(bed: Bed): Promise<() => Promise<void>> {
  const sql = await openSql(bed)
  await sql(bed.engine === 'sqlite' ? 'BEGIN' : 'BEGIN ISOLATION LEVEL REPEATABLE READ')
  await sql('SELECT count(*) FROM senders')
  return async () => {
    await sql('COMMIT')
    await sql.close()
  }
}

/** A tenth of the many is due at one instant. */
async function measureRelease(players: Players, service: QueueService): Promise<Release> {
  const { provider, many } = players
  const { sql, bed } = service
  const count = many / 10
  const dueAt = Date.now() + month
  await fill(bed, { status: 'scheduled', spread: 'even', count, dueAt })
  await letGo(service)
  const before = (await measureRate(service, provider, windowOf(players))).messagesPerSecond
  const [accepted, startedAt] = [await acceptedBy(provider), performance.now()]
  await sql(`UPDATE messages SET due_at = ${Date.now()} WHERE due_at = ${dueAt}`)
  const updatedAt = performance.now()
  await until(async () => {
    const [row] = await sql(`SELECT count(*) AS count FROM (SELECT 1 FROM messages
      WHERE status IN ('scheduled', 'held') AND due_at IS NOT NULL LIMIT 1) AS scheduled`)
    return Number(row?.count) === 0
  })
  const endedAt = performance.now()
  const sent = (await acceptedBy(provider)) - accepted
  await hold(service)
  return {
    count,
    seconds: (endedAt - updatedAt) / 1_000,
    besideIt: (1_000 * sent) / (endedAt - startedAt),
    before,
  }
}

/** At the number where, of the many, nearly all may wait; nothing leaves meanwhile. */
async function measureAccepts({ driver }: Players, services: ReadonlyMap<BedKind, QueueService>) {
  const found = new Map<BedKind, Accepting[]>()
  for (let round = 0; round <= rounds; round++)
    for (const [kind, service] of services) {
      const accepting = await measureAccepting(service, driver)
      if (waitsFew.includes(kind))
        await service.sql(`UPDATE messages SET status = 'canceled' WHERE status = 'queued' AND sender_id = 1`)
      if (round > 0) found.set(kind, [...(found.get(kind) ?? []), accepting])
    }
  return [...found].map(([kind, all]) => {
    const of = (name: keyof Accepting) => medianOf(all.map((one) => one[name]))
    return {
      kind,
      messagesPerSecond: of('messagesPerSecond'),
      cpuUs: of('cpuUs'),
      p50Ms: of('p50Ms'),
      p99Ms: of('p99Ms'),
    }
  })
}

/** The store alone, without the service beside it. */
async function measureCalls(players: Players, parts: EngineParts, services: ReadonlyMap<BedKind, QueueService>) {
  const calls: (CallTime & { readonly kind: CallBedKind })[] = []
  const measureOn = async (kind: CallBedKind, bed: Bed) => {
    for (const time of await timeCallsOn(bed)) calls.push({ kind, ...time })
  }
  for (const [kind, service] of services) {
    if (waitsFew.includes(kind)) await topUp(service, 0)
    await letGo(service)
    await service.child.stop()
    await measureOn(kind, service.bed)
  }
  const queued = { status: 'queued', spread: 'even' } as const
  const held = { ...queued, count: players.many, status: 'held', holdReason: 'paused' } as const
  const paused = await filledBed(players, parts, {
    kind: 'paused',
    numberCount: 500,
    waiting: [held, { ...queued, count: few }],
  })
  await pauseAll(paused)
  await measureOn('paused', paused)
  await measureOn(
    'many numbers',
    await filledBed(players, parts, {
      kind: 'many numbers',
      numberCount: 10_000,
      waiting: [{ ...queued, count: players.many }],
    }),
  )
  return calls
}
