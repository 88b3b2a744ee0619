import { Type } from 'typebox'
import { isUnresolved, keepsGuard, unknownAdvice } from '../../core/evidence.ts'
import { traitsOf } from '../../core/failure.ts'
import type { Message, SendRequest } from '../../core/message.ts'
import { type MessageStatus, publicStatusOf } from '../../core/message-status.ts'
import type { Clock } from '../../ports/clock.ts'
import type { MessageRecord, Store } from '../../ports/store.ts'
import type { Cancellation } from '../../use-cases/cancel-message.ts'
import type { SendPreview } from '../../use-cases/preview-send.ts'
import type { SendResult } from '../../use-cases/send-message.ts'
import { callerOf } from '../auth.ts'
import { retryAfterSeconds } from '../errors.ts'
import type { App } from '../fastify.ts'
import { orNotFound } from '../management.ts'
import { waitingBodyOf } from '../message-body.ts'
import { attemptBodyOf } from '../reading.ts'
import { commonErrors, errorAnswers, timeOf } from '../schemas/common.ts'
import { messageIdParams } from '../schemas/messages.ts'
import { sendOrPreviewSchema } from '../schemas/send-preview.ts'
import { parseSendRequest } from '../schemas/send-request.ts'
import { cancelAnswerSchema, sendBodySchema, statusAnswerSchema } from '../schemas/sms.ts'
import { answerBodyOf, providerErrorOf, secondsOf } from '../send-answer-body.ts'
import { previewBodyOf } from '../send-preview-body.ts'
import { findMessage, noMessage } from './messages.ts'

export type SmsRouteParts = {
  readonly store: Store
  readonly clock: Clock
  readonly sendMessage: (organizationId: number, request: SendRequest) => Promise<SendResult>
  readonly previewSend: (organizationId: number, request: SendRequest) => Promise<SendPreview>
  readonly cancelMessage: (organizationId: number, id: string) => Promise<Cancellation | undefined>
  /** In milliseconds, of a message that waits for nothing but its turn and its time. */
  readonly findWait: (message: Message) => Promise<number | undefined>
}

export function registerSmsRoutes(app: App, parts: SmsRouteParts): void {
  registerSend(app, parts)
  registerStatus(app, parts)
  registerCancel(app, parts)
}

function registerSend(app: App, { clock, sendMessage, previewSend }: SmsRouteParts): void {
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
          200: sendOrPreviewSchema,
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
      const { organizationId } = callerOf(request)
      const { request: sendRequest, isDryRun } = parseSendRequest(request.body, {
        idempotencyKeyHeader: headerOf(request.headers['idempotency-key']),
        now: clock.now(),
      })
      if (isDryRun) return previewBodyOf(await previewSend(organizationId, sendRequest))
      const result = await sendMessage(organizationId, sendRequest)
      if (result.replayed) reply.header('idempotent-replayed', 'true')
      const { status, body, retryAfterMs } = answerBodyOf(result, clock.now())
      if (retryAfterMs !== undefined) reply.header('retry-after', retryAfterSeconds(retryAfterMs))
      reply.code(status as 200)
      return body as never
    },
  )
}

/** A header that stands twice is one value to HTTP. */
export function headerOf(header: string | readonly string[] | undefined): string | undefined {
  return typeof header === 'object' ? header.join(', ') : header
}

function registerStatus(app: App, { store, clock, findWait }: SmsRouteParts): void {
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
        params: messageIdParams,
        response: {
          200: statusAnswerSchema,
          ...errorAnswers({
            ...commonErrors,
            400: ['invalid_request', 'The request contains a NUL character or half of a surrogate pair.'],
            404: ['not_found', noMessage],
          }),
        },
      },
    },
    async (request) => {
      const { organizationId } = callerOf(request)
      const record = orNotFound(await findMessage(store, organizationId, request.params.message_id), noMessage)
      const { message, attempts } = record
      const now = clock.now()
      // Whoever has read how it ended knows; until then a repetition of the request joined it.
      if (!isUnresolved(message.status) && keepsGuard(message.status, attempts, { ...message, now }))
        await store.sends.releaseGuard(organizationId, message.id, now)
      return statusBodyOf(record, await findWait(message))
    },
  )
}

function registerCancel(app: App, { cancelMessage }: SmsRouteParts): void {
  app.delete(
    '/sms/:message_id',
    {
      config: { scopes: ['send', 'operate', 'manage'] },
      schema: {
        operationId: 'cancelSms',
        summary: 'Cancel a text that waits',
        description:
          'By our id or by the id of the provider. What is queued, scheduled or held never leaves after `success: true`; what has been handed to its provider cannot be called back: `success: false`.',
        tags: ['messages'],
        params: messageIdParams,
        response: {
          200: cancelAnswerSchema,
          ...errorAnswers({
            ...commonErrors,
            400: ['invalid_request', 'The request contains a NUL character or half of a surrogate pair.'],
            404: ['not_found', noMessage],
          }),
        },
      },
    },
    async (request) => {
      const { organizationId } = callerOf(request)
      return cancelBodyOf(orNotFound(await cancelMessage(organizationId, request.params.message_id), noMessage))
    },
  )
}

function errorSentenceOf({ status, failure }: Message): string | null {
  if (failure !== undefined) return traitsOf(failure.reason).advice
  return status === 'unknown' ? unknownAdvice : null
}

function statusBodyOf({ message, attempts }: MessageRecord, waitMs: number | undefined) {
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
    ...waitingBodyOf(message),
    expected_wait_seconds: waitMs === undefined ? null : secondsOf(waitMs),
    created_at: timeOf(message.createdAt),
    updated_at: timeOf(message.updatedAt),
  }
}

function cancelBodyOf({ messageId, canceled, previous, now }: Cancellation) {
  return {
    success: canceled || now === 'canceled',
    message_id: messageId,
    message: canceled ? 'SMS cancelled' : notCanceledSentence(now),
    previous_status: publicStatusOf(previous),
    new_status: publicStatusOf(now),
  }
}

/** Whoever repeats a cancellation whose answer was lost gets what they want. */
function notCanceledSentence(status: MessageStatus): string {
  switch (status) {
    case 'canceled':
      return 'SMS was cancelled before'
    case 'received':
      return 'SMS not cancelled: it is a text that was received'
    case 'sending':
    case 'unknown':
      return 'SMS not cancelled: it has been handed to the provider'
    case 'sent':
    case 'delivered':
    case 'undelivered':
      return 'SMS not cancelled: it has been sent'
    case 'failed':
    case 'expired':
    case 'suppressed':
      return 'SMS not cancelled: it has ended without being sent'
    case 'queued':
    case 'scheduled':
    case 'held':
      return 'SMS not cancelled: it is about to be sent'
    default:
      return status satisfies never
  }
}
