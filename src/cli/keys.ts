import type { Env } from '../config/env.ts'
import {
  type ApiKey,
  type ApiKeyScope,
  apiKeyScopes,
  type RateLimit,
  rateLimitRequestsMax,
  rateLimitUnits,
} from '../core/api-key.ts'
import { SmsError } from '../core/errors.ts'
import { revokeApiKey } from '../use-cases/change-api-key.ts'
import { apiKeyNameLengthMax, commandLine, createApiKey } from '../use-cases/create-api-key.ts'
import type { Output } from './output.ts'
import { chooseOrganization, withSession } from './session.ts'

type Parts = { readonly env: Env; readonly output: Output }

export function createKey(
  { env, output }: Parts,
  options: {
    readonly name: string
    readonly scopes?: string
    readonly expires?: string
    readonly rateLimit?: string
    readonly organization?: string
    readonly json?: boolean
  },
): Promise<void> {
  const scopes = parseScopes(options.scopes)
  const expiresAt = options.expires === undefined ? undefined : parseInstant(options.expires)
  const rateLimit = options.rateLimit === undefined ? undefined : parseRateLimit(options.rateLimit)
  if (options.name.length > apiKeyNameLengthMax)
    throw new SmsError('invalid_request', `--name must have at most ${apiKeyNameLengthMax} characters.`)
  return withSession(env, async (session) => {
    const { id: organizationId } = await chooseOrganization(session.store, options.organization)
    const { key, apiKey } = await createApiKey(session, {
      organizationId,
      name: options.name,
      scopes,
      ...(expiresAt === undefined ? {} : { expiresAt }),
      ...(rateLimit === undefined ? {} : { rateLimit }),
    })
    if (options.json) output.line(JSON.stringify({ ...shown(apiKey), key }))
    else {
      output.line(key)
      output.note('Keep it: it is shown this once.')
    }
  })
}

export function listKeys(
  { env, output }: Parts,
  options: { readonly organization?: string; readonly json?: boolean },
): Promise<void> {
  return withSession(env, async ({ store }) => {
    const { id } = await chooseOrganization(store, options.organization)
    const keys = (await store.apiKeys.list(id)).map(shown)
    if (options.json) return output.line(JSON.stringify(keys))
    output.line(['ID', 'PREFIX', 'SCOPES', 'LAST USED', 'EXPIRES', 'RATE LIMIT', 'NAME'].join('\t'))
    for (const key of keys)
      output.line(
        [
          key.id,
          key.prefix,
          key.scopes.join(','),
          key.last_used_at ?? 'never',
          key.expires_at ?? 'never',
          key.rate_limit === null ? 'none' : `${key.rate_limit.requests}/${key.rate_limit.per}`,
          key.name,
        ].join('\t'),
      )
  })
}

export function revokeKey(
  { env, output }: Parts,
  options: { readonly id: string; readonly organization?: string },
): Promise<void> {
  if (!/^\d{1,15}$/.test(options.id))
    throw new SmsError('invalid_request', 'Give the id of the key, as `keys list` shows it.')
  return withSession(env, async (session) => {
    const { id: organizationId } = await chooseOrganization(session.store, options.organization)
    const id = Number(options.id)
    const revoked = await revokeApiKey(session, { organizationId, id, actor: commandLine })
    output.line(`Revoked ${revoked.prefix}… (${revoked.name}). Running processes refuse it within 2 s.`)
  })
}

function shown(key: ApiKey) {
  const time = (ms: number | undefined) => (ms === undefined ? null : new Date(ms).toISOString())
  return {
    id: key.id,
    name: key.name,
    prefix: key.prefix,
    scopes: key.scopes,
    created_at: time(key.createdAt),
    last_used_at: time(key.lastUsedAt),
    expires_at: time(key.expiresAt),
    rate_limit: key.rateLimit ?? null,
  }
}

function parseScopes(text: string | undefined): ApiKeyScope[] {
  if (text === undefined) return [...apiKeyScopes]
  const given = text.split(',').map((scope) => scope.trim())
  const scopes = apiKeyScopes.filter((scope) => given.includes(scope))
  if (scopes.length !== new Set(given).size)
    throw new SmsError('invalid_request', `--scopes must be a list of: ${apiKeyScopes.join(', ')}.`)
  return scopes
}

function parseInstant(text: string): number {
  const instant = /^\d{4}-\d\d-\d\d(T[\d:.]+(Z|[+-]\d\d:\d\d))?$/.test(text) ? Date.parse(text) : Number.NaN
  if (Number.isNaN(instant))
    throw new SmsError('invalid_request', '--expires must be a date, e.g. 2027-01-31 or 2027-01-31T12:00:00Z.')
  return instant
}

/** `100/second`, or only the first letters of the unit. */
function parseRateLimit(text: string): RateLimit {
  const [, digits = '', word = ''] = /^(\d{1,7})\/([a-z]+)$/.exec(text) ?? []
  const requests = Number(digits)
  const per = word === '' ? undefined : rateLimitUnits.find((unit) => unit.startsWith(word))
  if (per === undefined || requests < 1 || requests > rateLimitRequestsMax)
    throw new SmsError(
      'invalid_request',
      `--rate-limit must be from 1 to ${rateLimitRequestsMax} requests per ${rateLimitUnits.join(', ')}, e.g. 100/second.`,
    )
  return { requests, per }
}
