import type { AuditEntry } from '../core/audit.ts'
import type { OptOut } from '../core/opt-out.ts'
import type { E164 } from '../core/phone-number.ts'
import type { Clock } from '../ports/clock.ts'
import type { Store } from '../ports/store.ts'
import { personSubject } from './person-subject.ts'

/**
 * An operator says that a person must not be texted: by nobody in the organization. What stood in doubt is confirmed by
 * that, and keeps as its evidence what the person wrote unless there is better.
 * @returns the opt-out of the whole organization; `created` when it is new or was in doubt.
 */
export async function recordOptOut(
  { store, clock }: { readonly store: Store; readonly clock: Clock },
  wanted: {
    readonly organizationId: number
    readonly recipient: E164
    readonly evidence?: string
    readonly actor: string
  },
): Promise<{ readonly created: boolean; readonly optOut: OptOut }> {
  const { organizationId, recipient } = wanted
  const doubts = (await store.optOuts.find(organizationId, recipient)).filter(({ inDoubt }) => inDoubt)
  const evidence = wanted.evidence ?? doubts[0]?.evidence
  const confirmed = { source: 'api', inDoubt: false, createdAt: clock.now() } as const
  const result = await store.optOuts.add({
    organizationId,
    recipient,
    ...confirmed,
    ...(evidence === undefined ? {} : { evidence }),
  })
  await store.optOuts.addAll(
    doubts.filter(({ assistantId }) => assistantId !== undefined).map((doubt) => ({ ...doubt, ...confirmed })),
  )
  if (result.created) await store.audit.append(entryOf('opt_out.added', { ...wanted, now: confirmed.createdAt }))
  return result
}

/** An operator says that a person may be texted again. @returns how many opt-outs are gone; 0 when none stood. */
export async function removeOptOuts(
  { store, clock }: { readonly store: Store; readonly clock: Clock },
  wanted: {
    readonly organizationId: number
    readonly recipient: E164
    /** What is certain stays. */
    readonly onlyInDoubt: boolean
    readonly actor: string
  },
): Promise<number> {
  const { organizationId, recipient, onlyInDoubt } = wanted
  const now = clock.now()
  const removed = await store.optOuts.remove(organizationId, recipient, { removedAt: now, onlyInDoubt })
  if (removed > 0) await store.audit.append({ ...entryOf('opt_out.removed', { ...wanted, now }), data: { removed } })
  return removed
}

function entryOf(
  action: 'opt_out.added' | 'opt_out.removed',
  facts: { readonly organizationId: number; readonly recipient: E164; readonly actor: string; readonly now: number },
): AuditEntry {
  const { organizationId, recipient, actor, now } = facts
  return { organizationId, occurredAt: now, actor, action, subject: personSubject(organizationId, recipient), data: {} }
}
