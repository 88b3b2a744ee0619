import { checkTexts, type Records, type TextCounts } from './check-texts.ts'
import { firstOf, mostOf, quantile, rounded } from './figures.ts'
import type { DatedEntry } from './history.ts'

export type ScheduleReport = TextCounts & {
  readonly messages: number
  readonly carried: number
  /** Of those that callers tried to cancel; the others were too late. */
  readonly canceledOfAsked: { readonly asked: number; readonly canceled: number }
  /** Canceled within 100 ms of the moment at which they would leave or left, as near as can be told. */
  readonly closeCalls: number
  /** From the time of a text to the commit of its attempt, by the database's clock. */
  readonly lateMs: { readonly least: number; readonly p50: number; readonly p99: number; readonly most: number }
  readonly retriedRequests: Readonly<Record<string, number>>
  /** What must not be: a sentence each. */
  readonly faults: readonly string[]
}

const closeMs = 100

/** That what was said of a cancellation holds, and that nothing leaves before its time. */
export function checkSchedule(records: Records, sendAts: readonly number[]): ScheduleReport {
  const { answers, stored, carried, counts, retriedRequests, faults } = checkTexts(records)
  const startedAtOf = new Map(carried.map(({ planned, startedAt }) => [planned.index, startedAt]))
  const cancelsOf = Map.groupBy(records.history.flatMap(cancelOf), ({ index }) => index)
  let [canceled, closeCalls] = [0, 0]
  for (const [index, cancels] of cancelsOf) {
    const status = stored.get(answers.get(index)?.word ?? '')?.status
    const wasTold = cancels.some((cancel) => cancel.canceled)
    if (wasTold) canceled++
    if (wasTold !== (status === 'canceled'))
      faults.push(`text ${index} is ${status}, and canceled: ${wasTold} was said`)
    if (cancels.some((cancel) => cancel.canceled !== wasTold)) faults.push(`text ${index} was said to be both`)
    const leavesAt = startedAtOf.get(index) ?? sendAts[index] ?? 0
    if (cancels.some(({ askedAt }) => Math.abs(askedAt - leavesAt) < closeMs)) closeCalls++
  }
  for (const [index, { word }] of answers)
    if (stored.get(word)?.status === 'canceled' && !cancelsOf.has(index))
      faults.push(`text ${index} is canceled and nobody asked for it`)
  const lates = [...startedAtOf].map(([index, startedAt]) => startedAt - (sendAts[index] ?? 0))
  for (const [index, startedAt] of startedAtOf)
    if (startedAt < (sendAts[index] ?? 0)) faults.push(`text ${index} left before its time`)
  return {
    messages: answers.size,
    carried: records.ledger.length,
    ...counts,
    canceledOfAsked: { asked: cancelsOf.size, canceled },
    closeCalls,
    lateMs: {
      least: rounded(-mostOf(lates.map((late) => -late))),
      p50: quantile(lates, 0.5),
      p99: quantile(lates, 0.99),
      most: rounded(mostOf(lates)),
    },
    retriedRequests,
    faults: firstOf(faults),
  }
}

function cancelOf(entry: DatedEntry) {
  return entry.kind === 'cancel' ? [entry] : []
}
