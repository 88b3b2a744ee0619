import { Type } from 'typebox'
import { SmsError } from '../../core/errors.ts'
import type { Sender } from '../../core/organization.ts'
import { parseE164 } from '../../core/phone-number.ts'
import type { Store } from '../../ports/store.ts'
import { addNumber, changeNumber } from '../../use-cases/assign-number.ts'
import { callerOf } from '../auth.ts'
import { createdHttpStatus } from '../errors.ts'
import type { App } from '../fastify.ts'
import { type ManagementParts, orNotFound } from '../management.ts'
import { bodyErrors, idSchema, limitMax, setupErrors, skipMax } from '../schemas/common.ts'
import {
  assignResultSchema,
  bulkResultSchema,
  numberAssignSchema,
  numberCreateSchema,
  numberIdsSchema,
  numberResultSchema,
  numberUnassignSchema,
  numberUpdateSchema,
  phoneNumberBodyOf,
  phoneNumberSchema,
  phoneNumbersSchema,
} from '../schemas/phone-numbers.ts'

const manage = { scopes: ['manage'] } as const
const read = { scopes: ['read', 'manage'] } as const
const tags = ['phone numbers']
const assistantPath = Type.Object({ assistant_id: idSchema })
const notFound = { 404: ['not_found', 'No assistant has this id.'] } as const
const path = '/api/v1/assistants/organization/phone-numbers'
const page = {
  skip: Type.Integer({ minimum: 0, maximum: skipMax, default: 0 }),
  limit: Type.Integer({ minimum: 1, maximum: limitMax, default: limitMax }),
}

export function registerPhoneNumberRoutes(app: App, parts: ManagementParts): void {
  registerOrganizationLists(app, parts)
  registerOrganizationChanges(app, parts)
  registerAssistantLists(app, parts)
  registerBulkAssign(app, parts)
  registerAssignByNumber(app, parts)
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
          ...page,
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
        querystring: Type.Object(page),
        response: { 200: phoneNumbersSchema, ...errors },
      },
    },
    async (request) => availableBodies(store, callerOf(request).organizationId, request.query),
  )
}

function registerOrganizationChanges(app: App, { store, clock, changed }: ManagementParts): void {
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
      const { phone_number, friendly_name, assistant_id, provider_account_id, is_active } = request.body
      const sender = await addNumber(
        { store, clock },
        {
          organizationId,
          phoneNumber: parseE164(phone_number),
          friendlyName: friendly_name,
          assistantId: assistant_id,
          providerAccountId: provider_account_id,
          isActive: is_active,
        },
      )
      changed()
      return reply.code(createdHttpStatus).send(await bodyOf(store, sender))
    },
  )

  app.patch(
    `${path}/:phone_number_id`,
    {
      config: manage,
      schema: {
        operationId: 'updatePhoneNumber',
        summary: 'Rename, assign or deactivate a phone number',
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
      const { organizationId } = callerOf(request)
      const { friendly_name, assistant_id, provider_account_id, is_active } = request.body
      const sender = await changeNumber(
        { store, clock },
        {
          organizationId,
          id: request.params.phone_number_id,
          friendlyName: friendly_name,
          assistantId: assistant_id === 0 ? null : assistant_id,
          providerAccountId: provider_account_id,
          isActive: is_active,
        },
      )
      changed()
      return { success: true, message: 'Phone number updated', phone_number: await bodyOf(store, sender) }
    },
  )
}

function registerAssistantLists(app: App, { store }: ManagementParts): void {
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
        querystring: Type.Object(page),
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
        querystring: Type.Object(page),
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

async function availableBodies(store: Store, organizationId: number, { skip, limit }: { skip: number; limit: number }) {
  const free = (await store.senders.list(organizationId)).filter(
    (sender) => sender.assistantId === undefined && sender.isActive,
  )
  return bodiesOf(store, organizationId, free.slice(skip, skip + limit))
}

async function bodyOf(store: Store, sender: Sender) {
  const { organizationId, assistantId, providerAccountId } = sender
  const [account, assistant] = await Promise.all([
    store.accounts.find(organizationId, providerAccountId),
    assistantId === undefined ? undefined : store.assistants.find(organizationId, assistantId),
  ])
  return phoneNumberBodyOf(sender, { account, assistant })
}

async function bodiesOf(store: Store, organizationId: number, senders: readonly Sender[]) {
  const assistantIds = new Set(senders.flatMap(({ assistantId }) => (assistantId === undefined ? [] : [assistantId])))
  const [accounts, assistants] = await Promise.all([
    store.accounts.list(organizationId),
    Promise.all([...assistantIds].map((id) => store.assistants.find(organizationId, id))),
  ])
  return senders.map((sender) =>
    phoneNumberBodyOf(sender, {
      account: accounts.find(({ id }) => id === sender.providerAccountId),
      assistant: assistants.find((assistant) => assistant !== undefined && assistant.id === sender.assistantId),
    }),
  )
}
