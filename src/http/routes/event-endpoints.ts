import { Type } from 'typebox'
import { SmsError } from '../../core/errors.ts'
import {
  changeEventEndpoint,
  createEventEndpoint,
  removeEventEndpoint,
  rotateEndpointSecret,
} from '../../use-cases/change-event-endpoint.ts'
import { callerOf } from '../auth.ts'
import { createdHttpStatus, noContentHttpStatus } from '../errors.ts'
import type { App } from '../fastify.ts'
import { type ManagementParts, orNotFound } from '../management.ts'
import { bodyErrors, idSchema, pageQuery, setupErrors } from '../schemas/common.ts'
import {
  endpointBodyOf,
  endpointCreateSchema,
  endpointSchema,
  endpointsSchema,
  endpointUpdateSchema,
  replayedSchema,
  secretBodyOf,
  secretRotateSchema,
  secretSchema,
} from '../schemas/event-endpoints.ts'

const manage = { scopes: ['manage'] } as const
const operate = { scopes: ['operate', 'manage'] } as const
const tags = ['events']
const params = Type.Object({ endpoint_id: idSchema })
const noEndpoint = 'No event endpoint has this id.'
const notFound = { 404: ['not_found', noEndpoint] } as const
const badId = { 400: ['invalid_request', 'endpoint_id must be a whole number.'] } as const
const path = '/api/v1/event-endpoints'

export function registerEventEndpointRoutes(app: App, parts: ManagementParts): void {
  registerReading(app, parts)
  registerChanging(app, parts)
  registerSecrets(app, parts)
  registerEnding(app, parts)
}

function registerReading(app: App, { store }: ManagementParts): void {
  app.get(
    path,
    {
      config: operate,
      schema: {
        operationId: 'listEventEndpoints',
        summary: 'Where events are posted to, in order of their ids',
        description: 'Those of assistants (their sms_webhook_url) too.',
        tags,
        querystring: Type.Object(pageQuery),
        response: {
          200: endpointsSchema,
          ...setupErrors('operate or manage', { 400: ['invalid_request', 'limit must be at most 1000.'] }),
        },
      },
    },
    async (request) =>
      (await store.events.listEndpoints(callerOf(request).organizationId, request.query)).map(endpointBodyOf),
  )

  app.get(
    `${path}/:endpoint_id`,
    {
      config: operate,
      schema: {
        operationId: 'getEventEndpoint',
        summary: 'One event endpoint',
        tags,
        params,
        response: { 200: endpointSchema, ...setupErrors('operate or manage', { ...badId, ...notFound }) },
      },
    },
    async (request) =>
      endpointBodyOf(
        orNotFound(
          await store.events.findEndpoint(callerOf(request).organizationId, request.params.endpoint_id),
          noEndpoint,
        ),
      ),
  )
}

function registerChanging(app: App, parts: ManagementParts): void {
  app.post(
    path,
    {
      config: manage,
      schema: {
        operationId: 'createEventEndpoint',
        summary: 'Have events posted to an address',
        description: 'From now on, signed as Standard Webhooks. Its secret is at `…/secret`.',
        tags,
        body: endpointCreateSchema,
        response: {
          201: endpointSchema,
          ...setupErrors('manage', {
            ...bodyErrors,
            409: ['conflict', 'This organization has 50 event endpoints, which is the most. Remove one.'],
          }),
        },
      },
    },
    async (request, reply) => {
      const { organizationId } = callerOf(request)
      const endpoint = await createEventEndpoint(parts, { ...request.body, organizationId })
      return reply.code(createdHttpStatus).send(endpointBodyOf(endpoint))
    },
  )

  app.patch(
    `${path}/:endpoint_id`,
    {
      config: manage,
      schema: {
        operationId: 'updateEventEndpoint',
        summary: 'Change, disable or enable an event endpoint',
        description: 'What is not given stays as it is.',
        tags,
        params,
        body: endpointUpdateSchema,
        response: {
          200: endpointSchema,
          ...setupErrors('manage', {
            ...bodyErrors,
            ...notFound,
            409: [
              'conflict',
              'This endpoint is the sms_webhook_url of an assistant and gets its inbound texts. Change the assistant instead.',
            ],
          }),
        },
      },
    },
    async (request) => {
      const { organizationId } = callerOf(request)
      const id = request.params.endpoint_id
      return endpointBodyOf(await changeEventEndpoint(parts, { organizationId, id, fields: request.body }))
    },
  )
}

function registerSecrets(app: App, parts: ManagementParts): void {
  const { store, clock } = parts
  app.get(
    `${path}/:endpoint_id/secret`,
    {
      config: manage,
      schema: {
        operationId: 'getEventEndpointSecret',
        summary: 'The secret that verifies what is posted to an endpoint',
        tags,
        params,
        response: { 200: secretSchema, ...setupErrors('manage', { ...badId, ...notFound }) },
      },
    },
    async (request) => {
      const { organizationId } = callerOf(request)
      const endpoint = await store.events.findEndpoint(organizationId, request.params.endpoint_id)
      return secretBodyOf(orNotFound(endpoint, noEndpoint), clock.now())
    },
  )

  app.post(
    `${path}/:endpoint_id/rotate-secret`,
    {
      config: manage,
      // All of it may be left out, so the body too.
      preValidation: async (request) => {
        request.body ??= {}
      },
      schema: {
        operationId: 'rotateEventEndpointSecret',
        summary: 'Give an endpoint a new secret',
        description: 'The old one signs beside it for 24 hours, or is gone at once with `keep_old: false`.',
        tags,
        params,
        body: secretRotateSchema,
        response: { 200: secretSchema, ...setupErrors('manage', { ...bodyErrors, ...notFound }) },
      },
    },
    async (request) => {
      const { organizationId } = callerOf(request)
      const wanted = { organizationId, id: request.params.endpoint_id, keepsOld: request.body.keep_old ?? true }
      return secretBodyOf(await rotateEndpointSecret(parts, wanted), clock.now())
    },
  )
}

function registerEnding(app: App, { store, clock }: ManagementParts): void {
  app.post(
    `${path}/:endpoint_id/replay`,
    {
      config: operate,
      schema: {
        operationId: 'replayEventEndpoint',
        summary: 'Make all dead deliveries of an endpoint again',
        tags,
        params,
        response: { 200: replayedSchema, ...setupErrors('operate or manage', { ...badId, ...notFound }) },
      },
    },
    async (request) => {
      const { organizationId } = callerOf(request)
      const endpointId = request.params.endpoint_id
      orNotFound(await store.events.findEndpoint(organizationId, endpointId), noEndpoint)
      return { replayed: await store.events.replay(organizationId, { endpointId }, clock.now()) }
    },
  )

  app.delete(
    `${path}/:endpoint_id`,
    {
      config: manage,
      schema: {
        operationId: 'deleteEventEndpoint',
        summary: 'Remove an event endpoint and its deliveries',
        tags,
        params,
        response: {
          204: Type.Null({ description: 'It is gone.' }),
          ...setupErrors('manage', {
            ...badId,
            ...notFound,
            409: [
              'conflict',
              'This endpoint is the sms_webhook_url of an assistant. Take that away from the assistant, or disable the endpoint.',
            ],
          }),
        },
      },
    },
    async (request, reply) => {
      const { organizationId } = callerOf(request)
      const removed = await removeEventEndpoint({ store }, { organizationId, id: request.params.endpoint_id })
      if (!removed) throw new SmsError('not_found', noEndpoint)
      return reply.code(noContentHttpStatus).send(null)
    },
  )
}
