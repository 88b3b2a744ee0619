import { Type } from 'typebox'
import { deliveryStates } from '../../ports/event-store.ts'
import { callerOf } from '../auth.ts'
import type { App } from '../fastify.ts'
import { type ManagementParts, orNotFound } from '../management.ts'
import { idSchema, setupErrors } from '../schemas/common.ts'
import { deliveriesQuery, deliveriesSchema, deliveryBodyOf, deliverySchema } from '../schemas/event-endpoints.ts'

const operate = { scopes: ['operate', 'manage'] } as const
const tags = ['events']
const path = '/api/v1/event-deliveries'
const noDelivery = 'No event delivery has this id.'

export function registerEventDeliveryRoutes(app: App, { store, clock }: ManagementParts): void {
  app.get(
    path,
    {
      config: operate,
      schema: {
        operationId: 'listEventDeliveries',
        summary: 'What was posted, or waits to be, newest first',
        tags,
        querystring: deliveriesQuery,
        response: {
          200: deliveriesSchema,
          ...setupErrors('operate or manage', {
            400: ['invalid_request', 'state must be one of: pending, delivered, dead.'],
          }),
        },
      },
    },
    async (request) => {
      const { endpoint_id: endpointId, state: wanted, ...page } = request.query
      const state = deliveryStates.find((candidate) => candidate === wanted)
      const filter = {
        ...(endpointId === undefined ? {} : { endpointId }),
        ...(state === undefined ? {} : { state }),
      }
      return (await store.events.listDeliveries(callerOf(request).organizationId, filter, page)).map(deliveryBodyOf)
    },
  )

  app.post(
    `${path}/:delivery_id/replay`,
    {
      config: operate,
      schema: {
        operationId: 'replayEventDelivery',
        summary: 'Make one delivery again, whatever came of it',
        description: 'Under the same `webhook-id`. One that waits is made due.',
        tags,
        params: Type.Object({ delivery_id: idSchema }),
        response: {
          200: deliverySchema,
          ...setupErrors('operate or manage', {
            400: ['invalid_request', 'delivery_id must be a whole number.'],
            404: ['not_found', noDelivery],
          }),
        },
      },
    },
    async (request) => {
      const { organizationId } = callerOf(request)
      const deliveryKey = request.params.delivery_id
      await store.events.replay(organizationId, { deliveryKey }, clock.now())
      return deliveryBodyOf(orNotFound(await store.events.findDelivery(organizationId, deliveryKey), noDelivery))
    },
  )
}
