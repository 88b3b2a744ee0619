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
import { e164Schema, numberExample, timeSchema } from './common.ts'
import { attemptSchema } from './messages.ts'

/** The documented shape; `parseSendRequest` is what checks it, because its sentences are part of the contract. */
export const sendBodySchema = Type.Object(
  {
    from_phone_number: e164Schema('Sending number in E.164; must belong to one of your assistants.'),
    to_phone_number: e164Schema('Recipient in E.164.'),
    message: Type.String({ minLength: 1, maxLength: bodyLengthMax, description: 'The text. Not blank.' }),
    media_urls: Type.Optional(
      Type.Union([
        Type.Array(Type.String({ format: 'uri', maxLength: mediaUrlLengthMax }), { maxItems: mediaCountMax }),
        Type.Null(),
      ]),
    ),
    idempotency_key: Type.Optional(
      Type.Union([Type.String({ minLength: 1, maxLength: idempotencyKeyLengthMax }), Type.Null()], {
        description: 'The same key and request give the first answer again. The header Idempotency-Key goes first.',
      }),
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
    queue: Type.Optional(Type.Boolean({ const: false, description: 'This version sends at once.' })),
    dry_run: Type.Optional(Type.Boolean({ const: false, description: 'Not supported by this version.' })),
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

export const sendAnswerSchema = Type.Object(
  {
    success: Type.Boolean({ const: true }),
    message_id: Type.String({ description: "The provider's own id." }),
    message: Type.String(),
    provider: Type.String(),
    id: Type.String({ description: 'Our id of the message.' }),
    status: Type.String({ enum: ['sent'] }),
    segments: Type.Integer(),
    encoding: Type.String({ enum: ['gsm-7', 'ucs-2'] }),
    warnings: Type.Array(Type.String()),
    deduplicated: Type.Optional(Type.Boolean({ description: 'It joined an identical send that was unresolved.' })),
  },
  {
    title: 'SendAnswer',
    description: 'Sent through the provider, in this request.',
    examples: [
      {
        success: true,
        message_id: 'SM1234567890abcdef',
        message: 'SMS sent successfully via twilio',
        provider: 'twilio',
        id: 'msg_01K9Z3V5W6X7Y8Z9A0B1C2D3E4',
        status: 'sent',
        segments: 1,
        encoding: 'gsm-7',
        warnings: [],
      },
    ],
  },
)

export const statusAnswerSchema = Type.Object(
  {
    message_id: Type.String({ description: 'Our id.' }),
    status: Type.String({ enum: ['queued', 'sending', 'sent', 'failed', 'cancelled'] }),
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
    created_at: timeSchema,
    updated_at: timeSchema,
  },
  {
    title: 'MessageStatus',
    examples: [
      {
        message_id: 'msg_01K9Z3V5W6X7Y8Z9A0B1C2D3E4',
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
        created_at: '2027-01-31T12:00:00.000Z',
        updated_at: '2027-01-31T12:00:00.250Z',
      },
    ],
  },
)
