/** What becomes of texts, in the groups that a chart can show. */
export const seriesNames = ['delivered', 'on their way', 'failed', 'undecided'] as const
export type SeriesName = (typeof seriesNames)[number]
export type Volume = readonly { readonly at: string; readonly counts: Readonly<Record<SeriesName, number>> }[]

const groups: Readonly<Record<string, SeriesName>> = {
  delivered: 'delivered',
  failed: 'failed',
  undelivered: 'failed',
  expired: 'failed',
  suppressed: 'failed',
  unknown: 'undecided',
  held: 'undecided',
}

/** Neither sent nor wanted any more. */
const ended: readonly string[] = ['canceled']

/** Statuses that are in no group, and those to come, are on their way. */
export function groupCounts(byStatus: Readonly<Record<string, number>>): Readonly<Record<SeriesName, number>> {
  const counts = { delivered: 0, 'on their way': 0, failed: 0, undecided: 0 }
  for (const [status, count] of Object.entries(byStatus))
    if (!ended.includes(status)) counts[groups[status] ?? 'on their way'] += count
  return counts
}

/** Times in seconds, then for each series the sum of it and all before it. */
export function stack(volume: Volume): number[][] {
  const times = volume.map(({ at }) => Date.parse(at) / 1_000)
  const sums = seriesNames.map((_name, index) =>
    volume.map(({ counts }) => seriesNames.slice(0, index + 1).reduce((sum, name) => sum + counts[name], 0)),
  )
  return [times, ...sums]
}
