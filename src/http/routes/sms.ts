import { Type } from 'typebox'
import { SmsError } from '../../core/errors.ts'
import { isUnresolved, keepsGuard, unknownAdvice } from '../../core/evidence.ts'
import { type Failure, traitsOf } from '../../core/failure.ts'
import type { Message, SendRequest } from '../../core/message.ts'
import { publicStatusOf } from '../../core/message-status.ts'
import type { MessageRecord, Store } from '../../ports/store.ts'
import type { SendResult } from '../../use-cases/send-message.ts'
import { callerOf } from '../auth.ts'
import { type ErrorBody, errorBodyOf, httpStatusOf, retryAfterSeconds, sendFailedHttpStatus } from '../errors.ts'
import type { App } from '../fastify.ts'
import { attemptBodyOf } from '../reading.ts'
import { commonErrors, errorAnswers, timeOf } from '../schemas/common.ts'
import { parseSendRequest } from '../schemas/send-request.ts'
import { sendAnswerSchema, sendBodySchema, statusAnswerSchema } from '../schemas/sms.ts'
import { findMessage } from './messages.ts'

export type SmsRouteParts = {
  readonly store: Store
  readonly sendMessage: (organizationId: number, request: SendRequest) => Promise<SendResult>
}

export function registerSmsRoutes(app: App, { store, sendMessage }: SmsRouteParts): void {
  app.post(
    '/sms/send',
    {
      config: { scopes: ['send'] },
      // The schema documents; parseSendRequest checks, in the order and the words of the contract.
      validatorCompiler: () => () => true,
      schema: {
        operationId: 'sendSms',
        summary: 'Send a text',
        tags: ['messages'],
        headers: Type.Object({ 'idempotency-key': Type.Optional(Type.String()) }),
        body: sendBodySchema,
        response: {
          200: sendAnswerSchema,
          ...errorAnswers({
            ...commonErrors,
            400: ['invalid_request', 'Invalid to_phone_number format. Use E.164 format (e.g., +1234567890)'],
            404: ['sender_not_found', 'No assistant found for phone number +1234567890'],
            409: [
              'idempotency_in_progress',
              'The first request with this idempotency key is still being sent. Ask again in a moment.',
            ],
            413: ['body_too_large', 'The request body is larger than 65536 bytes. Send less in one request.'],
            415: ['unsupported_media_type', 'Send the body as JSON, with the header Content-Type: application/json.'],
            422: [
              'idempotency_key_reused',
              'This idempotency key was used with a different request. Use a new key for a new message.',
            ],
            500: ['outcome_unknown', 'Failed to send SMS via telnyx'],
          }),
        },
      },
    },
    async (request, reply) => {
      const header = request.headers['idempotency-key']
      const sendRequest = parseSendRequest(request.body, Array.isArray(header) ? header.join(', ') : header)
      const result = await sendMessage(callerOf(request).organizationId, sendRequest)
      if (result.replayed) reply.header('idempotent-replayed', 'true')
      const { status, body, retryAfterMs } = answerBodyOf(result)
      if (retryAfterMs !== undefined) reply.header('retry-after', retryAfterSeconds(retryAfterMs))
      reply.code(status as 200)
      return body as never
    },
  )

  app.get(
    '/sms/:message_id/status',
    {
      config: { scopes: ['read', 'send'] },
      schema: {
        operationId: 'getSmsStatus',
        summary: 'What became of a text',
        description:
          'By our id or by the id of the provider. After an `outcome_unknown`, identical sends join the message until its end has been read here.',
        tags: ['messages'],
        params: Type.Object({ message_id: Type.String({ maxLength: 256 }) }),
        response: {
          200: statusAnswerSchema,
          ...errorAnswers({
            ...commonErrors,
            400: ['invalid_request', 'The request contains a NUL character or half of a surrogate pair.'],
            404: ['not_found', 'No message has this id.'],
          }),
        },
      },
    },
    async (request) => {
      const { organizationId } = callerOf(request)
      const record = await findMessage(store, organizationId, request.params.message_id)
      if (record === undefined) throw new SmsError('not_found', 'No message has this id.')
      const { message, attempts } = record
      // Whoever has read how it ended knows; until then a repetition of the request joined it.
      if (!isUnresolved(message.status) && keepsGuard(message.status, attempts))
        await store.sends.releaseGuard(organizationId, message.id)
      return statusBodyOf(record)
    },
  )
}

