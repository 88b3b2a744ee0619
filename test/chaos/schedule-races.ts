/**
 * Scheduled texts, of which many are canceled around their time by requests to two nodes at once (SQLite: twice to one),
 * while people refuse further ones. In the end the carrier's ledger, the driver's history and the database are compared.
 * By hand: `node test/chaos/schedule-races.ts --texts 10000 --engine postgres --seed 7`.
 */
import { setTimeout as pause } from 'node:timers/promises'
import { parseArgs } from 'node:util'
import { createDatabase, engines } from '../support/service-client.ts'
import { type Caller, makeCaller } from './caller.ts'
import { checkSchedule, type ScheduleReport } from './check-schedule.ts'
import { makePlan, type Plan } from './plan.ts'
import { makeRandom } from './random.ts'
import { apiKey, startTestBed, type TestBed } from './test-bed.ts'
import { wallClockMs } from './wall-clock.ts'

export type ScheduleRaces = {
  readonly engine: (typeof engines)[number]
  readonly databaseUrl: string
  readonly textCount: number
  /** Over how long the texts are spread. */
  readonly spanMs: number
  readonly seed: number
}

const latencyMs = 50
const senderCount = 10
/** So fast that no text waits for its turn. */
const segmentsPerSecondMin = 500
const batchMax = 500
const cancelShare = 0.5
/** Before and after its time a text is canceled; due ones are looked for twice a second. */
const cancelAroundMs = 800
const refusalShare = 0.01
const pollMs = 200
const settleMsMax = 60_000

export async function runScheduleRaces(races: ScheduleRaces): Promise<ScheduleReport> {
  const plan = makePlan({ ...races, senderCount, segmentsPerSecondMin })
  const nodeCount = races.engine === 'sqlite' ? 1 : 2
  const bed = await startTestBed({ ...races, senders: plan.senders, nodeCount, latencyMs })
  try {
    const sendAts = await play(races, plan, bed)
    const messages = await bed.books.messages()
    const urls = new Map([...bed.nodes].map(([name, { url }]) => [name, url]))
    return checkSchedule({ plan, messages, urls, ...(await bed.end()) }, sendAts)
  } finally {
    await bed.close()
  }
}

/** @returns when each text was to leave. */
async function play(races: ScheduleRaces, plan: Plan, bed: TestBed): Promise<number[]> {
  const random = makeRandom(races.seed)
  const nodes = [...bed.nodes.values()]
  const pick = () => nodes[Math.floor(random() * nodes.length)] ?? { name: '', url: '' }
  const caller = makeCaller({ apiKey, history: bed.history, pick })
  const startAt = wallClockMs() + 3_000 + 2 * plan.textCount
  const sendAts = Array.from({ length: plan.textCount }, () => Math.floor(startAt + random() * races.spanMs))
  const deeds = await scheduleAll({
    plan,
    caller,
    sendAts,
    random,
    targets: [nodes[0] ?? pick(), nodes.at(-1) ?? pick()],
  })
  for (let count = 0; count < plan.textCount * refusalShare; count++) {
    const { recipient } = plan.text(Math.floor(random() * plan.textCount))
    deeds.push({ at: startAt + random() * races.spanMs, act: () => caller.optOut(recipient) })
  }
  const acting: Promise<void>[] = []
  for (const { at, act } of deeds.toSorted((left, right) => left.at - right.at)) {
    // No state is awaited here: what matters is the moment.
    await pause(Math.max(0, at - wallClockMs()))
    acting.push(act())
  }
  await Promise.all(acting)
  await settled(bed)
  return sendAts
}

type Deed = { readonly at: number; readonly act: () => Promise<void> }

/** @returns the cancellations, two of each text that they are for. */
async function scheduleAll(params: {
  readonly plan: Plan
  readonly caller: Caller
  readonly sendAts: readonly number[]
  readonly random: () => number
  readonly targets: readonly Parameters<Caller['cancel']>[0][]
}): Promise<Deed[]> {
  const { plan, caller, sendAts, random, targets } = params
  const deeds: Deed[] = []
  for (let from = 0; from < plan.textCount; from += batchMax) {
    const indexes = Array.from({ length: Math.min(batchMax, plan.textCount - from) }, (_, place) => from + place)
    const texts = indexes.map((index) => ({ ...plan.text(index), sendAt: sendAts[index] ?? 0 }))
    for (const answer of await caller.handOver(texts, `texts from ${from}`)) {
      if (answer.status !== 200 || random() >= cancelShare) continue
      const at = (sendAts[answer.index] ?? 0) + cancelAroundMs * (2 * random() - 1)
      for (const target of targets) deeds.push({ at, act: () => caller.cancel(target, answer) })
    }
  }
  return deeds
}

async function settled({ books }: TestBed): Promise<void> {
  const deadline = performance.now() + settleMsMax
  while ((await books.waiting()) + (await books.sending()) > 0 && performance.now() < deadline) await pause(pollMs)
}

if (import.meta.main) {
  const { values } = parseArgs({
    options: {
      texts: { type: 'string', default: '10000' },
      engine: { type: 'string', default: 'postgres' },
      seed: { type: 'string', default: '7' },
    },
  })
  const engine = engines.find((name) => name === values.engine)
  if (engine === undefined) throw new Error(`--engine must be one of: ${engines.join(', ')}`)
  const textCount = Number(values.texts)
  const database = await createDatabase(engine)
  try {
    const races = { engine, textCount, spanMs: 10 * textCount, seed: Number(values.seed) }
    const report = await runScheduleRaces({ ...races, databaseUrl: database.url })
    process.stdout.write(`${JSON.stringify({ ...races, ...report }, undefined, 2)}\n`)
    process.exitCode = report.faults.length === 0 ? 0 : 1
  } finally {
    await database.drop()
  }
}
