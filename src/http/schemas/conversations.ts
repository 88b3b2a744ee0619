import { Type } from 'typebox'
import { idSchema, limitMax, nullable, skipMax, timeSchema } from './common.ts'
import { failureSchema, statusSchema } from './messages.ts'
import { timeQuery } from './time-query.ts'

export const conversationStates = ['active', 'archived'] as const
export const exportFormats = ['txt', 'csv', 'json'] as const
export type ExportFormat = (typeof exportFormats)[number]

export const conversationParams = Type.Object({ conversation_id: Type.String({ maxLength: 64 }) })

export const conversationsQuery = Type.Object({
  skip: Type.Integer({ minimum: 0, maximum: skipMax, default: 0 }),
  limit: Type.Integer({ minimum: 1, maximum: limitMax, default: 50 }),
  status: Type.String({ enum: [...conversationStates], default: 'active' }),
  assistant_id: Type.Optional(idSchema),
  customer_phone: Type.Optional(Type.String({ maxLength: 32, description: 'The person, in E.164.' })),
  date_from: timeQuery('Begun from this time on.'),
  date_to: timeQuery('Begun before this time; a day without a time of day is included.'),
})

export const conversationQuery = Type.Object({
  include_archived: Type.Boolean({ default: false, description: 'Also when it is archived, instead of 404.' }),
})

/** The published API has no pages here, so without a limit there is as much as one page can hold. */
export const conversationMessagesQuery = Type.Object({
  skip: Type.Integer({ minimum: 0, maximum: skipMax, default: 0 }),
  limit: Type.Integer({ minimum: 1, maximum: limitMax, default: limitMax }),
  ...conversationQuery.properties,
})

export const exportQuery = Type.Object({
  format: Type.Unsafe<ExportFormat>(Type.String({ enum: [...exportFormats], default: 'txt' })),
  ...conversationQuery.properties,
})

export const conversationExample = {
  id: 'cnv_01K9Z3V5W6X7Y8Z9A0B1C2D3E4',
  session_id: 'cnv_01K9Z3V5W6X7Y8Z9A0B1C2D3E4',
  assistant_id: 1,
  assistant_name: 'Support Bot',
  customer_phone_number: '+1987654321',
  assistant_phone_number: '+1234567890',
  status: 'active',
  message_count: 2,
  started_at: '2027-01-31T12:00:00.000Z',
  last_activity: '2027-01-31T12:01:00.000Z',
  ended_at: null,
  channel: 'sms',
  last_inbound_message_id: 'msg_01K9Z3X1P2Q3R4S5T6V7W8X9Y0',
}

export const conversationSchema = Type.Object(
  {
    id: Type.String(),
    session_id: Type.String({ description: 'The same as `id`.' }),
    assistant_id: Type.Integer(),
    assistant_name: Type.String({ description: 'Empty when the assistant is gone.' }),
    customer_phone_number: Type.String(),
    assistant_phone_number: Type.String(),
    status: Type.String({ enum: [...conversationStates] }),
    message_count: Type.Integer(),
    started_at: timeSchema,
    last_activity: timeSchema,
    ended_at: nullable(timeSchema),
    channel: Type.String({ enum: ['sms'] }),
    last_inbound_message_id: nullable(Type.String({ description: 'For `in_reply_to` of a send.' })),
  },
  { title: 'Conversation', examples: [conversationExample] },
)

export const conversationsSchema = Type.Array(conversationSchema, { examples: [[conversationExample]] })

export const conversationMessageExample = {
  id: 2873465098234512,
  conversation_id: 'cnv_01K9Z3V5W6X7Y8Z9A0B1C2D3E4',
  role: 'assistant',
  content: 'Your table is ready.',
  content_removed_at: null,
  timestamp: '2027-01-31T12:00:00.000Z',
  message_index: 0,
  llm_provider: null,
  llm_model: null,
  message_id: 'msg_01K9Z3V5W6X7Y8Z9A0B1C2D3E4',
  status: 'delivered',
  failure: null,
  media_urls: [],
}

export const conversationMessageSchema = Type.Object(
  {
    id: Type.Integer({ description: 'As in the log.' }),
    conversation_id: Type.String(),
    role: Type.String({ enum: ['user', 'assistant'], description: '`user` is the person.' }),
    content: Type.String({ description: '`(removed)` when the text is not kept any more.' }),
    content_removed_at: nullable(timeSchema),
    timestamp: timeSchema,
    message_index: Type.Integer(),
    llm_provider: Type.Null({ description: 'Not known here.' }),
    llm_model: Type.Null({ description: 'Not known here.' }),
    message_id: Type.String({ description: 'Our id.' }),
    status: statusSchema,
    failure: nullable(failureSchema),
    media_urls: Type.Array(Type.String()),
  },
  { title: 'ConversationMessage', examples: [conversationMessageExample] },
)

export const conversationMessagesSchema = Type.Array(conversationMessageSchema, {
  examples: [[conversationMessageExample]],
})
