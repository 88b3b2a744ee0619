import { Type } from 'typebox'
import { parseE164 } from '../../core/phone-number.ts'
import { addNumber, changeNumber } from '../../use-cases/assign-number.ts'
import { actorOf, callerOf } from '../auth.ts'
import { createdHttpStatus } from '../errors.ts'
import type { App } from '../fastify.ts'
import type { ManagementParts } from '../management.ts'
import { availableBodies, bodiesOf, bodyOf } from '../phone-number-bodies.ts'
import { bodyErrors, idSchema, setupErrors } from '../schemas/common.ts'
import { senderPaceFieldsOf } from '../schemas/pace.ts'
import {
  numberCreateSchema,
  numberPageQuery,
  numberResultSchema,
  numberUpdateSchema,
  phoneNumberSchema,
  phoneNumbersSchema,
} from '../schemas/phone-numbers.ts'

const manage = { scopes: ['manage'] } as const
const read = { scopes: ['read', 'manage'] } as const
const tags = ['phone numbers']
const notFound = { 404: ['not_found', 'No assistant has this id.'] } as const
const path = '/api/v1/assistants/organization/phone-numbers'

export function registerPhoneNumberRoutes(app: App, parts: ManagementParts): void {
  registerOrganizationLists(app, parts)
  registerAdding(app, parts)
  registerUpdating(app, parts)
}

function registerOrganizationLists(app: App, { store }: ManagementParts): void {
  const errors = setupErrors('read or manage', { 400: ['invalid_request', 'limit must be at most 1000.'] })
  app.get(
    path,
    {
      config: read,
      schema: {
        operationId: 'listPhoneNumbers',
        summary: 'All phone numbers of the organization, in order of their ids',
        tags,
        querystring: Type.Object({
          ...numberPageQuery,
          include_assigned: Type.Boolean({ default: true }),
          include_unassigned: Type.Boolean({ default: true }),
          include_inactive: Type.Boolean({ default: false }),
        }),
        response: { 200: phoneNumbersSchema, ...errors },
      },
    },
    async (request) => {
      const { organizationId } = callerOf(request)
      const { skip, limit, include_assigned, include_unassigned, include_inactive } = request.query
      const wanted = (await store.senders.list(organizationId)).filter(
        (sender) =>
          (sender.assistantId === undefined ? include_unassigned : include_assigned) &&
          (sender.isActive || include_inactive),
      )
      return bodiesOf(store, organizationId, wanted.slice(skip, skip + limit))
    },
  )

  app.get(
    `${path}/available`,
    {
      config: read,
      schema: {
        operationId: 'listAvailablePhoneNumbers',
        summary: 'The active phone numbers that no assistant has',
        tags,
        querystring: Type.Object(numberPageQuery),
        response: { 200: phoneNumbersSchema, ...errors },
      },
    },
    async (request) => availableBodies(store, callerOf(request).organizationId, request.query),
  )
}

function registerAdding(app: App, { store, clock, changed }: ManagementParts): void {
  app.post(
    path,
    {
      config: manage,
      schema: {
        operationId: 'createPhoneNumber',
        summary: 'Add a phone number',
        description: 'A number that you have at the provider. Nothing is bought, and the provider is not asked.',
        tags,
        body: numberCreateSchema,
        response: {
          201: phoneNumberSchema,
          ...setupErrors('manage', {
            ...bodyErrors,
            ...notFound,
            409: ['conflict', 'This name or number is already in use. Choose another one.'],
          }),
        },
      },
    },
    async (request, reply) => {
      const { organizationId } = callerOf(request)
      const { phone_number, friendly_name, assistant_id, provider_account_id, is_active, pace } = request.body
      const sender = await addNumber(
        { store, clock },
        {
          organizationId,
          phoneNumber: parseE164(phone_number),
          friendlyName: friendly_name,
          assistantId: assistant_id,
          providerAccountId: provider_account_id,
          isActive: is_active,
          pace: pace && senderPaceFieldsOf(pace),
        },
      )
      changed()
      return reply.code(createdHttpStatus).send(await bodyOf(store, sender))
    },
  )
}

function registerUpdating(app: App, { store, clock, changed }: ManagementParts): void {
  app.patch(
    `${path}/:phone_number_id`,
    {
      config: manage,
      schema: {
        operationId: 'updatePhoneNumber',
        summary: 'Rename, assign, pace or deactivate a phone number',
        tags,
        params: Type.Object({ phone_number_id: idSchema }),
        body: numberUpdateSchema,
        response: {
          200: numberResultSchema,
          ...setupErrors('manage', { ...bodyErrors, 404: ['not_found', 'No phone number has this id.'] }),
        },
      },
    },
    async (request) => {
      const caller = callerOf(request)
      const { organizationId } = caller
      const { friendly_name, assistant_id, provider_account_id, is_active, pace } = request.body
      const sender = await changeNumber(
        { store, clock },
        {
          organizationId,
          id: request.params.phone_number_id,
          friendlyName: friendly_name,
          assistantId: assistant_id === 0 ? null : assistant_id,
          providerAccountId: provider_account_id,
          isActive: is_active,
          pace: pace === undefined ? undefined : { fields: pace && senderPaceFieldsOf(pace), actor: actorOf(caller) },
        },
      )
      changed()
      return { success: true, message: 'Phone number updated', phone_number: await bodyOf(store, sender) }
    },
  )
}
