import type { FastifyRequest } from 'fastify'
import { Type } from 'typebox'
import type { User } from '../../core/user.ts'
import { changeUser, createUser, removeUser, usersMax } from '../../use-cases/change-user.ts'
import { addressOfLink, makeSignInLink } from '../../use-cases/sign-in-link.ts'
import { actorOf, callerOf } from '../auth.ts'
import { createdHttpStatus, noContentHttpStatus } from '../errors.ts'
import type { App } from '../fastify.ts'
import { type ManagementParts, orNotFound } from '../management.ts'
import { bodyErrors, idSchema, setupErrors, timeOf } from '../schemas/common.ts'
import {
  linkSchema,
  userBodyOf,
  userCreatedSchema,
  userCreateSchema,
  userSchema,
  usersSchema,
  userUpdateSchema,
} from '../schemas/users.ts'

export type UserRouteParts = ManagementParts & { readonly publicUrl: string }

const path = '/api/v1/users'
const manage = { scopes: ['manage'] } as const
const tags = ['users']
const params = Type.Object({ user_id: idSchema })
const noUser = 'No user has this id.'
const notFound = { 404: ['not_found', noUser] } as const
const badId = { 400: ['invalid_request', 'user_id must be a whole number.'] } as const
const lastOwner = { 409: ['conflict', 'This is the last owner. Make somebody else an owner first.'] } as const

export function registerUserRoutes(app: App, parts: UserRouteParts): void {
  registerListAndCreate(app, parts)
  registerChanging(app, parts)
  registerLink(app, parts)
}

function registerListAndCreate(app: App, parts: UserRouteParts): void {
  const { store } = parts
  app.get(
    path,
    {
      config: manage,
      schema: {
        operationId: 'listUsers',
        summary: 'Who can sign in, in order of their ids',
        tags,
        response: { 200: usersSchema, ...setupErrors('manage') },
      },
    },
    async (request) => (await store.users.list(callerOf(request).organizationId)).map(userBodyOf),
  )

  app.post(
    path,
    {
      config: manage,
      schema: {
        operationId: 'createUser',
        summary: 'Let somebody else sign in',
        description: 'The link, good once and for a day, lets them choose their password. Give it to nobody else.',
        tags,
        body: userCreateSchema,
        response: {
          201: userCreatedSchema,
          ...setupErrors('manage', {
            ...bodyErrors,
            409: ['conflict', `This organization has ${usersMax} users, which is the most. Remove one.`],
          }),
        },
      },
    },
    async (request, reply) => {
      const caller = callerOf(request)
      const { organizationId } = caller
      const user = await createUser(parts, { organizationId, actor: actorOf(caller), ...request.body })
      reply.code(createdHttpStatus).header('cache-control', 'no-store')
      return { user: userBodyOf(user), link: await linkBodyOf(parts, { user, actor: actorOf(caller) }) }
    },
  )
}

function registerChanging(app: App, parts: UserRouteParts): void {
  app.patch(
    `${path}/:user_id`,
    {
      config: manage,
      schema: {
        operationId: 'updateUser',
        summary: 'Rename a user, or give them another role',
        description: 'Holds at once; in other processes over the same database within 5 seconds.',
        tags,
        params,
        body: userUpdateSchema,
        response: { 200: userSchema, ...setupErrors('manage', { ...bodyErrors, ...notFound, ...lastOwner }) },
      },
    },
    async (request) => {
      const user = await changeUser(parts, targetOf(request), request.body)
      parts.changed()
      return userBodyOf(user)
    },
  )

  app.delete(
    `${path}/:user_id`,
    {
      config: manage,
      schema: {
        operationId: 'removeUser',
        summary: 'Let somebody sign in no more',
        description: 'Where they are signed in they are not any more: at once, in other processes within 5 seconds.',
        tags,
        params,
        response: {
          204: Type.Null({ description: 'They are no user any more.' }),
          ...setupErrors('manage', { ...badId, ...notFound, ...lastOwner }),
        },
      },
    },
    async (request, reply) => {
      await removeUser(parts, targetOf(request))
      parts.changed()
      return reply.code(noContentHttpStatus).send(null)
    },
  )
}

function registerLink(app: App, parts: UserRouteParts): void {
  app.post(
    `${path}/:user_id/link`,
    {
      config: manage,
      schema: {
        operationId: 'createSignInLink',
        summary: 'A link for somebody who cannot sign in any more',
        description:
          'Good once and for 15 minutes, or for a day while they have no password yet. Whoever opens it chooses a new password, and is signed out everywhere else.',
        tags,
        params,
        response: { 201: linkSchema, ...setupErrors('manage', { ...badId, ...notFound }) },
      },
    },
    async (request, reply) => {
      const { organizationId, id, actor } = targetOf(request)
      const user = orNotFound(await parts.store.users.find(organizationId, id), noUser)
      reply.code(createdHttpStatus).header('cache-control', 'no-store')
      return linkBodyOf(parts, { user, actor })
    },
  )
}

async function linkBodyOf(parts: UserRouteParts, { user, actor }: { readonly user: User; readonly actor: string }) {
  const { organizationId } = user
  const { token, expiresAt } = await makeSignInLink(parts, { organizationId, user, setsPassword: true, actor })
  return { url: addressOfLink(parts.publicUrl, token), expires_at: timeOf(expiresAt) }
}

function targetOf(request: FastifyRequest & { readonly params: { readonly user_id: number } }) {
  const caller = callerOf(request)
  return { organizationId: caller.organizationId, id: request.params.user_id, actor: actorOf(caller) }
}
