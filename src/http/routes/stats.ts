import type { Clock } from '../../ports/clock.ts'
import type { Store } from '../../ports/store.ts'
import { makeOverview } from '../../use-cases/overview.ts'
import { callerOf } from '../auth.ts'
import type { App } from '../fastify.ts'
import { setupErrors } from '../schemas/common.ts'
import { overviewBodyOf, overviewQuery, overviewSchema } from '../schemas/stats.ts'

export function registerStatsRoutes(app: App, parts: { readonly store: Store; readonly clock: Clock }): void {
  const readOverview = makeOverview(parts)
  app.get(
    '/api/v1/stats/overview',
    {
      config: { scopes: ['read', 'manage'] },
      schema: {
        operationId: 'getOverview',
        summary: 'How the texts of a period fared, and what waits',
        description:
          'Outbound texts, each where it was made. Up to some seconds old. An hour is counted once and for all half a day after its end, when all of its texts have come to something.',
        tags: ['messages'],
        querystring: overviewQuery,
        response: {
          200: overviewSchema,
          ...setupErrors('read or manage', {
            400: ['invalid_request', 'period must be one of: 24h, 7d, 30d.'],
          }),
        },
      },
    },
    async (request) => {
      const { period } = request.query
      return overviewBodyOf(period, await readOverview(callerOf(request).organizationId, period))
    },
  )
}
