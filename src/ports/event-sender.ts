/** One event, worded, for one endpoint. */
export type EventPost = {
  readonly url: string
  /** The endpoint comes from the operator's own file: it may be on a private network and without TLS. */
  readonly trusted: boolean
  /** `whsec_…`; each of them signs. */
  readonly secrets: readonly string[]
  readonly webhookId: string
  /** When this try is made, Unix milliseconds. */
  readonly at: number
  readonly body: string
}

export type EventAnswer =
  /** Only the status counts; nothing of the answer is kept. */
  | { readonly kind: 'answer'; readonly status: number; readonly retryAfterMs?: number }
  /** No answer, in our words: without an address, a body or a secret. */
  | { readonly kind: 'fault'; readonly fault: string }

export interface EventSender {
  /** Exactly one request, redirects not followed. Ends within `eventPostTimeoutMs` and does not throw. */
  send(post: EventPost): Promise<EventAnswer>
}

/**
 * What an address is before it is called: the operator's own (which may be private and without TLS), one that may be
 * public, or one that can never be called: no https, a user name or password, or literally not a public address.
 */
export type JudgeAddress = (url: string) => 'trusted' | 'public' | 'refused'

export const eventPostTimeoutMs = 15_000
