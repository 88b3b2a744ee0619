/**
 * Queued texts over many numbers and three nodes on one PostgreSQL, of which one is killed, one stands still past every
 * lease and goes on, and one is restarted, while texts are handed over and people refuse them. In the end the carrier's
 * ledger, the driver's history and the database are compared. By hand:
 * `node test/chaos/queue-nodes.ts --texts 100000 --senders 50 --seed 7`.
 */
import { setTimeout as pause } from 'node:timers/promises'
import { parseArgs } from 'node:util'
import { startPostgres } from '../support/postgres.ts'
import { type Caller, makeCaller } from './caller.ts'
import { checkQueue, type QueueReport } from './check-queue.ts'
import { makePlan, type Plan, type PlannedText } from './plan.ts'
import { makeRandom } from './random.ts'
import { apiKey, startTestBed, type TestBed } from './test-bed.ts'

export type QueueCampaign = {
  readonly databaseUrl: string
  readonly textCount: number
  readonly senderCount: number
  /** Of the slowest numbers; the fastest have twice as much. */
  readonly segmentsPerSecondMin: number
  readonly freezeMs: number
  readonly seed: number
  /** Also for what waits behind a text of the killed node, until reconciliation has looked at that. */
  readonly untilEmpty: boolean
}

const latencyMs = 200
const callers = 6
const batchMax = 1_000
/** Shares of all texts that have left when it happens. */
const momentOf = { kill: 0.1, freeze: 0.25, restart: 0.6 } as const
/** The last texts are handed over while a node is restarted, few at a time. */
const tailShare = 0.1
const tailBatch = 10
const refusals = 20
const pollMs = 100
/** A machine on which nothing moves for so long is not slow. */
const standstillMsMax = 120_000

export async function runQueueCampaign(
  campaign: QueueCampaign,
): Promise<QueueReport & { readonly cpuUsPerText: number; readonly handedOverPerSecond: number }> {
  const plan = makePlan(campaign)
  const bed = await startTestBed({ ...campaign, senders: plan.senders, nodeCount: 3, latencyMs })
  try {
    const handedOverPerSecond = await play(campaign, plan, bed)
    const cpuUs = await bed.cpuUs()
    const messages = await bed.books.messages()
    const urls = new Map([...bed.nodes].map(([name, { url }]) => [name, url]))
    const report = checkQueue({ plan, messages, urls, ...(await bed.end()) })
    return { ...report, cpuUsPerText: Math.round(cpuUs / plan.textCount), handedOverPerSecond }
  } finally {
    await bed.close()
  }
}

/** @returns how many texts were taken in a second before the last of them were held back for the restart. */
async function play(campaign: QueueCampaign, plan: Plan, bed: TestBed): Promise<number> {
  const random = makeRandom(campaign.seed)
  const targets = [...bed.nodes.values()]
  const caller = makeCaller({
    apiKey,
    history: bed.history,
    pick: () => targets[Math.floor(random() * targets.length)] ?? { name: '', url: '' },
  })
  const restarting = Promise.withResolvers<void>()
  const startedAt = performance.now()
  let perSecond = 0
  const handingOver = Array.from({ length: callers }, async (_, place) => {
    const texts = textsOf(plan, place)
    const tailFrom = Math.floor(texts.length * (1 - tailShare))
    await handOverAll(caller, texts.slice(0, tailFrom), { name: `main ${place}`, batchMax, random })
    perSecond = Math.max(perSecond, (plan.textCount * (1 - tailShare)) / ((performance.now() - startedAt) / 1_000))
    await restarting.promise
    await handOverAll(caller, texts.slice(tailFrom), { name: `tail ${place}`, batchMax: tailBatch, random })
  })
  await Promise.all([
    ...handingOver,
    breakThings(campaign, plan, bed, restarting.resolve),
    refuse(plan, bed, caller, random),
  ])
  await settled(campaign, bed)
  return Math.round(perSecond)
}

