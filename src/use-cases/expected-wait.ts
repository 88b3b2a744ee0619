import type { Message } from '../core/message.ts'
import { turnAt } from '../core/pacing.ts'
import type { Clock } from '../ports/clock.ts'
import type { Store } from '../ports/store.ts'
import { makeLookupCache } from './lookup-cache.ts'

/** Beyond this the wait is told as at least so long: counting on would read the whole queue. */
const segmentsCountedMax = 10_000
const sendersCachedMax = 10_000

export type ExpectedWait = {
  /** Milliseconds until a queued message of this priority leaves, at the pace of its number; a second or two old. */
  find(message: Pick<Message, 'senderId' | 'priority'>, segmentsPerSecond: number): Promise<number>
}

export function makeExpectedWait({ store, clock }: { readonly store: Store; readonly clock: Clock }): ExpectedWait {
  const waiting = makeLookupCache<{ readonly turnAt: number; readonly segmentsAhead: number }>({
    clock,
    entriesMax: sendersCachedMax,
    async load(key) {
      const [senderId = 0, priority = 0] = key.split(' ').map(Number)
      const [lane, segmentsAhead] = await Promise.all([
        store.queue.findLane('sender', senderId),
        store.queue.segmentsAhead({ senderId, priority, countMax: segmentsCountedMax }),
      ])
      return { turnAt: turnAt(lane), segmentsAhead }
    },
  })

  return {
    async find({ senderId, priority }, segmentsPerSecond) {
      const found = await waiting.find(`${senderId} ${priority}`)
      if (found === undefined) return 0
      return Math.max(0, found.turnAt - clock.now()) + (1_000 * found.segmentsAhead) / segmentsPerSecond
    },
  }
}
