import { type FailureReason, traitsOf } from '../core/failure.ts'
import { isWaiting, type MessageStatus } from '../core/message-status.ts'
import type { Clock } from '../ports/clock.ts'
import type { QueueStats } from '../ports/queue-store.ts'
import { type HourCounts, hourMs, type MessageGroup } from '../ports/statistics-store.ts'
import type { Store } from '../ports/store.ts'
import { makeBriefCache } from './brief-cache.ts'

export const overviewPeriods = {
  '24h': { hours: 24, bucketHours: 1 },
  '7d': { hours: 168, bucketHours: 3 },
  '30d': { hours: 720, bucketHours: 24 },
} as const
export type OverviewPeriod = keyof typeof overviewPeriods

/** How the outbound messages of a period fared; each counts where it was made. */
export type Overview = {
  readonly from: number
  readonly to: number
  readonly bucketMs: number
  /** One for each bucket, also where nothing was sent. */
  readonly volume: readonly { readonly at: number; readonly byStatus: StatusCounts }[]
  readonly byStatus: StatusCounts
  /** Of those that a provider took and of which the end is known; undefined where there are none. */
  readonly deliveryRate: number | undefined
  /** Most frequent first. */
  readonly failures: readonly { readonly reason: FailureReason; readonly count: number; readonly advice: string }[]
  /** Of any time, up to `unknownCountMax`. */
  readonly unknown: number
  readonly waiting: Readonly<Record<'queued' | 'scheduled' | 'held', number>>
  readonly oldestQueuedAt: number | undefined
  readonly perAssistant: readonly (Share & { readonly assistantId: number; readonly name: string | undefined })[]
  readonly perProvider: readonly (Share & { readonly provider: string })[]
}

export type StatusCounts = Readonly<Partial<Record<MessageStatus, number>>>
export type Share = { readonly total: number; readonly delivered: number; readonly failed: number }

export const unknownCountMax = 10_000
/** No provider goes on for longer: of Twilio, 36,000 s is the most that a ValidityPeriod can be. What comes later is on the message, and not in here. */
const settledAfterHours = 12
const keptHoursMax = 24 * 31
const entriesMax = 500

/** Answers are up to some seconds old. */
export function makeOverview(parts: { readonly store: Store; readonly clock: Clock }) {
  const cached = makeBriefCache<Overview>({ clock: parts.clock, entriesMax })
  return (organizationId: number, period: OverviewPeriod): Promise<Overview> =>
    cached(`${organizationId} ${period}`, () => readOverview(parts, organizationId, period))
}

async function readOverview(
  { store, clock }: { readonly store: Store; readonly clock: Clock },
  organizationId: number,
  period: OverviewPeriod,
): Promise<Overview> {
  const now = clock.now()
  const { hours: length, bucketHours } = overviewPeriods[period]
  const toHour = Math.floor(now / hourMs)
  // The last bucket is the one that has begun.
  const fromHour = (Math.floor(toHour / bucketHours) + 1) * bucketHours - length
  const [hours, unknown, waiting, assistants] = await Promise.all([
    countHours(store, { organizationId, fromHour, toHour }),
    store.statistics.countUnknown(organizationId, unknownCountMax),
    store.queue.stats(organizationId),
    store.assistants.list(organizationId, { skip: 0, limit: assistantsNamedMax, activeOnly: false }),
  ])
  const nameById = new Map(assistants.map(({ id, name }) => [id, name]))
  const groups = hours.flatMap((hour) => hour.groups)
  return {
    from: fromHour * hourMs,
    to: now,
    bucketMs: bucketHours * hourMs,
    volume: volumeOf(hours, { fromHour, toHour, bucketHours }),
    byStatus: countsByStatus(groups),
    deliveryRate: deliveryRateOf(groups),
    failures: failuresOf(groups),
    unknown,
    ...waitingOf(waiting),
    perAssistant: sharesBy(groups, ({ assistantId }) => assistantId).map(([assistantId, share]) => ({
      assistantId,
      name: nameById.get(assistantId),
      ...share,
    })),
    perProvider: sharesBy(groups, ({ provider }) => provider).map(([provider, share]) => ({ provider, ...share })),
  }
}

const assistantsNamedMax = 1_000

