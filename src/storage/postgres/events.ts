import type { DomainEvent } from '../../core/event.ts'
import type { Queries } from './database.ts'

/** `messageKey` is null for an event that is about no message. */
export async function insertEvent(queries: Queries, event: DomainEvent, messageKey: number | null): Promise<void> {
  await queries.run(
    'INSERT INTO events (organization_id, message_key, type, occurred_at, data) VALUES ($1, $2, $3, $4, $5)',
    event.organizationId,
    messageKey,
    event.type,
    event.occurredAt,
    JSON.stringify(event.data),
  )
}
