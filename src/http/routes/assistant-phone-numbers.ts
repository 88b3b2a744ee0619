import { Type } from 'typebox'
import { SmsError } from '../../core/errors.ts'
import { parseE164 } from '../../core/phone-number.ts'
import type { Store } from '../../ports/store.ts'
import { addNumber, changeNumber } from '../../use-cases/assign-number.ts'
import { callerOf } from '../auth.ts'
import type { App } from '../fastify.ts'
import { type ManagementParts, orNotFound } from '../management.ts'
import { availableBodies, bodiesOf, bodyOf } from '../phone-number-bodies.ts'
import { bodyErrors, idSchema, setupErrors } from '../schemas/common.ts'
import {
  assignResultSchema,
  bulkResultSchema,
  numberAssignSchema,
  numberIdsSchema,
  numberPageQuery,
  numberUnassignSchema,
  phoneNumbersSchema,
} from '../schemas/phone-numbers.ts'

const manage = { scopes: ['manage'] } as const
const read = { scopes: ['read', 'manage'] } as const
const tags = ['phone numbers']
const assistantPath = Type.Object({ assistant_id: idSchema })
const notFound = { 404: ['not_found', 'No assistant has this id.'] } as const

/** The phone numbers of one assistant. */
export function registerAssistantPhoneNumberRoutes(app: App, parts: ManagementParts): void {
  registerLists(app, parts)
  registerBulkAssign(app, parts)
  registerAssignByNumber(app, parts)
}

function registerLists(app: App, { store }: ManagementParts): void {
  const errors = setupErrors('read or manage', {
    400: ['invalid_request', 'assistant_id must be a whole number.'],
    ...notFound,
  })
  app.get(
    '/api/v1/assistants/:assistant_id/phone-numbers',
    {
      config: read,
      schema: {
        operationId: 'listPhoneNumbersOfAssistant',
        summary: 'The phone numbers of an assistant',
        tags,
        params: assistantPath,
        querystring: Type.Object(numberPageQuery),
        response: { 200: phoneNumbersSchema, ...errors },
      },
    },
    async (request) => {
      const { organizationId } = callerOf(request)
      const { skip, limit } = request.query
      const { id } = await getAssistant(store, organizationId, request.params.assistant_id)
      const own = (await store.senders.list(organizationId)).filter((sender) => sender.assistantId === id)
      return bodiesOf(store, organizationId, own.slice(skip, skip + limit))
    },
  )

  app.get(
    '/api/v1/assistants/:assistant_id/available-phone-numbers',
    {
      config: read,
      schema: {
        operationId: 'listPhoneNumbersAvailableForAssistant',
        summary: 'The active phone numbers that the assistant could be given',
        tags,
        params: assistantPath,
        querystring: Type.Object(numberPageQuery),
        response: { 200: phoneNumbersSchema, ...errors },
      },
    },
    async (request) => {
      const { organizationId } = callerOf(request)
      await getAssistant(store, organizationId, request.params.assistant_id)
      return availableBodies(store, organizationId, request.query)
    },
  )
}

function registerBulkAssign(app: App, { store, clock, changed }: ManagementParts): void {
  app.post(
    '/api/v1/assistants/:assistant_id/phone-numbers/bulk-assign',
    {
      config: manage,
      schema: {
        operationId: 'assignPhoneNumbers',
        summary: 'Give an assistant several phone numbers',
        description: 'Each for itself: what cannot be assigned is listed, the others are assigned.',
        tags,
        params: assistantPath,
        body: numberIdsSchema,
        response: { 200: bulkResultSchema, ...setupErrors('manage', { ...bodyErrors, ...notFound }) },
      },
    },
    async (request) => {
      const { organizationId } = callerOf(request)
      const { id: assistantId } = await getAssistant(store, organizationId, request.params.assistant_id)
      const assigned: number[] = []
      const failed: { id: number; detail: string }[] = []
      for (const id of request.body) {
        try {
          await changeNumber({ store, clock }, { organizationId, id, assistantId })
          assigned.push(id)
        } catch (error) {
          if (!(error instanceof SmsError) || error.code !== 'not_found') throw error
          failed.push({ id, detail: error.message })
        }
      }
      changed()
      return {
        success: failed.length === 0,
        message: `Assigned ${assigned.length} of ${request.body.length} phone numbers`,
        data: { assigned, failed },
      }
    },
  )
}

function registerAssignByNumber(app: App, { store, clock, changed }: ManagementParts): void {
  app.post(
    '/api/v1/assistants/:assistant_id/phone-numbers/assign-by-number',
    {
      config: manage,
      schema: {
        operationId: 'assignPhoneNumber',
        summary: 'Give an assistant a phone number',
        tags,
        params: assistantPath,
        body: numberAssignSchema,
        response: { 200: assignResultSchema, ...setupErrors('manage', { ...bodyErrors, ...notFound }) },
      },
    },
    async (request) => {
      const { organizationId } = callerOf(request)
      const { friendly_name: friendlyName, auto_sync } = request.body
      const phoneNumber = parseE164(request.body.phone_number)
      const { id: assistantId } = await getAssistant(store, organizationId, request.params.assistant_id)
      const known = await store.senders.findByNumber(organizationId, phoneNumber)
      if (known === undefined && auto_sync === false) throw new SmsError('not_found', 'No phone number is this one.')
      const sender =
        known === undefined
          ? await addNumber({ store, clock }, { organizationId, phoneNumber, friendlyName, assistantId })
          : await changeNumber({ store, clock }, { organizationId, id: known.id, friendlyName, assistantId })
      changed()
      return { success: true, message: 'Phone number assigned', data: await bodyOf(store, sender) }
    },
  )

  app.post(
    '/api/v1/assistants/:assistant_id/phone-numbers/unassign-by-number',
    {
      config: manage,
      schema: {
        operationId: 'unassignPhoneNumber',
        summary: 'Take a phone number from an assistant',
        tags,
        params: assistantPath,
        body: numberUnassignSchema,
        response: { 200: assignResultSchema, ...setupErrors('manage', { ...bodyErrors, ...notFound }) },
      },
    },
    async (request) => {
      const { organizationId } = callerOf(request)
      const { id: assistantId } = await getAssistant(store, organizationId, request.params.assistant_id)
      const known = await store.senders.findByNumber(organizationId, parseE164(request.body.phone_number))
      if (known?.assistantId !== assistantId)
        throw new SmsError('not_found', 'The assistant does not have this phone number.')
      const sender = await changeNumber({ store, clock }, { organizationId, id: known.id, assistantId: null })
      changed()
      return { success: true, message: 'Phone number unassigned', data: await bodyOf(store, sender) }
    },
  )
}

async function getAssistant(store: Store, organizationId: number, id: number) {
  return orNotFound(await store.assistants.find(organizationId, id), 'No assistant has this id.')
}
