import { type Carried, checkTexts, pairOf, type Records, type TextCounts } from './check-texts.ts'
import { firstOf, mostOf, quantile, rounded } from './figures.ts'
import { type Departure, paceExcessMs } from './pace-excess.ts'
import type { PlannedSender } from './plan.ts'

export type QueueReport = TextCounts & {
  readonly messages: number
  readonly carried: number
  /** Sent by a frozen node as it went on. */
  readonly late: number
  readonly outOfOrder: number
  /** From the commit of an attempt to its arrival at the carrier. */
  readonly lagMs: { readonly p50: number; readonly p99: number; readonly most: number }
  /** The most that any number was over its pace in any window, by arrivals and by the commits of its attempts. */
  readonly excessMs: { readonly arrivals: number; readonly commits: number }
  /** Of the slowest number: from the kill, or the freeze, until another node claimed a text of it. */
  readonly takenOverMs: { readonly killed: number; readonly frozen: number }
  /** Between the ends of numbers of one pace, which had equally much to do; but for people to whom something is unresolved. */
  readonly finishSpreadMs: number
  readonly seconds: number
  readonly textsPerSecond: number
  readonly shareOfPace: number
  readonly retriedRequests: Readonly<Record<string, number>>
  /** What must not be: a sentence each. */
  readonly faults: readonly string[]
}

/** So long after a node died or stood still with a number, another one sends for it. */
const takeOverMsMax = 5_000
/** A turn that does not come to a commit within this is given up. */
const turnMsMax = 5_000

/** That each text leaves once, and that numbers keep their pace, their order and to each other. */
export function checkQueue(records: Records): QueueReport {
  const { plan, ledger } = records
  const { answers, carried, counts, unresolvedPairs, retriedRequests, faults } = checkTexts(records)
  const outOfOrder = countOutOfOrder(carried, faults)
  const bySender = Map.groupBy(carried, ({ planned }) => planned.sender)
  const lags = carried.filter(({ isLate }) => !isLate).map(({ at, startedAt }) => at - startedAt)
  const excessMs = excessOf(bySender, faults, mostOf(lags))
  const takenOverMs = {
    killed: takenOverAfter('killed', records, bySender),
    frozen: takenOverAfter('frozen', records, bySender),
  }
  for (const [fault, afterMs] of Object.entries(takenOverMs))
    if (afterMs > takeOverMsMax) faults.push(`a number was taken over ${afterMs} ms after a node was ${fault}`)
  const times = carried.map(({ at }) => at)
  const seconds = (mostOf(times) + mostOf(times.map((time) => -time))) / 1_000
  const segments = carried.reduce((sum, { planned }) => sum + planned.segmentCount, 0)
  const pace = plan.senders.reduce((sum, { segmentsPerSecond }) => sum + segmentsPerSecond, 0)
  return {
    messages: answers.size,
    carried: ledger.length,
    ...counts,
    late: carried.filter(({ isLate }) => isLate).length,
    outOfOrder,
    lagMs: { p50: quantile(lags, 0.5), p99: quantile(lags, 0.99), most: rounded(mostOf(lags)) },
    excessMs,
    takenOverMs,
    finishSpreadMs: finishSpread(carried.filter(({ planned }) => !unresolvedPairs.has(pairOf(planned)))),
    seconds: rounded(seconds),
    textsPerSecond: rounded(ledger.length / seconds),
    shareOfPace: Math.round((100 * segments) / (pace * seconds)) / 100,
    retriedRequests,
    faults: firstOf(faults),
  }
}

/** Of one number and one person, texts leave as they were handed over. */
function countOutOfOrder(carried: readonly Carried[], faults: string[]): number {
  const last = new Map<string, number>()
  let count = 0
  for (const { planned, isLate } of carried) {
    const pair = pairOf(planned)
    const before = last.get(pair) ?? -1
    if (isLate) continue
    if (planned.index < before) {
      count++
      faults.push(`text ${planned.index} left after text ${before}, which was handed over later`)
    }
    last.set(pair, Math.max(before, planned.index))
  }
  return count
}

/**
 * Turns are taken at the pace to the millisecond. From a turn to the commit of its attempt, and from there to the carrier,
 * time passes, and what it delays crowds the next: by so much a number may be ahead there, and not by more.
 */
function excessOf(bySender: ReadonlyMap<PlannedSender, readonly Carried[]>, faults: string[], lagMsMost: number) {
  const worst = { arrivals: Number.NEGATIVE_INFINITY, commits: Number.NEGATIVE_INFINITY }
  for (const [{ phoneNumber, segmentsPerSecond }, texts] of bySender) {
    const departure = (at: number, { planned }: Carried): Departure => ({ at, segmentCount: planned.segmentCount })
    const onTime = texts.filter(({ isLate }) => !isLate)
    const arrivals = paceExcessMs(
      onTime.map((text) => departure(text.at, text)),
      segmentsPerSecond,
    )
    const commits = paceExcessMs(
      texts.map((text) => departure(text.startedAt, text)),
      segmentsPerSecond,
    )
    worst.arrivals = Math.max(worst.arrivals, rounded(arrivals))
    worst.commits = Math.max(worst.commits, rounded(commits))
    if (commits > turnMsMax) faults.push(`${phoneNumber} was ${rounded(commits)} ms ahead of its pace`)
    if (arrivals > lagMsMost + Math.max(0, commits))
      faults.push(`${phoneNumber} was ${rounded(arrivals)} ms ahead of its pace at the carrier`)
  }
  return worst
}

function takenOverAfter(
  fault: 'killed' | 'frozen',
  { history, urls }: Records,
  bySender: ReadonlyMap<PlannedSender, readonly Carried[]>,
): number {
  const entry = history.find(({ kind }) => kind === fault)
  if (entry === undefined || !('node' in entry)) return 0
  const gone = `${urls.get(entry.node)}/`
  const afterMs = [...bySender.values()].map((texts) => {
    const next = texts.find(({ startedAt, callback }) => startedAt > entry.at && !callback.startsWith(gone))
    return (next?.startedAt ?? Number.POSITIVE_INFINITY) - entry.at
  })
  return rounded(mostOf(afterMs))
}

function finishSpread(carried: readonly Carried[]): number {
  const bySender = [...Map.groupBy(carried, ({ planned }) => planned.sender)]
  const spreads = [...Map.groupBy(bySender, ([{ segmentsPerSecond }]) => segmentsPerSecond).values()].map((equals) => {
    const ends = equals.map(([, texts]) => texts.at(-1)?.at ?? 0)
    return mostOf(ends) - Math.min(...ends)
  })
  return rounded(mostOf(spreads))
}
