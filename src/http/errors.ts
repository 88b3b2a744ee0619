import type { FastifyReply } from 'fastify'
import { type ErrorCode, errorCodes, SmsError } from '../core/errors.ts'
import { type FailureReason, failureReasons } from '../core/failure.ts'

/** The only place where an error becomes an HTTP status. */
const httpStatusByCode = {
  invalid_request: 400,
  recipient_opted_out: 400,
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
  outcome_unknown: 500,
  internal: 500,
  overloaded: 503,
  unavailable: 503,
} as const satisfies Record<ErrorCode, number>

/** A send that the provider refused, failed or did not answer: always this, whatever the reason. */
export const sendFailedHttpStatus = 500

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

const retryableCodes: ReadonlySet<ErrorCode> = new Set(['idempotency_in_progress', 'overloaded', 'unavailable'])

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
  if ('validation' in error && Array.isArray(error.validation))
    return new SmsError('invalid_request', sentenceOfValidation(error.validation[0]))
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
  FST_ERR_BAD_URL: () => new SmsError('invalid_request', 'The address of the request is malformed.'),
}

type ValidationProblem = { readonly instancePath?: unknown; readonly message?: unknown; readonly params?: unknown }

function sentenceOfValidation(problem: ValidationProblem | undefined): string {
  const path = typeof problem?.instancePath === 'string' ? problem.instancePath.slice(1).replaceAll('/', '.') : ''
  const message = typeof problem?.message === 'string' ? problem.message : 'is not valid'
  const params = problem?.params
  const extra =
    typeof params === 'object' && params !== null && 'additionalProperty' in params
      ? `: ${String(params.additionalProperty)}`
      : ''
  return `${path === '' ? 'The request' : path} ${message}${extra}.`
}
