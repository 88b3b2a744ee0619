import type { MessageId } from '../core/message-id.ts'
import type { Clock } from '../ports/clock.ts'
import type { MessageRecord, Store } from '../ports/store.ts'

/** How often a message that another process may be sending is looked at again. */
const pollMs = 250

/** Waits for news of messages: woken at once by this process, by looking again for what others do. */
export type ResolutionWatch = {
  /** Tells waiters that the stored message changed. */
  changed(id: MessageId): void
  /**
   * The record as soon as `done` holds for it, else as it is after `waitMsMax`.
   * Undefined when there is no such message.
   */
  until(params: {
    readonly organizationId: number
    readonly messageId: MessageId
    readonly waitMsMax: number
    readonly done: (record: MessageRecord) => boolean
  }): Promise<MessageRecord | undefined>
}

export function makeResolutionWatch({ store, clock }: { store: Store; clock: Clock }): ResolutionWatch {
  const wakers = new Map<MessageId, Set<AbortController>>()

  async function pause(id: MessageId, ms: number): Promise<void> {
    const waker = new AbortController()
    const waiting = wakers.get(id) ?? new Set()
    wakers.set(id, waiting.add(waker))
    await clock.sleep(ms, waker.signal)
    waiting.delete(waker)
    if (waiting.size === 0) wakers.delete(id)
  }

  return {
    changed(id) {
      for (const waker of wakers.get(id) ?? []) waker.abort()
    },
    async until({ organizationId, messageId, waitMsMax, done }) {
      const deadline = clock.monotonicMs() + waitMsMax
      for (;;) {
        const record = await store.messages.find(organizationId, messageId)
        const remainingMs = deadline - clock.monotonicMs()
        if (record === undefined || done(record) || remainingMs <= 0) return record
        await pause(messageId, Math.min(pollMs, remainingMs))
      }
    },
  }
}
