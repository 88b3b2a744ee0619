import { type Static, Type } from 'typebox'
import {
  type ApiKey,
  type ApiKeyScope,
  apiKeyScopes,
  type RateLimit,
  rateLimitRequestsMax,
  rateLimitUnits,
} from '../../core/api-key.ts'
import { SmsError } from '../../core/errors.ts'
import { apiKeyNameLengthMax } from '../../use-cases/create-api-key.ts'
import { idSchema, nullable, timeOf, timeSchema } from './common.ts'

export const keyNameSchema = Type.String({ minLength: 1, maxLength: apiKeyNameLengthMax, pattern: '\\S' })
const scopesSchema = Type.Array(Type.String({ enum: [...apiKeyScopes] }), {
  minItems: 1,
  maxItems: apiKeyScopes.length,
  uniqueItems: true,
})
const rateLimitFields = {
  requests: Type.Integer({ minimum: 1, maximum: rateLimitRequestsMax }),
  per: Type.Unsafe<RateLimit['per']>(Type.String({ enum: [...rateLimitUnits] })),
}
const rateLimitSchema = nullable(
  Type.Object(rateLimitFields, {
    description: 'How many requests it may make, on all routes together. `null`: as many as it likes.',
  }),
)
const permissionsMax = 50
const permissionsText = 'The published way to say scopes, e.g. `{"send": true}`; other names are ignored.'

export const keyCreateSchema = Type.Object(
  {
    name: keyNameSchema,
    scopes: Type.Optional(scopesSchema),
    permissions: Type.Optional(
      nullable(
        Type.Record(Type.String(), Type.Unknown(), { maxProperties: permissionsMax, description: permissionsText }),
      ),
    ),
    expires_at: Type.Optional(nullable(Type.String({ format: 'date-time', maxLength: 40 }))),
    rate_limit: Type.Optional(rateLimitSchema),
  },
  {
    title: 'ApiKeyCreate',
    additionalProperties: true,
    description: 'Without scopes and permissions the key has all scopes.',
    examples: [{ name: 'orders service', scopes: ['send', 'read'], rate_limit: { requests: 100, per: 'second' } }],
  },
)

export const keyUpdateSchema = Type.Union(
  [
    Type.Object(
      {
        name: Type.Optional(keyNameSchema),
        scopes: Type.Optional(scopesSchema),
        rate_limit: Type.Optional(rateLimitSchema),
        send: Type.Optional(Type.Boolean()),
        read: Type.Optional(Type.Boolean()),
        operate: Type.Optional(Type.Boolean()),
        manage: Type.Optional(Type.Boolean()),
      },
      {
        title: 'ApiKeyUpdate',
        additionalProperties: true,
        description:
          'What is not given stays as it is. Either `scopes`, or as in the published API the permissions themselves: the scopes that are true.',
      },
    ),
    Type.Null(),
  ],
  { examples: [{ name: 'orders service', scopes: ['send'], rate_limit: null }] },
)

const example = {
  id: 1,
  user_id: 1,
  name: 'orders service',
  key_prefix: 'tb_live_4Jd8Qw1z',
  scopes: ['send', 'read'],
  permissions: { send: true, read: true, operate: false, manage: false },
  last_used_at: null,
  expires_at: null,
  usage_count: 0,
  rate_limit: { requests: 100, per: 'second' },
  is_active: true,
  created_at: '2027-01-31T12:00:00.000Z',
  updated_at: '2027-01-31T12:00:00.000Z',
}

export const apiKeySchema = Type.Object(
  {
    id: idSchema,
    user_id: Type.Integer({ description: 'Keys belong to no user: the id of the organization.' }),
    name: Type.String(),
    key_prefix: Type.String(),
    scopes: Type.Array(Type.String({ enum: [...apiKeyScopes] })),
    permissions: Type.Record(Type.String(), Type.Boolean()),
    last_used_at: nullable(timeSchema),
    expires_at: nullable(timeSchema),
    usage_count: Type.Integer({ description: 'Always 0: uses are not counted.' }),
    rate_limit: Type.Partial(Type.Object(rateLimitFields), { description: 'Empty: it has no limit.' }),
    is_active: Type.Boolean({ description: 'False once it has expired.' }),
    created_at: timeSchema,
    updated_at: timeSchema,
  },
  { title: 'ApiKey', examples: [example] },
)

export const apiKeysSchema = Type.Array(apiKeySchema, { examples: [[example]] })

export const keyCreatedSchema = Type.Object(
  { api_key: apiKeySchema, key: Type.String({ description: 'The key itself. It is shown this once.' }) },
  {
    title: 'ApiKeyCreated',
    examples: [{ api_key: example, key: 'tb_live_4Jd8Qw1zxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx' }],
  },
)

/** @throws SmsError `invalid_request` when the permissions leave no scope. */
export function scopesOf(given: {
  readonly scopes?: readonly string[] | undefined
  readonly permissions?: Readonly<Record<string, unknown>> | null | undefined
}): ApiKeyScope[] | undefined {
  const { scopes, permissions } = given
  if (scopes !== undefined) return apiKeyScopes.filter((scope) => scopes.includes(scope))
  if (!permissions || Object.keys(permissions).length === 0) return undefined
  const granted = apiKeyScopes.filter((scope) => permissions[scope] === true)
  if (granted.length === 0)
    throw new SmsError('invalid_request', `permissions must set at least one to true: ${apiKeyScopes.join(', ')}.`)
  return granted
}

export function apiKeyBodyOf(key: ApiKey, now: number): Static<typeof apiKeySchema> {
  const time = (ms: number | undefined) => (ms === undefined ? null : timeOf(ms))
  return {
    id: key.id,
    user_id: key.organizationId,
    name: key.name,
    key_prefix: key.prefix,
    scopes: [...key.scopes],
    permissions: Object.fromEntries(apiKeyScopes.map((scope) => [scope, key.scopes.includes(scope)])),
    last_used_at: time(key.lastUsedAt),
    expires_at: time(key.expiresAt),
    usage_count: 0,
    rate_limit: key.rateLimit ?? {},
    is_active: key.expiresAt === undefined || now < key.expiresAt,
    created_at: timeOf(key.createdAt),
    updated_at: timeOf(key.updatedAt),
  }
}