/** Hours that are over and settled are counted once and kept; the rest is counted anew. */
async function countHours(
  { statistics }: Pick<Store, 'statistics'>,
  { organizationId, fromHour, toHour }: { organizationId: number; fromHour: number; toHour: number },
): Promise<HourCounts[]> {
  const kept = await statistics.kept(organizationId, { fromHour, toHour })
  const keptHours = new Set(kept.map(({ hour }) => hour))
  const counted: HourCounts[] = []
  for (const run of runsWithout(keptHours, { fromHour, toHour }))
    counted.push(...(await statistics.count(organizationId, run)))
  const byHour = new Map(counted.map((one) => [one.hour, one]))
  const settled: HourCounts[] = []
  for (let hour = fromHour; hour < toHour - settledAfterHours; hour++) {
    const counts = byHour.get(hour) ?? { hour, groups: [] }
    if (!keptHours.has(hour) && counts.groups.every(isSettled)) settled.push(counts)
  }
  if (settled.length > 0) await statistics.keep(organizationId, settled, toHour - keptHoursMax)
  return [...kept, ...counted].sort((one, other) => one.hour - other.hour)
}

/** The stretches of hours that are not among those. */
function runsWithout(hours: ReadonlySet<number>, { fromHour, toHour }: { fromHour: number; toHour: number }) {
  const runs: { fromHour: number; toHour: number }[] = []
  for (let hour = fromHour; hour <= toHour; hour++) {
    if (hours.has(hour)) continue
    const last = runs.at(-1)
    if (last !== undefined && last.toHour === hour - 1) last.toHour = hour
    else runs.push({ fromHour: hour, toHour: hour })
  }
  return runs
}

function isSettled({ status }: MessageGroup): boolean {
  return !isWaiting(status) && status !== 'sending' && status !== 'unknown'
}

function volumeOf(
  hours: readonly HourCounts[],
  { fromHour, toHour, bucketHours }: { fromHour: number; toHour: number; bucketHours: number },
) {
  const groupsByBucket = new Map<number, MessageGroup[]>()
  for (let hour = fromHour; hour <= toHour; hour += bucketHours) groupsByBucket.set(hour, [])
  for (const { hour, groups } of hours) groupsByBucket.get(hour - ((hour - fromHour) % bucketHours))?.push(...groups)
  return [...groupsByBucket].map(([hour, groups]) => ({ at: hour * hourMs, byStatus: countsByStatus(groups) }))
}

function countsByStatus(groups: readonly MessageGroup[]): StatusCounts {
  const counts: Partial<Record<MessageStatus, number>> = {}
  for (const { status, count } of groups) counts[status] = (counts[status] ?? 0) + count
  return counts
}

function deliveryRateOf(groups: readonly MessageGroup[]): number | undefined {
  const known = groups.filter(({ status, accepted }) => status === 'delivered' || (accepted && hasFailed(status)))
  const delivered = sumOf(known.filter(({ status }) => status === 'delivered'))
  return known.length === 0 ? undefined : delivered / sumOf(known)
}

function hasFailed(status: MessageStatus): boolean {
  return status === 'failed' || status === 'undelivered' || status === 'expired'
}

function failuresOf(groups: readonly MessageGroup[]): Overview['failures'] {
  const counts = new Map<FailureReason, number>()
  for (const { reason, count } of groups)
    if (reason !== undefined) counts.set(reason, (counts.get(reason) ?? 0) + count)
  return [...counts]
    .map(([reason, count]) => ({ reason, count, advice: traitsOf(reason).advice }))
    .sort((one, other) => other.count - one.count)
}

function sharesBy<K>(groups: readonly MessageGroup[], keyOf: (group: MessageGroup) => K): [K, Share][] {
  const shares = new Map<K, Share>()
  for (const group of groups) {
    const { total, delivered, failed } = shares.get(keyOf(group)) ?? { total: 0, delivered: 0, failed: 0 }
    shares.set(keyOf(group), {
      total: total + group.count,
      delivered: delivered + (group.status === 'delivered' ? group.count : 0),
      failed: failed + (hasFailed(group.status) || group.status === 'suppressed' ? group.count : 0),
    })
  }
  return [...shares].sort(([, one], [, other]) => other.total - one.total)
}

function waitingOf(stats: readonly QueueStats[]): Pick<Overview, 'waiting' | 'oldestQueuedAt'> {
  const count = (wanted: string) => sumOf(stats.filter(({ status }) => status === wanted))
  const queuedAt = stats.flatMap(({ status, oldestAt }) =>
    status === 'queued' && oldestAt !== undefined ? [oldestAt] : [],
  )
  return {
    waiting: { queued: count('queued'), scheduled: count('scheduled'), held: count('held') },
    oldestQueuedAt: queuedAt.length === 0 ? undefined : Math.min(...queuedAt),
  }
}

function sumOf(counted: readonly { readonly count: number }[]): number {
  return counted.reduce((sum, { count }) => sum + count, 0)
}
