import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { type HourCounts, type HourRange, hourMs, type MessageGroup } from '../ports/statistics-store.ts'
import type { Store } from '../ports/store.ts'
import { makeOverview } from './overview.ts'

const hour = 500_000
const group = { assistantId: 1, provider: 'twilio', accepted: true } as const
const delivered = (count: number): MessageGroup => ({ ...group, status: 'delivered', count })

/** What the store counts, and what it was asked. */
function world(counts: readonly HourCounts[]) {
  const counted: HourRange[] = []
  const kept = new Map<number, HourCounts>()
  const isIn =
    ({ fromHour, toHour }: HourRange) =>
    (one: HourCounts) =>
      one.hour >= fromHour && one.hour <= toHour
  let [monotonicMs, countingMs] = [0, 0]
  const store = {
    statistics: {
      async count(_organizationId: number, range: HourRange) {
        counted.push(range)
        monotonicMs += countingMs
        return counts.filter(isIn(range))
      },
      kept: async (_organizationId: number, range: HourRange) => [...kept.values()].filter(isIn(range)),
      async keep(_organizationId: number, hours: readonly HourCounts[]) {
        for (const one of hours) if (!kept.has(one.hour)) kept.set(one.hour, one)
      },
      countUnknown: async () => 0,
    },
    queue: { stats: async () => [] },
    assistants: { list: async () => [] },
  } satisfies Record<string, unknown>
  const clock = {
    now: () => hour * hourMs + 60_000,
    monotonicMs: () => monotonicMs,
    sleep: async () => undefined,
  }
  return {
    counted,
    pass: (ms: number) => {
      monotonicMs += ms
    },
    countingTakes: (ms: number) => {
      countingMs = ms
    },
    fresh: () => makeOverview({ store: store as unknown as Store, clock }),
  }
}

suite('the overview', () => {
  test('sums by bucket, status, reason, assistant and provider', async () => {
    const { fresh } = world([
      { hour: hour - 30, groups: [delivered(50)] },
      { hour: hour - 2, groups: [delivered(6), { ...group, status: 'undelivered', reason: 'unreachable', count: 2 }] },
      {
        hour,
        groups: [
          {
            ...group,
            accepted: false,
            assistantId: 2,
            provider: 'telnyx',
            status: 'failed',
            reason: 'landline',
            count: 3,
          },
          { ...group, assistantId: 2, provider: 'telnyx', status: 'sending', count: 1 },
        ],
      },
    ])
    const overview = await fresh()(1, '24h')
    assert.deepEqual(overview.byStatus, { delivered: 6, undelivered: 2, failed: 3, sending: 1 })
    assert.equal(overview.deliveryRate, 6 / 8)
    assert.deepEqual(
      overview.failures.map(({ reason, count }) => [reason, count]),
      [
        ['landline', 3],
        ['unreachable', 2],
      ],
    )
    assert.deepEqual(
      overview.perAssistant.map(({ assistantId, total, delivered: arrived, failed }) => [
        assistantId,
        total,
        arrived,
        failed,
      ]),
      [
        [1, 8, 6, 2],
        [2, 4, 0, 3],
      ],
    )
    assert.deepEqual([overview.volume.length, overview.volume.at(-1)?.at], [24, hour * hourMs])
    assert.deepEqual(overview.volume.at(-3)?.byStatus, { delivered: 6, undelivered: 2 })
  })

  test('the rate is of what is known: nothing known is no rate', async () => {
    const { fresh } = world([{ hour, groups: [{ ...group, status: 'sent', count: 5 }] }])
    assert.equal((await fresh()(1, '7d')).deliveryRate, undefined)
  })

  test('buckets of longer periods are longer, and hold all of their hours', async () => {
    const { fresh } = world([
      { hour: hour - 100, groups: [delivered(1)] },
      { hour: hour - 101, groups: [delivered(2)] },
    ])
    for (const [period, buckets] of [
      ['7d', 56],
      ['30d', 30],
    ] as const) {
      const { volume } = await fresh()(1, period)
      assert.equal(volume.length, buckets)
      assert.equal(
        volume.reduce((sum, { byStatus }) => sum + (byStatus.delivered ?? 0), 0),
        3,
      )
    }
  })

  test('an hour is counted anew until it is half a day old and all in it has ended', async () => {
    const { fresh, counted } = world([
      { hour: hour - 15, groups: [delivered(1), { ...group, status: 'unknown', count: 1 }] },
      { hour: hour - 14, groups: [delivered(1)] },
    ])
    await fresh()(1, '24h')
    counted.length = 0
    const overview = await fresh()(1, '24h')
    assert.deepEqual(counted, [
      { fromHour: hour - 15, toHour: hour - 15 },
      { fromHour: hour - 12, toHour: hour },
    ])
    assert.equal(overview.byStatus.delivered, 2)
  })

  test('who asks meanwhile gets the same answer, for longer the longer counting took', async () => {
    const { fresh, counted, pass, countingTakes } = world([])
    const read = fresh()
    countingTakes(1_000)
    const [one, other] = await Promise.all([read(1, '24h'), read(1, '24h')])
    assert.equal(one, other)
    pass(19_000)
    assert.equal(await read(1, '24h'), one)
    assert.equal(counted.length, 1)
    await read(2, '24h')
    pass(2_000)
    assert.notEqual(await read(1, '24h'), one)
  })
})
