/**
 * The expected failures, as a closed list. An error that is not one of these is a bug or an outage: it is logged,
 * and shown to callers as `internal`. A message that a provider refused is not an error here but a result, and is
 * shown under its `FailureReason`.
 */
export const errorCodes = [
  'invalid_request',
  'recipient_opted_out',
  'opt_out_in_doubt',
  'superseded',
  'expired',
  'recipient_not_allowed',
  'country_not_allowed',
  'conversation_loop',
  'unanswered_limit',
  'recipient_cap',
  'assistant_cap',
  'organization_cap',
  'prefix_velocity',
  'spend_budget',
  'sender_busy',
  'unauthorized',
  'forbidden',
  'not_found',
  'sender_not_found',
  'conflict',
  'idempotency_in_progress',
  'idempotency_key_reused',
  'body_too_large',
  'unsupported_media_type',
  'request_timeout',
  'method_not_allowed',
  'outcome_unknown',
  'rate_limited',
  'overloaded',
  'unavailable',
  'internal',
] as const

export type ErrorCode = (typeof errorCodes)[number]

/** An expected failure. `message` is shown to the caller: it names the cause and the cure, and holds no secret. */
export class SmsError extends Error {
  override readonly name = 'SmsError'
  readonly code: ErrorCode
  /** When the caller may try again, if waiting is the cure. */
  readonly retryAfterMs: number | undefined

  constructor(code: ErrorCode, message: string, options: { retryAfterMs?: number; cause?: unknown } = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause })
    this.code = code
    this.retryAfterMs = options.retryAfterMs
  }
}
