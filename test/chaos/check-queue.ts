import type { StoredAttempt, StoredMessage } from './books.ts'
import type { CarriedText, DatedEntry, FaultKind, TextAnswer } from './history.ts'
import { type Departure, paceExcessMs } from './pace-excess.ts'
import type { Plan, PlannedSender, PlannedText } from './plan.ts'

/** The four records of a run. */
export type Records = {
  readonly plan: Plan
  readonly history: readonly DatedEntry[]
  readonly ledger: readonly CarriedText[]
  readonly messages: readonly StoredMessage[]
  /** Of each node, as carriers see it. */
  readonly urls: ReadonlyMap<string, string>
}

export type QueueReport = {
  readonly messages: number
  readonly carried: number
  readonly refused: number
  readonly suppressed: number
  /** Waiting behind an unresolved text to the same person. */
  readonly waiting: number
  /** Attempts without an outcome, of the nodes that were killed or frozen; and how many of them the carrier has. */
  readonly unknown: number
  readonly unknownCarried: number
  /** Texts of which a first attempt was begun and not made, because its process stood still in between. */
  readonly interrupted: number
  /** Sent by a frozen node as it went on, as the attempt was past its last check. */
  readonly late: number
  readonly inFlightAtOptOut: number
  readonly duplicates: number
  readonly lost: number
  readonly outOfOrder: number
  /** From the commit of an attempt to its arrival at the carrier. */
  readonly lagMs: { readonly p50: number; readonly p99: number; readonly most: number }
  /** The most that any number was over its pace in any window, by arrivals and by the commits of its attempts. */
  readonly excessMs: { readonly arrivals: number; readonly commits: number }
  /** Of the slowest number: from the kill, or the freeze, until another node claimed a text of it. */
  readonly takenOverMs: { readonly killed: number; readonly frozen: number }
  /** Between the ends of all numbers, which had equally long to do; but for people to whom something is unresolved. */
  readonly finishSpreadMs: number
  readonly seconds: number
  readonly textsPerSecond: number
  readonly shareOfPace: number
  readonly retriedRequests: Readonly<Record<string, number>>
  /** What must not be: a sentence each. */
  readonly faults: readonly string[]
}

/** What one process has under way at most. */
const underWayMax = 128
/** So long after a node died or stood still with a number, another one sends for it. */
const takeOverMsMax = 5_000
/** A turn that does not come to a commit within this is given up. */
const turnMsMax = 5_000
/** What was under way when a node died had begun so long before at most. */
const underWayMsMax = 5_000
const faultsShownMax = 20

type Carried = CarriedText & { readonly planned: PlannedText; readonly startedAt: number; readonly isLate: boolean }

/** Compares what callers were told, what is stored and what the carrier took. It knows nothing of how the service works. */
export function checkQueue(records: Records): QueueReport {
  const { plan, history, ledger, messages } = records
  const faults: string[] = []
  const answers = answersOf(history)
  const stored = new Map(messages.map((message) => [message.id, message]))
  const { carried, duplicates } = carriedTexts(records, { answers, stored, faults })
  const { counts, unresolvedPairs } = endsOf(records, { answers, stored, carried, faults })
  const inFlightAtOptOut = checkOptOuts(records, carried, faults)
  const outOfOrder = countOutOfOrder(carried, faults)
  const bySender = Map.groupBy(carried, ({ planned }) => planned.sender)
  const lags = carried.filter(({ isLate }) => !isLate).map(({ at, startedAt }) => at - startedAt)
  const excessMs = excessOf(bySender, faults, Math.max(...lags))
  const takenOverMs = {
    killed: takenOverAfter('killed', records, bySender),
    frozen: takenOverAfter('frozen', records, bySender),
  }
  for (const [fault, afterMs] of Object.entries(takenOverMs))
    if (afterMs > takeOverMsMax) faults.push(`a number was taken over ${afterMs} ms after a node was ${fault}`)
  for (const { kind, ...entry } of history)
    if (kind === 'failed' && 'again' in entry && !entry.again) faults.push(`a request failed for good: ${entry.cause}`)
  for (const entry of history)
    if (entry.kind === 'ended' && entry.exitCode !== 0) faults.push(`${entry.node} ended with ${entry.exitCode}`)
  const times = carried.map(({ at }) => at)
  const seconds = (Math.max(...times) - Math.min(...times)) / 1_000
  const segments = carried.reduce((sum, { planned }) => sum + planned.segmentCount, 0)
  const pace = plan.senders.reduce((sum, { segmentsPerSecond }) => sum + segmentsPerSecond, 0)
  return {
    messages: answers.size,
    carried: ledger.length,
    ...counts,
    late: carried.filter(({ isLate }) => isLate).length,
    inFlightAtOptOut,
    duplicates,
    outOfOrder,
    lagMs: { p50: quantile(lags, 0.5), p99: quantile(lags, 0.99), most: rounded(Math.max(...lags)) },
    excessMs,
    takenOverMs,
    finishSpreadMs: finishSpread(carried.filter(({ planned }) => !unresolvedPairs.has(pairOf(planned)))),
    seconds: rounded(seconds),
    textsPerSecond: rounded(ledger.length / seconds),
    shareOfPace: Math.round((100 * segments) / (pace * seconds)) / 100,
    retriedRequests: retriedRequests(history),
    faults: faults.length > faultsShownMax ? [...faults.slice(0, faultsShownMax), `${faults.length} in all`] : faults,
  }
}

