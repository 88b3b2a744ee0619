import { Type } from 'typebox'
import { changeAssistantPolicy, changeOrganizationPolicy, refuse } from '../../use-cases/change-policy.ts'
import { readPolicyDocument } from '../../use-cases/policy-document.ts'
import { actorOf, callerOf } from '../auth.ts'
import type { App } from '../fastify.ts'
import { type ManagementParts, orNotFound } from '../management.ts'
import { bodyErrors, idSchema, setupErrors } from '../schemas/common.ts'
import {
  assistantPolicyBodyOf,
  assistantPolicyBodySchema,
  assistantPolicySchema,
  policyBodyOf,
  policyBodySchema,
  policySchema,
} from '../schemas/policy.ts'
import { makeValidatorButForBody } from '../validation.ts'

const manage = { scopes: ['manage'] } as const
const read = { scopes: ['read', 'manage'] } as const
const tags = ['policies']
const params = Type.Object({ assistant_id: idSchema })
const path = '/api/v1/policy'
const assistantPath = '/api/v1/assistants/:assistant_id/policy'
const noAssistant = 'No assistant has this id.'
const gone = 'It is gone.'
const badBody = {
  ...bodyErrors,
  400: ['invalid_request', 'per_recipient[0].messages must be a whole number from 1 to 10000000.'],
} as const
const holds = 'It holds for every text that is sent from now on; in other processes within 5 seconds.'

export function registerPolicyRoutes(app: App, parts: ManagementParts): void {
  registerOfOrganization(app, parts)
  registerOfAssistant(app, parts)
}

function registerOfOrganization(app: App, { store, clock, changed }: ManagementParts): void {
  app.get(
    path,
    {
      config: read,
      schema: {
        operationId: 'getPolicy',
        summary: 'What the assistants of the organization may send, and to whom',
        tags,
        response: { 200: policySchema, ...setupErrors('read or manage') },
      },
    },
    async (request) => policyBodyOf(orNotFound(await store.organizations.find(callerOf(request).organizationId), gone)),
  )

  for (const [method, operationId, rest, summary] of [
    ['PUT', 'setPolicy', 'drop', 'Replace the policy of the organization'],
    ['PATCH', 'updatePolicy', 'keep', 'Change rules of the policy of the organization'],
  ] as const)
    app.route({
      method,
      url: path,
      config: manage,
      validatorCompiler: makeValidatorButForBody(),
      schema: {
        operationId,
        summary,
        description: holds,
        tags,
        body: policyBodySchema,
        response: { 200: policySchema, ...setupErrors('manage', badBody) },
      },
      handler: async (request) => {
        const caller = callerOf(request)
        const { organizationId } = caller
        const change = readPolicyDocument(request.body, { owner: 'organization', fail: refuse })
        const order = { organizationId, change, rest, actor: actorOf(caller) }
        const organization = await changeOrganizationPolicy({ store, clock }, order)
        changed()
        return policyBodyOf(organization)
      },
    })
}

function registerOfAssistant(app: App, { store, clock, changed }: ManagementParts): void {
  const organizationOf = async (id: number) => orNotFound(await store.organizations.find(id), gone)

  app.get(
    assistantPath,
    {
      config: read,
      schema: {
        operationId: 'getAssistantPolicy',
        summary: 'What an assistant may send, and to whom',
        tags,
        params,
        response: {
          200: assistantPolicySchema,
          ...setupErrors('read or manage', {
            400: ['invalid_request', 'assistant_id must be a whole number.'],
            404: ['not_found', noAssistant],
          }),
        },
      },
    },
    async (request) => {
      const { organizationId } = callerOf(request)
      const assistant = orNotFound(
        await store.assistants.find(organizationId, request.params.assistant_id),
        noAssistant,
      )
      return assistantPolicyBodyOf(await organizationOf(organizationId), assistant)
    },
  )

  for (const [method, operationId, rest, summary] of [
    ['PUT', 'setAssistantPolicy', 'drop', "Replace an assistant's own rules"],
    ['PATCH', 'updateAssistantPolicy', 'keep', "Change some of an assistant's own rules"],
  ] as const)
    app.route({
      method,
      url: assistantPath,
      config: manage,
      validatorCompiler: makeValidatorButForBody(),
      schema: {
        operationId,
        summary,
        description: holds,
        tags,
        params,
        body: assistantPolicyBodySchema,
        response: {
          200: assistantPolicySchema,
          ...setupErrors('manage', { ...badBody, 404: ['not_found', noAssistant] }),
        },
      },
      handler: async (request) => {
        const caller = callerOf(request)
        const { organizationId } = caller
        const change = readPolicyDocument(request.body, { owner: 'assistant', fail: refuse })
        const id = request.params.assistant_id
        const order = { organizationId, id, change, rest, actor: actorOf(caller) }
        const assistant = await changeAssistantPolicy({ store, clock }, order)
        changed()
        return assistantPolicyBodyOf(await organizationOf(organizationId), assistant)
      },
    })
}
