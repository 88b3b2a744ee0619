import type { DomainEvent, EventType } from '../core/event.ts'
import { asksFor } from '../core/event-delivery.ts'
import type { InboundSettings } from '../core/organization.ts'
import type { E164 } from '../core/phone-number.ts'
import type {
  DeliveryState,
  DeliveryTry,
  EndpointSecret,
  EventDelivery,
  EventEndpoint,
  RecordedEvent,
} from '../ports/event-store.ts'
import { messageOf, type Row } from './rows.ts'
import type { Sealer } from './seal.ts'

/** Events with their message (all its columns) and conversation; those of the event itself have names of their own. */
export const recordedEvents = `
  SELECT m.*, c.id AS conversation_id, e.key AS event_key, e.organization_id AS event_organization_id,
    e.type AS event_type, e.occurred_at AS event_occurred_at, e.data AS event_data, e.recipient AS event_recipient
  FROM events e
  LEFT JOIN messages m ON m.key = e.message_key
  LEFT JOIN conversations c ON c.key = m.conversation_key`

export function recordedEventOf(row: Row): RecordedEvent {
  return {
    key: Number(row.event_key),
    type: String(row.event_type) as EventType,
    organizationId: Number(row.event_organization_id),
    occurredAt: Number(row.event_occurred_at),
    data: JSON.parse(String(row.event_data)) as DomainEvent['data'],
    ...(isAbsent(row.key) ? {} : { message: messageOf(row) }),
    ...(isAbsent(row.conversation_id) ? {} : { conversationId: String(row.conversation_id) }),
    ...(isAbsent(row.event_recipient) ? {} : { recipient: String(row.event_recipient) as E164 }),
  }
}

export function endpointOf(row: Row, sealer: Sealer): EventEndpoint {
  const [id, organizationId] = [Number(row.id), Number(row.organization_id)]
  const sealed = JSON.parse(String(row.sealed_secrets)) as EndpointSecret[]
  return {
    id,
    organizationId,
    ...(isAbsent(row.assistant_id) ? {} : { assistantId: Number(row.assistant_id) }),
    url: String(row.url),
    ...(isAbsent(row.description) ? {} : { description: String(row.description) }),
    types: JSON.parse(String(row.types)) as string[],
    secrets: sealed.map((secret) => ({
      ...secret,
      value: sealer.open(secretPlace({ id, organizationId }), secret.value),
    })),
    ordered: Boolean(row.ordered),
    trusted: Boolean(row.trusted),
    ...(isAbsent(row.disabled_at) ? {} : { disabledAt: Number(row.disabled_at) }),
    createdAt: Number(row.created_at),
    updatedAt: Number(row.updated_at),
  }
}

/** The JSON for `sealed_secrets`. */
export function sealedEndpointSecrets(endpoint: EventEndpoint, sealer: Sealer): string {
  return JSON.stringify(
    endpoint.secrets.map((secret) => ({ ...secret, value: sealer.seal(secretPlace(endpoint), secret.value) })),
  )
}

function secretPlace({ id, organizationId }: Pick<EventEndpoint, 'id' | 'organizationId'>) {
  return { table: 'event_endpoints', organizationId, record: String(id), field: 'secret' }
}

export function deliveryOf(row: Row): EventDelivery {
  const eventKeys = eventKeysOf(row)
  return {
    key: Number(row.key),
    organizationId: Number(row.organization_id),
    endpointId: Number(row.endpoint_id),
    webhookId: `evt_${eventKeys[0]}`,
    eventKeys,
    state: String(row.state) as DeliveryState,
    tries: Number(row.tries),
    createdAt: Number(row.created_at),
    ...(isAbsent(row.first_try_at) ? {} : { firstTryAt: Number(row.first_try_at) }),
    ...(isAbsent(row.next_at) ? {} : { nextAt: Number(row.next_at) }),
    ...(isAbsent(row.last_try) ? {} : { lastTry: JSON.parse(String(row.last_try)) as DeliveryTry }),
  }
}

export function eventKeysOf(row: Row): number[] {
  return JSON.parse(String(row.event_keys)) as number[]
}

/** An event as fan-out needs it: `conversation_key`, `assistant_id`, `keyword` are those of its message. */
export type EventFacts = {
  readonly key: number
  readonly type: EventType
  readonly occurredAt: number
  readonly conversationKey: number | null
  readonly assistantId: number | undefined
  readonly isKeyword: boolean
}

export function eventFactsOf(row: Row): EventFacts {
  return {
    key: Number(row.key),
    type: String(row.type) as EventType,
    occurredAt: Number(row.occurred_at),
    conversationKey: Number(row.conversation_key ?? 0) || null,
    assistantId: isAbsent(row.assistant_id) ? undefined : Number(row.assistant_id),
    isKeyword: !isAbsent(row.keyword),
  }
}

/** An endpoint as fan-out needs it: with the settings of its assistant. */
export type EndpointFacts = {
  readonly id: number
  readonly assistantId: number | undefined
  readonly types: readonly string[]
  readonly coalesceMs: number
}

export function endpointFactsOf(row: Row): EndpointFacts {
  const inbound = isAbsent(row.inbound) ? {} : (JSON.parse(String(row.inbound)) as InboundSettings)
  return {
    id: Number(row.id),
    assistantId: isAbsent(row.assistant_id) ? undefined : Number(row.assistant_id),
    types: JSON.parse(String(row.types)) as string[],
    coalesceMs: inbound.coalesceMs ?? 0,
  }
}

export function wants({ assistantId, types }: EndpointFacts, event: EventFacts): boolean {
  if (assistantId === undefined) return asksFor(types, event.type)
  return event.type === 'message.received' && event.assistantId === assistantId && !event.isKeyword
}

function isAbsent(value: unknown): boolean {
  return value === null || value === undefined
}
