import { STATUS_CODES } from 'node:http'
import type { FastifyReply } from 'fastify'
import { type ErrorCode, errorCodes, SmsError } from '../core/errors.ts'
import { type FailureReason, failureReasons } from '../core/failure.ts'

/** The only place where an error becomes an HTTP status. */
const httpStatusByCode = {
  invalid_request: 400,
  recipient_opted_out: 400,
  opt_out_in_doubt: 409,
  superseded: 409,
  expired: 409,
  recipient_not_allowed: 400,
  country_not_allowed: 400,
  conversation_loop: 409,
  unanswered_limit: 409,
  recipient_cap: 429,
  assistant_cap: 429,
  organization_cap: 429,
  prefix_velocity: 429,
  spend_budget: 429,
  sender_busy: 429,
  unauthorized: 401,
  forbidden: 403,
  not_found: 404,
  sender_not_found: 404,
  method_not_allowed: 405,
  request_timeout: 408,
  conflict: 409,
  idempotency_in_progress: 409,
  body_too_large: 413,
  unsupported_media_type: 415,
  idempotency_key_reused: 422,
  rate_limited: 429,
  outcome_unknown: 500,
  internal: 500,
  overloaded: 503,
  unavailable: 503,
} as const satisfies Record<ErrorCode, number>

/** What was asked for was done. */
export const okHttpStatus = 200
/** A send that the provider refused, failed or did not answer: always this, whatever the reason. */
export const sendFailedHttpStatus = 500

/** Something was made. */
export const createdHttpStatus = 201
/** An answer that goes on as long as its reader stays. */
export const streamHttpStatus = 200
/** Done, and there is nothing to tell. */
export const noContentHttpStatus = 204

/** All values that `code` of an error body can have. */
export const errorBodyCodes: readonly (ErrorCode | FailureReason)[] = [
  ...new Set<ErrorCode | FailureReason>([...errorCodes, ...failureReasons]),
]

/** Every error body. `detail` is one sentence for a person, `code` one of a closed list for a program. */
export type ErrorBody = {
  readonly detail: string
  readonly code: ErrorCode | FailureReason
  readonly retryable?: boolean
  readonly [more: string]: unknown
}

const retryableCodes: ReadonlySet<ErrorCode> = new Set([
  'idempotency_in_progress',
  'sender_busy',
  'rate_limited',
  'overloaded',
  'unavailable',
])

export function httpStatusOf(code: ErrorCode): number {
  return httpStatusByCode[code]
}

/** Answers with an expected error: status, headers and body. */
export function replyWithError(reply: FastifyReply, error: SmsError, more: Record<string, unknown> = {}): FastifyReply {
  if (error.code === 'unauthorized') reply.header('www-authenticate', 'Bearer')
  if (error.retryAfterMs !== undefined) reply.header('retry-after', retryAfterSeconds(error.retryAfterMs))
  return reply.code(httpStatusOf(error.code)).send(errorBodyOf(error, more))
}

export function errorBodyOf(error: SmsError, more: Record<string, unknown> = {}): ErrorBody {
  return {
    detail: error.message,
    code: error.code,
    ...(retryableCodes.has(error.code) ? { retryable: true } : {}),
    ...more,
  }
}

/** What Node's HTTP parser refuses has no reply to answer by: status line and headers are written here. */
export function rawAnswerOf(parserCode: string | undefined): string {
  const { status, error } =
    parserCode === 'ERR_HTTP_REQUEST_TIMEOUT'
      ? refusal(new SmsError('request_timeout', 'The request did not arrive in time. Send it faster.'))
      : parserCode === 'HPE_HEADER_OVERFLOW'
        ? { status: 431, error: new SmsError('invalid_request', 'The request headers are too large.') }
        : refusal(new SmsError('invalid_request', 'The request is not valid HTTP.'))
  const body = JSON.stringify(errorBodyOf(error))
  return [
    `HTTP/1.1 ${status} ${STATUS_CODES[status]}`,
    'Content-Type: application/json',
    `Content-Length: ${Buffer.byteLength(body)}`,
    'Connection: close',
    '',
    body,
  ].join('\r\n')
}

function refusal(error: SmsError) {
  return { status: httpStatusOf(error.code), error }
}

/** What a caller is told of a bug or an outage. */
export function internalError(): SmsError {
  return new SmsError('internal', 'Something went wrong in Textbridge. The log has the details.')
}

/** Whole seconds, at least 1: `Retry-After: 0` invites a storm. */
export function retryAfterSeconds(ms: number): string {
  return String(Math.max(1, Math.ceil(ms / 1_000)))
}

/** What the HTTP layer itself throws (body parsing, limits), as errors of ours. Undefined for anything unexpected. */
export function expectedErrorOf(error: unknown): SmsError | undefined {
  if (error instanceof SmsError) return error
  if (!(error instanceof Error)) return undefined
  const code = 'code' in error && typeof error.code === 'string' ? error.code : ''
  const make = errorByFrameworkCode[code]
  if (make !== undefined) return make()
  // A body that is not JSON surfaces as a plain SyntaxError with the framework's 400.
  if ('statusCode' in error && error.statusCode === 400) return malformedJson()
  return undefined
}

export const bodyBytesMax = 64 * 1024

const malformedJson = () => new SmsError('invalid_request', 'The request body is not valid JSON.')

const errorByFrameworkCode: Readonly<Record<string, () => SmsError>> = {
  FST_ERR_CTP_BODY_TOO_LARGE: () =>
    new SmsError('body_too_large', `The request body is larger than ${bodyBytesMax} bytes. Send less in one request.`),
  FST_ERR_CTP_INVALID_MEDIA_TYPE: () =>
    new SmsError('unsupported_media_type', 'Send the body as JSON, with the header Content-Type: application/json.'),
  FST_ERR_CTP_EMPTY_JSON_BODY: () => new SmsError('invalid_request', 'The request body is empty. Send a JSON object.'),
  FST_ERR_CTP_INVALID_JSON_BODY: malformedJson,
  FST_ERR_CTP_INVALID_CONTENT_LENGTH: () =>
    new SmsError('invalid_request', 'The Content-Length header does not match the size of the body.'),
  FST_ERR_MAX_PARAM_LENGTH: () =>
    new SmsError('not_found', 'There is nothing at this address: a part of it is longer than any id.'),
  FST_ERR_BAD_URL: () => new SmsError('invalid_request', 'The address of the request is malformed.'),
}
