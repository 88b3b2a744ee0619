import { type Static, Type } from 'typebox'
import { timeZoneLengthMax } from '../../core/time-zone.ts'
import type { ErasedPerson } from '../../use-cases/erase-person.ts'
import { nullable, timeSchema } from './common.ts'
import { conversationExample, conversationSchema } from './conversations.ts'
import { messageExample, messageSchema } from './messages.ts'
import { optOutExample, optOutSchema } from './opt-outs.ts'

const zoneSchema = nullable(
  Type.String({
    minLength: 1,
    maxLength: timeZoneLengthMax,
    description: 'Where the person is (IANA), instead of what their number says; for quiet hours.',
  }),
)

export const personUpdateSchema = Type.Object(
  { time_zone: zoneSchema },
  { title: 'PersonUpdate', examples: [{ time_zone: 'America/Chicago' }] },
)

export const personSchema = Type.Object(
  { phone_number: Type.String(), time_zone: zoneSchema },
  { title: 'Person', examples: [{ phone_number: '+1234567890', time_zone: 'America/Chicago' }] },
)

export const personExportSchema = Type.Object(
  {
    phone_number: Type.String(),
    time_zone: zoneSchema,
    opt_outs: Type.Array(optOutSchema),
    conversations: Type.Array(conversationSchema, { description: 'With each of your numbers, archived ones too.' }),
    events: Type.Array(
      Type.Object({
        type: Type.String(),
        timestamp: timeSchema,
        data: Type.Record(Type.String(), Type.Union([Type.String(), Type.Number(), Type.Boolean()])),
      }),
      { description: 'Those that are about no single message, oldest first.' },
    ),
    messages: Type.Array(messageSchema, {
      description: 'Both ways, with attempts, receipts and events; one conversation after the other, oldest first.',
    }),
  },
  { title: 'PersonExport' },
)

export const personExportExample = {
  phone_number: '+1987654321',
  time_zone: null,
  opt_outs: [optOutExample],
  conversations: [conversationExample],
  events: [
    {
      type: 'conversation.created',
      timestamp: '2027-01-31T12:00:00.000Z',
      data: { conversation_id: conversationExample.id, assistant_id: 1 },
    },
  ],
  messages: [messageExample],
}

const countSchema = (description: string) => Type.Integer({ description })

export const erasedPersonSchema = Type.Object(
  {
    messages: countSchema('Removed, both ways, with their attempts and receipts.'),
    media: countSchema('Removed.'),
    conversations: countSchema('Removed.'),
    events: countSchema('Removed.'),
    idempotency_keys: countSchema('Forgotten.'),
    refused_webhooks: countSchema('Removed: those of yours that hold the number.'),
    opt_outs_kept: countSchema('They hold on, without what shows them.'),
  },
  {
    title: 'ErasedPerson',
    examples: [
      {
        messages: 12,
        media: 1,
        conversations: 1,
        events: 31,
        idempotency_keys: 2,
        refused_webhooks: 0,
        opt_outs_kept: 1,
      },
    ],
  },
)

export function erasedPersonBodyOf(erased: ErasedPerson): Static<typeof erasedPersonSchema> {
  return {
    messages: erased.messages,
    media: erased.media,
    conversations: erased.conversations,
    events: erased.events,
    idempotency_keys: erased.idempotencyKeys,
    refused_webhooks: erased.refusedWebhooks,
    opt_outs_kept: erased.optOutsKept,
  }
}
