import type { Clock } from '../ports/clock.ts'

/** What each number may send; beyond it the carrier refuses, as providers do when the queue of a number is full. */
export type SenderLimit = {
  readonly segmentsPerSecond: number
  /** What waits at the carrier at most; a text larger than that is taken when nothing waits. */
  readonly queueSegments: number
  readonly refusal: 'rate_limited' | 'queue_full'
  /** Whether a refusal says in Retry-After, in whole seconds, when there is room again. */
  readonly saysRetryAfter: boolean
}

export type SenderQueues = {
  /** Takes the segments in, if there is room; else nothing of them. @returns how long there is none (ms), 0 when taken. */
  put(sender: string, segmentCount: number, limit: SenderLimit): number
  clear(): void
}

/** The queue of each number: texts go in at once, and their segments leave one after the other. */
export function makeSenderQueues(clock: Pick<Clock, 'now'>): SenderQueues {
  const queues = new Map<string, { readonly segmentCount: number; readonly at: number }>()

  return {
    put(sender, segmentCount, { segmentsPerSecond, queueSegments }) {
      const now = clock.now()
      const { segmentCount: before, at } = queues.get(sender) ?? { segmentCount: 0, at: now }
      const waiting = Math.max(0, before - ((now - at) / 1_000) * segmentsPerSecond)
      const excess = waiting + segmentCount - Math.max(queueSegments, segmentCount)
      if (excess > 0) return Math.ceil((excess / segmentsPerSecond) * 1_000)
      queues.set(sender, { segmentCount: waiting + segmentCount, at: now })
      return 0
    },
    clear: () => queues.clear(),
  }
}
