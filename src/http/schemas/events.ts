import { Type } from 'typebox'
import { limitMax, nullable, timeSchema } from './common.ts'

export const eventIdSchema = Type.String({ pattern: '^evt_[0-9]{1,15}$', examples: ['evt_42'] })

export const eventsQuery = Type.Object({
  after: Type.Optional({
    ...eventIdSchema,
    description: 'The id of the last event that was read; the first ones that are kept without it.',
  }),
  limit: Type.Integer({ minimum: 1, maximum: limitMax, default: 100 }),
})

const example = {
  id: 'evt_42',
  type: 'message.failed',
  timestamp: '2027-01-31T12:00:00.000Z',
  data: {
    message_id: 'msg_01K9Z3V5W6X7Y8Z9A0B1C2D3E4',
    conversation_id: 'cnv_01K9Z3V5W6X7Y8Z9A0B1C2D3E4',
    assistant_id: 1,
    direction: 'outbound',
    from: '+1234567890',
    to: '+1555123456',
    body: 'Hello',
    media_urls: [],
    status: 'failed',
    provider: 'twilio',
    provider_message_id: 'SM1234567890abcdef',
    segments: 1,
    metadata: {},
    reason: 'landline',
    provider_code: '30006',
    permanent: true,
    retryable: false,
    actor: 'caller',
    advice: 'The number cannot receive texts. Ask the recipient for a mobile number.',
  },
}

export const eventSchema = Type.Object(
  {
    id: Type.String({ description: 'Never changes; the `webhook-id` of its deliveries.' }),
    type: Type.String({ description: '`message.<status>`, `opt_out.*`, `conversation.*`.' }),
    timestamp: timeSchema,
    data: Type.Record(Type.String(), Type.Unknown(), {
      description:
        'Of `message.*`: the message as it is now, with the status that this event tells of and, after a failure, what to do about it.',
    }),
  },
  { title: 'Event', examples: [example] },
)

export const eventsSchema = Type.Object(
  {
    events: Type.Array(eventSchema),
    has_more: Type.Boolean(),
    next: nullable(Type.String({ description: 'What to give as `after` next time.' })),
  },
  { title: 'Events', examples: [{ events: [example], has_more: false, next: 'evt_42' }] },
)
