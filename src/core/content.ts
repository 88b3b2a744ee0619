import type { SendRequest } from './message.ts'
import type { E164 } from './phone-number.ts'

/** What makes two sends identical: what the person would see twice. */
export function guardContent(content: {
  readonly organizationId: number
  readonly sender: E164
  readonly recipient: E164
  readonly body: string
  readonly mediaUrls: readonly string[]
}): string {
  const { organizationId, sender, recipient, body, mediaUrls } = content
  return JSON.stringify([organizationId, sender, recipient, body, mediaUrls])
}

/** What makes two requests the same under one idempotency key: everything but the key, in one order. */
export function requestContent(request: SendRequest): string {
  const { sender, recipient, body, mediaUrls, category, onUnknown, metadata, inReplyTo } = request
  const pairs = Object.entries(metadata).sort(([left], [right]) => (left < right ? -1 : left > right ? 1 : 0))
  return JSON.stringify([sender, recipient, body, mediaUrls, category, onUnknown, pairs, inReplyTo ?? null])
}
