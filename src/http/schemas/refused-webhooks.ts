import { Type } from 'typebox'
import { nullable, timeSchema } from './common.ts'

const example = {
  provider: 'twilio',
  reason: 'the signature fits no account',
  body: 'MessageSid=SM1234567890abcdef&MessageStatus=delivered',
  received_at: '2027-01-31T12:00:00.000Z',
}

export const refusedWebhooksSchema = Type.Array(
  Type.Object(
    {
      provider: Type.String(),
      reason: Type.String(),
      body: nullable(
        Type.String({ description: 'As it came, cut. Null when it may be meant for another organization.' }),
      ),
      received_at: timeSchema,
    },
    { title: 'RefusedWebhook', examples: [example] },
  ),
  { examples: [[example]] },
)
