import type { MessageStatus } from '../core/message-status.ts'
import { pendingLookedAtMax, type WalkStep } from '../ports/retention-store.ts'
import { eventKeysOf } from './event-rows.ts'
import type { Row } from './rows.ts'

/** A row that a walk looks at; the walk goes in the order of the keys. */
export type Looked = { readonly key: number; readonly isYoung: boolean; readonly isDue: boolean }

export type Look = Pick<WalkStep, 'reached' | 'isDone'> & { readonly due: readonly number[] }

/**
 * What to remove of rows that were read, `lookedMax` or all that there are. It ends at the first that is too young, since
 * those behind it are younger still, or when enough are due.
 */
export function lookThrough(
  rows: readonly Looked[],
  params: { readonly after: number; readonly lookedMax: number; readonly dueMax: number },
): Look {
  const due: number[] = []
  let reached = params.after
  for (const { key, isYoung, isDue } of rows) {
    if (isYoung) return { due, reached, isDone: true }
    if (isDue) due.push(key)
    reached = key
    if (due.length === params.dueMax) return { due, reached, isDone: false }
  }
  return { due, reached, isDone: rows.length < params.lookedMax }
}

export function messageFactsOf(row: Row) {
  return { status: String(row.status) as MessageStatus, updatedAt: Number(row.updated_at) }
}

/** A delivery that was taken is due `before`, one that was given up `deadBefore`, one that is to be tried never. */
export function deliveryLook(
  row: Row,
  { before, deadBefore }: { readonly before: number; readonly deadBefore: number },
) {
  const createdAt = Number(row.created_at)
  return {
    key: Number(row.key),
    isYoung: createdAt >= Math.max(before, deadBefore),
    isDue: row.state === 'delivered' ? createdAt < before : row.state === 'dead' && createdAt < deadBefore,
  }
}

/** Those up to a key: what is behind it is not due yet, whatever its age, and the walk comes back to it. */
export function upTo(look: Look, { last, after }: { readonly last: number; readonly after: number }): Look {
  const due = look.due.filter((key) => key <= last)
  return due.length === look.due.length ? look : { due, reached: due.at(-1) ?? after, isDone: true }
}

/**
 * Deliveries of one endpoint are made in the order of their events, so its first that is pending tells which events it has
 * taken or given up. `firsts`: the `key` of that, and the `count` of all that were looked at, for each endpoint that has
 * any; `pending`: the rows of those keys. 0 when there are too many to look at.
 */
export function lastHeardOf({
  seenKey,
  firsts,
  pending,
}: {
  readonly seenKey: unknown
  readonly firsts: readonly Row[]
  readonly pending: readonly Row[]
}): number {
  if (firsts.reduce((sum, { count }) => sum + Number(count), 0) > pendingLookedAtMax) return 0
  return Math.min(
    Number(seenKey ?? Number.MAX_SAFE_INTEGER),
    ...pending.flatMap((row) => eventKeysOf(row).map((key) => key - 1)),
  )
}
