import { SmsError } from '../core/errors.ts'
import type { MessageId } from '../core/message-id.ts'
import type { Clock } from '../ports/clock.ts'
import type { Store } from '../ports/store.ts'

/**
 * A person lets a message go that waits for approval, or ends it. Its event says who; so does the audit log.
 * @throws SmsError `conflict` when it does not wait for approval (any more).
 */
export async function decideHeld(
  { store, clock }: { readonly store: Store; readonly clock: Clock },
  decision: {
    readonly organizationId: number
    readonly messageId: MessageId
    readonly approve: boolean
    readonly actor: string
    readonly note?: string
  },
): Promise<void> {
  const { organizationId, messageId, approve, actor, note } = decision
  const [now, said] = [clock.now(), note === undefined ? {} : { note }]
  if (!(await store.queue.decideHeld({ organizationId, messageId, approve, by: actor, now, ...said })))
    throw new SmsError('conflict', 'This message does not wait for approval (any more). Look at it again.')
  await store.audit.append({
    organizationId,
    occurredAt: now,
    actor,
    action: approve ? 'message.approved' : 'message.refused',
    subject: `message ${messageId}`,
    data: said,
  })
}
