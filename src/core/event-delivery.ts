import { type EventType, eventGroups } from './event.ts'
import { messageStatuses } from './message-status.ts'

/** What an endpoint may ask for: groups, and single types of event. */
export const subscribableTypes: readonly string[] = [
  ...eventGroups,
  ...messageStatuses.map((status) => `message.${status}`),
  'opt_out.created',
  'opt_out.doubted',
  'opt_out.removed',
  'conversation.created',
]

/** `types` as an endpoint has them; empty asks for all. */
export function asksFor(types: readonly string[], type: EventType): boolean {
  return types.length === 0 || types.includes(type) || types.includes(type.replace(/\..*/, ''))
}

/** A delivery is tried for this long, counted from its first try. */
export const deliveryWindowMs = 24 * 3_600_000
/** A burst of inbound texts that is larger than this goes out in several deliveries. */
export const coalescedEventsMax = 20

const retryDelayMsMin = 500
const retryDelayMsBase = 2_000
const retryDelayMsMax = 3_600_000
/** Where order matters, newer events wait behind a failing one, so that one is tried more often. */
const orderedRetryDelayMsMax = 300_000

/**
 * When a delivery is tried again, or undefined when it is given up. Exponential with full jitter: a customer who comes
 * back after an outage is not met by everything at once. The last try falls on the end of the window.
 */
export function nextTryAt(params: {
  /** Tries so far, at least 1. */
  readonly tries: number
  readonly firstTryAt: number
  readonly now: number
  /** The endpoint's own wish, if it gave one. */
  readonly retryAfterMs: number | undefined
  /** From 0 to 1. */
  readonly chance: number
  readonly isOrdered: boolean
}): number | undefined {
  const { tries, firstTryAt, now, retryAfterMs = 0, chance, isOrdered } = params
  const backoffMsMax = isOrdered ? orderedRetryDelayMsMax : retryDelayMsMax
  const giveUpAt = firstTryAt + deliveryWindowMs
  if (now >= giveUpAt) return undefined
  const backoffMs = Math.min(retryDelayMsBase * 2 ** Math.min(tries - 1, 30), backoffMsMax) * chance
  const delayMs = Math.max(retryDelayMsMin, backoffMs, Math.min(retryAfterMs, retryDelayMsMax))
  return Math.min(now + Math.ceil(delayMs), giveUpAt)
}

const holdMsMin = 1_000
export const endpointHoldMsMax = 300_000

/** How long an endpoint that failed is left alone, whatever waits for it, after its n-th failure in a row. */
export function endpointHoldMs(failures: number): number {
  return Math.min(holdMsMin * 2 ** Math.min(failures - 1, 30), endpointHoldMsMax)
}
