import type { Failure } from '../core/failure.ts'
import { type Attempt, isUnderWay, type Message } from '../core/message.ts'
import type { MessageRecord } from '../ports/store.ts'

/** What a caller of a direct send is told, first time and at every repetition. */
export type SendAnswer =
  | { readonly kind: 'sent'; readonly message: Message; readonly providerMessageId: string }
  /** The provider refused it, or it provably never left. */
  | { readonly kind: 'failed'; readonly message: Message; readonly failure: Failure; readonly retryAfterMs?: number }
  /** Refused by policy before the provider was asked. */
  | { readonly kind: 'refused'; readonly message: Message }
  /** It waits, or did: `status` is what it was accepted as. */
  | { readonly kind: 'waiting'; readonly message: Message; readonly status: 'queued' | 'scheduled' | 'held' }
  /** It may have gone out; reconciliation will tell. */
  | { readonly kind: 'unknown'; readonly message: Message }

/**
 * The answer is a function of the attempts, not of the status: a text that was accepted and later bounced still was
 * sent in its request. So a repeated request gets its first answer without that answer being stored.
 */
export function answerOf(record: MessageRecord): SendAnswer {
  const { message, attempts } = record
  if (message.queued === true) return { kind: 'waiting', message, status: acceptedAs(message) }
  for (const attempt of attempts) {
    if (attempt.outcome?.kind === 'accepted')
      return { kind: 'sent', message, providerMessageId: attempt.outcome.providerMessageId }
  }
  if (attempts.length === 0) return { kind: 'refused', message }
  const last = attempts.at(-1)?.outcome
  switch (last?.kind) {
    case 'rejected':
      return { kind: 'failed', message, failure: last.failure }
    case 'not_sent':
      // A further attempt may have been cut off by an opt-out or a restart: then the message says why.
      return {
        kind: 'failed',
        message,
        failure: message.failure ?? last.failure,
        ...(last.retryAfterMs === undefined ? {} : { retryAfterMs: last.retryAfterMs }),
      }
    default:
      return laterAnswerOf(message)
  }
}

function acceptedAs({ status, sendAt }: Message): 'queued' | 'scheduled' | 'held' {
  if (status === 'held') return 'held'
  return sendAt === undefined ? 'queued' : 'scheduled'
}

/** The call itself left no answer; evidence that came later (a receipt, a search, a person) may have. */
function laterAnswerOf(message: Message): SendAnswer {
  switch (message.status) {
    case 'sent':
    case 'delivered':
    case 'undelivered':
      return { kind: 'sent', message, providerMessageId: message.providerMessageId ?? message.id }
    case 'failed':
    case 'expired':
    case 'suppressed':
    case 'canceled':
      return { kind: 'failed', message, failure: message.failure ?? { reason: 'unrecognized' } }
    default:
      return { kind: 'unknown', message }
  }
}

/** Some process still works on it: a provider call runs, or a wait between two attempts. */
export function isBeingSent(record: MessageRecord, now: number): boolean {
  const last: Attempt | undefined = record.attempts.at(-1)
  if (record.message.status !== 'sending' || last === undefined) return false
  return last.outcome === undefined ? isUnderWay(last, now) : last.outcome.kind === 'not_sent'
}
