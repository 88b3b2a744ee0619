import { type FailureReason, isFailureReason } from '../core/failure.ts'
import { type MessageStatus, messageStatuses } from '../core/message-status.ts'
import { type HourCounts, type HourRange, hourMs, type MessageGroup } from '../ports/statistics-store.ts'
import { idBoundsOf } from './message-scan.ts'
import type { Row } from './rows.ts'

/** Both engines read it alike; it stands between the names of the hours and the range of keys. */
export const groupColumns =
  'status, failure_reason, assistant_id, provider, provider_message_id IS NOT NULL AS accepted, count(*) AS count'

/**
 * Ids that are surely before and after those of the hours. The slack for clocks that differ is longer than anything
 * takes from the making of an id to its commit: the last message before `from` was stored before all of the hours, and
 * the first from `to` on after them.
 */
export function idsOf({ fromHour, toHour }: HourRange) {
  const { from = '', to = '' } = idBoundsOf({ from: fromHour * hourMs, to: (toHour + 1) * hourMs })
  return { from, to }
}

/** Sums rows of `hour` and `groupColumns`, each combination once or more often. */
export function hoursOf(rows: readonly Row[], { fromHour, toHour }: HourRange): HourCounts[] {
  const hours = new Map<number, Map<string, MessageGroup>>()
  for (const row of rows) {
    const hour = Number(row.hour)
    if (hour < fromHour || hour > toHour) continue
    const groups = hours.get(hour) ?? new Map<string, MessageGroup>()
    hours.set(hour, groups)
    const group = groupOf(row)
    const key = JSON.stringify({ ...group, count: 0 })
    groups.set(key, { ...group, count: group.count + (groups.get(key)?.count ?? 0) })
  }
  return [...hours]
    .sort(([one], [other]) => one - other)
    .map(([hour, groups]) => ({ hour, groups: [...groups.values()] }))
}

function groupOf(row: Row): MessageGroup {
  const reason = reasonOf(row.failure_reason)
  return {
    status: statusOf(row.status),
    ...(reason === undefined ? {} : { reason }),
    assistantId: Number(row.assistant_id),
    provider: String(row.provider),
    accepted: row.accepted === true || row.accepted === 1,
    count: Number(row.count),
  }
}

/** As kept: rows of `hour` and `groups`. */
export function keptHoursOf(rows: readonly Row[]): HourCounts[] {
  return rows.map((row) => {
    const groups: unknown = JSON.parse(String(row.groups))
    return { hour: Number(row.hour), groups: Array.isArray(groups) ? groups.map(keptGroupOf) : [] }
  })
}

export function keptGroups({ groups }: HourCounts): string {
  return JSON.stringify(
    groups.map(({ status, reason, assistantId, provider, accepted, count }) => ({
      status,
      failure_reason: reason ?? null,
      assistant_id: assistantId,
      provider,
      accepted,
      count,
    })),
  )
}

function keptGroupOf(value: unknown): MessageGroup {
  return groupOf(typeof value === 'object' && value !== null ? { ...value } : {})
}

function statusOf(value: unknown): MessageStatus {
  const status = messageStatuses.find((candidate) => candidate === value)
  if (status === undefined) throw new Error('a stored message has a status that is none')
  return status
}

function reasonOf(value: unknown): FailureReason | undefined {
  if (typeof value !== 'string') return undefined
  return isFailureReason(value) ? value : 'unrecognized'
}
