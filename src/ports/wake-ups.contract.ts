import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { eventually } from '../../test/support/manual-clock.ts'
import type { WakeUps, WakeUpTopic } from './wake-ups.ts'

export type WakeUpsUnderTest = {
  readonly wakeUps: WakeUps
  /** Tells of it in a transaction that calls `during` before its end. It is undone when `during` throws. */
  tell(topic: WakeUpTopic, during: () => void): Promise<void>
  close(): Promise<void>
}

/** What every engine is tested for. */
export function wakeUpsContract(name: string, open: () => Promise<WakeUpsUnderTest>): void {
  suite(`wake-ups contract: ${name}`, () => {
    /**
     * Counts calls of one topic from now on. That the connection stands is seen by the other: what it is told then may be
     * heard twice, and the second time late.
     */
    async function listen({ wakeUps, tell }: WakeUpsUnderTest) {
      let isConnected = false
      let heard = 0
      const stopConnecting = wakeUps.listen('queue', () => {
        isConnected = true
      })
      const stop = wakeUps.listen('inbound', () => heard++)
      await tell('queue', () => undefined)
      await eventually(() => isConnected)
      stopConnecting()
      heard = 0
      return { stop, heard: () => heard }
    }

    test('what a transaction tells is heard after its commit, by all who listen', async () => {
      const opened = await open()
      const [one, other] = [await listen(opened), await listen(opened)]
      const before = one.heard()
      await opened.tell('inbound', () => assert.equal(one.heard(), before))
      await eventually(() => one.heard() > before && other.heard() > 0)
      await opened.close()
    })

    test('what an undone transaction tells is not heard', async () => {
      const opened = await open()
      const { heard } = await listen(opened)
      const undone = opened.tell('inbound', () => {
        throw new Error('undone')
      })
      await assert.rejects(undone, /undone/)
      await opened.tell('inbound', () => undefined)
      await eventually(() => heard() > 0)
      assert.equal(heard(), 1)
      await opened.close()
    })

    test('who has stopped listening is not called any more, others still are', async () => {
      const opened = await open()
      const [one, other] = [await listen(opened), await listen(opened)]
      const before = one.heard()
      one.stop()
      await opened.tell('inbound', () => undefined)
      await eventually(() => other.heard() > 0)
      assert.equal(one.heard(), before)
      await opened.close()
    })
  })
}
