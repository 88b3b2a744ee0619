import type { FastifyRequest } from 'fastify'
import { Type } from 'typebox'
import { apiKeyScopes } from '../../core/api-key.ts'
import { SmsError } from '../../core/errors.ts'
import { changeApiKey, revokeApiKey } from '../../use-cases/change-api-key.ts'
import { createApiKey } from '../../use-cases/create-api-key.ts'
import { actorOf, callerOf } from '../auth.ts'
import type { App } from '../fastify.ts'
import type { ManagementParts } from '../management.ts'
import {
  apiKeyBodyOf,
  apiKeySchema,
  apiKeysSchema,
  keyCreatedSchema,
  keyCreateSchema,
  keyNameSchema,
  keyUpdateSchema,
  scopesOf,
} from '../schemas/api-keys.ts'
import { bodyErrors, idSchema, resultSchema, setupErrors } from '../schemas/common.ts'

const apiKeysMax = 1_000

const manage = { scopes: ['manage'] } as const
const tags = ['API keys']
const params = Type.Object({ key_id: idSchema })
const notFound = { 404: ['not_found', 'No API key has this id.'] } as const
const path = '/api/v1/users/me/api-keys'

export function registerApiKeyRoutes(app: App, parts: ManagementParts): void {
  registerListAndCreate(app, parts)
  registerChanging(app, parts)
}

function registerListAndCreate(app: App, { store, clock, random, changed }: ManagementParts): void {
  app.get(
    path,
    {
      config: { scopes: ['read', 'manage'] },
      schema: {
        operationId: 'listApiKeys',
        summary: 'All API keys of the organization but revoked ones',
        tags,
        response: { 200: apiKeysSchema, ...setupErrors('read or manage') },
      },
    },
    async (request) => {
      const keys = await store.apiKeys.list(callerOf(request).organizationId)
      return keys.map((key) => apiKeyBodyOf(key, clock.now()))
    },
  )

  app.post(
    path,
    {
      config: manage,
      schema: {
        operationId: 'createApiKey',
        summary: 'Create an API key',
        description: 'The key is shown in this answer and never again.',
        tags,
        body: keyCreateSchema,
        response: {
          200: keyCreatedSchema,
          ...setupErrors('manage', {
            ...bodyErrors,
            409: ['conflict', 'This organization has 1000 API keys, which is the most. Revoke one.'],
          }),
        },
      },
    },
    async (request) => {
      const caller = callerOf(request)
      const { organizationId } = caller
      const { name, scopes, permissions, expires_at, rate_limit: rateLimit } = request.body
      const now = clock.now()
      const expiresAt = expires_at ? Date.parse(expires_at) : undefined
      if (expiresAt !== undefined && expiresAt <= now)
        throw new SmsError('invalid_request', 'expires_at must be in the future.')
      const granted = scopesOf({ scopes, permissions }) ?? apiKeyScopes
      if ((await store.apiKeys.list(organizationId)).length >= apiKeysMax)
        throw new SmsError('conflict', `This organization has ${apiKeysMax} API keys, which is the most. Revoke one.`)
      const { key, apiKey } = await createApiKey(
        { store, clock, random },
        {
          organizationId,
          name,
          scopes: granted,
          ...(expiresAt === undefined ? {} : { expiresAt }),
          ...(rateLimit ? { rateLimit } : {}),
          actor: actorOf(caller),
        },
      )
      changed()
      return { api_key: apiKeyBodyOf(apiKey, now), key }
    },
  )
}

function registerChanging(app: App, parts: ManagementParts): void {
  const { store, clock, changed } = parts
  for (const [method, operationId] of [
    ['PUT', 'updateApiKey'],
    ['PATCH', 'patchApiKey'],
  ] as const)
    app.route({
      method,
      url: `${path}/:key_id`,
      config: manage,
      schema: {
        operationId,
        summary: 'Rename an API key, or change its scopes or its rate limit',
        description: 'It holds at once; in other processes over the same database within 5 seconds.',
        tags,
        params,
        querystring: Type.Object({ name: Type.Optional(keyNameSchema) }),
        body: keyUpdateSchema,
        response: { 200: apiKeySchema, ...setupErrors('manage', { ...bodyErrors, ...notFound }) },
      },
      handler: async (request) => {
        const { name, scopes, rate_limit: wantedLimit, ...permissions } = request.body ?? {}
        const wantedName = name ?? request.query.name
        const wantedScopes = scopesOf({ scopes, permissions })
        const apiKey = await changeApiKey({ store, clock }, targetOf(request), (present) => {
          const { rateLimit: presentLimit, ...rest } = present
          const rateLimit = wantedLimit === undefined ? presentLimit : wantedLimit
          return {
            ...rest,
            name: wantedName ?? present.name,
            scopes: wantedScopes ?? present.scopes,
            ...(rateLimit ? { rateLimit } : {}),
          }
        })
        changed()
        return apiKeyBodyOf(apiKey, clock.now())
      },
    })

  app.delete(
    `${path}/:key_id`,
    {
      config: manage,
      schema: {
        operationId: 'deleteApiKey',
        summary: 'Revoke an API key',
        description: 'It is refused from now on; by other processes over the same database within 5 seconds.',
        tags,
        params,
        response: {
          200: resultSchema('API key revoked'),
          ...setupErrors('manage', { 400: ['invalid_request', 'key_id must be a whole number.'], ...notFound }),
        },
      },
    },
    async (request) => {
      await revokeApiKey({ store, clock }, targetOf(request))
      changed()
      return { success: true, message: 'API key revoked' }
    },
  )
}

function targetOf(request: FastifyRequest & { readonly params: { readonly key_id: number } }) {
  const caller = callerOf(request)
  return { organizationId: caller.organizationId, id: request.params.key_id, actor: actorOf(caller) }
}
