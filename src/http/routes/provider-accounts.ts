import { Type } from 'typebox'
import { SmsError } from '../../core/errors.ts'
import { changeAccount, createAccount } from '../../use-cases/change-account.ts'
import { checkAccount } from '../../use-cases/check-account.ts'
import { actorOf, callerOf } from '../auth.ts'
import { createdHttpStatus, noContentHttpStatus } from '../errors.ts'
import type { App } from '../fastify.ts'
import { type ManagementParts, orNotFound } from '../management.ts'
import { bodyErrors, idSchema, setupErrors } from '../schemas/common.ts'
import { accountPaceFieldsOf } from '../schemas/pace.ts'
import {
  accountBodyOf,
  accountCheckBodyOf,
  accountCheckSchema,
  accountCreateSchema,
  accountSchema,
  accountsSchema,
  accountUpdateSchema,
} from '../schemas/provider-accounts.ts'

const manage = { scopes: ['manage'] } as const
const read = { scopes: ['read', 'manage'] } as const
const tags = ['provider accounts']
const params = Type.Object({ account_id: idSchema })
const noAccount = 'No provider account has this id.'
const notFound = { 404: ['not_found', noAccount] } as const
const badId = { 400: ['invalid_request', 'account_id must be a whole number.'] } as const
const nameTaken = { 409: ['conflict', 'This name or number is already in use. Choose another one.'] } as const
const path = '/api/v1/provider-accounts'

export type ProviderAccountRouteParts = ManagementParts & {
  /** Where providers reach this service. */
  readonly publicUrl: string
}

export function registerProviderAccountRoutes(app: App, parts: ProviderAccountRouteParts): void {
  registerChecking(app, parts)
  registerReading(app, parts)
  registerChanging(app, parts)
  registerRemoving(app, parts)
}

function registerReading(app: App, { store }: ManagementParts): void {
  app.get(
    path,
    {
      config: read,
      schema: {
        operationId: 'listProviderAccounts',
        summary: 'All provider accounts, in order of their ids',
        tags,
        response: { 200: accountsSchema, ...setupErrors('read or manage') },
      },
    },
    async (request) => (await store.accounts.list(callerOf(request).organizationId)).map(accountBodyOf),
  )

  app.get(
    `${path}/:account_id`,
    {
      config: read,
      schema: {
        operationId: 'getProviderAccount',
        summary: 'One provider account',
        tags,
        params,
        response: { 200: accountSchema, ...setupErrors('read or manage', { ...badId, ...notFound }) },
      },
    },
    async (request) =>
      accountBodyOf(
        orNotFound(await store.accounts.find(callerOf(request).organizationId, request.params.account_id), noAccount),
      ),
  )
}

function registerChecking(app: App, parts: ProviderAccountRouteParts): void {
  app.post(
    `${path}/:account_id/check`,
    {
      config: { scopes: ['operate', 'manage'] },
      schema: {
        operationId: 'checkProviderAccount',
        summary: 'Ask the provider about an account and its numbers',
        description:
          'Whether the credentials are right, the account is active, the numbers belong to it, and texts to them are reported to this service. Nothing is changed there, and nothing is sent.',
        tags,
        params,
        response: { 200: accountCheckSchema, ...setupErrors('operate or manage', { ...badId, ...notFound }) },
      },
    },
    async (request) => {
      const { organizationId } = callerOf(request)
      const account = orNotFound(await parts.store.accounts.find(organizationId, request.params.account_id), noAccount)
      return accountCheckBodyOf(await checkAccount(parts, account))
    },
  )
}

function registerChanging(app: App, { store, providers, clock, changed }: ManagementParts): void {
  app.post(
    path,
    {
      config: manage,
      schema: {
        operationId: 'createProviderAccount',
        summary: 'Add a provider account',
        description: 'The provider is not asked whether the credentials are right.',
        tags,
        body: accountCreateSchema,
        response: { 201: accountSchema, ...setupErrors('manage', { ...bodyErrors, ...nameTaken }) },
      },
    },
    async (request, reply) => {
      const { name, provider, base_url, pace, ...fields } = request.body
      refuseBaseUrl(base_url)
      const account = await createAccount(
        { store, providers, clock },
        {
          organizationId: callerOf(request).organizationId,
          name,
          provider,
          fields,
          pace: pace && accountPaceFieldsOf(pace),
        },
      )
      changed()
      return reply.code(createdHttpStatus).send(accountBodyOf(account))
    },
  )

  app.patch(
    `${path}/:account_id`,
    {
      config: manage,
      schema: {
        operationId: 'updateProviderAccount',
        summary: 'Change a provider account, e.g. its secrets',
        tags,
        params,
        body: accountUpdateSchema,
        response: { 200: accountSchema, ...setupErrors('manage', { ...bodyErrors, ...notFound, ...nameTaken }) },
      },
    },
    async (request) => {
      const { name, base_url, pace, ...fields } = request.body
      const caller = callerOf(request)
      refuseBaseUrl(base_url)
      const account = await changeAccount(
        { store, providers, clock },
        {
          organizationId: caller.organizationId,
          id: request.params.account_id,
          name,
          baseUrl: base_url,
          fields,
          pace: pace === undefined ? undefined : { fields: pace && accountPaceFieldsOf(pace), actor: actorOf(caller) },
        },
      )
      changed()
      return accountBodyOf(account)
    },
  )
}

/** A key that may manage an organization must not make this service call any address it can reach. */
function refuseBaseUrl(baseUrl: string | null | undefined): asserts baseUrl is null | undefined {
  if (typeof baseUrl === 'string')
    throw new SmsError('invalid_request', "base_url can be set only in the operator's file (textbridge.yaml).")
}

function registerRemoving(app: App, { store, changed }: ManagementParts): void {
  app.delete(
    `${path}/:account_id`,
    {
      config: manage,
      schema: {
        operationId: 'deleteProviderAccount',
        summary: 'Remove a provider account',
        tags,
        params,
        response: {
          204: Type.Null({ description: 'It is gone.' }),
          ...setupErrors('manage', {
            ...badId,
            ...notFound,
            409: ['conflict', 'Phone numbers or assistants use this provider account. Give them another one first.'],
          }),
        },
      },
    },
    async (request, reply) => {
      const removed = await store.accounts.remove(callerOf(request).organizationId, request.params.account_id)
      if (!removed) throw new SmsError('not_found', noAccount)
      changed()
      return reply.code(noContentHttpStatus).send(null)
    },
  )
}
