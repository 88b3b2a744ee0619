import { type Static, Type } from 'typebox'
import type { QueueHold } from '../../core/queue-hold.ts'
import { nullable, timeOf, timeSchema } from './common.ts'

export const queueStateSchema = Type.Object(
  {
    held: Type.Boolean({ description: 'Nothing leaves the queue until somebody says go. Direct sends are not held.' }),
    held_since: nullable(timeSchema),
    reason: nullable(Type.String({ description: 'A sentence.' })),
  },
  {
    title: 'QueueState',
    examples: [
      { held: false, held_since: null, reason: null },
      {
        held: true,
        held_since: '2027-01-31T12:00:00.000Z',
        reason:
          'This database is older than the service has seen it: a backup was put back. What waits in it may have been sent already.',
      },
    ],
  },
)

export function queueStateBodyOf(hold: QueueHold | undefined): Static<typeof queueStateSchema> {
  if (hold === undefined) return { held: false, held_since: null, reason: null }
  return { held: true, held_since: timeOf(hold.since), reason: hold.reason }
}
