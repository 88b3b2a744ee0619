import type { Clock } from '../../ports/clock.ts'
import type { Store } from '../../ports/store.ts'
import { makePolicyImpact } from '../../use-cases/policy-impact.ts'
import { callerOf } from '../auth.ts'
import type { App } from '../fastify.ts'
import { orNotFound } from '../management.ts'
import { setupErrors } from '../schemas/common.ts'
import { policyImpactBodyOf, policyImpactQuery, policyImpactSchema } from '../schemas/policy-impact.ts'

export function registerPolicyImpactRoutes(app: App, parts: { readonly store: Store; readonly clock: Clock }): void {
  const readImpact = makePolicyImpact(parts)
  app.get(
    '/api/v1/policy/impact',
    {
      config: { scopes: ['read', 'manage'] },
      schema: {
        operationId: 'getPolicyImpact',
        summary: 'What each rule of the policy would have stopped lately, and what it did stop',
        description:
          'Each rule for itself, tried on the stored texts in the order in which they were made, with the values that are set, and with those of the preset `guarded` where none is. What lies before the texts that are looked at is not known. Up to some seconds old.',
        tags: ['policies'],
        querystring: policyImpactQuery,
        response: {
          200: policyImpactSchema,
          ...setupErrors('read or manage', {
            400: ['invalid_request', 'days must be a whole number from 1 to 31.'],
          }),
        },
      },
    },
    async (request) => {
      const { days } = request.query
      const organization = orNotFound(
        await parts.store.organizations.find(callerOf(request).organizationId),
        'It is gone.',
      )
      return policyImpactBodyOf(days, await readImpact(organization, days))
    },
  )
}