type Answer = { readonly status: number; readonly body: object; readonly retryAfterMs?: number }

function answerBodyOf({ answer, warnings, deduplicated }: SendResult): Answer {
  const { message } = answer
  const joined = deduplicated ? { deduplicated: true } : {}
  switch (answer.kind) {
    case 'sent':
      return {
        status: 200,
        body: {
          success: true,
          message_id: answer.providerMessageId,
          message: `SMS sent successfully via ${message.provider}`,
          provider: message.provider,
          id: message.id,
          status: 'sent',
          segments: message.segmentCount,
          encoding: message.encoding,
          warnings,
          ...joined,
        },
      }
    case 'failed': {
      const traits = traitsOf(answer.failure.reason)
      const body: ErrorBody = {
        detail: `Failed to send SMS via ${message.provider}`,
        code: answer.failure.reason,
        retryable: traits.retryable,
        id: message.id,
        status: message.status,
        provider: message.provider,
        provider_error: providerErrorOf(answer.failure),
        permanent: traits.permanent,
        actor: traits.actor,
        hint: traits.advice,
        ...joined,
      }
      return {
        status: sendFailedHttpStatus,
        body,
        ...(answer.retryAfterMs === undefined ? {} : { retryAfterMs: answer.retryAfterMs }),
      }
    }
    case 'refused': {
      const refusal = refusalOf(message)
      return {
        status: httpStatusOf(refusal.code),
        body: errorBodyOf(refusal, { retryable: false, id: message.id, status: message.status }),
      }
    }
    case 'unknown': {
      const body: ErrorBody = {
        detail: `Failed to send SMS via ${message.provider}`,
        code: 'outcome_unknown',
        retryable: true,
        id: message.id,
        status: message.status,
        provider: message.provider,
        hint: 'The text may have gone out: the provider gave no usable answer. Repeating this exact request is safe while it is unresolved, because it joins this message. GET /sms/{id}/status tells what became of it.',
        ...joined,
      }
      return { status: sendFailedHttpStatus, body }
    }
    default:
      return answer satisfies never
  }
}

function refusalOf({ failure }: Message): SmsError {
  switch (failure?.reason) {
    case 'superseded':
      return new SmsError('superseded', traitsOf('superseded').advice)
    case 'opt_out_in_doubt':
      return new SmsError('opt_out_in_doubt', traitsOf('opt_out_in_doubt').advice)
    default:
      return new SmsError(
        'recipient_opted_out',
        'The recipient has opted out of texts from this organization. Do not text them until they text START.',
      )
  }
}

function providerErrorOf(failure: Failure) {
  return { code: failure.providerCode ?? null, message: failure.providerMessage ?? null, reason: failure.reason }
}

function errorSentenceOf({ status, failure }: Message): string | null {
  if (failure !== undefined) return traitsOf(failure.reason).advice
  return status === 'unknown' ? unknownAdvice : null
}

function statusBodyOf({ message, attempts }: MessageRecord) {
  return {
    message_id: message.id,
    status: publicStatusOf(message.status),
    delivery_status: message.status,
    provider: message.provider,
    provider_message_id: message.providerMessageId ?? null,
    error: errorSentenceOf(message),
    ...(message.failure === undefined ? {} : { provider_error: providerErrorOf(message.failure) }),
    attempts: attempts.map(attemptBodyOf),
    segments: message.segmentCount,
    encoding: message.encoding,
    metadata: { ...message.metadata },
    created_at: timeOf(message.createdAt),
    updated_at: timeOf(message.updatedAt),
  }
}
