import type { FastifyReply } from 'fastify'
import { type RateLimit, windowMsByUnit } from '../core/api-key.ts'
import { SmsError } from '../core/errors.ts'
import type { Clock } from '../ports/clock.ts'
import type { ApiKeyStore, TakenRequests } from '../ports/store.ts'
import { retryAfterSeconds } from './errors.ts'

export type RateLimits = {
  /**
   * Counts a request of a limited key, and says in the answer's RateLimit fields how the key stands. When the database
   * cannot count, the request is refused like any other that needs the database.
   * @throws SmsError `rate_limited`, `unavailable`
   */
  admit(apiKeyId: number, limit: RateLimit, reply: FastifyReply): Promise<void>
}

/** What this process knows of the present window of one key. */
type Window = {
  /** Requests known to have been granted in it. There may be more: other processes ask too. */
  total: number
  /** On the monotonic clock. */
  endsAt: number
  /** Those that are to be asked for together, as soon as `asking` is done. */
  gathering: Batch | undefined
  asking: Promise<unknown>
}

type Batch = { size: number; readonly limit: RateLimit; readonly taken: Promise<TakenRequests> }

/** Of more keys, those met first are forgotten: their next request asks the store. */
const windowsMax = 10_000

export function makeRateLimits({
  store,
  clock,
}: {
  readonly store: { readonly apiKeys: Pick<ApiKeyStore, 'takeRequests'> }
  readonly clock: Clock
}): RateLimits {
  const windows = new Map<string, Window>()

  function windowOf(apiKeyId: number, { per }: RateLimit): Window {
    const name = `${apiKeyId} ${per}`
    const known = windows.get(name)
    if (known !== undefined) return known
    if (windows.size >= windowsMax) {
      const oldest = windows.keys().next().value
      if (oldest !== undefined) windows.delete(oldest)
    }
    const window = { total: 0, endsAt: 0, gathering: undefined, asking: Promise.resolve() }
    windows.set(name, window)
    return window
  }

  /**
   * One call to the store at a time for each key: in the database they would only wait for each other, each holding a
   * connection that other requests need. Those that come meanwhile share the next call.
   */
  function gather(window: Window, apiKeyId: number, limit: RateLimit): Batch {
    const taken = window.asking.then(async () => {
      window.gathering = undefined
      const found = await store.apiKeys.takeRequests({
        apiKeyId,
        windowMs: windowMsByUnit[limit.per],
        requestsMax: limit.requests,
        wanted: batch.size,
        now: clock.monotonicMs(),
      })
      window.total = found.total
      window.endsAt = clock.monotonicMs() + found.leftMs
      return found
    })
    const batch = { size: 0, limit, taken }
    // Its own requests are told of a failure; the next batch tries anew.
    window.asking = taken.catch(() => undefined)
    return batch
  }

  return {
    async admit(apiKeyId, limit, reply) {
      const window = windowOf(apiKeyId, limit)
      const leftMs = window.endsAt - clock.monotonicMs()
      if (leftMs > 0 && window.total >= limit.requests) return refuse(reply, limit, leftMs)
      window.gathering ??= gather(window, apiKeyId, limit)
      const batch = window.gathering
      batch.size++
      const place = batch.size
      const taken = await batch.taken
      if (place > taken.granted) return refuse(reply, batch.limit, taken.leftMs)
      const made = taken.total - taken.granted + place
      tell(reply, batch.limit, { remaining: batch.limit.requests - made, leftMs: taken.leftMs })
    },
  }
}

function refuse(reply: FastifyReply, limit: RateLimit, leftMs: number): never {
  tell(reply, limit, { remaining: 0, leftMs })
  const requests = limit.requests === 1 ? 'request' : 'requests'
  throw new SmsError(
    'rate_limited',
    `This API key may make ${limit.requests} ${requests} per ${limit.per}, and has made them. Nothing was done; try again in ${retryAfterSeconds(leftMs)} s.`,
    { retryAfterMs: leftMs },
  )
}

/**
 * Twice: as draft-ietf-httpapi-ratelimit-headers-11 has it, and in the three fields of its versions up to 06, which are
 * what clients read today. Seconds are rounded up, so that who waits for them does not come early.
 */
function tell(
  reply: FastifyReply,
  limit: RateLimit,
  { remaining, leftMs }: { readonly remaining: number; readonly leftMs: number },
): void {
  const resetSeconds = retryAfterSeconds(leftMs)
  reply.headers({
    'ratelimit-policy': `"${limit.per}";q=${limit.requests};w=${windowMsByUnit[limit.per] / 1_000}`,
    ratelimit: `"${limit.per}";r=${remaining};t=${resetSeconds}`,
    'ratelimit-limit': String(limit.requests),
    'ratelimit-remaining': String(remaining),
    'ratelimit-reset': resetSeconds,
  })
}
