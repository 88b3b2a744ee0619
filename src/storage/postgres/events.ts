import type { DomainEvent } from '../../core/event.ts'
import type { E164 } from '../../core/phone-number.ts'
import type { Queries } from './database.ts'

/** What an event is about: a message, a person, or neither. */
export async function insertEvent(
  queries: Queries,
  event: DomainEvent,
  about: { readonly messageKey?: number; readonly recipient?: E164 },
): Promise<void> {
  await queries.run(
    `INSERT INTO events (organization_id, message_key, recipient, type, occurred_at, data)
     VALUES ($1, $2, $3, $4, $5, $6)`,
    event.organizationId,
    about.messageKey ?? null,
    about.recipient ?? null,
    event.type,
    event.occurredAt,
    JSON.stringify(event.data),
  )
}
