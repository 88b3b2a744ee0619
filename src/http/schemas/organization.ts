import { type Static, Type } from 'typebox'
import { optOutScopes } from '../../core/opt-out.ts'
import type { Organization } from '../../core/organization.ts'
import { timeOrNull } from '../reading.ts'
import { idSchema, nameSchema, timeOf, timeSchema } from './common.ts'
import { pausedAtSchema } from './pauses.ts'

const scopeSchema = Type.String({
  enum: [...optOutScopes],
  description: 'How far a new opt-out by text reaches. It never narrows those that stand.',
})

export const organizationUpdateSchema = Type.Object(
  { name: Type.Optional(nameSchema), opt_out_scope: Type.Optional(scopeSchema) },
  { title: 'OrganizationUpdate', examples: [{ opt_out_scope: 'organization' }] },
)

export const organizationSchema = Type.Object(
  { id: idSchema, name: Type.String(), opt_out_scope: scopeSchema, paused_at: pausedAtSchema, created_at: timeSchema },
  {
    title: 'Organization',
    examples: [
      { id: 1, name: 'Acme', opt_out_scope: 'organization', paused_at: null, created_at: '2027-01-31T12:00:00.000Z' },
    ],
  },
)

export function organizationBodyOf(organization: Organization): Static<typeof organizationSchema> {
  return {
    id: organization.id,
    name: organization.name,
    opt_out_scope: organization.optOutScope,
    paused_at: timeOrNull(organization.pausedAt),
    created_at: timeOf(organization.createdAt),
  }
}
