import { eventBodyOf, inboundBodyOf, type ToldEvent } from '../core/event-body.ts'
import { nextTryAt } from '../core/event-delivery.ts'
import type { Message } from '../core/message.ts'
import type { Clock } from '../ports/clock.ts'
import type { EventAnswer, EventSender } from '../ports/event-sender.ts'
import type { EventDelivery, EventEndpoint } from '../ports/event-store.ts'
import type { Log } from '../ports/log.ts'
import type { Random } from '../ports/random.ts'
import type { Store } from '../ports/store.ts'
import { signingSecrets } from './event-endpoint-secrets.ts'
import { type MediaUrls, toldEvents } from './told-events.ts'

export type DeliverEventParts = {
  readonly store: Pick<Store, 'events'>
  readonly sender: EventSender
  readonly clock: Clock
  readonly random: Random
  readonly log: Log
  readonly mediaUrls: MediaUrls
}

/** Tries one claimed delivery once and records how it ended. `dropped`: that says nothing of the endpoint. */
export type DeliverEvent = (delivery: EventDelivery) => Promise<'taken' | 'failed' | 'dropped'>

const goneStatus = 410
/** With these an endpoint's `Retry-After` is heeded: RFC 9110, section 10.2.3, and RFC 6585, section 4. */
const waitStatuses = [429, 503]

export function makeDeliverEvent(parts: DeliverEventParts): DeliverEvent {
  const { store, sender, clock, log } = parts

  return async (delivery) => {
    const { organizationId, endpointId, eventKeys } = delivery
    const endpoint = await store.events.findEndpoint(organizationId, endpointId)
    // Removed since it was claimed, and its deliveries with it.
    if (endpoint === undefined) return 'dropped'
    const events = await toldEvents(await store.events.findByKeys(organizationId, eventKeys), parts.mediaUrls)
    const body = wordedFor(endpoint, events)
    const at = clock.now()
    const startedAt = clock.monotonicMs()
    const answer: EventAnswer =
      body === undefined
        ? { kind: 'fault', fault: 'the event is not kept any more' }
        : await sender.send({
            url: endpoint.url,
            trusted: endpoint.trusted,
            secrets: signingSecrets(endpoint, at),
            webhookId: delivery.webhookId,
            at,
            body,
          })
    const lastTry = {
      at,
      durationMs: Math.round(clock.monotonicMs() - startedAt),
      ...(answer.kind === 'answer' ? { status: answer.status } : { fault: answer.fault }),
    }
    const end = endOf(parts, { delivery, answer, isWorded: body !== undefined, isOrdered: endpoint.ordered })
    await store.events.recordTry(delivery.key, { lastTry, ...end })
    const { status, fault } = { status: undefined, fault: undefined, ...lastTry }
    const fields = { deliveryKey: delivery.key, endpointId, tries: delivery.tries, status, fault }
    if (end.state === 'dead') log.warn('event.dead', fields)
    else log.debug(end.state === 'delivered' ? 'event.delivered' : 'event.delivery_failed', fields)
    if (status === goneStatus) await disable(parts, endpoint)
    if (end.state === 'delivered') return 'taken'
    return body === undefined || status === goneStatus ? 'dropped' : 'failed'
  }
}

/** @returns undefined when there is nothing left to tell. */
function wordedFor({ assistantId }: EventEndpoint, events: readonly ToldEvent[]): string | undefined {
  const [first] = events
  if (first === undefined) return undefined
  if (assistantId === undefined) return JSON.stringify(eventBodyOf(first))
  const [text, ...more] = events.filter(hasMessage)
  return text === undefined ? undefined : JSON.stringify(inboundBodyOf([text, ...more]))
}

function hasMessage(event: ToldEvent): event is ToldEvent & { readonly message: Message } {
  return event.message !== undefined
}

function endOf(
  { clock, random }: DeliverEventParts,
  params: {
    readonly delivery: EventDelivery
    readonly answer: EventAnswer
    readonly isWorded: boolean
    readonly isOrdered: boolean
  },
): { readonly state: EventDelivery['state']; readonly nextAt?: number } {
  const { delivery, answer, isWorded, isOrdered } = params
  if (answer.kind === 'answer' && answer.status >= 200 && answer.status < 300) return { state: 'delivered' }
  if (!isWorded || (answer.kind === 'answer' && answer.status === goneStatus)) return { state: 'dead' }
  const mayAskToWait = answer.kind === 'answer' && waitStatuses.includes(answer.status)
  const now = clock.now()
  const nextAt = nextTryAt({
    tries: delivery.tries,
    firstTryAt: delivery.firstTryAt ?? now,
    now,
    retryAfterMs: mayAskToWait ? answer.retryAfterMs : undefined,
    chance: random.chance(),
    isOrdered,
  })
  return nextAt === undefined ? { state: 'dead' } : { state: 'pending', nextAt }
}

/** `410 Gone` says that nobody is there any more. What waits is kept until a person enables the endpoint again. */
async function disable({ store, clock, log }: DeliverEventParts, { organizationId, id }: EventEndpoint): Promise<void> {
  const disabledAt = clock.now()
  await store.events.changeEndpoint(organizationId, id, (present) => ({
    disabledAt,
    ...present,
    updatedAt: disabledAt,
  }))
  log.warn('event_endpoint.gone', { endpointId: id })
}
