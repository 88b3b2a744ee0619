import assert from 'node:assert/strict'
import { test } from 'node:test'
import { makeMessageId } from '../core/message-id.ts'
import { idBoundsOf, type KeyRange, keyRangeOf, messagesLookedAtMax, scanBackwards } from './message-scan.ts'

async function rangesOf(range: KeyRange, options: { max: number; stopAfter?: number }): Promise<string[]> {
  const ranges: string[] = []
  await scanBackwards(range, {
    messagesPerStepMax: options.max,
    findBoundary: async (upTo, count) => (upTo > count ? upTo - count : undefined),
    step: async ({ above, upTo }) => {
      ranges.push(`${above}-${upTo}`)
      return ranges.length !== options.stopAfter
    },
  })
  return ranges
}

test('a range is looked through once, the newest first, in growing steps, and no further than asked', async () => {
  assert.deepEqual(await rangesOf({ above: 0, upTo: 25 }, { max: 10 }), ['15-25', '5-15', '0-5'])
  assert.deepEqual(await rangesOf({ above: 7, upTo: 25 }, { max: 10 }), ['15-25', '7-15'])
  assert.deepEqual(await rangesOf({ above: 0, upTo: 25 }, { max: 10, stopAfter: 1 }), ['15-25'])
  assert.deepEqual(await rangesOf({ above: 0, upTo: 0 }, { max: 10 }), [])
  assert.deepEqual(await rangesOf({ above: 0, upTo: 9_000 }, { max: 3_000 }), [
    '8488-9000',
    '6440-8488',
    '3440-6440',
    '440-3440',
    '0-440',
  ])
})

test('of more than can be looked through, the caller is told to say which', async () => {
  const max = 512
  const range = { above: 0, upTo: messagesLookedAtMax + 1 }
  await assert.rejects(rangesOf(range, { max }), {
    code: 'invalid_request',
    message: /Give date_from and date_to, closer together\.$/,
  })
  assert.equal((await rangesOf({ ...range, upTo: messagesLookedAtMax }, { max })).length, messagesLookedAtMax / max)
})

test('a period is looked for with room for clocks that differ and messages stored out of order', () => {
  const newest = 1_000_000
  assert.deepEqual(keyRangeOf({ newest }), { above: 0, upTo: newest })
  assert.deepEqual(keyRangeOf({ newest, before: 500 }), { above: 0, upTo: 499 })
  assert.deepEqual(keyRangeOf({ newest, first: 300_000, last: 400_000 }), { above: 234_464, upTo: 465_536 })
  assert.deepEqual(keyRangeOf({ newest, first: 5, last: 5, before: 9 }), { above: 0, upTo: 8 })
  const now = 1_790_000_000_000
  const idAt = (time: number) => makeMessageId(time, new Uint8Array(16).fill(9))
  const { from, to } = idBoundsOf({ from: now, to: now })
  assert.ok(from !== undefined && to !== undefined)
  assert.ok(from < idAt(now - 599_000) && to > idAt(now + 599_000))
})
