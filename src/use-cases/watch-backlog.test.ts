import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { type ManualClock, manualClock } from '../../test/support/manual-clock.ts'
import { silentLog } from '../../test/support/silent-log.ts'
import type { Backlog } from '../ports/queue-store.ts'
import { backlogAgeMsMax, makeWatchBacklog } from './watch-backlog.ts'

const nothing: Backlog = { queued: 0, scheduled: 0, held: 0, unknown: 0, pendingDeliveries: 0, deadDeliveries: 0 }

function watched(answer: () => Promise<Backlog>): {
  readonly clock: ManualClock
  readonly asked: () => number
  readonly told: (Backlog | undefined)[]
  readonly warnings: string[]
  readonly watchBacklog: () => Promise<void>
} {
  const clock = manualClock(1_790_000_000_000)
  const told: (Backlog | undefined)[] = []
  const warnings: string[] = []
  let count = 0
  const backlog = () => {
    count++
    return answer()
  }
  return {
    clock,
    asked: () => count,
    told,
    warnings,
    watchBacklog: makeWatchBacklog({
      store: { queue: { backlog } },
      clock,
      log: { ...silentLog, warn: (event) => void warnings.push(event) },
      metrics: { backlog: (found) => void told.push(found) },
    }),
  }
}

suite('the backlog that metrics tell of', () => {
  test('is read once in five seconds, however many ask', async () => {
    const { clock, asked, told, watchBacklog } = watched(async () => nothing)
    await Promise.all([watchBacklog(), watchBacklog(), watchBacklog()])
    clock.advance(backlogAgeMsMax - 1)
    await watchBacklog()
    assert.equal(asked(), 1)
    clock.advance(1)
    await watchBacklog()
    assert.deepEqual([asked(), told], [2, [nothing, nothing]])
  })

  test('holds nobody up for longer than a second, and is not asked for a second time meanwhile', async () => {
    const answers: ((found: Backlog) => void)[] = []
    const { clock, asked, told, watchBacklog } = watched(() => new Promise((resolve) => answers.push(resolve)))
    for (let times = 0; times < 2; times++) {
      const asking = watchBacklog()
      clock.advance(backlogAgeMsMax)
      await asking
    }
    assert.deepEqual([asked(), told], [1, []])
    const last = watchBacklog()
    answers[0]?.({ ...nothing, queued: 7 })
    await last
    assert.deepEqual([asked(), told], [1, [{ ...nothing, queued: 7 }]])
  })

  test('is unknown while the database does not say, and then known again', async () => {
    let isAway = true
    const { clock, told, warnings, watchBacklog } = watched(async () => {
      if (isAway) throw new Error('connection refused')
      return nothing
    })
    await watchBacklog()
    assert.deepEqual([told, warnings], [[undefined], ['metrics.backlog_not_read']])
    isAway = false
    clock.advance(backlogAgeMsMax)
    await watchBacklog()
    assert.deepEqual([told, warnings.length], [[undefined, nothing], 1])
  })
})
