/** Time and waiting, from outside, so that tests can step them. */
export interface Clock {
  /** Unix milliseconds, whole. Where processes share a database, by its clock and never ahead of it. */
  now(): number
  /** Milliseconds that only grow, for measuring; unrelated to `now`. */
  monotonicMs(): number
  /** Resolves after `ms`, or at once when the signal aborts (it does not throw: look at the signal). */
  sleep(ms: number, signal?: AbortSignal): Promise<void>
}
