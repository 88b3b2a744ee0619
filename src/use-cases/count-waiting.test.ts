import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { manualClock } from '../../test/support/manual-clock.ts'
import { countedEachTimeMax, makeCountWaiting, toldAgainMs } from './count-waiting.ts'

suite('what waits in an organization', () => {
  const counting = (count: number) => {
    const clock = manualClock(0)
    const asked: number[] = []
    const stats = async (organizationId: number) => {
      asked.push(organizationId)
      return [{ provider: 'any', status: 'queued', count } as const]
    }
    return { clock, asked, countWaiting: makeCountWaiting({ store: { queue: { stats } }, clock }) }
  }

  test('is counted each time while that is quick', async () => {
    const { asked, countWaiting } = counting(countedEachTimeMax)
    await countWaiting(1)
    await countWaiting(1)
    assert.deepEqual(asked, [1, 1])
  })

  test('is told again for five seconds when it is much, to its own organization only', async () => {
    const { clock, asked, countWaiting } = counting(countedEachTimeMax + 1)
    const first = await countWaiting(1)
    clock.advance(toldAgainMs - 1)
    assert.equal(await countWaiting(1), first)
    await countWaiting(2)
    clock.advance(1)
    await countWaiting(1)
    assert.deepEqual(asked, [1, 2, 1])
  })
})
