import { type Static, Type } from 'typebox'
import { type AccountCheck, accountCheckNames } from '../../core/account-check.ts'
import type { ProviderAccount } from '../../core/organization.ts'
import { paceDocumentOf } from '../../use-cases/change-pace.ts'
import { timeOrNull } from '../reading.ts'
import { nameSchema, nullable, numberExample, timeOf, timeSchema } from './common.ts'
import { accountPaceSchema } from './pace.ts'
import { pausedAtSchema } from './pauses.ts'

const fieldLengthMax = 512
const fieldsText =
  'The credentials stand beside these, by the names they have in textbridge.yaml. A name that the provider does not have is refused, with the list of those it has.'

const baseUrl = nullable(
  Type.String({
    description:
      "Replaces the provider's own address, e.g. for a simulator. Can be set only in the operator's file: the service calls it with secrets, also inside the operator's network.",
  }),
)

export const accountCreateSchema = Type.Object(
  {
    name: nameSchema,
    provider: Type.String({ maxLength: 50, description: 'twilio or telnyx.' }),
    base_url: Type.Optional(baseUrl),
    pace: Type.Optional(nullable(accountPaceSchema)),
  },
  {
    title: 'ProviderAccountCreate',
    additionalProperties: Type.String({ maxLength: fieldLengthMax }),
    description: fieldsText,
    examples: [
      { name: 'main-twilio', provider: 'twilio', account_sid: 'AC0123', auth_token: '0123456789abcdef' },
      { name: 'main-telnyx', provider: 'telnyx', api_key: 'KEY0123456789' },
    ],
  },
)

export const accountUpdateSchema = Type.Object(
  {
    name: Type.Optional(nameSchema),
    base_url: Type.Optional(baseUrl),
    pace: Type.Optional(nullable(accountPaceSchema)),
  },
  {
    title: 'ProviderAccountUpdate',
    additionalProperties: nullable(Type.String({ maxLength: fieldLengthMax })),
    description: `What is not given stays as it is; null takes a field away. ${fieldsText}`,
    examples: [{ auth_token: 'fedcba9876543210' }, { pace: { sms_per_second: 100 } }],
  },
)

const example = {
  id: 1,
  name: 'main-twilio',
  provider: 'twilio',
  base_url: null,
  settings: { account_sid: 'AC0123' },
  secrets_set: ['auth_token'],
  pace: {},
  paused_at: null,
  created_at: '2027-01-31T12:00:00.000Z',
  updated_at: '2027-01-31T12:00:00.000Z',
}

export const accountSchema = Type.Object(
  {
    id: Type.Integer(),
    name: Type.String(),
    provider: Type.String(),
    base_url: nullable(Type.String()),
    settings: Type.Record(Type.String(), Type.String(), { description: 'The fields that are no secrets.' }),
    secrets_set: Type.Array(Type.String(), { description: 'The secrets that are set. Their values are never shown.' }),
    pace: accountPaceSchema,
    paused_at: pausedAtSchema,
    created_at: timeSchema,
    updated_at: timeSchema,
  },
  { title: 'ProviderAccount', examples: [example] },
)

export const accountsSchema = Type.Array(accountSchema, { examples: [[example]] })

export function accountBodyOf(account: ProviderAccount): Static<typeof accountSchema> {
  return {
    id: account.id,
    name: account.name,
    provider: account.provider,
    base_url: account.baseUrl ?? null,
    settings: { ...account.settings },
    secrets_set: Object.keys(account.secrets).sort(),
    pace: paceDocumentOf(account.pacing),
    paused_at: timeOrNull(account.pausedAt),
    created_at: timeOf(account.createdAt),
    updated_at: timeOf(account.updatedAt),
  }
}

const checkSchema = Type.Object({
  name: Type.String({ enum: [...accountCheckNames] }),
  ok: Type.Boolean(),
  phone_number: nullable(Type.String({ description: 'The number that it is about.' })),
  detail: Type.String(),
  advice: nullable(Type.String({ description: 'What to do; null where it is ok.' })),
})

export const accountCheckSchema = Type.Object(
  {
    ok: Type.Boolean({ description: 'All of the checks are.' }),
    checks: Type.Array(checkSchema),
  },
  {
    title: 'ProviderAccountCheck',
    examples: [
      {
        ok: false,
        checks: [
          {
            name: 'credentials',
            ok: true,
            phone_number: null,
            detail: 'The provider takes the credentials.',
            advice: null,
          },
          {
            name: 'inbound_webhook',
            ok: false,
            phone_number: numberExample,
            detail: 'Texts of people are reported nowhere.',
            advice: 'Set "A message comes in" of the number (SmsUrl) to https://sms.example.com/webhooks/sms/twilio',
          },
        ],
      },
    ],
  },
)

export function accountCheckBodyOf(checks: readonly AccountCheck[]): Static<typeof accountCheckSchema> {
  return {
    ok: checks.every(({ ok }) => ok),
    checks: checks.map(({ name, ok, phoneNumber = null, detail, advice = null }) => ({
      name,
      ok,
      phone_number: phoneNumber,
      detail,
      advice,
    })),
  }
}
