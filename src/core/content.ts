import type { SendRequest } from './message.ts'
import type { E164 } from './phone-number.ts'

/**
 * What makes two sends identical: what the person would see twice. Where the policy wants no duplicates, it does not
 * matter which number of the assistant they come from.
 */
export function guardContent(content: {
  readonly organizationId: number
  readonly assistantId: number
  readonly duplicateUntil?: number
  readonly sender: E164
  readonly recipient: E164
  readonly body: string
  readonly mediaUrls: readonly string[]
}): string {
  const { organizationId, assistantId, duplicateUntil, sender, recipient, body, mediaUrls } = content
  const origin = duplicateUntil === undefined ? sender : assistantId
  return JSON.stringify([organizationId, origin, recipient, body, mediaUrls])
}

/** What makes two requests the same under one idempotency key: everything but the key, in one order. */
export function requestContent(request: SendRequest): string {
  const { sender, recipient, body, mediaUrls, category, onUnknown, metadata, inReplyTo } = request
  const { queue, sendAt, expiresAt, batch } = request
  const pairs = Object.entries(metadata).sort(([left], [right]) => (left < right ? -1 : left > right ? 1 : 0))
  const content = [sender, recipient, body, mediaUrls, category, onUnknown, pairs, inReplyTo ?? null]
  // Only where they are used: keys that were given before these members existed must still be recognised.
  const timing = queue || expiresAt !== undefined ? [queue, sendAt ?? null, expiresAt ?? null] : []
  return JSON.stringify([...content, ...timing, ...(batch === undefined ? [] : [batch.hash])])
}
