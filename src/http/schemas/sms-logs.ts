import { Type } from 'typebox'
import { type Direction, directions } from '../../core/message.ts'
import { type MessageStatus, messageStatuses } from '../../core/message-status.ts'
import { idSchema, nullable, skipMax, timeSchema } from './common.ts'
import {
  attemptExample,
  attemptSchema,
  bodySchema,
  directionSchema,
  failureSchema,
  receiptExample,
  receiptSchema,
  statusSchema,
} from './messages.ts'
import { periodQuery } from './time-query.ts'

/** Counted up to here: a list is looked at by people, and a count of everything would read everything. */
export const totalMax = 10_000

const numberQuery = (description: string) => Type.Optional(Type.String({ maxLength: 32, description }))

export const logsQuery = Type.Object({
  skip: Type.Integer({ minimum: 0, maximum: skipMax, default: 0 }),
  limit: Type.Integer({ minimum: 1, maximum: 500, default: 50 }),
  cursor: Type.Optional(
    Type.String({
      pattern: '^[0-9]{1,16}$',
      description: 'The `next_cursor` of the page before, instead of `skip`: new messages do not shift pages then.',
    }),
  ),
  provider: Type.Optional(Type.String({ maxLength: 64 })),
  direction: Type.Optional(Type.Unsafe<Direction>(Type.String({ enum: [...directions] }))),
  status: Type.Optional(
    Type.Unsafe<MessageStatus | 'cancelled'>(Type.String({ enum: [...messageStatuses, 'cancelled'] })),
  ),
  from_number: numberQuery('What the message came from.'),
  to_number: numberQuery('What it went to.'),
  assistant_id: Type.Optional(idSchema),
  search: Type.Optional(
    Type.String({ minLength: 1, maxLength: 200, description: 'Part of the text; letters a to z in either case.' }),
  ),
  ...periodQuery,
})

const entry = {
  id: Type.Integer({ minimum: 0, maximum: Number.MAX_SAFE_INTEGER, description: 'Of this log; says nothing else.' }),
  message_id: Type.String({ description: 'Our id.' }),
  assistant_id: Type.Integer(),
  direction: directionSchema,
  status: statusSchema,
  from_number: Type.String(),
  to_number: Type.String(),
  body: bodySchema,
  media_urls: Type.Array(Type.String()),
  provider: Type.String(),
  provider_message_id: nullable(Type.String()),
  segments: Type.Integer(),
  encoding: Type.String(),
  failure: nullable(failureSchema),
  attempt_count: Type.Integer(),
  created_at: timeSchema,
  updated_at: timeSchema,
}

export const logExample = {
  id: 2873465098234512,
  message_id: 'msg_01K9Z3V5W6X7Y8Z9A0B1C2D3E4',
  assistant_id: 1,
  direction: 'outbound',
  status: 'delivered',
  from_number: '+1234567890',
  to_number: '+1987654321',
  body: 'Your table is ready.',
  media_urls: [],
  provider: 'twilio',
  provider_message_id: 'SM1234567890abcdef',
  segments: 1,
  encoding: 'gsm-7',
  failure: null,
  attempt_count: 1,
  created_at: '2027-01-31T12:00:00.000Z',
  updated_at: '2027-01-31T12:00:02.000Z',
}

export const logSchema = Type.Object(entry, { title: 'MessageLog', examples: [logExample] })

export const logDetailSchema = Type.Object(
  {
    ...entry,
    conversation_id: nullable(Type.String()),
    attempts: Type.Array(attemptSchema),
    receipts: Type.Array(receiptSchema),
  },
  {
    title: 'MessageLogDetail',
    examples: [
      {
        ...logExample,
        conversation_id: 'cnv_01K9Z3V5W6X7Y8Z9A0B1C2D3E4',
        attempts: [attemptExample],
        receipts: [receiptExample],
      },
    ],
  },
)

export const logsSchema = Type.Object(
  {
    items: Type.Array(logSchema),
    total: Type.Integer({ description: `How many there are in all; ${totalMax} means that or more.` }),
    skip: Type.Integer(),
    limit: Type.Integer(),
    has_more: Type.Boolean(),
    next_cursor: nullable(Type.String({ description: 'What to give as `cursor` for the page that follows.' })),
  },
  {
    title: 'MessageLogs',
    examples: [{ items: [logExample], total: 1, skip: 0, limit: 50, has_more: false, next_cursor: null }],
  },
)

const countsSchema = Type.Record(Type.String(), Type.Integer())

export const statsSchema = Type.Object(
  { total: Type.Integer(), by_status: countsSchema, by_direction: countsSchema, by_provider: countsSchema },
  {
    title: 'MessageStats',
    examples: [
      {
        total: 3,
        by_status: { delivered: 2, received: 1 },
        by_direction: { outbound: 2, inbound: 1 },
        by_provider: { twilio: 3 },
      },
    ],
  },
)
