import type { FastifyRequest } from 'fastify'
import { Type } from 'typebox'
import { SmsError } from '../../core/errors.ts'
import { type E164, parseE164 } from '../../core/phone-number.ts'
import { recordOptOut, removeOptOuts } from '../../use-cases/change-opt-out.ts'
import { actorOf, callerOf } from '../auth.ts'
import { createdHttpStatus, noContentHttpStatus } from '../errors.ts'
import type { App } from '../fastify.ts'
import type { ManagementParts } from '../management.ts'
import { bodyErrors, pageQuery, phoneNumberPath, setupErrors } from '../schemas/common.ts'
import { optOutBodyOf, optOutCreateSchema, optOutSchema, optOutsSchema } from '../schemas/opt-outs.ts'

const operate = { scopes: ['operate', 'manage'] } as const
const read = { scopes: ['read', 'manage'] } as const
const tags = ['opt-outs']
const noOptOut = 'This number has not opted out.'
const noDoubt = 'This number has opted out for certain: nothing is in doubt. Without only_in_doubt it is removed.'
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
        summary: 'The opt-outs of a number, the widest first',
        description:
          'One of the whole organization, of an assistant or of a number of yours each. 404 when none stands.',
        tags,
        params: phoneNumberPath,
        response: { 200: optOutsSchema, ...setupErrors('read or manage', { ...badNumber, ...notFound }) },
      },
    },
    async (request) => {
      const recipient = parseE164(request.params.phone_number)
      const optOuts = await store.optOuts.find(callerOf(request).organizationId, recipient)
      if (optOuts.length === 0) throw new SmsError('not_found', noOptOut)
      return optOuts.map(optOutBodyOf)
    },
  )
}

function registerChanging(app: App, parts: ManagementParts): void {
  const { store } = parts

  async function whyNothing(request: FastifyRequest, recipient: E164): Promise<string> {
    const standing = await store.optOuts.find(callerOf(request).organizationId, recipient)
    return standing.length === 0 ? noOptOut : noDoubt
  }

  app.post(
    path,
    {
      config: operate,
      schema: {
        operationId: 'createOptOut',
        summary: 'Record that a number must not be texted any more',
        description:
          'Holds at once for every assistant, number and provider, and confirms what stood in doubt. 200 when it stood already.',
        tags,
        body: optOutCreateSchema,
        response: { 200: optOutSchema, 201: optOutSchema, ...setupErrors('operate or manage', bodyErrors) },
      },
    },
    async (request, reply) => {
      const { phone_number, evidence } = request.body
      const caller = callerOf(request)
      const { created, optOut } = await recordOptOut(parts, {
        organizationId: caller.organizationId,
        actor: actorOf(caller),
        recipient: parseE164(phone_number),
        ...(evidence ? { evidence } : {}),
      })
      if (created) reply.code(createdHttpStatus)
      return optOutBodyOf(optOut)
    },
  )

  app.delete(
    `${path}/:phone_number`,
    {
      config: operate,
      schema: {
        operationId: 'deleteOptOut',
        summary: 'Allow texts to a number again',
        description:
          'Only when the person asked for it; all opt-outs of the number go. A provider may go on refusing until they text START.',
        tags,
        params: phoneNumberPath,
        querystring: Type.Object({
          only_in_doubt: Type.Boolean({
            default: false,
            description: 'Only what is in doubt: the text was no refusal. What is certain stays.',
          }),
        }),
        response: {
          204: Type.Null({ description: 'It is gone.' }),
          ...setupErrors('operate or manage', { ...badNumber, ...notFound }),
        },
      },
    },
    async (request, reply) => {
      const recipient = parseE164(request.params.phone_number)
      const caller = callerOf(request)
      const removed = await removeOptOuts(parts, {
        organizationId: caller.organizationId,
        recipient,
        onlyInDoubt: request.query.only_in_doubt,
        actor: actorOf(caller),
      })
      if (removed === 0) throw new SmsError('not_found', await whyNothing(request, recipient))
      return reply.code(noContentHttpStatus).send(null)
    },
  )
}
