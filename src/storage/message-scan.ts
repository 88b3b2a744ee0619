import { setImmediate } from 'node:timers/promises'
import { SmsError } from '../core/errors.ts'
import { makeMessageId } from '../core/message-id.ts'
import type { MessageCounts, MessageFilter, MessageRecord } from '../ports/store.ts'
import { attemptOf, messageOf, type Row } from './rows.ts'

/**
 * Lists of messages are read backwards through the table, in steps: no index serves every filter, and one that did would
 * cost every send. A step is short enough that a store which runs in our own process holds nobody up.
 */
export type KeyRange = { readonly above: number; readonly upTo: number }

/** How many keys one call looks through. */
export const keysScannedMax = 4_194_304

/**
 * Calls `step` with one range after the other, the newest first, until it returns false or the range is through.
 * @throws SmsError `invalid_request` when there is more to look through than `keysScannedMax`.
 */
export async function scanBackwards(
  { above, upTo }: KeyRange,
  keysPerStep: number,
  step: (range: KeyRange) => boolean | Promise<boolean>,
): Promise<void> {
  for (let top = upTo; top > above; top -= keysPerStep) {
    if (upTo - top >= keysScannedMax)
      throw new SmsError(
        'invalid_request',
        `That is more than ${keysScannedMax} messages to look through. Give date_from and date_to, closer together.`,
      )
    if (!(await step({ above: Math.max(above, top - keysPerStep), upTo: top }))) return
    await setImmediate()
  }
}

/** Clocks of several processes differ, and a message is stored a moment after its id was made. */
const clockSkewMsMax = 3_600_000

/** Message ids sort by time: the first id that a message of this time, or a later one, can have. */
export function firstIdAt(time: number, end: 'from' | 'to'): string {
  const skewed = end === 'from' ? time - clockSkewMsMax : time + clockSkewMsMax
  return makeMessageId(Math.min(Math.max(skewed, 0), 2 ** 48 - 1), new Uint8Array(16))
}

/** The values of a filter, in the order in which both engines' statements number them from 4 on. */
export function filterBindings(filter: MessageFilter) {
  return [
    filter.direction ?? null,
    filter.status ?? null,
    filter.provider ?? null,
    filter.assistantId ?? null,
    filter.sender ?? null,
    filter.recipient ?? null,
    filter.from ?? null,
    filter.to ?? null,
    filter.search === undefined ? null : `%${filter.search.replace(/[\\%_]/g, '\\$&')}%`,
  ] as const
}

/** Rows of messages and of their attempts (in order of their number) as records, in the order of the keys. */
export function recordsOf(keys: readonly number[], rows: readonly Row[], attemptRows: readonly Row[]): MessageRecord[] {
  const attempts = new Map<number, Row[]>()
  for (const row of attemptRows) {
    const own = attempts.get(Number(row.message_key))
    if (own === undefined) attempts.set(Number(row.message_key), [row])
    else own.push(row)
  }
  const byKey = new Map(rows.map((row) => [Number(row.key), row]))
  return keys.flatMap((key) => {
    const row = byKey.get(key)
    if (row === undefined) return []
    return [{ key, message: messageOf(row), attempts: (attempts.get(key) ?? []).map(attemptOf) }]
  })
}

/** Rows of `status`, `direction`, `provider` and `count`, each combination once or more often. */
export function countsOf(rows: readonly Row[]): MessageCounts {
  const sumBy = (column: string) => {
    const sums: Record<string, number> = {}
    for (const row of rows) sums[String(row[column])] = (sums[String(row[column])] ?? 0) + Number(row.count)
    return sums
  }
  return {
    total: rows.reduce((sum, row) => sum + Number(row.count), 0),
    byStatus: sumBy('status'),
    byDirection: sumBy('direction'),
    byProvider: sumBy('provider'),
  }
}
