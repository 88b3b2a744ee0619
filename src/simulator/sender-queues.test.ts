import assert from 'node:assert/strict'
import { test } from 'node:test'
import { manualClock } from '../../test/support/manual-clock.ts'
import { makeSenderQueues, type SenderLimit } from './sender-queues.ts'

const limit: SenderLimit = { segmentsPerSecond: 2, queueSegments: 10, refusal: 'queue_full', saysRetryAfter: false }

test('a queue lets segments out at its pace, and has room again when it says', () => {
  const clock = manualClock(1_000)
  const queues = makeSenderQueues(clock)
  assert.deepEqual([queues.put('a', 8, limit), queues.put('a', 3, limit), queues.put('a', 2, limit)], [0, 500, 0])
  assert.equal(queues.put('a', 4, limit), 2_000)
  clock.advance(1_999)
  assert.equal(queues.put('a', 4, limit), 1)
  clock.advance(1)
  assert.deepEqual([queues.put('a', 4, limit), queues.put('a', 1, limit)], [0, 500])
})

test('each number has its own, a text larger than it goes into an empty one, and all can be emptied', () => {
  const queues = makeSenderQueues(manualClock(0))
  assert.deepEqual([queues.put('a', 25, limit), queues.put('b', 10, limit)], [0, 0])
  assert.equal(queues.put('a', 1, limit), 8_000)
  queues.clear()
  assert.equal(queues.put('a', 10, limit), 0)
})
