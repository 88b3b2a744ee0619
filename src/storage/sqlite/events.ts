import type { DomainEvent } from '../../core/event.ts'
import type { Database } from './database.ts'

/** `messageKey` is null for an event that is about no message. */
export function insertEvent(database: Database, event: DomainEvent, messageKey: number | null): void {
  database.run(
    'INSERT INTO events (organization_id, message_key, type, occurred_at, data) VALUES (?, ?, ?, ?, ?)',
    event.organizationId,
    messageKey,
    event.type,
    event.occurredAt,
    JSON.stringify(event.data),
  )
}
