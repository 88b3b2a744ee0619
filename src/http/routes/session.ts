import type { FastifyReply, FastifyRequest } from 'fastify'
import { Type } from 'typebox'
import { apiKeyScopes } from '../../core/api-key.ts'
import { SmsError } from '../../core/errors.ts'
import type { Log } from '../../ports/log.ts'
import type { AttemptLimits } from '../../use-cases/attempt-limits.ts'
import { changePassword } from '../../use-cases/change-user.ts'
import type { Passwords } from '../../use-cases/passwords.ts'
import { hashOfToken, type SignedIn } from '../../use-cases/session-token.ts'
import { signIn } from '../../use-cases/sign-in.ts'
import { redeemLink } from '../../use-cases/sign-in-link.ts'
import { type Authenticator, type Caller, callerOf, personOf, scopesOfCaller } from '../auth.ts'
import { noContentHttpStatus, replyWithError } from '../errors.ts'
import type { App } from '../fastify.ts'
import { type ManagementParts, orNotFound } from '../management.ts'
import { bodyErrors, commonErrors, errorAnswers, timeOf } from '../schemas/common.ts'
import {
  firstRunSchema,
  passwordSchema,
  redeemSchema,
  type SessionBody,
  sessionSchema,
  signInSchema,
} from '../schemas/session.ts'
import { refuseForeignPages, type SessionCookie } from '../session.ts'

export type SessionRouteParts = ManagementParts & {
  readonly log: Log
  readonly authenticator: Authenticator
  readonly cookie: SessionCookie
  readonly passwords: Passwords
  readonly attempts: AttemptLimits
  /** Of the simulated carrier's phone page, where there is one. */
  readonly phoneUrl?: string
}

const path = '/api/v1/session'
const tags = ['users']
/** Whoever is let in at all may ask who they are, and leave. */
const anybody = { scopes: apiKeyScopes } as const
const internal = ['internal', 'Something went wrong in Textbridge. The log has the details.'] as const
const entryErrors = {
  ...bodyErrors,
  403: ['forbidden', 'Another site may not sign anybody in. Open the console itself.'],
  429: ['rate_limited', 'Too many attempts. Try again in 8 s, or sign in by a link.'],
  500: internal,
  503: ['overloaded', 'Too many people are signing in at this moment. Try again in a few seconds.'],
} as const
const personErrors = {
  ...commonErrors,
  403: ['forbidden', 'This is for people who are signed in. An API key has no session and no password.'],
  500: internal,
} as const

export function registerSessionRoutes(app: App, parts: SessionRouteParts): void {
  registerSignIn(app, parts)
  registerLink(app, parts)
  registerReading(app, parts)
  registerSignOut(app, parts)
  registerPassword(app, parts)
}

function registerSignIn(app: App, parts: SessionRouteParts): void {
  const { cookie } = parts
  app.post(
    path,
    {
      schema: {
        operationId: 'signIn',
        summary: 'Sign in with a name and a password',
        description:
          'The answer sets a cookie that stands in place of an API key on all routes, for requests of the console itself. It lasts 7 days, and 12 hours without a request. After five failures the wait for the next attempt doubles each time.',
        tags,
        body: signInSchema,
        response: {
          200: sessionSchema,
          ...errorAnswers({
            ...entryErrors,
            401: [
              'unauthorized',
              'Wrong name or password. Where several organizations share this Textbridge, name yours too.',
            ],
          }),
        },
      },
    },
    async (request, reply) => {
      refuseForeignPages(request, cookie.origin)
      cookie.refusePlainHttp()
      const { name, password, organization } = request.body
      const credentials = { name, password, address: request.ip, ...(organization ? { organization } : {}) }
      return welcome(parts, { request, reply }, await signIn(parts, credentials))
    },
  )
}

function registerLink(app: App, parts: SessionRouteParts): void {
  const { cookie } = parts
  app.post(
    `${path}/link`,
    {
      schema: {
        operationId: 'useSignInLink',
        summary: 'Sign in by a link, once',
        description:
          'A `400` with `needs` says what must come with it: `name` and `password` of the first owner, or a `password` where one is to be chosen. The link stays good then.',
        tags,
        body: redeemSchema,
        response: {
          200: sessionSchema,
          ...errorAnswers({
            ...entryErrors,
            401: [
              'unauthorized',
              'This link was used before, or is too old. Make another: textbridge users link, or ask an owner.',
            ],
            409: ['conflict', 'The organization has an owner by now. Ask them for a link.'],
          }),
        },
      },
    },
    async (request, reply) => {
      refuseForeignPages(request, cookie.origin)
      cookie.refusePlainHttp()
      const { token, name, password } = request.body
      const given = { token, ...(name ? { name } : {}), ...(password ? { password } : {}) }
      const redeemed = await redeemLink(parts, given)
      if (redeemed.kind === 'signed_in') return welcome(parts, { request, reply }, redeemed)
      const { fields } = redeemed
      const error = new SmsError('invalid_request', `Choose a ${fields.join(' and a ')}, and send them with the token.`)
      return replyWithError(reply, error, { needs: fields })
    },
  )
}

