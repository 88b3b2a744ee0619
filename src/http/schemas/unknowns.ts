import { Type } from 'typebox'
import { onUnknownChoices } from '../../core/message.ts'
import { nullable, timeSchema } from './common.ts'
import { attemptSchema, bodySchema, statusSchema } from './messages.ts'

export const resolutions = ['sent', 'send_again'] as const
export type Resolution = (typeof resolutions)[number]
export const resolutionNoteLengthMax = 500

export const resolveSchema = Type.Object(
  {
    resolution: Type.Unsafe<Resolution>(
      Type.String({
        enum: [...resolutions],
        description: '`sent`: it reached the provider. `send_again`: it did not, so it is sent as a further attempt.',
      }),
    ),
    note: Type.Optional(
      nullable(Type.String({ maxLength: resolutionNoteLengthMax, description: 'Why; kept with the event.' })),
    ),
  },
  {
    title: 'UnknownResolution',
    examples: [{ resolution: 'sent', note: 'The provider console shows it as delivered.' }],
  },
)

const example = {
  message_id: 'msg_01K9Z3V5W6X7Y8Z9A0B1C2D3E4',
  status: 'unknown',
  assistant_id: 1,
  from: '+1234567890',
  to: '+1987654321',
  body: 'Your table is ready.',
  provider: 'twilio',
  on_unknown: 'hold',
  known: 'the connection was reset after the request was written',
  created_at: '2027-01-31T12:00:00.000Z',
  attempts: [
    {
      number: 1,
      started_at: '2027-01-31T12:00:00.000Z',
      finished_at: '2027-01-31T12:00:00.250Z',
      outcome: 'unknown',
      detail: 'the connection was reset after the request was written',
      closed_at: '2027-01-31T14:00:00.000Z',
    },
  ],
}

export const unknownSchema = Type.Object(
  {
    message_id: Type.String(),
    status: statusSchema,
    assistant_id: Type.Integer(),
    from: Type.String(),
    to: Type.String(),
    body: bodySchema,
    provider: Type.String(),
    on_unknown: Type.String({ enum: [...onUnknownChoices] }),
    known: nullable(Type.String({ description: 'What became of the last attempt that is unknown.' })),
    created_at: timeSchema,
    attempts: Type.Array(attemptSchema),
  },
  { title: 'UnknownMessage', examples: [example] },
)

export const unknownsSchema = Type.Array(unknownSchema, { examples: [[example]] })
