import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type Departure, paceExcessMs } from './pace-excess.ts'
import { makeRandom } from './random.ts'

test('the excess over a pace is that of the worst of all windows', () => {
  const random = makeRandom(20_261_125)
  for (let round = 0; round < 300; round++) {
    const segmentsPerSecond = 1 + Math.floor(40 * random())
    const departures = Array.from({ length: 1 + Math.floor(40 * random()) }, () => ({
      at: 1_700_000_000_000 + Math.floor(8_000 * random()),
      segmentCount: 1 + Math.floor(10 * random()),
    }))
    const expected = worstWindow(departures, segmentsPerSecond)
    assert.ok(Math.abs(paceExcessMs(departures, segmentsPerSecond) - expected) < 1e-6, `${round}: ${expected}`)
  }
})

test('what leaves at its pace after a full burst is not in excess, and one text more is', () => {
  const burst = Array.from({ length: 11 }, () => ({ at: 1_000, segmentCount: 1 }))
  const steady = Array.from({ length: 50 }, (_, index) => ({ at: 1_100 + 100 * index, segmentCount: 1 }))
  assert.equal(paceExcessMs([...burst, ...steady], 10), 0)
  assert.equal(paceExcessMs([...burst, ...steady, { at: 3_050, segmentCount: 1 }], 10), 100)
})

/** Every window that begins and ends with a departure, each counted anew. */
function worstWindow(departures: readonly Departure[], segmentsPerSecond: number): number {
  const costMs = (segments: number) => (1_000 * segments) / segmentsPerSecond
  const largest = Math.max(...departures.map(({ segmentCount }) => segmentCount))
  const windows = departures.flatMap((first) =>
    departures.flatMap((last) => {
      const within = departures.filter(({ at }) => at >= first.at && at <= last.at)
      const segments = within.reduce((sum, { segmentCount }) => sum + segmentCount, 0)
      return last.at < first.at ? [] : costMs(segments) - (last.at - first.at)
    }),
  )
  return Math.max(...windows) - 1_000 - costMs(largest)
}
