import type { MessageStatus } from './message-status.ts'

/** What applications are told. One event for each change of a message's status, and for each change of an opt-out. */
export type EventType = `message.${MessageStatus}` | 'opt_out.created' | 'opt_out.removed'

export type DomainEvent = {
  readonly type: EventType
  readonly organizationId: number
  readonly occurredAt: number
  /** Facts that belong to the event, without text or numbers of the message: those stand on the message itself. */
  readonly data: Readonly<Record<string, string | number | boolean>>
}
