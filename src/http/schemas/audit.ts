import { Type } from 'typebox'
import { auditActions } from '../../core/audit.ts'
import { limitMax, nullable, timeSchema } from './common.ts'

export const auditQuery = Type.Object({
  before: Type.Optional(
    Type.Integer({
      minimum: 0,
      maximum: Number.MAX_SAFE_INTEGER,
      description: 'Of the page before, `next`: go on with what is older.',
    }),
  ),
  limit: Type.Integer({ minimum: 1, maximum: limitMax, default: 100 }),
})

const entrySchema = Type.Object(
  {
    id: Type.Integer(),
    occurred_at: timeSchema,
    actor: Type.String({ description: 'The API key or the user by id and name, or the command line.' }),
    action: Type.String({ enum: [...auditActions] }),
    subject: Type.String({ description: 'What it was done to. Never a phone number: entries are kept for ever.' }),
    data: Type.Record(Type.String(), Type.Unknown(), {
      description: 'Of a change `before` and `after`; reasons; notes.',
    }),
  },
  { title: 'AuditEntry' },
)

export const auditLogSchema = Type.Object(
  {
    entries: Type.Array(entrySchema),
    next: nullable(Type.Integer({ description: 'For `before`, when there is more.' })),
  },
  {
    title: 'AuditLog',
    examples: [
      {
        entries: [
          {
            id: 2081507723489,
            occurred_at: '2027-01-31T12:00:00.000Z',
            actor: 'API key 1 (console)',
            action: 'paused',
            subject: 'assistant 3',
            data: { reason: 'wrong prices in the texts of today' },
          },
        ],
        next: null,
      },
    ],
  },
)
