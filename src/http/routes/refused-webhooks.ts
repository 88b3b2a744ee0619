import { Type } from 'typebox'
import type { Store } from '../../ports/store.ts'
import { callerOf } from '../auth.ts'
import type { App } from '../fastify.ts'
import { pageQuery, setupErrors, timeOf } from '../schemas/common.ts'
import { refusedWebhooksSchema } from '../schemas/refused-webhooks.ts'

export function registerRefusedWebhookRoutes(app: App, { store }: { readonly store: Store }): void {
  app.get(
    '/api/v1/refused-webhooks',
    {
      config: { scopes: ['operate', 'manage'] },
      schema: {
        operationId: 'listRefusedWebhooks',
        summary: 'What providers sent that could not be used, newest first',
        description: 'Those of your accounts, and those whose signature fits no account.',
        tags: ['provider accounts'],
        querystring: Type.Object(pageQuery),
        response: {
          200: refusedWebhooksSchema,
          ...setupErrors('operate or manage', { 400: ['invalid_request', 'limit must be at most 1000.'] }),
        },
      },
    },
    async (request) => {
      const { organizationId } = callerOf(request)
      const refused = await store.inbound.listRefusedWebhooks(organizationId, request.query)
      // What fits no account may be a text to another organization, whose secret is set wrong.
      const isAlone = (await store.organizations.list(2)).length < 2
      return refused.map((webhook) => ({
        provider: webhook.provider,
        reason: webhook.reason,
        body: isAlone || webhook.organizationId === organizationId ? webhook.body : null,
        received_at: timeOf(webhook.receivedAt),
      }))
    },
  )
}
