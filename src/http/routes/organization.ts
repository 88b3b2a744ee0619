import { optOutScopes } from '../../core/opt-out.ts'
import { changedRetention, retentionEntry } from '../../use-cases/change-retention.ts'
import { actorOf, callerOf } from '../auth.ts'
import type { App } from '../fastify.ts'
import { type ManagementParts, orNotFound } from '../management.ts'
import { bodyErrors, setupErrors } from '../schemas/common.ts'
import { organizationBodyOf, organizationSchema, organizationUpdateSchema } from '../schemas/organization.ts'

const path = '/api/v1/organization'
const tags = ['organization']

export function registerOrganizationRoutes(app: App, { store, clock, changed }: ManagementParts): void {
  app.get(
    path,
    {
      config: { scopes: ['read', 'manage'] },
      schema: {
        operationId: 'getOrganization',
        summary: 'The organization of the API key',
        tags,
        response: { 200: organizationSchema, ...setupErrors('read or manage') },
      },
    },
    async (request) =>
      organizationBodyOf(orNotFound(await store.organizations.find(callerOf(request).organizationId), 'It is gone.')),
  )

  app.patch(
    path,
    {
      config: { scopes: ['manage'] },
      schema: {
        operationId: 'updateOrganization',
        summary: 'Change the organization of the API key',
        description: 'What is not given stays as it is.',
        tags,
        body: organizationUpdateSchema,
        response: {
          200: organizationSchema,
          ...setupErrors('manage', {
            ...bodyErrors,
            409: ['conflict', 'This name or number is already in use. Choose another one.'],
          }),
        },
      },
    },
    async (request) => {
      const { name, opt_out_scope, retention = {} } = request.body
      const optOutScope = optOutScopes.find((scope) => scope === opt_out_scope)
      const caller = callerOf(request)
      const facts = { organizationId: caller.organizationId, actor: actorOf(caller), now: clock.now() }
      const organization = await store.organizations.change(
        caller.organizationId,
        (present) => ({
          ...present,
          ...(name === undefined ? {} : { name }),
          ...(optOutScope === undefined ? {} : { optOutScope }),
          retention: changedRetention(present.retention, retention),
        }),
        (before, after) => retentionEntry([before.retention, after.retention], facts),
      )
      changed()
      return organizationBodyOf(organization)
    },
  )
}