/** By index. */
function answersOf(history: readonly DatedEntry[]): Map<number, TextAnswer & { readonly at: number }> {
  const answers = new Map<number, TextAnswer & { readonly at: number }>()
  for (const entry of history)
    if (entry.kind === 'answered')
      for (const answer of entry.answers) answers.set(answer.index, { ...answer, at: entry.at })
  return answers
}

type Found = {
  readonly answers: ReadonlyMap<number, TextAnswer & { readonly at: number }>
  readonly stored: ReadonlyMap<string, StoredMessage>
  readonly faults: string[]
}

function carriedTexts({ plan, history, ledger, urls }: Records, { answers, stored, faults }: Found) {
  const frozen = history.find(({ kind }) => kind === 'frozen')
  const thawedAt = momentOf(history, 'thawed')
  const frozenUrl = frozen !== undefined && 'node' in frozen ? (urls.get(frozen.node) ?? '') : undefined
  const seen = new Set<number>()
  const carried: Carried[] = []
  let duplicates = 0
  for (const text of ledger) {
    const planned = plan.text(Number(text.text.split(' ', 1)[0]))
    const { index, sender, recipient } = planned
    if (text.text !== planned.text || text.sender !== sender.phoneNumber || text.recipient !== recipient)
      faults.push(`text ${index} is not what was handed over`)
    if (seen.has(index)) {
      duplicates++
      faults.push(`text ${index} went out twice`)
      continue
    }
    seen.add(index)
    const attempts = stored.get(answers.get(index)?.word ?? '')?.attempts ?? []
    const startedAt = attempts.findLast((attempt) => attempt.startedAt <= text.at + 1)?.startedAt
    if (startedAt === undefined) faults.push(`text ${index} went out without an attempt`)
    const isFrozens = frozenUrl !== undefined && text.callback.startsWith(`${frozenUrl}/`)
    const isLate = isFrozens && text.at >= thawedAt && (startedAt ?? 0) < (frozen?.at ?? 0)
    carried.push({ ...text, planned, startedAt: startedAt ?? text.at, isLate })
  }
  return { carried, duplicates }
}

/** What each text came to, against what its caller was told and what the carrier has. */
function endsOf(
  { plan, history, messages }: Records,
  { answers, stored, carried, faults }: Found & { readonly carried: readonly Carried[] },
) {
  const isCarried = new Set(carried.map(({ planned }) => planned.index))
  const counts = { refused: 0, suppressed: 0, waiting: 0, unknown: 0, unknownCarried: 0, interrupted: 0, lost: 0 }
  const unresolvedPairs = new Set<string>()
  const waiting: { readonly index: number; readonly pair: string }[] = []
  for (let index = 0; index < plan.textCount; index++) {
    const answer = answers.get(index)
    const message = stored.get(answer?.word ?? '')
    if (answer === undefined) faults.push(`text ${index} never got an answer`)
    else if (answer.status === 400 && answer.word === 'recipient_opted_out') {
      counts.refused++
      if (isCarried.has(index)) faults.push(`text ${index} was refused and went out`)
    } else if (answer.status !== 200 || message === undefined) {
      counts.lost++
      faults.push(`text ${index} was answered ${answer.status} ${answer.word} and is not stored`)
    } else {
      const end = { index, isCarried: isCarried.has(index), message, pair: pairOf(plan.text(index)) }
      if (message.attempts.some(({ reason }) => reason === 'interrupted')) counts.interrupted++
      if (message.status === 'queued') waiting.push(end)
      else checkEnd(end, { history, counts, unresolvedPairs, faults })
      if (message.segmentCount !== plan.text(index).segmentCount)
        faults.push(`text ${index} was counted as ${message.segmentCount} segments`)
    }
  }
  for (const { index, pair } of waiting)
    if (unresolvedPairs.has(pair)) counts.waiting++
    else faults.push(`text ${index} waits for nothing`)
  const faultyNodes = history.filter(({ kind }) => kind === 'killed' || kind === 'frozen').length
  if (counts.unknown > underWayMax * faultyNodes)
    faults.push(`${counts.unknown} texts are unknown, more than ${faultyNodes} nodes have under way`)
  checkStrangers({ answers, messages, faults })
  return { counts, unresolvedPairs }
}

