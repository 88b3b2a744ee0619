import { SmsError } from '../core/errors.ts'
import type { SendRequest } from '../core/message.ts'
import type { Clock } from '../ports/clock.ts'
import type { Store } from '../ports/store.ts'
import { idempotencyKeyLifetimeMs, type SendResult } from './send-message.ts'

/** Of one batch, so many are handed to the store at once: as many as share a commit. */
const sendsAtOnceMax = 100

export type Batch = {
  readonly organizationId: number
  readonly idempotencyKey?: string
  /** Of everything in it. */
  readonly requestHash: string
  /** In their order; an error stands for a message that could not be read. */
  readonly entries: readonly (SendRequest | SmsError)[]
}

/** What one message came to: `error` holds whatever its send threw. */
export type BatchOutcome = SendResult | { readonly error: unknown }

export type BatchResult = {
  /** The whole batch repeats one that was handed in before. */
  readonly replayed: boolean
  /** One for each entry, in their order. */
  readonly outcomes: readonly BatchOutcome[]
}

export type BatchParts = {
  readonly store: Store
  readonly clock: Clock
  readonly sendMessage: (organizationId: number, request: SendRequest) => Promise<SendResult>
}

/**
 * Hands in many messages, each for itself: one that is refused or fails stops no other. Those from one number to one
 * person are handed in one after the other, so that they leave in their order. Repeating a batch with its idempotency key
 * completes it, however much of it was done.
 *
 * @throws SmsError `idempotency_key_reused`, `unavailable`, both before anything was handed in
 */
export function makeSendBatch({ store, clock, sendMessage }: BatchParts): (batch: Batch) => Promise<BatchResult> {
  async function takeKey({ organizationId, idempotencyKey, requestHash, entries }: Batch): Promise<boolean> {
    if (idempotencyKey === undefined || !entries.some((entry) => !(entry instanceof SmsError))) return false
    const now = clock.now()
    const taken = await store.batches.takeKey({
      organizationId,
      key: idempotencyKey,
      requestHash,
      now,
      forgetBefore: now - idempotencyKeyLifetimeMs,
    })
    if (taken === 'other')
      throw new SmsError(
        'idempotency_key_reused',
        'This idempotency key was used with a different batch. Use a new key for a new batch.',
      )
    return taken === 'same'
  }

  return async function sendBatch(batch) {
    const replayed = await takeKey(batch)
    const outcomes: BatchOutcome[] = []
    const threads = new Map<string, { readonly place: number; readonly request: SendRequest }[]>()
    batch.entries.forEach((entry, place) => {
      if (entry instanceof SmsError) outcomes[place] = { error: entry }
      else {
        const name = `${entry.sender} ${entry.recipient}`
        const thread = threads.get(name) ?? []
        threads.set(name, thread)
        thread.push({ place, request: entry })
      }
    })
    const waiting = threads.values()

    async function worker(): Promise<void> {
      for (const thread of waiting)
        for (const { place, request } of thread)
          outcomes[place] = await sendMessage(batch.organizationId, request).catch((error: unknown) => ({ error }))
    }

    await Promise.all(Array.from({ length: sendsAtOnceMax }, worker))
    return { replayed, outcomes }
  }
}
