import type { Assistant, Organization, ProviderAccount, Sender } from '../core/organization.ts'
import type { Audit } from '../ports/audit-store.ts'
import type { Clock } from '../ports/clock.ts'
import type { Store } from '../ports/store.ts'

export type PauseOrder = {
  readonly organizationId: number
  /** False ends the pause. */
  readonly paused: boolean
  readonly reason?: string
  readonly actor: string
}

type Target = PauseOrder & { readonly id: number }

export type Pauses = {
  organization(order: PauseOrder): Promise<Organization>
  /** @throws SmsError `not_found`, as the next two do. */
  assistant(order: Target): Promise<Assistant>
  sender(order: Target): Promise<Sender>
  account(order: Target): Promise<ProviderAccount>
}

/**
 * Holds what would be sent, at one of four levels, and lets it go on. To pause what is paused changes nothing: since
 * when it is paused stays.
 */
export function makePauses({ store, clock }: { readonly store: Store; readonly clock: Clock }): Pauses {
  return {
    organization: (order) =>
      store.organizations.change(
        order.organizationId,
        ({ pausedAt, ...rest }) => ({ ...rest, ...pauseOf(order, pausedAt, clock.now()) }),
        auditOf(order, 'organization', clock),
      ),
    assistant: (order) =>
      store.assistants.change(
        order.organizationId,
        order.id,
        ({ pausedAt, ...rest }) => ({ ...rest, ...pauseOf(order, pausedAt, clock.now()) }),
        auditOf(order, `assistant ${order.id}`, clock),
      ),
    sender: (order) =>
      store.senders.change(
        order.organizationId,
        order.id,
        ({ pausedAt, ...rest }) => ({ ...rest, ...pauseOf(order, pausedAt, clock.now()) }),
        auditOf(order, `phone number ${order.id}`, clock),
      ),
    account: (order) =>
      store.accounts.change(
        order.organizationId,
        order.id,
        ({ pausedAt, ...rest }) => ({ ...rest, ...pauseOf(order, pausedAt, clock.now()) }),
        auditOf(order, `provider account ${order.id}`, clock),
      ),
  }
}

function pauseOf({ paused }: PauseOrder, pausedAt: number | undefined, now: number): { readonly pausedAt?: number } {
  return paused ? { pausedAt: pausedAt ?? now } : {}
}

function auditOf(
  { organizationId, paused, reason, actor }: PauseOrder,
  subject: string,
  clock: Clock,
): Audit<{ readonly pausedAt?: number }> {
  return (before, after) =>
    before.pausedAt === after.pausedAt
      ? undefined
      : {
          organizationId,
          occurredAt: clock.now(),
          actor,
          action: paused ? 'paused' : 'resumed',
          subject,
          data: reason === undefined ? {} : { reason },
        }
}
