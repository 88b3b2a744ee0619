import { hash } from 'node:crypto'
import { Type } from 'typebox'
import { SmsError } from '../../core/errors.ts'
import { messagesPerBatchMax, type SendRequest } from '../../core/message.ts'
import type { Batch } from '../../use-cases/send-batch.ts'
import { canonicalJson } from '../canonical-json.ts'
import { numberExample } from './common.ts'
import { parseBatchMessage, parseIdempotencyKey } from './send-request.ts'
import { batchMessageSchema, idempotencyKeySchema, messageIdExample } from './sms.ts'

/** A message with all its fields takes some kilobytes; so a thousand ordinary ones fit well. */
export const batchBytesMax = 4 * 1024 * 1024

/** The documented shape; `parseBatch` is what checks it, each message for itself. */
export const batchBodySchema = Type.Object(
  {
    messages: Type.Array(batchMessageSchema, { minItems: 1, maxItems: messagesPerBatchMax }),
    idempotency_key: idempotencyKeySchema,
  },
  {
    title: 'BatchRequest',
    additionalProperties: true,
    examples: [
      {
        messages: [
          { from_phone_number: numberExample, to_phone_number: '+1987654321', message: 'Your table is ready.' },
          { from_phone_number: numberExample, to_phone_number: '+1987654322', message: 'Your table is ready.' },
        ],
        idempotency_key: 'tables-2027-01-31',
      },
    ],
  },
)

export const batchAnswerSchema = Type.Object(
  {
    accepted: Type.Integer({ description: 'How many were taken in, or had been before.' }),
    refused: Type.Integer({ description: 'How many were not.' }),
    results: Type.Array(
      Type.Object(
        {
          status_code: Type.Integer({ description: 'What POST /sms/send would have answered, with the body beside.' }),
          retry_after_seconds: Type.Optional(Type.Integer({ description: 'As the header of that answer.' })),
        },
        { title: 'BatchResult', additionalProperties: true },
      ),
      { description: 'One for each message, in their order.' },
    ),
  },
  {
    title: 'BatchAnswer',
    examples: [
      {
        accepted: 1,
        refused: 1,
        results: [
          {
            status_code: 200,
            success: true,
            message_id: messageIdExample,
            message: 'SMS queued successfully via telnyx',
            provider: 'telnyx',
            id: messageIdExample,
            status: 'queued',
            segments: 1,
            encoding: 'gsm-7',
            warnings: [],
            expected_wait_seconds: 3,
          },
          { status_code: 400, detail: 'message is required', code: 'invalid_request' },
        ],
      },
    ],
  },
)

/**
 * A batch with each of its messages read for itself: those that are wrong become errors in their places.
 *
 * @throws SmsError `invalid_request` when it is no batch
 */
export function parseBatch(
  body: unknown,
  { idempotencyKeyHeader, now }: { readonly idempotencyKeyHeader: string | undefined; readonly now: number },
): Omit<Batch, 'organizationId'> {
  if (typeof body !== 'object' || body === null || Array.isArray(body))
    throw invalid('The request body must be a JSON object.')
  const { messages = null, idempotency_key = null }: { messages?: unknown; idempotency_key?: unknown } = body
  if (messages === null) throw invalid('messages is required')
  if (!Array.isArray(messages) || messages.length === 0 || messages.length > messagesPerBatchMax)
    throw invalid(`messages must be an array of 1 to ${messagesPerBatchMax} messages.`)
  const idempotencyKey = parseIdempotencyKey(idempotencyKeyHeader ?? idempotency_key)
  const requestHash = hash('sha256', canonicalJson(messages), 'hex')
  return {
    requestHash,
    entries: messages.map((message: unknown, index) =>
      entryOf(message, { idempotencyKey, batch: { hash: requestHash, index }, now }),
    ),
    ...(idempotencyKey === undefined ? {} : { idempotencyKey }),
  }
}

function entryOf(message: unknown, params: Parameters<typeof parseBatchMessage>[1]): SendRequest | SmsError {
  try {
    return parseBatchMessage(message, params)
  } catch (error) {
    if (error instanceof SmsError) return error
    throw error
  }
}

function invalid(sentence: string): SmsError {
  return new SmsError('invalid_request', sentence)
}
