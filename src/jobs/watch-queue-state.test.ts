import assert from 'node:assert/strict'
import { test } from 'node:test'
import { eventually, manualClock } from '../../test/support/manual-clock.ts'
import type { QueueHold } from '../core/queue-hold.ts'
import type { LogFields } from '../ports/log.ts'
import { startWatchQueueState } from './watch-queue-state.ts'

const intervalMs = 10_000

async function start(first?: QueueHold) {
  const clock = manualClock(1_790_000_000_000)
  const logged: [string, LogFields | undefined][] = []
  const gauge: boolean[] = []
  let hold = first
  let beats = 0
  const note = (event: string, fields?: LogFields) => void logged.push([event, fields])
  const loop = await startWatchQueueState({
    store: {
      queueState: {
        beat: async () => {
          beats++
          return hold
        },
        findHold: async () => hold,
        resume: async () => false,
      },
    },
    clock,
    log: { debug: note, info: note, warn: note, error: note },
    metrics: { queueHeld: (isHeld) => void gauge.push(isHeld) },
  })
  return {
    loop,
    logged,
    gauge,
    events: () => logged.map(([event]) => event),
    beats: () => beats,
    set: (next: QueueHold | undefined) => {
      hold = next
    },
    async passes(ms: number) {
      for (let passed = 0; passed < ms; passed += intervalMs) {
        const before = beats
        clock.advance(intervalMs)
        await eventually(() => beats > before)
      }
    },
  }
}

test('it has beaten once before it resolves, and beats every ten seconds from then on', async () => {
  const { loop, beats, passes, logged } = await start()
  assert.ok(beats() >= 1)
  const before = beats()
  await passes(60_000)
  assert.equal(beats() - before, 6)
  assert.deepEqual(logged, [])
  await loop.stop()
})

test('a held queue is an error in the log at once, and every ten minutes until it goes on', async () => {
  const { loop, logged, gauge, events, passes, set } = await start({ since: 0, reason: 'Because.' })
  assert.deepEqual(events(), ['queue.held'])
  const [, fields] = logged[0] ?? []
  assert.deepEqual([fields?.since, fields?.reason], ['1970-01-01T00:00:00.000Z', 'Because.'])
  assert.match(String(fields?.hint), /textbridge queue resume/)
  await passes(25 * 60_000)
  assert.deepEqual(events(), ['queue.held', 'queue.held', 'queue.held'])
  set(undefined)
  await passes(20_000)
  assert.deepEqual(events(), ['queue.held', 'queue.held', 'queue.held', 'queue.goes_on'])
  assert.deepEqual([gauge[0], gauge.at(-1)], [true, false])
  await loop.stop()
})
