/**
 * A direct send that provably did not leave is tried again while its caller waits. No retry starts later than this
 * after its first attempt: callers give up, and an answer that nobody reads helps nobody.
 */
export const directRetryWindowMs = 10_000

const retryDelayMsMin = 250
const retryDelayMsMax = 4_000

export type RetryParams = {
  /** The attempt that just ended, 1 for the first. */
  readonly attemptNumber: number
  /** The provider's own wish (`Retry-After`), if it gave one. */
  readonly retryAfterMs: number | undefined
  /** Since the first attempt of this hand-over started: one that is sent again later begins anew. */
  readonly elapsedMs: number
  /** From 0 to 1, for jitter. */
  readonly chance: number
}

/** How long to wait before the next attempt of a direct send, or undefined to stop. */
export function directRetryDelayMs(params: RetryParams): number | undefined {
  const backoffMs = Math.min(retryDelayMsMin * 2 ** (params.attemptNumber - 1), retryDelayMsMax)
  const ownDelayMs = backoffMs * (0.5 + params.chance / 2)
  // Never earlier than the provider asked, and not at once because it says 0; jitter only adds, so that nodes do not
  // return together.
  const delayMs =
    params.retryAfterMs === undefined ? ownDelayMs : Math.max(ownDelayMs, params.retryAfterMs + 100 * params.chance)
  return params.elapsedMs + delayMs > directRetryWindowMs ? undefined : delayMs
}

const queueRetryDelayMsMax = 60_000
/** A provider that wants to be left alone for longer is asked again all the same. */
const queueRetryAfterMsMax = 15 * 60_000

/** How long the queue of a number rests after an attempt that was not sent. There is no last one: what is queued waits. */
export function queueRetryDelayMs(params: Omit<RetryParams, 'elapsedMs'>): number {
  const backoffMs = Math.min(1_000 * 2 ** Math.min(params.attemptNumber - 1, 10), queueRetryDelayMsMax)
  const ownDelayMs = backoffMs * (0.5 + params.chance / 2)
  if (params.retryAfterMs === undefined) return Math.ceil(ownDelayMs)
  const askedMs = Math.min(params.retryAfterMs, queueRetryAfterMsMax)
  return Math.ceil(Math.max(ownDelayMs, askedMs + 100 * params.chance))
}

const minuteMs = 60_000
/** After each try but the last: an outage of a provider may last a day. The first is well above what one try takes. */
const mediaRetryDelaysMs = [1, 5, 30, 120, 360, 720, 1_440].map((minutes) => minutes * minuteMs)

export const mediaTriesMax = mediaRetryDelaysMs.length + 1

/** How long to wait after a try to fetch media, 1 for the first. After the last one nothing is waited for. */
export function mediaRetryDelayMs(tries: number): number {
  return mediaRetryDelaysMs[Math.min(tries, mediaRetryDelaysMs.length) - 1] ?? minuteMs
}

/**
 * A message that may be sent again when nothing is heard of it (`on_unknown: resend`) gets this many attempts in all. Each
 * may have texted the person; a provider that swallows three of them will swallow a fourth.
 */
export const resendAttemptsMax = 3
