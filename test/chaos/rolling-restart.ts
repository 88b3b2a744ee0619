/**
 * Each of three nodes is restarted in turn, while callers send and hand over texts to all of them. In the end the
 * carrier's ledger, the driver's history and the database are compared. By hand:
 * `node test/chaos/rolling-restart.ts --rounds 20 --seed 7`.
 */
import { setTimeout as pause } from 'node:timers/promises'
import { parseArgs } from 'node:util'
import { createTestDatabase } from '../support/postgres.ts'
import { makeCaller } from './caller.ts'
import { checkTexts, type TextCounts } from './check-texts.ts'
import { firstOf } from './figures.ts'
import { makePlan } from './plan.ts'
import { makeRandom } from './random.ts'
import { apiKey, startTestBed, type TestBed } from './test-bed.ts'

export type RestartReport = TextCounts & {
  readonly restarts: number
  readonly messages: number
  readonly carried: number
  readonly retriedRequests: Readonly<Record<string, number>>
  /** What must not be: a sentence each. */
  readonly faults: readonly string[]
}

const latencyMs = 100
const senderCount = 10
/** So fast that no text waits for its turn. */
const segmentsPerSecondMin = 500
const directCallers = 8
const queueCallers = 2
const textsPerBatch = 5
/** As many as callers can begin; the run ends before. */
const textCountMax = 100_000
/** All nodes work for so long before the next is restarted. */
const restMs = 300
const pollMs = 200
const settleMsMax = 60_000

export async function runRollingRestart(params: {
  readonly databaseUrl: string
  /** How often each node is restarted. */
  readonly rounds: number
  readonly seed: number
}): Promise<RestartReport> {
  const plan = makePlan({ textCount: textCountMax, senderCount, segmentsPerSecondMin, seed: params.seed })
  const bed = await startTestBed({ ...params, senders: plan.senders, nodeCount: 3, latencyMs })
  try {
    const random = makeRandom(params.seed)
    const targets = [...bed.nodes.values()]
    const pick = () => targets[Math.floor(random() * targets.length)] ?? { name: '', url: '' }
    const caller = makeCaller({ apiKey, history: bed.history, pick })
    const over = new AbortController()
    let textCount = 0
    const next = () => plan.text(textCount++)
    const sending = Array.from({ length: directCallers }, async () => {
      while (!over.signal.aborted) await caller.send(next())
    })
    const handingOver = Array.from({ length: queueCallers }, async () => {
      while (!over.signal.aborted) {
        const texts = Array.from({ length: textsPerBatch }, next)
        await caller.handOver(texts, `texts from ${texts[0]?.index}`)
      }
    })
    await restartAll(bed, params.rounds).finally(() => over.abort())
    await Promise.all([...sending, ...handingOver])
    await settled(bed)
    const messages = await bed.books.messages()
    const urls = new Map([...bed.nodes].map(([name, { url }]) => [name, url]))
    const records = { plan: { ...plan, textCount }, messages, urls, ...(await bed.end()) }
    const { counts, retriedRequests, faults } = checkTexts(records)
    for (const entry of records.history)
      if (entry.kind === 'answered' && entry.isDoneBefore)
        faults.push(`text ${entry.answers[0]?.index} was taken in by a node that ended without an answer`)
    const totals = {
      restarts: params.rounds * bed.nodes.size,
      messages: messages.length,
      carried: records.ledger.length,
    }
    return { ...totals, ...counts, retriedRequests, faults: firstOf(faults) }
  } finally {
    await bed.close()
  }
}

async function restartAll(bed: TestBed, rounds: number): Promise<void> {
  for (let round = 0; round < rounds; round++)
    for (const name of bed.nodes.keys()) {
      await pause(restMs)
      await bed.restart(name)
    }
}

async function settled({ books }: TestBed): Promise<void> {
  const deadline = performance.now() + settleMsMax
  while ((await books.waiting()) + (await books.sending()) > 0 && performance.now() < deadline) await pause(pollMs)
}

if (import.meta.main) {
  const { values } = parseArgs({
    options: { rounds: { type: 'string', default: '20' }, seed: { type: 'string', default: '7' } },
  })
  const database = await createTestDatabase()
  try {
    const [rounds, seed] = [Number(values.rounds), Number(values.seed)]
    const report = await runRollingRestart({ databaseUrl: database.url, rounds, seed })
    process.stdout.write(`${JSON.stringify({ rounds, seed, ...report }, undefined, 2)}\n`)
    process.exitCode = report.faults.length === 0 ? 0 : 1
  } finally {
    await database.drop()
  }
}
