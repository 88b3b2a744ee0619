import { type Failure, traitsOf } from '../core/failure.ts'
import type { Attempt, Message } from '../core/message.ts'
import type { Store } from '../ports/store.ts'
import type { LogIds } from './log-id.ts'
import { timeOf } from './schemas/common.ts'

/** What the routes that show messages need. */
export type ReadingParts = {
  readonly store: Store
  /** Where the media of a message can be had, for a while. */
  readonly mediaUrls: (message: Message) => Promise<readonly string[]>
  readonly logIds: LogIds
}

export function attemptBodyOf({ number, startedAt, finishedAt, outcome, closedAt, vouchedAt }: Attempt) {
  return {
    number,
    started_at: timeOf(startedAt),
    finished_at: timeOrNull(finishedAt),
    outcome: outcome?.kind ?? null,
    detail: detailOf(outcome),
    ...(closedAt === undefined ? {} : { closed_at: timeOf(closedAt) }),
    ...(vouchedAt === undefined ? {} : { vouched_at: timeOf(vouchedAt) }),
  }
}

function detailOf(outcome: Attempt['outcome']): string | null {
  switch (outcome?.kind) {
    case undefined:
      return null
    case 'accepted':
      return outcome.providerStatus
    case 'unknown':
      return outcome.detail
    case 'rejected':
    case 'not_sent':
      return outcome.failure.providerMessage ?? outcome.failure.reason
  }
}

/** Why, and what to do about it. */
export function failureBodyOf(failure: Failure | undefined) {
  if (failure === undefined) return null
  const { permanent, retryable, actor, advice } = traitsOf(failure.reason)
  return {
    reason: failure.reason,
    provider_code: failure.providerCode ?? null,
    provider_message: failure.providerMessage ?? null,
    permanent,
    retryable,
    actor,
    advice,
  }
}

export function timeOrNull(ms: number | undefined): string | null {
  return ms === undefined ? null : timeOf(ms)
}
