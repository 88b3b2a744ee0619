import { type Static, Type } from 'typebox'
import { optOutScopes } from '../../core/opt-out.ts'
import type { Organization } from '../../core/organization.ts'
import { retentionDaysMax, retentionDaysMin } from '../../core/retention.ts'
import { timeOrNull } from '../reading.ts'
import { idSchema, nameSchema, nullable, timeOf, timeSchema } from './common.ts'
import { pausedAtSchema } from './pauses.ts'

const scopeSchema = Type.String({
  enum: [...optOutScopes],
  description: 'How far a new opt-out by text reaches. It never narrows those that stand.',
})

const daysSchema = (minimum: number, description: string) =>
  nullable(Type.Integer({ minimum, maximum: retentionDaysMax, description }))

const days = {
  bodies_days: daysSchema(retentionDaysMin.bodiesDays, 'Texts and media; the messages stay, without them.'),
  messages_days: daysSchema(retentionDaysMin.messagesDays, 'Messages with all that is known of them.'),
  events_days: daysSchema(retentionDaysMin.eventsDays, 'Events, once every endpoint has heard of them.'),
}

const retentionDescription =
  'How many days what is stored is kept, counted from the last change of a message; null: for ever. Opt-outs are kept always.'

const retentionSchema = Type.Object(days, { description: retentionDescription })

const retentionUpdateSchema = Type.Object(
  {
    bodies_days: Type.Optional(days.bodies_days),
    messages_days: Type.Optional(days.messages_days),
    events_days: Type.Optional(days.events_days),
  },
  { description: retentionDescription, additionalProperties: false },
)

export const organizationUpdateSchema = Type.Object(
  {
    name: Type.Optional(nameSchema),
    opt_out_scope: Type.Optional(scopeSchema),
    retention: Type.Optional(retentionUpdateSchema),
  },
  {
    title: 'OrganizationUpdate',
    examples: [{ opt_out_scope: 'organization', retention: { bodies_days: 90, messages_days: 365 } }],
  },
)

export const organizationSchema = Type.Object(
  {
    id: idSchema,
    name: Type.String(),
    opt_out_scope: scopeSchema,
    retention: retentionSchema,
    paused_at: pausedAtSchema,
    created_at: timeSchema,
  },
  {
    title: 'Organization',
    examples: [
      {
        id: 1,
        name: 'Acme',
        opt_out_scope: 'organization',
        retention: { bodies_days: 90, messages_days: 365, events_days: null },
        paused_at: null,
        created_at: '2027-01-31T12:00:00.000Z',
      },
    ],
  },
)

export function organizationBodyOf(organization: Organization): Static<typeof organizationSchema> {
  return {
    id: organization.id,
    name: organization.name,
    opt_out_scope: organization.optOutScope,
    retention: {
      bodies_days: organization.retention.bodiesDays ?? null,
      messages_days: organization.retention.messagesDays ?? null,
      events_days: organization.retention.eventsDays ?? null,
    },
    paused_at: timeOrNull(organization.pausedAt),
    created_at: timeOf(organization.createdAt),
  }
}
