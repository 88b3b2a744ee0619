import { Type } from 'typebox'
import {
  bodyLengthMax,
  categories,
  idempotencyKeyLengthMax,
  mediaCountMax,
  mediaUrlLengthMax,
  onUnknownChoices,
} from '../../core/message.ts'
import { messageStatuses } from '../../core/message-status.ts'
import { e164Schema, nullable, numberExample, timeSchema } from './common.ts'
import { attemptSchema, holdReasonSchema, waitingFields } from './messages.ts'

export const messageIdExample = 'msg_01K9Z3V5W6X7Y8Z9A0B1C2D3E4'
const publicStatusSchema = Type.String({ enum: ['queued', 'sending', 'sent', 'failed', 'cancelled'] })
export const encodingSchema = Type.String({ enum: ['gsm-7', 'ucs-2'] })

export const idempotencyKeySchema = Type.Optional(
  Type.Union([Type.String({ minLength: 1, maxLength: idempotencyKeyLengthMax }), Type.Null()], {
    description: 'The same key and request give the first answer again. The header Idempotency-Key goes first.',
  }),
)

/** What every message that is handed in may say. */
const messageFields = {
  from_phone_number: e164Schema('Sending number in E.164; must belong to one of your assistants.'),
  to_phone_number: e164Schema('Recipient in E.164.'),
  message: Type.String({ minLength: 1, maxLength: bodyLengthMax, description: 'The text. Not blank.' }),
  media_urls: Type.Optional(
    Type.Union([
      Type.Array(Type.String({ format: 'uri', maxLength: mediaUrlLengthMax }), { maxItems: mediaCountMax }),
      Type.Null(),
    ]),
  ),
  category: Type.Optional(Type.String({ enum: [...categories], default: 'conversation' })),
  on_unknown: Type.Optional(
    Type.String({
      enum: [...onUnknownChoices],
      default: 'hold',
      description:
        'When nothing is heard of it. `hold`: it becomes `unknown` after the window. `resend`: it is sent again, three attempts at most, and the person may get it more than once.',
    }),
  ),
  metadata: Type.Optional(
    Type.Record(Type.String(), Type.String(), {
      description: 'Up to 20 pairs of your own, returned with the message.',
    }),
  ),
  in_reply_to: Type.Optional(
    Type.Union([Type.String(), Type.Null()], {
      description: 'Id of an inbound message; refused (`409`, `superseded`) when the person has written again since.',
    }),
  ),
  send_at: Type.Optional(
    nullable(
      Type.String({
        format: 'date-time',
        description:
          'Not before this instant (up to a minute ago counts as now), at most 366 days ahead. Implies the queue.',
      }),
    ),
  ),
  expires_at: Type.Optional(
    nullable(Type.String({ format: 'date-time', description: 'Not from this instant on: then it becomes `expired`.' })),
  ),
}

/** The documented shape; `parseSendRequest` is what checks it, because its sentences are part of the contract. */
export const sendBodySchema = Type.Object(
  {
    ...messageFields,
    idempotency_key: idempotencyKeySchema,
    queue: Type.Optional(
      nullable(
        Type.Boolean({
          default: false,
          description: 'Take it in, answer at once, and send it at the pace of its number. Survives everything.',
        }),
      ),
    ),
    dry_run: Type.Optional(
      nullable(
        Type.Boolean({
          default: false,
          description: 'Send and store nothing; answer what would happen, and everything that stands against it.',
        }),
      ),
    ),
  },
  {
    title: 'SendRequest',
    additionalProperties: true,
    examples: [
      { from_phone_number: numberExample, to_phone_number: '+1987654321', message: 'Your table is ready.' },
      {
        from_phone_number: numberExample,
        to_phone_number: '+1987654321',
        message: 'Here is the menu.',
        media_urls: ['https://example.com/menu.jpg'],
      },
    ],
  },
)

export const waitSecondsSchema = Type.Integer({
  description: 'How long it will probably wait at the pace of its number, from now.',
})

export const batchMessageSchema = Type.Object(
  {
    ...messageFields,
    queue: Type.Optional(nullable(Type.Boolean({ const: true, description: 'All messages of a batch are queued.' }))),
  },
  { title: 'BatchMessage', additionalProperties: true },
)

