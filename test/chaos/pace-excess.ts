/** What left a number, at Unix milliseconds. */
export type Departure = { readonly at: number; readonly segmentCount: number }

/** A number may send at once what it may send in this time. */
const burstMs = 1_000

/**
 * By how much texts were faster than their pace allows: the most, over all windows of time of any length, by which what
 * left in a window takes longer at that pace than the window, the burst and one text of the largest size. Negative when
 * there was room left.
 *
 * `backlogMs` is the most that the departures so far take beyond any window that ends now: it grows with each by what it
 * takes, shrinks as time passes, and never falls below zero, where the best window begins anew. So no window is missed.
 */
export function paceExcessMs(departures: readonly Departure[], segmentsPerSecond: number): number {
  const costMsOf = ({ segmentCount }: Departure) => (1_000 * segmentCount) / segmentsPerSecond
  let [backlogMs, backlogMsMax, costMsMax, lastAt] = [0, 0, 0, 0]
  for (const departure of departures.toSorted((left, right) => left.at - right.at)) {
    const costMs = costMsOf(departure)
    backlogMs = Math.max(0, backlogMs - (departure.at - lastAt)) + costMs
    backlogMsMax = Math.max(backlogMsMax, backlogMs)
    costMsMax = Math.max(costMsMax, costMs)
    lastAt = departure.at
  }
  return backlogMsMax - burstMs - costMsMax
}
