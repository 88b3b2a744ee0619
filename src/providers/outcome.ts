import type { Failure, FailureReason } from '../core/failure.ts'
import type { ProviderAccount } from '../core/organization.ts'
import type { SendOutcome } from '../core/send-outcome.ts'
import type { HttpResult } from '../net/http-client.ts'
import type { OutboundMessage } from '../ports/provider.ts'
import { parseJson, quietSentence, saidBy } from './reading.ts'

/** A provider's own error body, as its adapter read it. */
export type ProviderError = { readonly code: string; readonly message: string }

/** What an adapter knows about its provider's answers. Both readers get unknown JSON and trust nothing in it. */
export type AnswerReading = {
  readonly accepted: (body: unknown) => { readonly id: string; readonly status: string } | undefined
  readonly error: (body: unknown) => ProviderError | undefined
  readonly reasonByCode: Readonly<Record<string, FailureReason>>
  /** Codes after which the message may have been accepted all the same. */
  readonly ambiguousCodes: ReadonlySet<string>
  /** Codes that say, with whatever 4xx, that it gets too much and has taken nothing: not a failure, but not yet sent. */
  readonly tooFastCodes: ReadonlySet<string>
}

/** What was sent, so that the answer cannot give it away; `now` is Unix milliseconds, for `Retry-After` dates. */
export type Sent = { readonly message: OutboundMessage; readonly account: ProviderAccount; readonly now: number }

/** One provider answer into an outcome, by what it proves. */
export function outcomeOf(result: HttpResult, reading: AnswerReading, sent: Sent): SendOutcome {
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
  const detail = `HTTP ${status}${error === undefined ? '' : `, code ${error.code}`}`
  if (status < 400 || status === 408 || status >= 500) return { kind: 'unknown', detail }
  if (error !== undefined && reading.ambiguousCodes.has(error.code)) return { kind: 'unknown', detail }
  const failure = error === undefined ? undefined : failureOf({ status, error, reading, sent })
  if (status === 429 || (error !== undefined && reading.tooFastCodes.has(error.code))) {
    const retryAfterMs = parseRetryAfter(result.headers['retry-after'], sent.now)
    return {
      kind: 'not_sent',
      failure: { providerCode: detail, ...failure, reason: 'rate_limited' },
      ...(retryAfterMs === undefined ? {} : { retryAfterMs }),
    }
  }
  // Whoever answered without the provider's own error (a proxy, a filter) may have done so after passing the text on.
  return failure === undefined
    ? { kind: 'unknown', detail: `${detail} without an error of the provider` }
    : { kind: 'rejected', failure }
}

function failureOf(answer: {
  readonly status: number
  readonly error: ProviderError
  readonly reading: AnswerReading
  readonly sent: Sent
}): Failure {
  const { status, error, reading, sent } = answer
  const known = Object.hasOwn(reading.reasonByCode, error.code) ? reading.reasonByCode[error.code] : undefined
  const ownWords = [sent.message.body, ...Object.values(sent.account.secrets)]
  return {
    reason: known ?? (status === 401 ? 'authentication_failed' : 'unrecognized'),
    providerCode: error.code,
    ...saidBy(quietSentence(error.message, ownWords)),
  }
}

const httpDate = /^[A-Z][a-z]{2}, \d{2} [A-Z][a-z]{2} \d{4} \d{2}:\d{2}:\d{2} GMT$/

/** Seconds or an HTTP date (RFC 9110, 10.2.3); anything else counts as absent (`Date.parse` reads a date in "1.5"). */
function parseRetryAfter(header: string | string[] | undefined, now: number): number | undefined {
  const value = Array.isArray(header) ? header[0] : header
  if (value === undefined) return undefined
  if (/^\d{1,9}$/.test(value)) return Number(value) * 1_000
  const date = httpDate.test(value) ? Date.parse(value) : Number.NaN
  return Number.isNaN(date) ? undefined : Math.max(0, date - now)
}
