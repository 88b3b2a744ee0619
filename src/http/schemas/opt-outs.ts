import { type Static, Type } from 'typebox'
import { type OptOut, optOutEvidenceLengthMax, optOutScopes, optOutSources, scopeOf } from '../../core/opt-out.ts'
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

export const optOutExample = {
  phone_number: '+1234567890',
  source: 'api',
  in_doubt: false,
  scope: 'organization',
  assistant_id: null,
  phone_number_id: null,
  evidence: 'Asked on the phone, ticket 4711',
  created_at: '2027-01-31T12:00:00.000Z',
}

export const optOutSchema = Type.Object(
  {
    phone_number: Type.String(),
    source: Type.String({ enum: [...optOutSources] }),
    in_doubt: Type.Boolean({
      description: 'A text that may be a refusal. It holds like one until somebody confirms (POST) or removes it.',
    }),
    scope: Type.String({ enum: [...optOutScopes], description: 'Whose texts it holds back.' }),
    assistant_id: nullable(Type.Integer({ description: 'With the scope assistant or sender.' })),
    phone_number_id: nullable(Type.Integer({ description: 'With the scope sender.' })),
    evidence: nullable(Type.String()),
    created_at: timeSchema,
  },
  { title: 'OptOut', examples: [optOutExample] },
)

export const optOutsSchema = Type.Array(optOutSchema, { examples: [[optOutExample]] })

export const optOutImportSchema = Type.Object(
  {
    created: Type.Integer(),
    existing: Type.Integer({ description: 'They stood already, or stand twice in the file.' }),
    faulty: Type.Integer({ description: 'Lines of which nothing was taken.' }),
    faults: Type.Array(Type.Object({ line: Type.Integer(), fault: Type.String() }), {
      description: 'The first 20 of them.',
    }),
  },
  {
    title: 'OptOutImport',
    examples: [
      {
        created: 2,
        existing: 0,
        faulty: 1,
        faults: [{ line: 4, fault: 'The phone number is not in E.164 format (e.g., +1234567890).' }],
      },
    ],
  },
)

export function optOutBodyOf(optOut: OptOut): Static<typeof optOutSchema> {
  const { assistantId, senderId } = optOut
  return {
    phone_number: optOut.recipient,
    source: optOut.source,
    in_doubt: optOut.inDoubt,
    scope: scopeOf(optOut),
    assistant_id: assistantId ?? null,
    phone_number_id: senderId ?? null,
    evidence: optOut.evidence ?? null,
    created_at: timeOf(optOut.createdAt),
  }
}
