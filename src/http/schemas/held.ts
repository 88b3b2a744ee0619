import { Type } from 'typebox'
import { auditNoteLengthMax } from '../../core/audit.ts'
import { nullable } from './common.ts'
import { messageExample, messageSchema } from './messages.ts'

export const heldQuery = Type.Object({
  before: Type.Optional(
    Type.String({ maxLength: 64, description: 'Of the page before, `next`: go on with what is older.' }),
  ),
  limit: Type.Integer({ minimum: 1, maximum: 100, default: 50 }),
})

export const heldSchema = Type.Object(
  {
    messages: Type.Array(messageSchema),
    next: nullable(Type.String({ description: 'For `before`, when there is more.' })),
  },
  { title: 'HeldMessages', examples: [{ messages: [messageExample], next: null }] },
)

export const decisionSchema = Type.Object(
  {
    note: Type.Optional(
      nullable(
        Type.String({ maxLength: auditNoteLengthMax, description: 'Why; kept with the event and in the audit log.' }),
      ),
    ),
  },
  { title: 'HeldDecision', examples: [{ note: 'read it, it is right' }] },
)
