import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import type { EventType } from './event.ts'
import { asksFor, deliveryWindowMs, endpointHoldMs, nextTryAt } from './event-delivery.ts'

suite('what an endpoint asks for', () => {
  const rows: readonly [types: readonly string[], type: EventType, asked: boolean][] = [
    [[], 'message.sent', true],
    [['message'], 'message.sent', true],
    [['message.sent'], 'message.sent', true],
    [['message.sent'], 'message.failed', false],
    [['opt_out'], 'message.sent', false],
    [['opt_out', 'conversation.created'], 'conversation.created', true],
  ]
  for (const [types, type, asked] of rows)
    test(`[${types}] ${asked ? 'asks' : 'does not ask'} for ${type}`, () => assert.equal(asksFor(types, type), asked))
})

suite('when a delivery is tried again', () => {
  const at = { firstTryAt: 0, retryAfterMs: undefined, chance: 1, isOrdered: false }
  const rows: readonly [title: string, params: Parameters<typeof nextTryAt>[0], expected: number | undefined][] = [
    ['within seconds after the first', { ...at, tries: 1, now: 0 }, 2_000],
    ['never at once, whatever chance says', { ...at, tries: 1, now: 0, chance: 0 }, 500],
    ['twice as late each time', { ...at, tries: 4, now: 0 }, 16_000],
    ['anywhere below that', { ...at, tries: 4, now: 0, chance: 0.25 }, 4_000],
    ['at most an hour later', { ...at, tries: 40, now: 0 }, 3_600_000],
    ['at most five minutes later where others wait behind it', { ...at, tries: 40, now: 0, isOrdered: true }, 300_000],
    ['not before the endpoint wants it', { ...at, tries: 1, now: 0, retryAfterMs: 60_000 }, 60_000],
    ['but not days later', { ...at, tries: 1, now: 0, retryAfterMs: 1e9 }, 3_600_000],
    ['a last time at the end of the window', { ...at, tries: 40, now: deliveryWindowMs - 5 }, deliveryWindowMs],
    ['and then no more', { ...at, tries: 41, now: deliveryWindowMs }, undefined],
  ]
  for (const [title, params, expected] of rows) test(title, () => assert.equal(nextTryAt(params), expected))
})

test('an endpoint that fails is left alone for a second, then ever longer, five minutes at most', () =>
  assert.deepEqual([1, 2, 3, 9, 10, 10_000].map(endpointHoldMs), [1_000, 2_000, 4_000, 256_000, 300_000, 300_000]))
