import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { messageStatuses } from './message-status.ts'
import { cutoffsOf, isDue, type Retention } from './retention.ts'

const dayMs = 86_400_000
const now = 1_790_000_000_000
const daysAgo = (days: number) => now - days * dayMs

suite('what is due, by setting', () => {
  const rows: readonly [title: string, retention: Retention, cutoffs: ReturnType<typeof cutoffsOf>][] = [
    ['nothing is set: deliveries alone', {}, { delivered: daysAgo(30), dead: daysAgo(90) }],
    ['bodies', { bodiesDays: 1 }, { bodies: daysAgo(1), delivered: daysAgo(30), dead: daysAgo(90) }],
    ['messages', { messagesDays: 31 }, { messages: daysAgo(31), delivered: daysAgo(30), dead: daysAgo(90) }],
    [
      'events for a week: no delivery outlives its event',
      { eventsDays: 7 },
      { events: daysAgo(7), delivered: daysAgo(7), dead: daysAgo(7) },
    ],
    [
      'events for a year: what can be replayed is kept as long',
      { eventsDays: 365 },
      { events: daysAgo(365), delivered: daysAgo(30), dead: daysAgo(365) },
    ],
  ]
  for (const [title, retention, cutoffs] of rows)
    test(title, () => {
      assert.deepEqual(cutoffsOf(retention, now), cutoffs)
    })
})

suite('a message is due when it has ended and nothing has happened to it since', () => {
  for (const status of messageStatuses) {
    const neverDue = ['scheduled', 'held', 'queued', 'sending'].includes(status)
    test(`${status} for ten years: ${neverDue ? 'never due' : 'due'}`, () => {
      assert.equal(isDue({ status, updatedAt: daysAgo(3_650) }, { before: daysAgo(31), now }), !neverDue)
    })
    test(`${status} a moment ago: not due`, () => {
      assert.equal(isDue({ status, updatedAt: now }, { before: daysAgo(1), now }), false)
    })
  }

  const rows = [
    ['delivered', 1.1, true],
    ['delivered', 0.9, false],
    ['sent', 3.9, false],
    ['sent', 4, true],
  ] as const
  for (const [status, days, isIt] of rows)
    test(`${status} for ${days} days, with texts kept for one: ${isIt ? 'due' : 'not due'}`, () => {
      assert.equal(isDue({ status, updatedAt: daysAgo(days) }, { before: daysAgo(1), now }), isIt)
    })
})
