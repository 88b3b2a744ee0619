import type { StoredAttempt, StoredMessage } from './books.ts'
import type { CarriedText, DatedEntry, FaultKind, TextAnswer } from './history.ts'
import type { Plan, PlannedText } from './plan.ts'

/** The four records of a run. */
export type Records = {
  readonly plan: Plan
  readonly history: readonly DatedEntry[]
  readonly ledger: readonly CarriedText[]
  readonly messages: readonly StoredMessage[]
  /** Of each node, as carriers see it. */
  readonly urls: ReadonlyMap<string, string>
}

/** A text that the carrier took, with the commit of the attempt that brought it there. */
export type Carried = CarriedText & {
  readonly planned: PlannedText
  readonly startedAt: number
  /** Sent by a frozen node as it went on: the attempt was past its last check. */
  readonly isLate: boolean
}

export type TextCounts = {
  refused: number
  /** By a refusal of their recipients, while they waited. */
  suppressed: number
  canceled: number
  /** Behind an unresolved text to the same person. */
  waiting: number
  /** Attempts without an outcome, of the nodes that were killed or frozen; and how many of them the carrier has. */
  unknown: number
  unknownCarried: number
  /** A first attempt was begun and not made, because its process stood still in between. */
  interrupted: number
  duplicates: number
  lost: number
  /** On their way to people who refused at that moment. */
  inFlightAtOptOut: number
}

export type CheckedTexts = {
  readonly answers: ReadonlyMap<number, TextAnswer & { readonly at: number }>
  /** By the id that their callers were told. */
  readonly stored: ReadonlyMap<string, StoredMessage>
  readonly carried: readonly Carried[]
  readonly counts: TextCounts
  /** Numbers and people between whom something is unresolved. */
  readonly unresolvedPairs: ReadonlySet<string>
  readonly retriedRequests: Readonly<Record<string, number>>
  /** What must not be: a sentence each. */
  readonly faults: string[]
}

/** What one process has under way at most. */
const underWayMax = 128
/** What was under way when a node died had begun so long before at most. */
const underWayMsMax = 5_000

/**
 * Compares what callers were told, what is stored and what the carrier took: each text once, or with a reason why not. It
 * knows nothing of how the service works.
 */
export function checkTexts(records: Records): CheckedTexts {
  const { history } = records
  const faults = history.flatMap(faultOf)
  const counts: TextCounts = {
    refused: 0,
    suppressed: 0,
    canceled: 0,
    waiting: 0,
    unknown: 0,
    unknownCarried: 0,
    interrupted: 0,
    duplicates: 0,
    lost: 0,
    inFlightAtOptOut: 0,
  }
  const answers = answersOf(history)
  const stored = new Map(records.messages.map((message) => [message.id, message]))
  const carried = carriedTexts(records, { answers, stored, counts, faults })
  const unresolvedPairs = checkEnds(records, { answers, stored, carried, counts, faults })
  checkStrangers(records, answers, faults)
  counts.inFlightAtOptOut = checkOptOuts(records, carried, faults)
  return { answers, stored, carried, counts, unresolvedPairs, retriedRequests: retriedRequests(history), faults }
}

export function pairOf({ sender, recipient }: PlannedText): string {
  return `${sender.phoneNumber} ${recipient}`
}

function faultOf(entry: DatedEntry): string[] {
  if (entry.kind === 'failed' && !entry.again) return [`a request failed for good: ${entry.cause}`]
  if (entry.kind === 'ended' && entry.exitCode !== 0) return [`${entry.node} ended with ${entry.exitCode}`]
  return []
}

/** By index. */
function answersOf(history: readonly DatedEntry[]): Map<number, TextAnswer & { readonly at: number }> {
  const answers = new Map<number, TextAnswer & { readonly at: number }>()
  for (const entry of history)
    if (entry.kind === 'answered')
      for (const answer of entry.answers) answers.set(answer.index, { ...answer, at: entry.at })
  return answers
}

type Found = Pick<CheckedTexts, 'answers' | 'stored' | 'counts' | 'faults'>

function carriedTexts({ plan, history, ledger, urls }: Records, { answers, stored, counts, faults }: Found): Carried[] {
  const frozen = history.find(({ kind }) => kind === 'frozen')
  const thawedAt = momentOf(history, 'thawed')
  const frozenUrl = frozen !== undefined && 'node' in frozen ? (urls.get(frozen.node) ?? '') : undefined
  const seen = new Set<number>()
  const carried: Carried[] = []
  for (const text of ledger) {
    const planned = plan.text(Number(text.text.split(' ', 1)[0]))
    const { index, sender, recipient } = planned
    if (text.text !== planned.text || text.sender !== sender.phoneNumber || text.recipient !== recipient)
      faults.push(`text ${index} is not what was handed over`)
    if (seen.has(index)) {
      counts.duplicates++
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
  return carried
}

/** What each text came to, against what its caller was told and what the carrier has. @returns the unresolved pairs. */
function checkEnds(
  { plan, history }: Records,
  { answers, stored, carried, counts, faults }: Found & { readonly carried: readonly Carried[] },
): Set<string> {
  const isCarried = new Set(carried.map(({ planned }) => planned.index))
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
  return unresolvedPairs
}

/** What no caller was told of: a refusal is written down each time that its request is repeated, and nothing else is. */
function checkStrangers({ messages }: Records, answers: CheckedTexts['answers'], faults: string[]): void {
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
    readonly counts: TextCounts
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
      counts[message.status]++
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
  if (outcome !== undefined && outcome !== 'unknown') return false
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
