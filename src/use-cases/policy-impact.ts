import type { Message } from '../core/message.ts'
import type { MessageId } from '../core/message-id.ts'
import type { Assistant, Organization } from '../core/organization.ts'
import { effectivePolicy, guardedPolicy, isSet, type Policy, policyRules } from '../core/policy.ts'
import { type JudgedRule, makePolicyHistory, stoppedBy } from '../core/policy-history.ts'
import type { Clock } from '../ports/clock.ts'
import type { Store } from '../ports/store.ts'
import { makeBriefCache } from './brief-cache.ts'

/** What the rules of the policy would have stopped, and what they did stop. */
export type PolicyImpact = {
  readonly from: number
  readonly lookedAt: number
  /** All outbound messages since `from` were looked at. */
  readonly isComplete: boolean
  readonly rules: readonly {
    readonly rule: JudgedRule
    /** Whose values were tried: those that are set, those of the preset where none is, or none at all. */
    readonly source: 'policy' | 'guarded' | undefined
    readonly wouldStop: number
    /** The newest, as examples. */
    readonly examples: readonly MessageId[]
    readonly didStop: number
  }[]
}

/** In both directions. */
export const messagesLookedAtMax = 20_000
const messagesPerPage = 250
const examplesMax = 5
const entriesMax = 100
const assistantsMax = 10_000
const dayMs = 86_400_000
export const judgedRules = policyRules.filter((rule) => rule !== 'duplicateSeconds')

export function makePolicyImpact(parts: { readonly store: Store; readonly clock: Clock }) {
  const cached = makeBriefCache<PolicyImpact>({ clock: parts.clock, entriesMax })
  return (organization: Organization, days: number): Promise<PolicyImpact> =>
    cached(`${organization.id} ${days} ${JSON.stringify(organization.policy)}`, () =>
      readImpact(parts, organization, days),
    )
}

async function readImpact(
  { store, clock }: { readonly store: Store; readonly clock: Clock },
  organization: Organization,
  days: number,
): Promise<PolicyImpact> {
  const from = clock.now() - days * dayMs
  const assistants = await store.assistants.list(organization.id, { skip: 0, limit: assistantsMax, activeOnly: false })
  const messages = await newestMessages(store, organization.id)
  const oldest = messages[0]
  const judged = messages.filter(({ createdAt }) => createdAt >= from)
  return {
    from,
    lookedAt: judged.length,
    isComplete: messages.length < messagesLookedAtMax || oldest === undefined || oldest.createdAt < from,
    rules: rulesOf({ organization, assistants, messages, from }),
  }
}

/** Oldest first. Those before the period are for what a rule remembers: who wrote, and what was sent. */
async function newestMessages(store: Store, organizationId: number): Promise<Message[]> {
  const messages: Message[] = []
  let before: number | undefined
  while (messages.length < messagesLookedAtMax) {
    const page = { skip: 0, limit: messagesPerPage, ...(before === undefined ? {} : { before }) }
    const records = await store.messages.list(organizationId, {}, page)
    for (const { message } of records) messages.push(message)
    before = records.at(-1)?.key
    if (records.length < messagesPerPage) break
  }
  return messages.sort((one, other) => one.createdAt - other.createdAt)
}

function rulesOf(params: {
  readonly organization: Organization
  readonly assistants: readonly Assistant[]
  readonly messages: readonly Message[]
  readonly from: number
}): PolicyImpact['rules'] {
  const { organization, assistants, messages, from } = params
  const own = new Map(assistants.map(({ id, policy }) => [id, policy]))
  const isSomewhereSet = (rule: JudgedRule) =>
    [organization.policy, ...own.values()].some((policy) => isSet(policy, rule))
  const tried = judgedRules.filter((rule) => !isSomewhereSet(rule) && isSet(guardedPolicy, rule))
  const base = { ...organization.policy, ...membersOf(guardedPolicy, tried) }
  const policies = new Map(
    assistants.map(({ id, policy }) => [id, effectivePolicy(base, withoutMembers(policy, tried))]),
  )
  const other = effectivePolicy(base, undefined)
  const history = makePolicyHistory((assistantId) => policies.get(assistantId) ?? other)
  const would = new Map<JudgedRule, MessageId[]>()
  const did = new Map<JudgedRule, number>()
  for (const message of messages) {
    const rules = history.judge(message)
    if (message.createdAt < from) continue
    for (const rule of rules) {
      const ids = would.get(rule)
      if (ids === undefined) would.set(rule, [message.id])
      else ids.push(message.id)
    }
    const stopping = stoppedBy(message)
    if (stopping !== undefined) did.set(stopping, (did.get(stopping) ?? 0) + 1)
  }
  return judgedRules.map((rule) => ({
    rule,
    source: isSomewhereSet(rule) ? 'policy' : tried.includes(rule) ? 'guarded' : undefined,
    wouldStop: would.get(rule)?.length ?? 0,
    examples: (would.get(rule) ?? []).slice(-examplesMax).reverse(),
    didStop: did.get(rule) ?? 0,
  }))
}

function membersOf(policy: Policy, rules: readonly (keyof Policy)[]): Policy {
  return Object.fromEntries(Object.entries(policy).filter(([name]) => rules.some((rule) => rule === name)))
}

function withoutMembers(policy: Policy, rules: readonly (keyof Policy)[]): Policy {
  return Object.fromEntries(Object.entries(policy).filter(([name]) => !rules.some((rule) => rule === name)))
}
