import assert from 'node:assert/strict'
import { test } from 'node:test'
import { eventually, manualClock } from '../../test/support/manual-clock.ts'
import { silentLog } from '../../test/support/silent-log.ts'
import { startLoop } from './loop.ts'

function start(work: () => Promise<void> = async () => undefined) {
  const clock = manualClock(0)
  let rounds = 0
  const loop = startLoop({
    name: 'test',
    intervalMs: 1_000,
    clock,
    log: silentLog,
    work: () => {
      rounds++
      return work()
    },
  })
  return { clock, loop, rounds: () => rounds }
}

const turn = () => new Promise((resolve) => setImmediate(resolve))

test('a round begins at once, after each interval, and earlier when woken', async () => {
  const { clock, loop, rounds } = start()
  await turn()
  assert.equal(rounds(), 1)
  clock.advance(999)
  await turn()
  assert.equal(rounds(), 1)
  clock.advance(1)
  await eventually(() => rounds() === 2)
  loop.wake()
  await eventually(() => rounds() === 3)
  await turn()
  assert.equal(rounds(), 3)
  await loop.stop()
})

test('a wake during a round makes another one right after it, and several make one', async () => {
  let end = () => {}
  const { loop, rounds } = start(() => new Promise((resolve) => (end = resolve)))
  loop.wake()
  loop.wake()
  end()
  await eventually(() => rounds() === 2)
  end()
  await turn()
  assert.equal(rounds(), 2)
  await loop.stop()
})

test('a round that throws is followed by the next', async () => {
  const { clock, loop, rounds } = start(() => Promise.reject(new Error('no')))
  await turn()
  clock.advance(1_000)
  await eventually(() => rounds() === 2)
  await loop.stop()
})

test('stopping waits for the round under way, and no further one begins', async () => {
  let end = () => {}
  const { loop, rounds } = start(() => new Promise((resolve) => (end = resolve)))
  const stopped = loop.stop()
  end()
  await stopped
  loop.wake()
  await turn()
  assert.equal(rounds(), 1)
})
