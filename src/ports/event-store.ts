import type { DomainEvent } from '../core/event.ts'
import type { Message } from '../core/message.ts'
import type { E164 } from '../core/phone-number.ts'
import type { Page } from './store.ts'

/** An event as it is told: with the message that it is about, as that message is now (text, numbers, metadata). */
export type RecordedEvent = DomainEvent & {
  /** Grows in the order in which events become visible; `evt_<key>` outside. */
  readonly key: number
  readonly message?: Message
  readonly conversationId?: string
  /** Of an event about an opt-out. */
  readonly recipient?: E164
}

/** Where a customer hears of events. */
export type EventEndpoint = {
  readonly id: number
  readonly organizationId: number
  /** Set for the `sms_webhook_url` of an assistant: it gets that assistant's inbound texts, in their own shape. */
  readonly assistantId?: number
  readonly url: string
  readonly description?: string
  /** Types or groups (`message`, `message.sent`); empty means all. */
  readonly types: readonly string[]
  /** The newest first, at most `endpointSecretsMax`. */
  readonly secrets: readonly EndpointSecret[]
  /** Events of one conversation one after the other, each only when the one before was taken or given up. */
  readonly ordered: boolean
  /** Comes from the operator's own file: may be on a private network. */
  readonly trusted: boolean
  readonly disabledAt?: number
  readonly createdAt: number
  readonly updatedAt: number
}

export type EndpointSecret = {
  /** `whsec_…` */
  readonly value: string
  /** Until then it signs beside a newer one; absent on the newest. */
  readonly signsUntil?: number
}

export const endpointSecretsMax = 3
/** Beside those of assistants. */
export const endpointsPerOrganizationMax = 50

export const deliveryStates = ['pending', 'delivered', 'dead'] as const
export type DeliveryState = (typeof deliveryStates)[number]

/** One event (or one burst of inbound texts) for one endpoint. */
export type EventDelivery = {
  readonly key: number
  readonly organizationId: number
  readonly endpointId: number
  /** Never changes: `evt_<key of the first event>`. */
  readonly webhookId: string
  /** More than one only when inbound texts were coalesced; oldest first. */
  readonly eventKeys: readonly number[]
  readonly state: DeliveryState
  /** Claims so far, since it was made or replayed. */
  readonly tries: number
  readonly createdAt: number
  /** Absent until it is claimed, and again after a replay. */
  readonly firstTryAt?: number
  /** When it is tried next; only while pending. */
  readonly nextAt?: number
  readonly lastTry?: DeliveryTry
}

export type DeliveryTry = {
  readonly at: number
  readonly durationMs: number
  /** Absent when no answer came. */
  readonly status?: number
  /** In our words: nothing of the answer is repeated. */
  readonly fault?: string
}

export interface EventStore {
  /**
   * Events after the key, oldest first. Only those that no earlier one can appear before any more, so that a reader who
   * goes on from the last key misses none.
   */
  after(params: {
    readonly organizationId: number
    readonly key: number
    readonly limit: number
  }): Promise<RecordedEvent[]>
  /** The newest visible key of the organization, 0 for none. */
  newestKey(organizationId: number): Promise<number>
  findByKeys(organizationId: number, keys: readonly number[]): Promise<RecordedEvent[]>

  /** In order of their ids, those of assistants too. */
  listEndpoints(organizationId: number, page: Page): Promise<EventEndpoint[]>
  findEndpoint(organizationId: number, id: number): Promise<EventEndpoint | undefined>
  findAssistantEndpoint(organizationId: number, assistantId: number): Promise<EventEndpoint | undefined>
  /**
   * It hears of events from now on.
   * @throws SmsError `conflict` when there are `endpointsPerOrganizationMax`, or the assistant has one.
   */
  createEndpoint(endpoint: Omit<EventEndpoint, 'id'>): Promise<EventEndpoint>
  /**
   * `change` is pure and runs inside the transaction. While an endpoint is disabled it misses nothing: enabled again, it
   * goes on where it stood.
   * @throws SmsError `not_found`
   */
  changeEndpoint(
    organizationId: number,
    id: number,
    change: (now: EventEndpoint) => EventEndpoint,
  ): Promise<EventEndpoint>
  /** With its deliveries. False when there is none. */
  removeEndpoint(organizationId: number, id: number): Promise<boolean>

  /**
   * Makes deliveries of new events for every enabled endpoint that wants them, each event once. An endpoint of an
   * assistant wants the inbound texts that the assistant may see; they join a delivery of the same conversation that
   * still waits for its coalescing window. `limit` holds for endpoints that have seen the same, together.
   * @returns how many events were looked at.
   */
  fanOut(params: { readonly now: number; readonly limit: number }): Promise<number>
  /**
   * Due deliveries of enabled endpoints; of each endpoint the oldest, at most as many as `slotsOf` says, and for ordered
   * endpoints only the first of each conversation. Endpoints come in no order, so that none starves the others. Each is
   * returned once until `tryAgainAt`, by when the caller has recorded its end.
   */
  claimDeliveries(params: {
    readonly now: number
    readonly tryAgainAt: number
    readonly limit: number
    readonly slotsOf: (endpointId: number) => number
  }): Promise<EventDelivery[]>
  /** A delivery once `delivered` stays so, whatever a slower try brings. */
  recordTry(
    key: number,
    result: { readonly lastTry: DeliveryTry; readonly state: DeliveryState; readonly nextAt?: number },
  ): Promise<void>
  findDelivery(organizationId: number, key: number): Promise<EventDelivery | undefined>
  /** Newest first. */
  listDeliveries(
    organizationId: number,
    filter: { readonly endpointId?: number; readonly state?: DeliveryState },
    page: Page,
  ): Promise<EventDelivery[]>
  /**
   * Pending again, due now, with a fresh count of tries and time: one, or all dead ones of an endpoint. One that is
   * pending is only made due. @returns how many.
   */
  replay(
    organizationId: number,
    which: { readonly deliveryKey: number } | { readonly endpointId: number },
    now: number,
  ): Promise<number>
}
