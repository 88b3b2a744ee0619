import { countryOf, zonesOf } from './country.ts'
import type { ReachedLimit } from './message.ts'
import { findCovering } from './opt-out.ts'
import { streakGapMs } from './policy.ts'
import { marketingHours } from './quiet-hours.ts'
import { budgetPeriod, countedLimits, type SendFacts } from './send-facts.ts'
import type { Hold, SendTerms } from './send-terms.ts'
import { nextAllowedAt } from './send-window.ts'

/** Why a send is refused before its provider is asked. */
export const refusalRules = [
  'recipient_opted_out',
  'opt_out_in_doubt',
  'superseded',
  'expired',
  'recipient_not_allowed',
  'country_not_allowed',
  'conversation_loop',
  'unanswered_limit',
  'recipient_cap',
  'assistant_cap',
  'organization_cap',
  'prefix_velocity',
  'spend_budget',
] as const
export type RefusalRule = (typeof refusalRules)[number]

export type Refusal = { readonly rule: RefusalRule; readonly reached?: ReachedLimit }

export type Verdict = ({ readonly kind: 'refuse' } & Refusal) | ({ readonly kind: 'hold' } & Hold)
export type SendDecision = { readonly kind: 'send' } | Verdict

/** What becomes of a send: the first rule that refuses it, else the first that holds it. */
export function decideSend(facts: SendFacts, terms: SendTerms): SendDecision {
  const verdicts = explainSend(facts, terms)
  return verdicts.find(({ kind }) => kind === 'refuse') ?? verdicts[0] ?? { kind: 'send' }
}

/** What can be said long before a send is dispatched; the rest is decided then. */
const timeless: ReadonlySet<string> = new Set([
  'recipient_opted_out',
  'opt_out_in_doubt',
  'country_not_allowed',
  'expired',
  'approval',
])

/** What becomes of a scheduled send when it is accepted. */
export function decideScheduled(facts: SendFacts, terms: SendTerms): SendDecision {
  const verdicts = explainSend(facts, terms).filter((verdict) =>
    timeless.has(verdict.kind === 'refuse' ? verdict.rule : verdict.reason),
  )
  return verdicts[0] ?? { kind: 'send' }
}

/** Everything that stands against a send, refusals first, each rule for itself. */
export function explainSend(facts: SendFacts, terms: SendTerms): Verdict[] {
  const refusals = [
    consentRefusal(facts, terms),
    ...(terms.automatic ? [] : [recipientRefusal(facts, terms), countryRefusal(terms), loopRefusal(facts, terms)]),
    ...(terms.automatic ? [] : [...limitRefusals(facts, terms), spendRefusal(facts, terms)]),
    timeRefusal(facts, terms),
    expiryRefusal(terms),
  ]
  const holds = [pauseHold(terms), ...(terms.automatic ? [] : [approvalHold(terms), quietHold(facts, terms)])]
  return [
    ...refusals.flatMap((refusal) => (refusal === undefined ? [] : [{ kind: 'refuse' as const, ...refusal }])),
    ...holds.flatMap((hold) => (hold === undefined ? [] : [{ kind: 'hold' as const, ...hold }])),
  ]
}

function consentRefusal({ optOuts }: SendFacts, terms: SendTerms): Refusal | undefined {
  const optOut = terms.mandatory ? undefined : findCovering(optOuts, terms)
  if (optOut === undefined) return undefined
  return { rule: optOut.inDoubt ? 'opt_out_in_doubt' : 'recipient_opted_out' }
}

function timeRefusal({ lastInboundId }: SendFacts, { inReplyTo }: SendTerms): Refusal | undefined {
  return inReplyTo !== undefined && inReplyTo !== lastInboundId ? { rule: 'superseded' } : undefined
}

function expiryRefusal({ expiresAt, now }: SendTerms): Refusal | undefined {
  return expiresAt !== undefined && now >= expiresAt ? { rule: 'expired' } : undefined
}

function recipientRefusal({ contact }: SendFacts, { policy, recipient }: SendTerms): Refusal | undefined {
  const rule = policy.recipients
  if (rule === undefined || rule === 'off') return undefined
  switch (rule.allow) {
    case 'anyone':
      return undefined
    case 'reply_only':
      return contact?.lastInboundAt === undefined ? { rule: 'recipient_not_allowed' } : undefined
    case 'list':
      return rule.numbers.some((number) => number === recipient) ? undefined : { rule: 'recipient_not_allowed' }
    default:
      return rule satisfies never
  }
}

function countryRefusal({ policy, sender, recipient }: SendTerms): Refusal | undefined {
  const { countries } = policy
  if (countries === undefined || countries === 'off') return undefined
  const country = countryOf(recipient)
  const isAllowed = countries.some((allowed) => {
    if (allowed.startsWith('+')) return recipient.startsWith(allowed)
    return country !== undefined && country === (allowed === 'sender' ? countryOf(sender) : allowed)
  })
  return isAllowed ? undefined : { rule: 'country_not_allowed' }
}

function loopRefusal({ contact }: SendFacts, { policy, now }: SendTerms): Refusal | undefined {
  const limit = policy.loop
  if (limit === undefined || limit === 'off' || contact?.lastInboundAt === undefined) return undefined
  if (contact.inboundStreak < limit || now - contact.lastInboundAt > streakGapMs) return undefined
  return { rule: 'conversation_loop', reached: { limit, count: contact.inboundStreak, per: 'conversation' } }
}

function limitRefusals({ counts }: SendFacts, terms: SendTerms): Refusal[] {
  return countedLimits(terms.policy, terms).flatMap(({ rule, limit, per, periodMs }, place) => {
    const { count, oldestAt = terms.now } = counts?.[place] ?? { count: 0 }
    if (count < limit) return []
    const retryAt = periodMs === undefined ? {} : { retryAt: oldestAt + periodMs }
    return [{ rule, reached: { limit, count, per, ...retryAt } }]
  })
}

function spendRefusal({ spentMicros = 0 }: SendFacts, { policy, costMicros = 0, now }: SendTerms): Refusal | undefined {
  const budget = policy.spend
  if (budget === undefined || budget === 'off' || spentMicros + costMicros <= budget.amount * 1e6) return undefined
  const retryAt = Date.parse(budgetPeriod(budget.per, now).to)
  return {
    rule: 'spend_budget',
    reached: { limit: budget.amount, count: spentMicros / 1e6, per: budget.per, retryAt },
  }
}

function pauseHold({ paused }: SendTerms): Hold | undefined {
  return paused === undefined ? undefined : { reason: 'paused' }
}

function approvalHold({ policy, approved }: SendTerms): Hold | undefined {
  return policy.approval === true && !approved ? { reason: 'approval' } : undefined
}

/** A live conversation is exempt: who has just written is awake. */
function quietHold({ contact }: SendFacts, { policy, category, sender, recipient, inReplyTo, now }: SendTerms) {
  const { quietHours } = policy
  if (quietHours === undefined || quietHours === 'off' || category !== 'marketing' || inReplyTo !== undefined)
    return undefined
  const until = nextAllowedAt({
    at: now,
    zones: contact?.timeZone === undefined ? zonesOf(recipient) : [contact.timeZone],
    fallbackZones: zonesOf(sender),
    hours: quietHours === 'marketing' ? marketingHours : quietHours,
  })
  if (until === now) return undefined
  return { reason: 'quiet_hours' as const, ...(until === undefined ? {} : { until }) }
}