function registerReading(app: App, parts: SessionRouteParts): void {
  const { store } = parts
  app.get(
    path,
    {
      config: anybody,
      schema: {
        operationId: 'getSession',
        summary: 'Who asks, and what they may do',
        tags,
        response: { 200: sessionSchema, ...errorAnswers({ ...commonErrors, 500: internal }) },
      },
    },
    (request, reply) => {
      reply.header('cache-control', 'no-store')
      return bodyOf(parts, callerOf(request))
    },
  )

  app.get(
    `${path}/first-run`,
    {
      schema: {
        operationId: 'getFirstRun',
        summary: 'Whether nobody can sign in yet',
        tags,
        response: { 200: firstRunSchema, ...errorAnswers({ 503: commonErrors[503] }) },
      },
    },
    async () => ({ first_run: !(await store.users.hasAny()) }),
  )
}

function registerSignOut(app: App, { store, authenticator, cookie, log }: SessionRouteParts): void {
  for (const [url, operationId, summary, end] of [
    [path, 'signOut', 'Sign out', ({ session }) => store.sessions.close(session.hash)],
    ['/api/v1/sessions', 'signOutEverywhere', 'Sign out everywhere', ({ session }) => store.sessions.closeAll(session)],
  ] as const satisfies readonly (readonly [string, string, string, (person: Person) => Promise<unknown>])[])
    app.delete(
      url,
      {
        config: anybody,
        schema: {
          operationId,
          summary,
          description: 'Holds at once; in other processes over the same database within 5 seconds.',
          tags,
          response: { 204: Type.Null({ description: 'Signed out.' }), ...errorAnswers(personErrors) },
        },
      },
      async (request, reply) => {
        const person = personOf(request)
        await end(person)
        authenticator.clear()
        log.info('session.ended', { userId: person.user.id })
        cookie.remove(reply)
        return reply.code(noContentHttpStatus).send(null)
      },
    )
}

function registerPassword(app: App, parts: SessionRouteParts): void {
  app.put(
    `${path}/password`,
    {
      config: anybody,
      schema: {
        operationId: 'changePassword',
        summary: 'Choose another password',
        description: 'Everywhere else the person is signed out.',
        tags,
        body: passwordSchema,
        response: {
          204: Type.Null({ description: 'It is the password from now on.' }),
          ...errorAnswers({
            ...personErrors,
            ...bodyErrors,
            403: ['forbidden', 'The present password is another one. Without it, a link lets you choose a new one.'],
            429: entryErrors[429],
          }),
        },
      },
    },
    async (request, reply) => {
      const { user, session } = personOf(request)
      const { current_password: present, password: wanted } = request.body
      await changePassword(parts, { user, session, address: request.ip }, { present, wanted })
      parts.authenticator.clear()
      return reply.code(noContentHttpStatus).send(null)
    },
  )
}

type Person = ReturnType<typeof personOf>
type Exchange = { readonly request: FastifyRequest; readonly reply: FastifyReply }

/** Whoever was signed in on this browser before is not any more. */
async function welcome(
  parts: SessionRouteParts,
  { request, reply }: Exchange,
  { token, session, user }: SignedIn,
): Promise<SessionBody> {
  const { store, authenticator, cookie } = parts
  const before = cookie.read(request)
  if (before !== undefined) await store.sessions.close(hashOfToken(before))
  authenticator.clear()
  cookie.write(reply, token)
  reply.header('cache-control', 'no-store')
  return bodyOf(parts, { kind: 'user', organizationId: user.organizationId, user, session })
}

async function bodyOf({ store, phoneUrl }: SessionRouteParts, caller: Caller): Promise<SessionBody> {
  const organization = orNotFound(await store.organizations.find(caller.organizationId), 'There is no organization.')
  const { user, apiKey, session } = { user: undefined, apiKey: undefined, session: undefined, ...caller }
  return {
    user: user === undefined ? null : { id: user.id, name: user.name, role: user.role },
    api_key: apiKey === undefined ? null : { id: apiKey.id, name: apiKey.name },
    scopes: [...scopesOfCaller(caller)],
    organization: { id: organization.id, name: organization.name },
    expires_at: session === undefined ? null : timeOf(session.expiresAt),
    ...(phoneUrl === undefined ? {} : { phone_url: phoneUrl }),
  }
}
