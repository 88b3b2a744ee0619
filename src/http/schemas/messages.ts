import { Type } from 'typebox'
import { receiptSources } from '../../core/delivery-receipt.ts'
import { failureReasons } from '../../core/failure.ts'
import { keywordKinds } from '../../core/keyword.ts'
import { automaticReplies, categories, directions, holdReasons, onUnknownChoices } from '../../core/message.ts'
import { messageStatuses } from '../../core/message-status.ts'
import { mediaStates } from '../../ports/inbound-store.ts'
import { nullable, timeSchema } from './common.ts'

export const messageIdParams = Type.Object({ message_id: Type.String({ maxLength: 256 }) })

/** The text of a message. */
export const bodySchema = nullable(
  Type.String({ description: 'Null when it was removed: the organization keeps texts for `retention.bodies_days`.' }),
)

export const statusSchema = Type.String({ enum: [...messageStatuses] })
export const directionSchema = Type.String({ enum: [...directions] })

export const failureSchema = Type.Object(
  {
    reason: Type.String({ enum: [...failureReasons] }),
    provider_code: nullable(Type.String({ description: 'As the provider gave it.' })),
    provider_message: nullable(Type.String({ description: 'As the provider gave it.' })),
    permanent: Type.Boolean({ description: 'The same message to the same recipient will never succeed.' }),
    retryable: Type.Boolean({ description: 'The same message may be sent again, later and unchanged.' }),
    actor: Type.String({ description: 'Who must act.', enum: ['caller', 'operator', 'recipient', 'provider'] }),
    advice: Type.String({ description: 'What to do about it.' }),
  },
  { title: 'Failure' },
)

export const attemptSchema = Type.Object(
  {
    number: Type.Integer(),
    started_at: timeSchema,
    finished_at: nullable(timeSchema),
    outcome: nullable(Type.String({ enum: ['accepted', 'rejected', 'not_sent', 'unknown'] })),
    detail: nullable(Type.String()),
    closed_at: Type.Optional(timeSchema),
    vouched_at: Type.Optional(timeSchema),
  },
  {
    title: 'Attempt',
    description:
      'One hand-over to the provider. `closed_at`: nothing more is awaited for it. `vouched_at`: a person said that it was sent.',
  },
)

export const receiptSchema = Type.Object(
  {
    provider_status: Type.String({ description: "The provider's own word." }),
    status: nullable(Type.String({ description: 'What it means here; null for a word that is not known.' })),
    provider_message_id: Type.String(),
    failure: nullable(failureSchema),
    source: Type.String({ enum: [...receiptSources], description: 'Whether the provider told, or was asked.' }),
    occurred_at: nullable(timeSchema),
    received_at: timeSchema,
  },
  { title: 'Receipt' },
)

export const holdReasonSchema = Type.String({ enum: [...holdReasons] })

/** What a message says about its own time, and about what keeps or kept it from leaving. */
export const waitingFields = {
  send_at: nullable(timeSchema),
  expires_at: nullable(timeSchema),
  hold_reason: nullable(holdReasonSchema),
  held_until: nullable(
    Type.String({ format: 'date-time', description: 'It goes on by itself then. Null: somebody must let it go.' }),
  ),
  reached_limit: nullable(
    Type.Object(
      {
        limit: Type.Number(),
        count: Type.Number({ description: 'How much of it was used.' }),
        per: Type.String(),
        retry_at: nullable(timeSchema),
      },
      { title: 'ReachedLimit', description: 'The limit of the policy that refused it, as it stood then.' },
    ),
  ),
}

export const attemptExample = {
  number: 1,
  started_at: '2027-01-31T12:00:00.000Z',
  finished_at: '2027-01-31T12:00:00.250Z',
  outcome: 'accepted',
  detail: 'queued',
}

export const receiptExample = {
  provider_status: 'delivered',
  status: 'delivered',
  provider_message_id: 'SM1234567890abcdef',
  failure: null,
  source: 'webhook',
  occurred_at: null,
  received_at: '2027-01-31T12:00:02.000Z',
}

export const messageExample = {
  message_id: 'msg_01K9Z3V5W6X7Y8Z9A0B1C2D3E4',
  conversation_id: 'cnv_01K9Z3V5W6X7Y8Z9A0B1C2D3E4',
  assistant_id: 1,
  direction: 'outbound',
  status: 'delivered',
  from: '+1234567890',
  to: '+1987654321',
  body: 'Your table is ready.',
  media_urls: [],
  media: [],
  provider: 'twilio',
  provider_message_id: 'SM1234567890abcdef',
  segments: 1,
  encoding: 'gsm-7',
  category: 'conversation',
  on_unknown: 'hold',
  metadata: {},
  in_reply_to: null,
  automatic: null,
  keyword: null,
  failure: null,
  send_at: null,
  expires_at: null,
  hold_reason: null,
  held_until: null,
  reached_limit: null,
  created_at: '2027-01-31T12:00:00.000Z',
  updated_at: '2027-01-31T12:00:02.000Z',
  attempts: [attemptExample],
  receipts: [receiptExample],
  events: [{ type: 'message.sending', timestamp: '2027-01-31T12:00:00.000Z', data: { provider: 'twilio' } }],
}

export const messageSchema = Type.Object(
  {
    message_id: Type.String({ description: 'Our id.' }),
    conversation_id: nullable(Type.String()),
    assistant_id: Type.Integer(),
    direction: directionSchema,
    status: statusSchema,
    from: Type.String(),
    to: Type.String(),
    body: bodySchema,
    media_urls: Type.Array(Type.String({ description: 'Of an inbound message: links of ours that work for a day.' })),
    media: Type.Array(
      Type.Object({
        url: Type.String(),
        content_type: nullable(Type.String()),
        size: nullable(Type.Integer({ description: 'Bytes, when it is stored.' })),
        sha256: nullable(Type.String({ description: 'Of the content, when it is stored.' })),
        state: Type.String({ enum: [...mediaStates] }),
        fault: nullable(Type.String({ description: 'Why it could not be fetched from the provider.' })),
      }),
      { description: 'What an inbound message carries; empty for others.' },
    ),
    provider: Type.String(),
    provider_message_id: nullable(Type.String()),
    segments: Type.Integer(),
    encoding: Type.String(),
    category: Type.String({ enum: [...categories] }),
    on_unknown: Type.String({ enum: [...onUnknownChoices] }),
    metadata: Type.Record(Type.String(), Type.String()),
    in_reply_to: nullable(Type.String()),
    automatic: nullable(
      Type.String({ enum: [...automaticReplies], description: 'A reply of Textbridge itself to a keyword.' }),
    ),
    keyword: nullable(
      Type.String({ enum: [...keywordKinds], description: 'An inbound message that was handled here.' }),
    ),
    failure: nullable(failureSchema),
    ...waitingFields,
    created_at: timeSchema,
    updated_at: timeSchema,
    attempts: Type.Array(attemptSchema, { description: 'In their order.' }),
    receipts: Type.Array(receiptSchema, { description: 'What the provider reported, oldest first.' }),
    events: Type.Array(
      Type.Object({
        type: Type.String(),
        timestamp: timeSchema,
        data: Type.Record(Type.String(), Type.Union([Type.String(), Type.Number(), Type.Boolean()])),
      }),
      { description: 'What became of it, oldest first.' },
    ),
  },
  { title: 'Message', examples: [messageExample] },
)
