import type { AccountPacing, SenderPacing } from '../core/pacing.ts'
import type { Policy } from '../core/policy.ts'
import type { Retention } from '../core/retention.ts'
import type { Clock } from '../ports/clock.ts'
import type { Store } from '../ports/store.ts'
import { paceDocumentOf, paceEntry } from './change-pace.ts'
import { changeAssistantPolicy, changeOrganizationPolicy } from './change-policy.ts'
import { retentionDocumentOf, retentionEntry } from './change-retention.ts'
import { policyDocumentOf } from './policy-document.ts'

type Parts = { readonly store: Store; readonly clock: Clock }
type Wanted<T> = {
  /** As in the plan. */
  readonly title: string
  readonly present: T | undefined
  /** Undefined: it stays as it is. */
  readonly wanted: T | undefined
}
type Change = { readonly sign: '~'; readonly text: string; readonly apply: () => Promise<unknown> }

/** Who changes what is changed by a set-up file, as the audit log names it. */
const actor = 'the set-up file'

/** Without an assistant it is the organization's policy. The ids are known when the plan is applied. */
export function planPolicy(
  parts: Parts,
  policy: Wanted<Policy>,
  ids: () => { readonly organizationId: number; readonly assistantId?: number },
): Change[] {
  const { wanted } = policy
  if (wanted === undefined) return []
  return planned('policy of', policy, policyDocumentOf, async () => {
    const { organizationId, assistantId } = ids()
    const order = { organizationId, change: { set: wanted, unset: [] }, rest: 'drop', actor } as const
    if (assistantId === undefined) await changeOrganizationPolicy(parts, order)
    else await changeAssistantPolicy(parts, { ...order, id: assistantId })
  })
}

export function planRetention(
  { store, clock }: Parts,
  retention: Wanted<Retention>,
  ids: () => { readonly organizationId: number },
): Change[] {
  const { wanted } = retention
  if (wanted === undefined) return []
  return planned('retention of', retention, retentionDocumentOf, () => {
    const facts = { ...ids(), actor, now: clock.now() }
    return store.organizations.change(
      facts.organizationId,
      (organization) => ({ ...organization, retention: wanted }),
      (before, after) => retentionEntry([before.retention, after.retention], facts),
    )
  })
}

export function planAccountPace(
  { store, clock }: Parts,
  pace: Wanted<AccountPacing>,
  ids: () => { readonly organizationId: number; readonly id: number },
): Change[] {
  const pacing = pace.wanted
  if (pacing === undefined) return []
  return planned('pace of', pace, paceDocumentOf, () => {
    const { organizationId, id } = ids()
    const facts = { organizationId, subject: `provider account ${id}`, actor, now: clock.now() }
    return store.accounts.change(
      organizationId,
      id,
      (account) => ({ ...account, pacing, updatedAt: facts.now }),
      (before, after) => paceEntry([before, after], facts),
    )
  })
}

export function planSenderPace(
  { store, clock }: Parts,
  pace: Wanted<SenderPacing>,
  ids: () => Promise<{ readonly organizationId: number; readonly id: number }>,
): Change[] {
  const pacing = pace.wanted
  if (pacing === undefined) return []
  return planned('pace of', pace, paceDocumentOf, async () => {
    const { organizationId, id } = await ids()
    const facts = { organizationId, subject: `phone number ${id}`, actor, now: clock.now() }
    await store.senders.change(
      organizationId,
      id,
      (sender) => ({ ...sender, pacing, updatedAt: facts.now }),
      (before, after) => paceEntry([before, after], facts),
    )
  })
}

function planned<T extends object>(
  what: string,
  { title, present, wanted }: Wanted<T>,
  documentOf: (value: T) => Readonly<Record<string, unknown>>,
  apply: () => Promise<unknown>,
): Change[] {
  const [before, after] = [present, wanted].map((value) => (value === undefined ? {} : documentOf(value)))
  const differences = Object.keys({ ...before, ...after }).flatMap((name) => {
    const [was, is] = [shown(before?.[name]), shown(after?.[name])]
    return was === is ? [] : [`${name} ${brief(was)} -> ${brief(is)}`]
  })
  return differences.length === 0 ? [] : [{ sign: '~', text: `${what} ${title}: ${differences.join(', ')}`, apply }]
}

/** A list of a thousand numbers is not for reading. */
const shownLengthMax = 100

function brief(text: string): string {
  return text.length > shownLengthMax ? `${text.slice(0, shownLengthMax)}…` : text
}

function shown(value: unknown): string {
  return value === undefined ? '(none)' : typeof value === 'string' ? value : JSON.stringify(value)
}
