import type { DomainEvent } from '../../core/event.ts'
import type { E164 } from '../../core/phone-number.ts'
import type { Database } from './database.ts'

/** What an event is about: a message, a person, or neither. */
export function insertEvent(
  database: Database,
  event: DomainEvent,
  about: { readonly messageKey?: number; readonly recipient?: E164 },
): void {
  database.run(
    'INSERT INTO events (organization_id, message_key, recipient, type, occurred_at, data) VALUES (?, ?, ?, ?, ?, ?)',
    event.organizationId,
    about.messageKey ?? null,
    about.recipient ?? null,
    event.type,
    event.occurredAt,
    JSON.stringify(event.data),
  )
}
