import { setImmediate } from 'node:timers/promises'
import { SmsError } from '../core/errors.ts'
import { makeMessageId } from '../core/message-id.ts'
import type { MessageCounts, MessageFilter, MessageRecord } from '../ports/store.ts'
import { attemptOf, messageOf, type Row } from './rows.ts'

/** Keys of messages: those after `above`, up to and with `upTo`. */
export type KeyRange = { readonly above: number; readonly upTo: number }

/** How many messages of its organization one call looks at. */
export const messagesLookedAtMax = 4_194_304

/**
 * Looks through the messages of an organization from the newest of the range backwards, in steps: no index serves every
 * filter. A step is short enough that a store which runs in our own process holds nobody up. Ends when `step` returns
 * false, or the range is through.
 * @throws SmsError `invalid_request` when there is more to look through than `messagesLookedAtMax`.
 */
export async function scanBackwards(
  { above, upTo }: KeyRange,
  params: {
    readonly messagesPerStepMax: number
    /** The key after which the newest `count` messages up to `upTo` lie; undefined when there are no more. */
    readonly findBoundary: (upTo: number, count: number) => Promise<number | undefined>
    readonly step: (range: KeyRange) => Promise<boolean>
  },
): Promise<void> {
  const { messagesPerStepMax, findBoundary, step } = params
  let top = upTo
  let count = Math.min(firstStepMessages, messagesPerStepMax)
  for (let looked = 0; top > above; looked += count) {
    if (looked >= messagesLookedAtMax)
      throw new SmsError(
        'invalid_request',
        `That is more than ${messagesLookedAtMax} messages to look through. Give date_from and date_to, closer together.`,
      )
    if (looked > 0) count = Math.min(4 * count, messagesPerStepMax)
    const bottom = Math.max(above, (await findBoundary(top, count)) ?? above)
    if (!(await step({ above: bottom, upTo: top }))) return
    top = bottom
    await setImmediate()
  }
}

/** Most calls want the newest page alone; the steps grow from there. */
const firstStepMessages = 512

/**
 * Message ids sort by time, so their index finds where in the table a period lies; with room for clocks of processes that
 * differ, and for messages of one moment, which are stored in another order than their ids have.
 */
const clockSkewMsMax = 600_000
const keySkewMax = 65_536

/** The first id that a message since `from` can have, and the first that none before `to` has. */
export function idBoundsOf({ from, to }: Pick<MessageFilter, 'from' | 'to'>) {
  const idAt = (time: number) => makeMessageId(Math.min(Math.max(time, 0), 2 ** 48 - 1), new Uint8Array(16))
  return {
    ...(from === undefined ? {} : { from: idAt(from - clockSkewMsMax) }),
    ...(to === undefined ? {} : { to: idAt(to + clockSkewMsMax) }),
  }
}

/** `first` is the key of the first id of the period, `last` that of the last one, `newest` the greatest key of all. */
export function keyRangeOf(keys: {
  readonly first?: number | undefined
  readonly last?: number | undefined
  readonly newest: number
  readonly before?: number | undefined
}): KeyRange {
  const { first = 0, last = keys.newest, newest, before = newest + 1 } = keys
  return { above: Math.max(0, first - keySkewMax), upTo: Math.min(newest, last + keySkewMax, before - 1) }
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
