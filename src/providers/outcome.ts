import { type Failure, type FailureReason, providerMessageLengthMax } from '../core/failure.ts'
import type { SendOutcome } from '../core/send-outcome.ts'
import type { HttpResult } from '../net/http-client.ts'

/** A provider's own error body, as its adapter read it. */
export type ProviderError = { readonly code: string; readonly message: string }

/** What an adapter knows about its provider's answers. Both readers get unknown JSON and trust nothing in it. */
export type AnswerReading = {
  readonly accepted: (body: unknown) => { readonly id: string; readonly status: string } | undefined
  readonly error: (body: unknown) => ProviderError | undefined
  readonly reasonByCode: Readonly<Record<string, FailureReason>>
  /** Codes after which the message may have been accepted all the same. */
  readonly ambiguousCodes: ReadonlySet<string>
}

/** One provider answer into an outcome, by what it proves. `now` is Unix milliseconds, for `Retry-After` dates. */
export function outcomeOf(result: HttpResult, reading: AnswerReading, now: number): SendOutcome {
  if (result.kind === 'not_sent')
    return { kind: 'not_sent', failure: { reason: 'provider_unavailable', providerMessage: result.detail } }
  if (result.kind === 'unknown') return result
  const { status } = result
  const body = parseJson(result.body)
  if (status >= 200 && status < 300) {
    const accepted = reading.accepted(body)
    return accepted === undefined
      ? { kind: 'unknown', detail: `HTTP ${status} without a message id` }
      : { kind: 'accepted', providerMessageId: accepted.id, providerStatus: accepted.status }
  }
  const error = reading.error(body)
  if (
    status < 400 ||
    status === 408 ||
    status >= 500 ||
    (error !== undefined && reading.ambiguousCodes.has(error.code))
  )
    return { kind: 'unknown', detail: `HTTP ${status}${error === undefined ? '' : `, code ${error.code}`}` }
  const failure = failureOf(status, error, reading.reasonByCode)
  if (status === 429) {
    const retryAfterMs = parseRetryAfter(result.headers['retry-after'], now)
    return {
      kind: 'not_sent',
      failure: { ...failure, reason: 'rate_limited' },
      ...(retryAfterMs === undefined ? {} : { retryAfterMs }),
    }
  }
  return { kind: 'rejected', failure }
}

function failureOf(
  status: number,
  error: ProviderError | undefined,
  reasonByCode: AnswerReading['reasonByCode'],
): Failure {
  const byStatus: FailureReason = status === 401 ? 'authentication_failed' : 'unrecognized'
  if (error === undefined) return { reason: byStatus, providerCode: `HTTP ${status}` }
  const reason = Object.hasOwn(reasonByCode, error.code) ? reasonByCode[error.code] : undefined
  return {
    reason: reason ?? byStatus,
    providerCode: error.code,
    ...(error.message === '' ? {} : { providerMessage: masked(error.message) }),
  }
}

/** Provider sentences quote numbers and ids; ours go into logs and answers of others' systems. */
function masked(sentence: string): string {
  return sentence.replace(/\d{5,}/g, (digits) => '*'.repeat(digits.length)).slice(0, providerMessageLengthMax)
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    // Not JSON is an answer too: the readers find nothing in it.
    return undefined
  }
}

/** Seconds or an HTTP date (RFC 9110, 10.2.3); anything else counts as absent. */
function parseRetryAfter(header: string | string[] | undefined, now: number): number | undefined {
  const value = Array.isArray(header) ? header[0] : header
  if (value === undefined) return undefined
  if (/^\d{1,9}$/.test(value)) return Number(value) * 1_000
  const date = Date.parse(value)
  return Number.isNaN(date) ? undefined : Math.max(0, date - now)
}

export function memberOf(value: unknown, name: string): unknown {
  return typeof value === 'object' && value !== null && Object.hasOwn(value, name)
    ? (value as Record<string, unknown>)[name]
    : undefined
}

/** Text as an id or a status must be: not empty, not endless. */
export function shortText(value: unknown): string | undefined {
  return typeof value === 'string' && value !== '' && value.length <= 256 ? value : undefined
}
