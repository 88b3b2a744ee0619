import type { Failure } from './failure.ts'

/**
 * What became of one attempt, by what may have left the process. Only `not_sent` may be tried again without asking:
 * an `unknown` attempt may have texted the person, so it waits for evidence.
 */
export type SendOutcome =
  /** The provider answered 2xx with an id. */
  | { readonly kind: 'accepted'; readonly providerMessageId: string; readonly providerStatus: string }
  /** The provider answered, with a body of its own, that it refuses the message. */
  | { readonly kind: 'rejected'; readonly failure: Failure }
  /** Provably nothing was accepted: never connected, 429, or told to go slower. `retryAfterMs` is the provider's own wish. */
  | { readonly kind: 'not_sent'; readonly failure: Failure; readonly retryAfterMs?: number }
  /** It may have been accepted. `detail` says what happened, in words without numbers, bodies or secrets. */
  | { readonly kind: 'unknown'; readonly detail: string }

export const sendOutcomeKinds = ['accepted', 'rejected', 'not_sent', 'unknown'] as const satisfies SendOutcome['kind'][]
