import { Type } from 'typebox'
import { SmsError } from '../../core/errors.ts'
import { parseE164 } from '../../core/phone-number.ts'
import { changeAssistant, createAssistant, removeAssistant } from '../../use-cases/change-assistant.ts'
import { callerOf } from '../auth.ts'
import { createdHttpStatus } from '../errors.ts'
import type { App } from '../fastify.ts'
import { type ManagementParts, orNotFound } from '../management.ts'
import {
  assistantBodyOf,
  assistantCreateSchema,
  assistantFieldsOf,
  assistantSchema,
  assistantsSchema,
  assistantUpdateSchema,
} from '../schemas/assistants.ts'
import { bodyErrors, idSchema, pageQuery, phoneNumberPath, resultSchema, setupErrors } from '../schemas/common.ts'

const manage = { scopes: ['manage'] } as const
const read = { scopes: ['read', 'manage'] } as const
const tags = ['assistants']
const params = Type.Object({ assistant_id: idSchema })
const noAssistant = 'No assistant has this id.'
const notFound = { 404: ['not_found', noAssistant] } as const
const activeOnly = Type.Boolean({ default: false, description: 'Only those that are active.' })

export function registerAssistantRoutes(app: App, parts: ManagementParts): void {
  registerLists(app, parts)
  registerFinding(app, parts)
  registerChanging(app, parts)
  registerFieldChanges(app, parts)
}

function registerLists(app: App, { store }: ManagementParts): void {
  app.get(
    '/api/v1/assistants',
    {
      config: read,
      schema: {
        operationId: 'listAssistants',
        summary: 'All assistants, in order of their ids',
        tags,
        querystring: Type.Object({ ...pageQuery, active_only: activeOnly }),
        response: {
          200: assistantsSchema,
          ...setupErrors('read or manage', { 400: ['invalid_request', 'limit must be at most 1000.'] }),
        },
      },
    },
    async (request) => {
      const { skip, limit, active_only } = request.query
      const page = { skip, limit, activeOnly: active_only }
      return (await store.assistants.list(callerOf(request).organizationId, page)).map(assistantBodyOf)
    },
  )

  app.get(
    '/api/v1/assistants/count',
    {
      config: read,
      schema: {
        operationId: 'countAssistants',
        summary: 'How many assistants there are',
        tags,
        querystring: Type.Object({ active_only: activeOnly }),
        response: {
          200: Type.Object({ count: Type.Integer() }, { title: 'Count', examples: [{ count: 2 }] }),
          ...setupErrors('read or manage', { 400: ['invalid_request', 'active_only must be true or false.'] }),
        },
      },
    },
    async (request) => ({
      count: await store.assistants.count(callerOf(request).organizationId, request.query.active_only),
    }),
  )
}

function registerFinding(app: App, { store }: ManagementParts): void {
  app.get(
    '/api/v1/assistants/:assistant_id',
    {
      config: read,
      schema: {
        operationId: 'getAssistant',
        summary: 'One assistant',
        tags,
        params,
        response: {
          200: assistantSchema,
          ...setupErrors('read or manage', {
            400: ['invalid_request', 'assistant_id must be a whole number.'],
            ...notFound,
          }),
        },
      },
    },
    async (request) =>
      assistantBodyOf(
        orNotFound(
          await store.assistants.find(callerOf(request).organizationId, request.params.assistant_id),
          noAssistant,
        ),
      ),
  )

  app.get(
    '/api/v1/assistants/by-phone/:phone_number',
    {
      config: read,
      schema: {
        operationId: 'getAssistantByPhoneNumber',
        summary: 'The assistant that has a phone number',
        tags,
        params: phoneNumberPath,
        response: {
          200: assistantSchema,
          ...setupErrors('read or manage', {
            400: ['invalid_request', 'Invalid phone_number format. Use E.164 format (e.g., +1234567890)'],
            404: ['sender_not_found', 'No assistant found for phone number +1234567890'],
          }),
        },
      },
    },
    async (request) => {
      const { organizationId } = callerOf(request)
      const number = parseE164(request.params.phone_number)
      const assistantId = (await store.senders.findByNumber(organizationId, number))?.assistantId
      const assistant = assistantId === undefined ? undefined : await store.assistants.find(organizationId, assistantId)
      if (assistant === undefined)
        throw new SmsError('sender_not_found', `No assistant found for phone number ${number}`)
      return assistantBodyOf(assistant)
    },
  )
}

