import type { GuardedClient } from '../net/guarded-client.ts'
import type { EventAnswer, EventSender } from '../ports/event-sender.ts'
import { signedHeaders } from './signature.ts'

/** `client` must end its calls within `eventPostTimeoutMs`. */
export function makeEventSender({ client }: { readonly client: GuardedClient }): EventSender {
  return {
    async send(post): Promise<EventAnswer> {
      const result = await client.post({
        url: post.url,
        trusted: post.trusted,
        headers: { 'content-type': 'application/json', ...signedHeaders(post) },
        body: post.body,
      })
      if (result.kind === 'fault') return result
      const retryAfterMs = retryAfterOf(result.headers['retry-after'], post.at)
      return { kind: 'answer', status: result.status, ...(retryAfterMs === undefined ? {} : { retryAfterMs }) }
    },
  }
}

/** Seconds, or a date: RFC 9110, section 10.2.3. Anything else is ignored. */
function retryAfterOf(header: string | string[] | undefined, now: number): number | undefined {
  if (typeof header !== 'string') return undefined
  if (/^\d{1,9}$/.test(header)) return Number(header) * 1_000
  const date = /^[A-Za-z]{3}, /.test(header) ? Date.parse(header) : Number.NaN
  return Number.isNaN(date) ? undefined : Math.max(0, date - now)
}
