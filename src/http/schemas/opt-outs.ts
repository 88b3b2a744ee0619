import { type Static, Type } from 'typebox'
import { type OptOut, optOutEvidenceLengthMax, optOutSources } from '../../core/opt-out.ts'
import { e164Schema, nullable, timeOf, timeSchema } from './common.ts'

export const optOutCreateSchema = Type.Object(
  {
    phone_number: e164Schema('Who must not be texted any more.'),
    evidence: Type.Optional(
      nullable(Type.String({ maxLength: optOutEvidenceLengthMax, description: 'What shows it; kept for years.' })),
    ),
  },
  {
    title: 'OptOutCreate',
    examples: [{ phone_number: '+1234567890', evidence: 'Asked on the phone, ticket 4711' }],
  },
)

const example = {
  phone_number: '+1234567890',
  source: 'api',
  evidence: 'Asked on the phone, ticket 4711',
  created_at: '2027-01-31T12:00:00.000Z',
}

export const optOutSchema = Type.Object(
  {
    phone_number: Type.String(),
    source: Type.String({ enum: [...optOutSources] }),
    evidence: nullable(Type.String()),
    created_at: timeSchema,
  },
  { title: 'OptOut', examples: [example] },
)

export const optOutsSchema = Type.Array(optOutSchema, { examples: [[example]] })

export function optOutBodyOf(optOut: OptOut): Static<typeof optOutSchema> {
  return {
    phone_number: optOut.recipient,
    source: optOut.source,
    evidence: optOut.evidence ?? null,
    created_at: timeOf(optOut.createdAt),
  }
}
