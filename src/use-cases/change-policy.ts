import type { AuditEntry } from '../core/audit.ts'
import { SmsError } from '../core/errors.ts'
import type { Assistant, Organization } from '../core/organization.ts'
import { countedMsMax, countsDispatches, type Policy } from '../core/policy.ts'
import type { Clock } from '../ports/clock.ts'
import type { Store } from '../ports/store.ts'
import { changedPolicy, type DocumentPath, type PolicyChange, policyDocumentOf } from './policy-document.ts'

type Parts = { readonly store: Store; readonly clock: Clock }

export type PolicyOrder = {
  readonly change: PolicyChange
  /** What happens to members that the change does not mention. */
  readonly rest: 'keep' | 'drop'
  readonly actor: string
}

const countedPerStep = 1_000

/** @throws SmsError `invalid_request` when the policy would contradict itself. */
export async function changeOrganizationPolicy(
  { store, clock }: Parts,
  { organizationId, ...order }: PolicyOrder & { readonly organizationId: number },
): Promise<Organization> {
  const present = await store.organizations.find(organizationId)
  if (present === undefined) throw new SmsError('not_found', 'No organization has this id.')
  const now = clock.now()
  return withPastCounted(store, { organizationId, present: present.policy, order, now }, () =>
    store.organizations.change(
      organizationId,
      (organization) => ({ ...organization, policy: ordered(organization.policy, order) }),
      (before, after) =>
        entryOf([before.policy, after.policy], { organizationId, subject: 'organization', actor: order.actor, now }),
    ),
  )
}

/** @throws SmsError `not_found`; `invalid_request` when the policy would contradict itself. */
export async function changeAssistantPolicy(
  { store, clock }: Parts,
  { organizationId, id, ...order }: PolicyOrder & { readonly organizationId: number; readonly id: number },
): Promise<Assistant> {
  const present = await store.assistants.find(organizationId, id)
  if (present === undefined) throw new SmsError('not_found', 'No assistant has this id.')
  const now = clock.now()
  return withPastCounted(store, { organizationId, present: present.policy, order, now }, () =>
    store.assistants.change(
      organizationId,
      id,
      (assistant) => ({ ...assistant, policy: ordered(assistant.policy, order), updatedAt: now }),
      (before, after) =>
        entryOf([before.policy, after.policy], { organizationId, subject: `assistant ${id}`, actor: order.actor, now }),
    ),
  )
}

/**
 * Texts are marked as counted when they are dispatched under a policy that counts. Its first limit finds the earlier ones
 * unmarked: they are marked before it holds, and those that left meanwhile right after. What other processes dispatch
 * until they see the change (`lookupLifetimeMs`) is not counted.
 */
async function withPastCounted<T>(
  store: Store,
  facts: {
    readonly organizationId: number
    readonly present: Policy
    readonly order: PolicyOrder
    readonly now: number
  },
  change: () => Promise<T>,
): Promise<T> {
  const { organizationId, present, order, now } = facts
  if (countsDispatches(present) || !countsDispatches(ordered(present, order))) return change()
  await countSince(store, { organizationId, since: now - countedMsMax })
  const changed = await change()
  await countSince(store, { organizationId, since: now })
  return changed
}

async function countSince(store: Store, params: { readonly organizationId: number; readonly since: number }) {
  let before: number | undefined
  do {
    const from = before === undefined ? {} : { before }
    before = await store.queue.countDispatched({ ...params, ...from, limit: countedPerStep })
  } while (before !== undefined)
}

function ordered(present: Policy, { change, rest }: PolicyOrder): Policy {
  return changedPolicy(rest === 'keep' ? present : {}, change, { fail: refuse })
}

/** How a fault of a document that came over HTTP ends the request. */
export function refuse(_path: DocumentPath, sentence: string): never {
  throw new SmsError('invalid_request', `${sentence}.`)
}

function entryOf(
  [before, after]: readonly [Policy, Policy],
  facts: { readonly organizationId: number; readonly subject: string; readonly actor: string; readonly now: number },
): AuditEntry | undefined {
  const { organizationId, subject, actor, now } = facts
  const data = { before: audited(before), after: audited(after) }
  if (JSON.stringify(data.before) === JSON.stringify(data.after)) return undefined
  return { organizationId, occurredAt: now, actor, action: 'policy.changed', subject, data }
}

/** Of a list of people only how many they are: entries are kept for ever, also when a person is erased. */
function audited(policy: Policy) {
  const { recipients } = policy
  const isList = recipients !== undefined && recipients !== 'off' && recipients.allow === 'list'
  return { ...policyDocumentOf(policy), ...(isList ? { recipients: { allow_count: recipients.numbers.length } } : {}) }
}
