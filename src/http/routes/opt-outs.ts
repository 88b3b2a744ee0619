import { Type } from 'typebox'
import { SmsError } from '../../core/errors.ts'
import { parseE164 } from '../../core/phone-number.ts'
import { callerOf } from '../auth.ts'
import { createdHttpStatus, noContentHttpStatus } from '../errors.ts'
import type { App } from '../fastify.ts'
import { type ManagementParts, orNotFound } from '../management.ts'
import { bodyErrors, pageQuery, phoneNumberPath, setupErrors } from '../schemas/common.ts'
import { optOutBodyOf, optOutCreateSchema, optOutSchema, optOutsSchema } from '../schemas/opt-outs.ts'

const manage = { scopes: ['manage'] } as const
const read = { scopes: ['read', 'manage'] } as const
const tags = ['opt-outs']
const noOptOut = 'This number has not opted out.'
const notFound = { 404: ['not_found', noOptOut] } as const
const badNumber = {
  400: ['invalid_request', 'Invalid phone_number format. Use E.164 format (e.g., +1234567890)'],
} as const
const path = '/api/v1/opt-outs'

export function registerOptOutRoutes(app: App, parts: ManagementParts): void {
  registerReading(app, parts)
  registerChanging(app, parts)
}

function registerReading(app: App, { store }: ManagementParts): void {
  app.get(
    path,
    {
      config: read,
      schema: {
        operationId: 'listOptOuts',
        summary: 'Who must not be texted, newest first',
        tags,
        querystring: Type.Object(pageQuery),
        response: {
          200: optOutsSchema,
          ...setupErrors('read or manage', { 400: ['invalid_request', 'limit must be at most 1000.'] }),
        },
      },
    },
    async (request) => (await store.optOuts.list(callerOf(request).organizationId, request.query)).map(optOutBodyOf),
  )

  app.get(
    `${path}/:phone_number`,
    {
      config: read,
      schema: {
        operationId: 'getOptOut',
        summary: 'Whether a number has opted out',
        tags,
        params: phoneNumberPath,
        response: { 200: optOutSchema, ...setupErrors('read or manage', { ...badNumber, ...notFound }) },
      },
    },
    async (request) => {
      const recipient = parseE164(request.params.phone_number)
      return optOutBodyOf(orNotFound(await store.optOuts.find(callerOf(request).organizationId, recipient), noOptOut))
    },
  )
}

function registerChanging(app: App, { store, clock }: ManagementParts): void {
  app.post(
    path,
    {
      config: manage,
      schema: {
        operationId: 'createOptOut',
        summary: 'Record that a number must not be texted any more',
        description: 'Holds at once for every assistant, number and provider. 200 when it stood already.',
        tags,
        body: optOutCreateSchema,
        response: { 200: optOutSchema, 201: optOutSchema, ...setupErrors('manage', bodyErrors) },
      },
    },
    async (request, reply) => {
      const { phone_number, evidence } = request.body
      const { created, optOut } = await store.optOuts.add({
        organizationId: callerOf(request).organizationId,
        recipient: parseE164(phone_number),
        source: 'api',
        ...(evidence ? { evidence } : {}),
        createdAt: clock.now(),
      })
      if (created) reply.code(createdHttpStatus)
      return optOutBodyOf(optOut)
    },
  )

  app.delete(
    `${path}/:phone_number`,
    {
      config: manage,
      schema: {
        operationId: 'deleteOptOut',
        summary: 'Allow texts to a number again',
        description: 'Only when the person asked for it. A provider may go on refusing until they text START.',
        tags,
        params: phoneNumberPath,
        response: {
          204: Type.Null({ description: 'It is gone.' }),
          ...setupErrors('manage', { ...badNumber, ...notFound }),
        },
      },
    },
    async (request, reply) => {
      const recipient = parseE164(request.params.phone_number)
      const removed = await store.optOuts.remove(callerOf(request).organizationId, recipient, clock.now())
      if (!removed) throw new SmsError('not_found', noOptOut)
      return reply.code(noContentHttpStatus).send(null)
    },
  )
}