export const sendAnswerExamples = [
  {
    success: true,
    message_id: 'SM1234567890abcdef',
    message: 'SMS sent successfully via twilio',
    provider: 'twilio',
    id: messageIdExample,
    status: 'sent',
    segments: 1,
    encoding: 'gsm-7',
    warnings: [],
  },
  {
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
]

export const sendAnswerSchema = Type.Object(
  {
    success: Type.Boolean({ const: true }),
    message_id: Type.String({ description: "The provider's own id; ours for what waits." }),
    message: Type.String(),
    provider: Type.String(),
    id: Type.String({ description: 'Our id of the message.' }),
    status: Type.String({
      enum: ['sent', 'queued', 'scheduled', 'held'],
      description: '`sent`: through the provider, in this request. Otherwise it waits, and nothing will lose it.',
    }),
    segments: Type.Integer(),
    encoding: encodingSchema,
    warnings: Type.Array(Type.String()),
    expected_wait_seconds: Type.Optional(waitSecondsSchema),
    send_at: Type.Optional(timeSchema),
    hold_reason: Type.Optional(holdReasonSchema),
    held_until: Type.Optional(
      Type.String({ format: 'date-time', description: 'It goes on by itself then. Absent: somebody must let it go.' }),
    ),
    deduplicated: Type.Optional(Type.Boolean({ description: 'It joined an identical message.' })),
  },
  {
    title: 'SendAnswer',
    examples: sendAnswerExamples,
  },
)

export const statusAnswerSchema = Type.Object(
  {
    message_id: Type.String({ description: 'Our id.' }),
    status: publicStatusSchema,
    delivery_status: Type.String({ enum: [...messageStatuses], description: 'The full vocabulary.' }),
    provider: Type.String(),
    provider_message_id: Type.Union([Type.String(), Type.Null()]),
    error: Type.Union([Type.String(), Type.Null()]),
    provider_error: Type.Optional(
      Type.Object({
        code: Type.Union([Type.String(), Type.Null()]),
        message: Type.Union([Type.String(), Type.Null()]),
        reason: Type.String(),
      }),
    ),
    attempts: Type.Array(attemptSchema),
    segments: Type.Integer(),
    encoding: Type.String(),
    metadata: Type.Record(Type.String(), Type.String()),
    ...waitingFields,
    expected_wait_seconds: nullable(waitSecondsSchema),
    created_at: timeSchema,
    updated_at: timeSchema,
  },
  {
    title: 'MessageStatus',
    examples: [
      {
        message_id: messageIdExample,
        status: 'sent',
        delivery_status: 'sent',
        provider: 'twilio',
        provider_message_id: 'SM1234567890abcdef',
        error: null,
        attempts: [
          {
            number: 1,
            started_at: '2027-01-31T12:00:00.000Z',
            finished_at: '2027-01-31T12:00:00.250Z',
            outcome: 'accepted',
            detail: 'queued',
          },
        ],
        segments: 1,
        encoding: 'gsm-7',
        metadata: {},
        send_at: null,
        expires_at: null,
        hold_reason: null,
        held_until: null,
        reached_limit: null,
        expected_wait_seconds: null,
        created_at: '2027-01-31T12:00:00.000Z',
        updated_at: '2027-01-31T12:00:00.250Z',
      },
    ],
  },
)

export const cancelAnswerSchema = Type.Object(
  {
    success: Type.Boolean({ description: 'It is cancelled, and will not be sent.' }),
    message_id: Type.String({ description: 'Our id.' }),
    message: Type.String(),
    previous_status: publicStatusSchema,
    new_status: publicStatusSchema,
  },
  {
    title: 'CancelAnswer',
    examples: [
      {
        success: true,
        message_id: messageIdExample,
        message: 'SMS cancelled',
        previous_status: 'queued',
        new_status: 'cancelled',
      },
      {
        success: false,
        message_id: messageIdExample,
        message: 'SMS not cancelled: it has been sent',
        previous_status: 'sent',
        new_status: 'sent',
      },
    ],
  },
)
