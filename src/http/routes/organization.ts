import { optOutScopes } from '../../core/opt-out.ts'
import { callerOf } from '../auth.ts'
import type { App } from '../fastify.ts'
import { type ManagementParts, orNotFound } from '../management.ts'
import { bodyErrors, setupErrors } from '../schemas/common.ts'
import { organizationBodyOf, organizationSchema, organizationUpdateSchema } from '../schemas/organization.ts'

const path = '/api/v1/organization'
const tags = ['organization']

export function registerOrganizationRoutes(app: App, { store, changed }: ManagementParts): void {
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
      const { name, opt_out_scope } = request.body
      const optOutScope = optOutScopes.find((scope) => scope === opt_out_scope)
      const organization = await store.organizations.change(callerOf(request).organizationId, (present) => ({
        ...present,
        ...(name === undefined ? {} : { name }),
        ...(optOutScope === undefined ? {} : { optOutScope }),
      }))
      changed()
      return organizationBodyOf(organization)
    },
  )
}