/** What no caller was told of: a refusal is written down each time that its request is repeated, and nothing else is. */
function checkStrangers({
  answers,
  messages,
  faults,
}: Pick<Found, 'answers' | 'faults'> & Pick<Records, 'messages'>): void {
  const told = new Set([...answers.values()].map(({ word }) => word))
  for (const { id, status, attempts } of messages)
    if (!told.has(id) && (status !== 'suppressed' || attempts.length > 0))
      faults.push(`${id} is ${status} and nobody was told of it`)
}

function checkEnd(
  end: { readonly index: number; readonly isCarried: boolean; readonly message: StoredMessage; readonly pair: string },
  {
    history,
    counts,
    unresolvedPairs,
    faults,
  }: {
    readonly history: readonly DatedEntry[]
    readonly counts: { suppressed: number; unknown: number; unknownCarried: number; lost: number }
    readonly unresolvedPairs: Set<string>
    readonly faults: string[]
  },
): void {
  const { index, isCarried, message } = end
  const last = message.attempts.at(-1)
  switch (message.status) {
    case 'sent':
      if (isCarried) return
      counts.lost++
      faults.push(`text ${index} is said to be sent and the carrier does not have it`)
      return
    case 'suppressed':
    case 'canceled':
      counts.suppressed++
      if (isCarried) faults.push(`text ${index} is ${message.status} and went out`)
      return
    case 'sending':
    case 'unknown':
      counts.unknown++
      if (isCarried) counts.unknownCarried++
      unresolvedPairs.add(end.pair)
      if (last === undefined || !wasUnderWay(last, history))
        faults.push(`text ${index} is ${message.status} although no node died or stood still with it`)
      return
    default:
      counts.lost++
      faults.push(`text ${index} ended as ${message.status}`)
  }
}

/** Without an outcome, and begun shortly before a node was killed or frozen. */
function wasUnderWay({ outcome, startedAt }: StoredAttempt, history: readonly DatedEntry[]): boolean {
  if (outcome !== null && outcome !== 'unknown') return false
  return history.some(
    ({ kind, at }) => (kind === 'killed' || kind === 'frozen') && startedAt <= at && startedAt > at - underWayMsMax,
  )
}

/** @returns how many texts to people who refuse were already under way when that was committed. */
function checkOptOuts({ history, messages }: Records, carried: readonly Carried[], faults: string[]): number {
  const refusedAt = new Map<string, number>()
  for (const entry of history) if (entry.kind === 'opted_out') refusedAt.set(entry.recipient, entry.at)
  for (const { recipient, attempts, id } of messages) {
    const at = refusedAt.get(recipient)
    if (at !== undefined && attempts.some(({ startedAt }) => startedAt > at))
      faults.push(`an attempt of ${id} began after its recipient's refusal was stored`)
  }
  let inFlight = 0
  for (const { at, recipient } of carried) if (at > (refusedAt.get(recipient) ?? Number.POSITIVE_INFINITY)) inFlight++
  return inFlight
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
  return rounded(Math.max(...afterMs))
}

function finishSpread(carried: readonly Carried[]): number {
  const ends = [...Map.groupBy(carried, ({ planned }) => planned.sender).values()].map((texts) => texts.at(-1)?.at ?? 0)
  return rounded(Math.max(...ends) - Math.min(...ends))
}

function pairOf({ sender, recipient }: PlannedText): string {
  return `${sender.phoneNumber} ${recipient}`
}

function retriedRequests(history: readonly DatedEntry[]): Record<string, number> {
  const counts: Record<string, number> = {}
  for (const entry of history)
    if (entry.kind === 'failed') {
      const name = `${entry.node}: ${entry.cause}`
      counts[name] = (counts[name] ?? 0) + 1
    }
  return counts
}

function momentOf(history: readonly DatedEntry[], kind: FaultKind): number {
  return history.find((entry) => entry.kind === kind)?.at ?? Number.POSITIVE_INFINITY
}

function quantile(values: readonly number[], part: number): number {
  const sorted = values.toSorted((left, right) => left - right)
  return rounded(sorted[Math.floor(part * (sorted.length - 1))] ?? 0)
}

function rounded(value: number): number {
  return Math.round(value * 10) / 10
}
