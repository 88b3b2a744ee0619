import { Type } from 'typebox'
import { auditNoteLengthMax } from '../../core/audit.ts'
import { nullable, timeSchema } from './common.ts'

export const pauseSchema = Type.Object(
  {
    reason: Type.Optional(
      nullable(Type.String({ maxLength: auditNoteLengthMax, description: 'Why; kept in the audit log.' })),
    ),
  },
  { title: 'Pause', examples: [{ reason: 'wrong prices in the texts of today' }] },
)

/** On everything that can be paused. */
export const pausedAtSchema = nullable({ ...timeSchema, description: 'What would be sent is held since then.' })
