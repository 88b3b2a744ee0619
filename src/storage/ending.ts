import type { FailureReason } from '../core/failure.ts'
import type { Message } from '../core/message.ts'
import type { MessageStatus } from '../core/message-status.ts'
import type { RefusalRule, SendDecision, Verdict } from '../core/send-decision.ts'
import type { NewSend } from '../ports/store.ts'

/** Why a message ends of which nothing left. */
export type EndingRule = RefusalRule | 'interrupted' | 'canceled' | 'not_approved'

export const statusByRule = {
  recipient_opted_out: 'suppressed',
  opt_out_in_doubt: 'suppressed',
  superseded: 'canceled',
  expired: 'expired',
  recipient_not_allowed: 'failed',
  country_not_allowed: 'failed',
  conversation_loop: 'failed',
  unanswered_limit: 'failed',
  recipient_cap: 'failed',
  assistant_cap: 'failed',
  organization_cap: 'failed',
  prefix_velocity: 'failed',
  spend_budget: 'failed',
  interrupted: 'failed',
  canceled: 'canceled',
  not_approved: 'canceled',
} as const satisfies Record<EndingRule, MessageStatus> & Partial<Record<FailureReason, MessageStatus>>

/** A message as a verdict leaves it: ended, or held until somebody or the time lets it go on. */
export function judged({ dueAt: _, ...message }: Message, verdict: Verdict): Message {
  if (verdict.kind === 'refuse')
    return {
      ...message,
      status: statusByRule[verdict.rule],
      failure: { reason: verdict.rule },
      ...(verdict.reached === undefined ? {} : { reachedLimit: verdict.reached }),
    }
  return {
    ...message,
    status: 'held',
    holdReason: verdict.reason,
    queued: true,
    ...(verdict.until === undefined ? {} : { dueAt: verdict.until }),
  }
}

/** The facts of a message's event. */
export function messageEventData({ provider, failure, holdReason, keyword }: Message): Record<string, string> {
  return {
    provider,
    ...(failure === undefined ? {} : { reason: failure.reason }),
    ...(holdReason === undefined ? {} : { hold_reason: holdReason }),
    ...(keyword === undefined ? {} : { keyword }),
  }
}

/** A message that leaves now counts where something is counted. */
export function countedMessage({ message, terms }: Pick<NewSend, 'message' | 'terms'>): Message {
  return terms.counted && message.status === 'sending' ? { ...message, countedAt: message.createdAt } : message
}

/** A message that leaves with its acceptance takes the guard; so does one that holds back its duplicates. */
export function takesGuard({ status, duplicateUntil }: Message): boolean {
  return status === 'sending' || (duplicateUntil !== undefined && (status === 'queued' || status === 'held'))
}

/** By what has been sent already, perhaps by the identical message that it would join. */
export function isRefusedByLimit(decision: SendDecision): boolean {
  return decision.kind === 'refuse' && decision.reached !== undefined
}

/** One that is meant for another time, or has a key of its own, does not join an identical one. */
export function mayJoin({ status, keyed }: Message): boolean {
  return keyed !== true && status !== 'scheduled'
}
