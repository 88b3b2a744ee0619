import { SmsError } from '../core/errors.ts'
import { type Failure, traitsOf } from '../core/failure.ts'
import type { Message, ReachedLimit } from '../core/message.ts'
import { type RefusalRule, refusalRules } from '../core/send-decision.ts'
import { holdClause, refusalSentence } from '../core/verdict-sentence.ts'
import type { SendAnswer } from '../use-cases/send-answer.ts'
import type { SendResult } from '../use-cases/send-message.ts'
import { type ErrorBody, errorBodyOf, httpStatusOf, okHttpStatus, sendFailedHttpStatus } from './errors.ts'
import { timeOf } from './schemas/common.ts'

export type Answer = { readonly status: number; readonly body: object; readonly retryAfterMs?: number }

/** What the caller of a send is told; `now` in Unix milliseconds. */
export function answerBodyOf(result: SendResult, now: number): Answer {
  const { answer } = result
  switch (answer.kind) {
    case 'sent':
      return { status: okHttpStatus, body: sentBodyOf(result, answer) }
    case 'waiting':
      return { status: okHttpStatus, body: waitingBodyOf(result, answer) }
    case 'failed':
      return failedAnswerOf(result, answer)
    case 'refused':
      return refusedAnswerOf(answer.message, now)
    case 'unknown':
      return { status: sendFailedHttpStatus, body: unknownBodyOf(result, answer) }
    default:
      return answer satisfies never
  }
}

type AnswerOf<K extends SendAnswer['kind']> = SendAnswer & { readonly kind: K }

function sentBodyOf({ warnings, deduplicated }: SendResult, { message, providerMessageId }: AnswerOf<'sent'>) {
  return {
    success: true,
    message_id: providerMessageId,
    message: `SMS sent successfully via ${message.provider}`,
    provider: message.provider,
    id: message.id,
    status: 'sent',
    segments: message.segmentCount,
    encoding: message.encoding,
    warnings,
    ...joinedBodyOf(deduplicated),
  }
}

function waitingBodyOf(
  { warnings, deduplicated, expectedWaitMs }: SendResult,
  { message, status }: AnswerOf<'waiting'>,
) {
  const { provider, holdReason, sendAt, dueAt } = message
  const held =
    status === 'held' && holdReason !== undefined
      ? { hold_reason: holdReason, ...(dueAt === undefined ? {} : { held_until: timeOf(dueAt) }) }
      : {}
  return {
    success: true,
    message_id: message.id,
    message:
      status === 'held'
        ? `SMS held: ${holdReason === undefined ? 'it waits' : holdClause(holdReason)}`
        : `SMS ${status} successfully via ${provider}`,
    provider,
    id: message.id,
    status,
    segments: message.segmentCount,
    encoding: message.encoding,
    warnings,
    ...(expectedWaitMs === undefined ? {} : { expected_wait_seconds: secondsOf(expectedWaitMs) }),
    ...(sendAt === undefined ? {} : { send_at: timeOf(sendAt) }),
    ...held,
    ...joinedBodyOf(deduplicated),
  }
}

function failedAnswerOf({ deduplicated }: SendResult, { message, failure, retryAfterMs }: AnswerOf<'failed'>): Answer {
  const traits = traitsOf(failure.reason)
  const body: ErrorBody = {
    detail: `Failed to send SMS via ${message.provider}`,
    code: failure.reason,
    retryable: traits.retryable,
    id: message.id,
    status: message.status,
    provider: message.provider,
    provider_error: providerErrorOf(failure),
    permanent: traits.permanent,
    actor: traits.actor,
    hint: traits.advice,
    ...joinedBodyOf(deduplicated),
  }
  return { status: sendFailedHttpStatus, body, ...(retryAfterMs === undefined ? {} : { retryAfterMs }) }
}

function refusedAnswerOf({ id, status, failure, reachedLimit }: Message, now: number): Answer {
  const rule: RefusalRule = refusalRules.find((known) => known === failure?.reason) ?? 'recipient_opted_out'
  const { retryable, advice } = traitsOf(rule)
  const refusal = new SmsError(rule, refusalSentence(rule, reachedLimit))
  const retryAt = reachedLimit?.retryAt
  return {
    status: httpStatusOf(rule),
    body: errorBodyOf(refusal, { retryable, id, status, ...limitBodyOf(reachedLimit), hint: advice }),
    ...(retryAt === undefined ? {} : { retryAfterMs: retryAt - now }),
  }
}

function unknownBodyOf({ deduplicated }: SendResult, { message }: AnswerOf<'unknown'>): ErrorBody {
  return {
    detail: `Failed to send SMS via ${message.provider}`,
    code: 'outcome_unknown',
    retryable: true,
    id: message.id,
    status: message.status,
    provider: message.provider,
    hint: 'The text may have gone out: the provider gave no usable answer. Repeating this exact request is safe while it is unresolved, because it joins this message. GET /sms/{id}/status tells what became of it.',
    ...joinedBodyOf(deduplicated),
  }
}

function joinedBodyOf(deduplicated: boolean) {
  return deduplicated ? { deduplicated: true } : {}
}

export function providerErrorOf(failure: Failure) {
  return { code: failure.providerCode ?? null, message: failure.providerMessage ?? null, reason: failure.reason }
}

/** The limit that refused it, if one did. */
export function limitBodyOf(reached: ReachedLimit | undefined) {
  return reached === undefined ? {} : { limit: reached.limit, count: reached.count, per: reached.per }
}

/** Rounded up: who waits so long does not come early. */
export function secondsOf(ms: number): number {
  return Math.ceil(ms / 1_000)
}
