import { type HoldReason, type Message, partiesOf } from './message.ts'
import { costMicrosOf, type EffectivePolicy, type policyRules, streakGapMs } from './policy.ts'
import { explainSend, type RefusalRule, type Verdict } from './send-decision.ts'
import { type Contact, type CountedLimit, countedLimits, dayOf, needsOf, type SendFacts } from './send-facts.ts'
import { type SendTerms, termsOf } from './send-terms.ts'

/** Rules that refuse or hold; `duplicateSeconds` does neither. */
export type JudgedRule = Exclude<(typeof policyRules)[number], 'duplicateSeconds'>

const ruleOfRefusal: Readonly<Partial<Record<RefusalRule, JudgedRule>>> = {
  recipient_not_allowed: 'recipients',
  country_not_allowed: 'countries',
  recipient_cap: 'perRecipient',
  assistant_cap: 'perAssistant',
  organization_cap: 'perOrganization',
  unanswered_limit: 'unanswered',
  spend_budget: 'spend',
  prefix_velocity: 'prefixVelocity',
  conversation_loop: 'loop',
}
const ruleOfHold: Readonly<Partial<Record<HoldReason, JudgedRule>>> = {
  quiet_hours: 'quietHours',
  approval: 'approval',
}

/** Judges the messages of an organization one after the other, oldest first, as if its policy had been this one. */
export type PolicyHistory = {
  /**
   * The rules that would have stood in the way of an outbound message, each for itself: what it refuses does not count
   * against its own limit. Nothing of an inbound one.
   */
  judge(message: Message): ReadonlySet<JudgedRule>
}

/** What came before the first message is not known: nobody had written, and nothing had been sent. */
export function makePolicyHistory(policyOf: (assistantId: number) => EffectivePolicy): PolicyHistory {
  const contacts = new Map<string, Contact>()
  /** When what counts against a limit was sent, in order. */
  const sentAt = new Map<string, number[]>()
  const spentByDay = new Map<string, number>()

  function hear(message: Message): void {
    const key = contactKey(message)
    const { lastInboundAt, inboundStreak } = contacts.get(key) ?? { inboundStreak: 0 }
    const isSoon = lastInboundAt !== undefined && message.createdAt - lastInboundAt <= streakGapMs
    contacts.set(key, { lastInboundAt: message.createdAt, inboundStreak: isSoon ? inboundStreak + 1 : 1 })
  }

  function factsOf(message: Message, terms: SendTerms, limits: readonly CountedLimit[]): SendFacts {
    const contact = contacts.get(contactKey(message)) ?? { inboundStreak: 0 }
    const counts = limits.map((limit) => {
      const times = sentAt.get(limitKey(limit, message)) ?? []
      const since = limit.rule === 'unanswered_limit' ? (contact.lastInboundAt ?? 0) : 0
      const first = firstSince(times, Math.max(limit.query.since, since))
      const oldestAt = times[first]
      return { count: times.length - first, ...(oldestAt === undefined ? {} : { oldestAt }) }
    })
    const { spentBetween } = needsOf(terms)
    if (spentBetween === undefined) return { optOuts: [], contact, counts }
    let spentMicros = 0
    for (const [day, micros] of spentByDay) if (day >= spentBetween.from && day < spentBetween.to) spentMicros += micros
    return { optOuts: [], contact, counts, spentMicros }
  }

  return {
    judge(message) {
      if (message.direction === 'inbound') {
        hear(message)
        return new Set()
      }
      const now = message.createdAt
      const policy = policyOf(message.assistantId)
      const cost = message.costMicros ?? costMicrosOf(policy.prices, message)
      const judged = termsOf(message, { policy, counted: false }, now)
      const terms: SendTerms = { ...judged, approved: false, ...(cost === undefined ? {} : { costMicros: cost }) }
      const limits = terms.automatic ? [] : countedLimits(policy, terms)
      const rules = new Set(explainSend(factsOf(message, terms, limits), terms).flatMap(ruleOf))
      for (const limit of limits) {
        const rule = ruleOfRefusal[limit.rule]
        if (rule === undefined || rules.has(rule)) continue
        const key = limitKey(limit, message)
        const times = sentAt.get(key)
        if (times === undefined) sentAt.set(key, [now])
        else times.push(now)
      }
      if (cost !== undefined && !rules.has('spend'))
        spentByDay.set(dayOf(now), (spentByDay.get(dayOf(now)) ?? 0) + cost)
      return rules
    },
  }
}

/** What really stopped it, or stops it now. */
export function stoppedBy({ failure, holdReason, approvedAt }: Message): JudgedRule | undefined {
  if (failure !== undefined)
    return failure.reason === 'not_approved'
      ? 'approval'
      : Object.entries(ruleOfRefusal).find(([reason]) => reason === failure.reason)?.[1]
  if (approvedAt !== undefined) return 'approval'
  return holdReason === undefined ? undefined : ruleOfHold[holdReason]
}

function ruleOf(verdict: Verdict): JudgedRule[] {
  const rule = verdict.kind === 'refuse' ? ruleOfRefusal[verdict.rule] : ruleOfHold[verdict.reason]
  return rule === undefined ? [] : [rule]
}

function contactKey(message: Message): string {
  return `${message.assistantId} ${partiesOf(message).person}`
}

/** Whose texts count together. */
function limitKey({ rule, limit, per, query }: CountedLimit, { recipient }: Message): string {
  const whom = query.of === 'recipient' || query.of === 'unanswered' ? recipient : (query.prefix ?? '')
  return [rule, limit, per, query.assistantId ?? '', whom].join(' ')
}

/** The place of the first time that is not before `since`. */
function firstSince(times: readonly number[], since: number): number {
  let [low, high] = [0, times.length]
  while (low < high) {
    const middle = (low + high) >> 1
    if ((times[middle] ?? since) < since) low = middle + 1
    else high = middle
  }
  return low
}
