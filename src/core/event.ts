import type { Conclusion } from './evidence.ts'
import type { Message } from './message.ts'
import type { MessageStatus } from './message-status.ts'
import { type OptOut, scopeOf } from './opt-out.ts'

/**
 * What applications are told: one event for each change of a message's status (an inbound text is `message.received`),
 * of an opt-out, and for the first message of a conversation.
 */
export type EventType =
  | `message.${MessageStatus}`
  // A person has decided about a message that was held for approval.
  | 'message.approved'
  | 'message.refused'
  | 'opt_out.created'
  | 'opt_out.doubted'
  | 'opt_out.removed'
  | 'conversation.created'

/** The kinds an endpoint may ask for; the part before the dot asks for all of its kind. */
export const eventGroups = ['message', 'opt_out', 'conversation'] as const

/** As it is written, in the transaction of the change itself. */
export type DomainEvent = {
  readonly type: EventType
  readonly organizationId: number
  readonly occurredAt: number
  /** Facts that belong to the event, without text or numbers of the message: those stand on the message itself. */
  readonly data: Readonly<Record<string, string | number | boolean>>
}

/** What is told when a message comes to a new conclusion. `more` are facts of what caused it. */
export function conclusionEvent(
  message: Pick<Message, 'organizationId' | 'provider'>,
  conclusion: Conclusion,
  { at, ...more }: { readonly at: number } & DomainEvent['data'],
): DomainEvent {
  const { status, failure } = conclusion
  return {
    type: `message.${status}`,
    organizationId: message.organizationId,
    occurredAt: at,
    data: {
      provider: message.provider,
      ...more,
      ...(failure === undefined ? {} : { reason: failure.reason }),
      ...(failure?.providerCode === undefined ? {} : { provider_code: failure.providerCode }),
    },
  }
}

/** What is told when an opt-out is recorded: the person stands on the event itself. */
export function optOutEvent(optOut: OptOut): DomainEvent {
  const { organizationId, assistantId, senderId, source, inDoubt, createdAt } = optOut
  return {
    type: inDoubt ? 'opt_out.doubted' : 'opt_out.created',
    organizationId,
    occurredAt: createdAt,
    data: {
      source,
      scope: scopeOf(optOut),
      ...(assistantId === undefined ? {} : { assistant_id: assistantId }),
      ...(senderId === undefined ? {} : { phone_number_id: senderId }),
    },
  }
}
