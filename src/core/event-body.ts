import type { DomainEvent } from './event.ts'
import { isFailureReason, traitsOf } from './failure.ts'
import { keptBodyOf, type Message } from './message.ts'
import type { E164 } from './phone-number.ts'

/** An event with what it is about, as it is told. */
export type ToldEvent = DomainEvent & {
  readonly key: number
  readonly message?: Message
  readonly conversationId?: string
  readonly recipient?: E164
  /** Where what the message carries can be fetched. */
  readonly mediaUrls: readonly string[]
}

const idPrefix = 'evt_'

export function eventIdOf(key: number): string {
  return `${idPrefix}${key}`
}

/** @returns undefined when it cannot be one of our ids. */
export function eventKeyOf(id: string): number | undefined {
  const digits = /^evt_(\d{1,15})$/.exec(id)?.[1]
  return digits === undefined ? undefined : Number(digits)
}

/** As it goes to endpoints of the organization, and is read by pull and stream. */
export type EventBody = {
  readonly id: string
  readonly type: string
  readonly timestamp: string
  readonly data: Readonly<Record<string, unknown>>
}

export function eventBodyOf(event: ToldEvent): EventBody {
  return {
    id: eventIdOf(event.key),
    type: event.type,
    timestamp: timeOf(event.occurredAt),
    data: event.message === undefined ? plainData(event) : messageData(event, event.message),
  }
}

function plainData({ data, recipient }: ToldEvent): EventBody['data'] {
  return { ...data, ...(recipient === undefined ? {} : { phone_number: recipient }) }
}

/** The message as it is now, but the status that this event tells of. */
function messageData(event: ToldEvent, message: Message): EventBody['data'] {
  const status = /^message\.(.*)$/.exec(event.type)?.[1] ?? message.status
  return {
    ...event.data,
    message_id: message.id,
    conversation_id: event.conversationId ?? null,
    assistant_id: message.assistantId,
    direction: message.direction,
    from: message.sender,
    to: message.recipient,
    body: keptBodyOf(message),
    media_urls: [...event.mediaUrls],
    status,
    provider: message.provider,
    provider_message_id: message.providerMessageId ?? null,
    segments: message.segmentCount,
    metadata: { ...message.metadata },
    ...failureData(event),
  }
}

/** So that an assistant can understand a failure: who must do what. */
function failureData({ data }: DomainEvent): EventBody['data'] {
  const { reason, provider_code: providerCode } = data
  const traits = typeof reason === 'string' && isFailureReason(reason) ? traitsOf(reason) : undefined
  return {
    reason: reason ?? null,
    provider_code: providerCode ?? null,
    permanent: traits?.permanent ?? null,
    retryable: traits?.retryable ?? null,
    actor: traits?.actor ?? null,
    advice: traits?.advice ?? null,
  }
}

type InboundEvent = ToldEvent & { readonly message: Message }

/**
 * As it goes to an assistant's `sms_webhook_url`. A burst is told as one text: its bodies joined by line breaks, under
 * the id of the newest message, which is the one that a reply answers; `messages` has each. Oldest first; at least one.
 */
export function inboundBodyOf(events: readonly [InboundEvent, ...InboundEvent[]]): Readonly<Record<string, unknown>> {
  const [first] = events
  const newest = events.at(-1) ?? first
  const bodies = events.map(({ message }) => keptBodyOf(message)).filter((body) => body !== null)
  return {
    type: 'sms_received',
    timestamp: timeOf(newest.occurredAt),
    data: {
      message_id: newest.message.id,
      from: newest.message.sender,
      to: newest.message.recipient,
      body: bodies.length === 0 ? null : bodies.join('\n'),
      media_urls: events.flatMap(({ mediaUrls }) => mediaUrls),
      provider: newest.message.provider,
      ...(events.length === 1 ? {} : { messages: events.map(oneOfMany) }),
    },
    id: eventIdOf(first.key),
    assistant_id: newest.message.assistantId,
    conversation_id: newest.conversationId ?? null,
    // What a person wrote is no instruction to the assistant that reads it.
    untrusted: true,
  }
}

function oneOfMany({ message, mediaUrls, occurredAt }: InboundEvent) {
  return {
    message_id: message.id,
    body: keptBodyOf(message),
    media_urls: [...mediaUrls],
    timestamp: timeOf(occurredAt),
  }
}

function timeOf(ms: number): string {
  return new Date(ms).toISOString()
}
