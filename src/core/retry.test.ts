import assert from 'node:assert/strict'
import { test } from 'node:test'
import { directRetryDelayMs, directRetryWindowMs, mediaRetryDelayMs, mediaTriesMax } from './retry.ts'

const base = { attemptNumber: 1, retryAfterMs: undefined, elapsedMs: 0, chance: 0 }

test('delays double with each attempt, up to a limit, with jitter', () => {
  assert.equal(directRetryDelayMs(base), 125)
  assert.equal(directRetryDelayMs({ ...base, chance: 1 }), 250)
  assert.equal(directRetryDelayMs({ ...base, attemptNumber: 3, chance: 1 }), 1_000)
  assert.equal(directRetryDelayMs({ ...base, attemptNumber: 50, chance: 1 }), 4_000)
})

test('a provider that names a time is not asked earlier, and one that says 0 is not asked at once', () => {
  assert.equal(directRetryDelayMs({ ...base, retryAfterMs: 3_000 }), 3_000)
  assert.equal(directRetryDelayMs({ ...base, retryAfterMs: 0, chance: 1 }), 250)
})

test('no attempt starts after the window', () => {
  assert.equal(directRetryDelayMs({ ...base, elapsedMs: directRetryWindowMs }), undefined)
  assert.equal(directRetryDelayMs({ ...base, retryAfterMs: directRetryWindowMs + 1 }), undefined)
})

test('media are tried for more than a day, ever more rarely', () => {
  const delays = Array.from({ length: mediaTriesMax - 1 }, (_, index) => mediaRetryDelayMs(index + 1))
  const minutes = delays.map((delay) => delay / 60_000)
  assert.deepEqual(minutes, [1, 5, 30, 120, 360, 720, 1_440])
  assert.equal(mediaRetryDelayMs(mediaTriesMax), mediaRetryDelayMs(mediaTriesMax - 1))
})