/** Each number is one caller's, so that its texts are handed over in their order. */
function textsOf(plan: Plan, place: number): PlannedText[] {
  const owner = new Map(plan.senders.map((sender, index) => [sender, index % callers]))
  const texts: PlannedText[] = []
  for (let index = 0; index < plan.textCount; index++) {
    const text = plan.text(index)
    if (owner.get(text.sender) === place) texts.push(text)
  }
  return texts
}

async function handOverAll(
  caller: Caller,
  texts: readonly PlannedText[],
  { name, batchMax, random }: { readonly name: string; readonly batchMax: number; readonly random: () => number },
): Promise<void> {
  for (let from = 0; from < texts.length; ) {
    const to = from + 1 + Math.floor(random() * batchMax)
    await caller.handOver(texts.slice(from, to), `${name} from ${from}`)
    from = to
  }
}

async function breakThings(campaign: QueueCampaign, plan: Plan, bed: TestBed, restarting: () => void): Promise<void> {
  const [first = '', second = '', third = ''] = bed.nodes.keys()
  await reached(bed, momentOf.kill * plan.textCount)
  await bed.kill(first)
  await reached(bed, momentOf.freeze * plan.textCount)
  bed.freeze(second)
  await pause(campaign.freezeMs)
  bed.thaw(second)
  await reached(bed, momentOf.restart * plan.textCount)
  restarting()
  await bed.restart(third)
}

/** People of different numbers refuse further texts, one after the other while texts leave. */
async function refuse(plan: Plan, bed: TestBed, caller: Caller, random: () => number): Promise<void> {
  for (let count = 0; count < refusals; count++) {
    await reached(bed, (plan.textCount * (count + 1)) / (2 * refusals))
    await caller.optOut(plan.text(Math.floor(random() * plan.textCount)).recipient)
  }
}

async function reached(bed: TestBed, count: number): Promise<void> {
  let [known, since] = [-1, performance.now()]
  for (;;) {
    const carried = await bed.carried()
    if (carried >= count) return
    if (carried !== known) [known, since] = [carried, performance.now()]
    else if (performance.now() - since > standstillMsMax) throw new Error(`only ${carried} texts of ${count} have left`)
    await pause(pollMs)
  }
}

/** Resolves when nothing leaves any more, and nothing that could leave waits. */
async function settled(campaign: QueueCampaign, { books, carried }: TestBed): Promise<void> {
  let [known, since] = ['', performance.now()]
  for (;;) {
    const waiting = await (campaign.untilEmpty ? books.waiting() : books.free())
    const state = `${await carried()} ${waiting} ${await books.sending()}`
    if (state !== known) [known, since] = [state, performance.now()]
    const stillMs = performance.now() - since
    if (waiting === 0 && stillMs > 1_000) return
    if (stillMs > standstillMsMax) return
    await pause(pollMs * 5)
  }
}

if (import.meta.main) {
  const { values } = parseArgs({
    options: {
      texts: { type: 'string', default: '100000' },
      senders: { type: 'string', default: '50' },
      pace: { type: 'string', default: '10' },
      freeze: { type: 'string', default: '60' },
      seed: { type: 'string', default: '7' },
    },
  })
  const server = await startPostgres({ durable: true })
  try {
    const campaign = {
      textCount: Number(values.texts),
      senderCount: Number(values.senders),
      segmentsPerSecondMin: Number(values.pace),
      freezeMs: Number(values.freeze) * 1_000,
      seed: Number(values.seed),
    }
    const report = await runQueueCampaign({ ...campaign, databaseUrl: server.url, untilEmpty: true })
    process.stdout.write(`${JSON.stringify({ ...campaign, kills: 1, ...report }, undefined, 2)}\n`)
    process.exitCode = report.faults.length === 0 ? 0 : 1
  } finally {
    await server.stop()
  }
}
