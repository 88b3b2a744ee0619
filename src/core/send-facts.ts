import type { OptOut } from './opt-out.ts'
import { countedMsMax, type EffectivePolicy, type Limit, periodMs } from './policy.ts'
import type { SendTerms } from './send-terms.ts'

/** What the store knows, inside the dispatching transaction, about the person of one send. */
export type SendFacts = {
  /** All opt-outs of the recipient in this organization. */
  readonly optOuts: readonly OptOut[]
  /** The newest inbound message of the conversation: our id. */
  readonly lastInboundId?: string
  /** What `FactNeeds` asked for beyond that; absent when nothing was asked for. */
  readonly contact?: Contact
  /** One for each query of `FactNeeds.counts`, in their order. */
  readonly counts?: readonly Count[]
  /** Spent by the organization in the period of its budget. */
  readonly spentMicros?: number
}

/** `oldestAt`: of the counted texts, when the oldest was dispatched. */
export type Count = { readonly count: number; readonly oldestAt?: number }

/** What has passed between the recipient and the assistant. */
export type Contact = {
  /** The newest text that the person sent to any number of the assistant (Unix ms). */
  readonly lastInboundAt?: number
  /** Texts of the person in a row, each soon after the one before: see `streakGapMs`. */
  readonly inboundStreak: number
  /** The person's own zone, if somebody has set it. */
  readonly timeZone?: string
}

/** What must be read to decide about one send, beyond the opt-outs. Most sends need nothing. */
export type FactNeeds = {
  readonly contact: boolean
  readonly counts: readonly CountQuery[]
  /** First days (`2026-11-24`, UTC) of the budget's period and of the day after it. */
  readonly spentBetween?: { readonly from: string; readonly to: string }
}

/**
 * Counts dispatched texts of the organization since a moment, the newest `upTo` of them. `unanswered`: those of the assistant to the
 * recipient since the recipient wrote to it last.
 */
export type CountQuery = {
  readonly of: 'recipient' | 'assistant' | 'organization' | 'prefix' | 'unanswered'
  readonly since: number
  /** How long before now that is. */
  readonly periodMs: number
  readonly upTo: number
  /** Counts the texts of this assistant only. */
  readonly assistantId?: number
  /** With `prefix`: how the numbers begin. */
  readonly prefix?: string
}

export const noNeeds: FactNeeds = { contact: false, counts: [] }

/** One of the policy's counted limits, with the query that tells how much of it is used. */
export type CountedLimit = {
  readonly rule: 'recipient_cap' | 'assistant_cap' | 'organization_cap' | 'unanswered_limit' | 'prefix_velocity'
  readonly limit: number
  readonly per: string
  /** Absent where waiting does not help. */
  readonly periodMs?: number
  readonly query: CountQuery
}

/** In the order in which the counts of `SendFacts` stand. */
export function countedLimits(policy: EffectivePolicy, terms: Pick<SendTerms, 'assistantId' | 'recipient' | 'now'>) {
  const { assistantId, recipient, now } = terms
  const limits: CountedLimit[] = []
  const add = (
    rule: CountedLimit['rule'],
    { messages, per }: Limit,
    query: Pick<CountQuery, 'of'> & Partial<CountQuery>,
  ) =>
    limits.push({
      rule,
      limit: messages,
      per,
      periodMs: periodMs[per],
      query: { since: now - periodMs[per], periodMs: periodMs[per], upTo: messages, ...query },
    })
  if (policy.unanswered !== undefined && policy.unanswered !== 'off')
    limits.push({
      rule: 'unanswered_limit',
      limit: policy.unanswered,
      per: 'conversation',
      query: {
        of: 'unanswered',
        since: now - countedMsMax,
        periodMs: countedMsMax,
        upTo: policy.unanswered,
        assistantId,
      },
    })
  for (const limit of limitsOf(policy.perRecipient))
    add('recipient_cap', limit, { of: 'recipient', ...(policy.ownPerRecipient ? { assistantId } : {}) })
  for (const limit of limitsOf(policy.perAssistant)) add('assistant_cap', limit, { of: 'assistant', assistantId })
  for (const limit of limitsOf(policy.perOrganization)) add('organization_cap', limit, { of: 'organization' })
  const velocity = policy.prefixVelocity
  if (velocity !== undefined && velocity !== 'off')
    add('prefix_velocity', velocity, {
      of: 'prefix',
      prefix: recipient.slice(0, velocity.digits + 1),
      ...(policy.ownPrefixVelocity ? { assistantId } : {}),
    })
  return limits
}

function limitsOf(limits: EffectivePolicy['perRecipient']): readonly Limit[] {
  return limits === undefined || limits === 'off' ? [] : limits
}

/** What to read for a send under these terms. */
export function needsOf(terms: SendTerms): FactNeeds {
  const { policy, automatic, category, now } = terms
  if (automatic) return noNeeds
  const isOn = (setting: unknown) => setting !== undefined && setting !== 'off'
  const budget = policy.spend
  return {
    contact:
      (isOn(policy.recipients) && policy.recipients !== 'off' && policy.recipients?.allow === 'reply_only') ||
      isOn(policy.loop) ||
      isOn(policy.unanswered) ||
      (isOn(policy.quietHours) && category === 'marketing'),
    counts: countedLimits(policy, terms).map(({ query }) => query),
    ...(budget === undefined || budget === 'off' ? {} : { spentBetween: budgetPeriod(budget.per, now) }),
  }
}

/** By days of UTC, as `2026-11-24`; `to` is not part of it. */
export function budgetPeriod(per: 'day' | 'month', now: number): { readonly from: string; readonly to: string } {
  const date = new Date(now)
  const [year, month, day] = [date.getUTCFullYear(), date.getUTCMonth(), date.getUTCDate()]
  const from = per === 'day' ? Date.UTC(year, month, day) : Date.UTC(year, month, 1)
  const to = per === 'day' ? Date.UTC(year, month, day + 1) : Date.UTC(year, month + 1, 1)
  return { from: dayOf(from), to: dayOf(to) }
}

export function dayOf(at: number): string {
  return new Date(at).toISOString().slice(0, 10)
}

/** Whether a text that is dispatched now counts in the query: what a transaction dispatches together is not stored yet. */
export function countsIn(
  query: CountQuery,
  { asked, dispatched }: { asked: CountedText; dispatched: CountedText },
): boolean {
  if (query.assistantId !== undefined && query.assistantId !== dispatched.assistantId) return false
  switch (query.of) {
    case 'organization':
    case 'assistant':
      return true
    case 'recipient':
    case 'unanswered':
      return asked.recipient === dispatched.recipient
    case 'prefix':
      return dispatched.recipient.startsWith(query.prefix ?? '+')
  }
}

export type CountedText = { readonly assistantId: number; readonly recipient: string }
