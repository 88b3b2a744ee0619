import { Type } from 'typebox'
import { holdReasons } from '../../core/message.ts'
import { nullable, timeSchema } from './common.ts'

const queueSchema = Type.Object(
  {
    queued: Type.Integer({ description: 'They leave at the pace of their numbers.' }),
    scheduled: Type.Integer({ description: 'Their time has not come.' }),
    held: Type.Integer(),
    held_by: Type.Object(Object.fromEntries(holdReasons.map((reason) => [reason, Type.Integer()])), {
      description: 'The held ones by what holds them.',
    }),
    oldest_queued_seconds: nullable(
      Type.Integer({ description: 'Since when the queued one that waits longest is due.' }),
    ),
    next_scheduled_at: nullable(timeSchema),
  },
  { title: 'QueueStats' },
)

const queueExample = {
  queued: 12,
  scheduled: 1,
  held: 3,
  held_by: { paused: 0, approval: 3, quiet_hours: 0 },
  oldest_queued_seconds: 4,
  next_scheduled_at: '2027-01-31T13:00:00.000Z',
}

export const queueStatsSchema = Type.Object(
  {
    timestamp: timeSchema,
    queues: Type.Record(Type.String(), queueSchema, { description: 'By provider.' }),
    total: queueSchema,
  },
  {
    title: 'QueueStatsAnswer',
    examples: [{ timestamp: '2027-01-31T12:00:00.000Z', queues: { telnyx: queueExample }, total: queueExample }],
  },
)