function registerChanging(app: App, parts: ManagementParts): void {
  const { store, clock, changed } = parts
  app.post(
    '/api/v1/assistants',
    {
      config: manage,
      schema: {
        operationId: 'createAssistant',
        summary: 'Create an assistant',
        tags,
        body: assistantCreateSchema,
        response: {
          201: assistantSchema,
          ...setupErrors('manage', {
            ...bodyErrors,
            404: ['not_found', 'No provider account has this id.'],
            409: ['conflict', 'This organization has 10000 assistants, which is the most. Remove one.'],
          }),
        },
      },
    },
    async (request, reply) => {
      const { organizationId } = callerOf(request)
      const { name } = request.body
      const assistant = await createAssistant(parts, { ...assistantFieldsOf(request.body), organizationId, name })
      changed()
      return reply.code(createdHttpStatus).send(assistantBodyOf(assistant))
    },
  )

  app.delete(
    '/api/v1/assistants/:assistant_id',
    {
      config: manage,
      schema: {
        operationId: 'deleteAssistant',
        summary: 'Delete an assistant',
        description: 'Its numbers belong to no assistant then. Its messages stay.',
        tags,
        params,
        response: {
          200: resultSchema('Assistant deleted'),
          ...setupErrors('manage', { 400: ['invalid_request', 'assistant_id must be a whole number.'], ...notFound }),
        },
      },
    },
    async (request) => {
      const { organizationId } = callerOf(request)
      const removed = await removeAssistant({ store, clock }, { organizationId, id: request.params.assistant_id })
      if (!removed) throw new SmsError('not_found', noAssistant)
      changed()
      return { success: true, message: 'Assistant deleted' }
    },
  )
}

function registerFieldChanges(app: App, parts: ManagementParts): void {
  const { changed } = parts
  const errors = setupErrors('manage', { ...bodyErrors, ...notFound })

  for (const [method, operationId, settings, summary] of [
    ['PUT', 'updateAssistant', 'replace', 'Change an assistant; custom_settings are replaced'],
    ['PATCH', 'patchAssistant', 'merge', 'Change an assistant; custom_settings are merged, name by name'],
  ] as const)
    app.route({
      method,
      url: '/api/v1/assistants/:assistant_id',
      config: manage,
      schema: {
        operationId,
        summary,
        tags,
        params,
        body: assistantUpdateSchema,
        response: { 200: assistantSchema, ...errors },
      },
      handler: async (request) => {
        const { organizationId } = callerOf(request)
        const id = request.params.assistant_id
        const fields = assistantFieldsOf(request.body)
        const assistant = await changeAssistant(parts, { organizationId, id, fields, settings })
        changed()
        return assistantBodyOf(assistant)
      },
    })

  app.patch(
    '/api/v1/assistants/:assistant_id/status',
    {
      config: manage,
      schema: {
        operationId: 'setAssistantStatus',
        summary: 'Activate or deactivate an assistant',
        description: 'Nothing is sent from the numbers of an assistant that is not active.',
        tags,
        params,
        querystring: Type.Object({ is_active: Type.Boolean() }),
        response: {
          200: assistantSchema,
          ...setupErrors('manage', { 400: ['invalid_request', 'is_active is required.'], ...notFound }),
        },
      },
    },
    async (request) => {
      const { organizationId } = callerOf(request)
      const assistant = await changeAssistant(parts, {
        organizationId,
        id: request.params.assistant_id,
        fields: { isActive: request.query.is_active },
        settings: 'merge',
      })
      changed()
      return assistantBodyOf(assistant)
    },
  )
}
