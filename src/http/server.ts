import { isUtf8 } from 'node:buffer'
import type { TypeBoxTypeProvider } from '@fastify/type-provider-typebox'
import Fastify, { type FastifyReply } from 'fastify'
import { errorFields } from '../core/error-fields.ts'
import { SmsError } from '../core/errors.ts'
import type { Log } from '../ports/log.ts'
import { collectMethods } from './allowed-methods.ts'
import { makeConnections } from './connections.ts'
import { bodyBytesMax, expectedErrorOf, internalError, replyWithError } from './errors.ts'
import type { App } from './fastify.ts'
import type { ManagementParts } from './management.ts'
import { registerOpenApi } from './openapi.ts'
import { makeRateLimits } from './rate-limit.ts'
import { registerApiKeyRoutes } from './routes/api-keys.ts'
import { registerAssistantPhoneNumberRoutes } from './routes/assistant-phone-numbers.ts'
import { registerAssistantRoutes } from './routes/assistants.ts'
import { registerAuditRoutes } from './routes/audit.ts'
import { type ConsoleRouteParts, registerConsoleRoutes } from './routes/console.ts'
import { registerConversationRoutes } from './routes/conversations.ts'
import { registerEventDeliveryRoutes } from './routes/event-deliveries.ts'
import { registerEventEndpointRoutes } from './routes/event-endpoints.ts'
import { type EventRouteParts, registerEventRoutes } from './routes/events.ts'
import { type HealthParts, registerHealthRoutes } from './routes/health.ts'
import { type HeldRouteParts, registerHeldRoutes } from './routes/held.ts'
import { type MediaRouteParts, registerMediaRoutes } from './routes/media.ts'
import { registerMessageRoutes } from './routes/messages.ts'
import { registerOptOutListRoutes } from './routes/opt-out-lists.ts'
import { registerOptOutRoutes } from './routes/opt-outs.ts'
import { registerOrganizationRoutes } from './routes/organization.ts'
import { type PauseRouteParts, registerPauseRoutes } from './routes/pauses.ts'
import { registerPeopleRoutes } from './routes/people.ts'
import { registerPhoneNumberRoutes } from './routes/phone-numbers.ts'
import { registerPolicyRoutes } from './routes/policies.ts'
import { registerPolicyImpactRoutes } from './routes/policy-impact.ts'
import { registerProviderAccountRoutes } from './routes/provider-accounts.ts'
import { type ProviderWebhookRouteParts, registerProviderWebhookRoutes } from './routes/provider-webhooks.ts'
import { type QueueStateRouteParts, registerQueueStateRoutes } from './routes/queue-state.ts'
import { registerRefusedWebhookRoutes } from './routes/refused-webhooks.ts'
import { registerSessionRoutes, type SessionRouteParts } from './routes/session.ts'
import { registerSmsRoutes, type SmsRouteParts } from './routes/sms.ts'
import { registerSmsBatchRoutes, type SmsBatchRouteParts } from './routes/sms-batch.ts'
import { registerSmsLogRoutes } from './routes/sms-logs.ts'
import { registerSmsQueueRoutes } from './routes/sms-queue.ts'
import { registerStatsRoutes } from './routes/stats.ts'
import { registerUnknownRoutes, type UnknownRouteParts } from './routes/unknowns.ts'
import { registerUserRoutes } from './routes/users.ts'
import { makeValidatorCompiler } from './validation.ts'

export const serverLimits = {
  /** Open connections; the requests of any more are answered 503, and at twice as many connections are not taken. */
  connectionsMax: 2_000,
  /** A request must have arrived whole within this time: slow senders must not hold connections. */
  requestTimeoutMs: 15_000,
  headersTimeoutMs: 10_000,
  /** How often the two timeouts are looked at: the most that a slow request can last beyond them. */
  timeoutCheckIntervalMs: 2_000,
} as const
export type ServerLimits = Readonly<Record<keyof typeof serverLimits, number>>

/** Idle connections of callers stay open a little longer than common proxies keep theirs. */
const keepAliveTimeoutMs = 65_000

export type ServerParts = SmsRouteParts &
  SmsBatchRouteParts &
  HealthParts &
  EventRouteParts &
  MediaRouteParts &
  ProviderWebhookRouteParts &
  UnknownRouteParts &
  QueueStateRouteParts &
  ManagementParts &
  HeldRouteParts &
  SessionRouteParts &
  ConsoleRouteParts &
  PauseRouteParts & {
    readonly log: Log
    /** For the OpenAPI document. */
    readonly publicUrl: string
    readonly version: string
    /** For tests; `serverLimits` in production. */
    readonly limits?: Partial<ServerLimits>
  }

/** The HTTP API, not yet listening. `close()` lets requests under way end. */
export async function buildServer(parts: ServerParts): Promise<App> {
  const limits: ServerLimits = { ...serverLimits, ...parts.limits }
  const connections = makeConnections(limits.connectionsMax)
  const rateLimits = makeRateLimits(parts)
  const app: App = Fastify({
    logger: false,
    bodyLimit: bodyBytesMax,
    requestTimeout: limits.requestTimeoutMs,
    keepAliveTimeout: keepAliveTimeoutMs,
    http: {
      headersTimeout: limits.headersTimeoutMs,
      requestTimeout: limits.requestTimeoutMs,
      connectionsCheckingInterval: limits.timeoutCheckIntervalMs,
      // The hook below refuses it in our own words.
      requireHostHeader: false,
    },
    routerOptions: { ignoreTrailingSlash: true, maxParamLength: 256 },
    forceCloseConnections: 'idle',
    // Proxies are in the same network. What they say counts for nothing but how often an address may try to sign in.
    trustProxy: ['loopback', 'linklocal', 'uniquelocal'],
    return503OnClosing: false,
    clientErrorHandler: connections.refuse,
    frameworkErrors: (error, _request, reply) => {
      void replyWithError(reply, expectedErrorOf(error) ?? new SmsError('invalid_request', 'The request is malformed.'))
    },
  }).withTypeProvider<TypeBoxTypeProvider>()
  connections.watch(app.server)

  acceptOnlyJson(app)
  app.setValidatorCompiler(makeValidatorCompiler())
  // Answers are built by our own code from typed values; a compiled serializer would silently drop what a schema forgot.
  app.setSerializerCompiler(() => (value) => JSON.stringify(value))
  app.decorateRequest('caller', undefined)
  app.addHook('onRequest', async (request, reply) => {
    if (request.headers.host === undefined && request.raw.httpVersion === '1.1')
      throw new SmsError('invalid_request', 'The request has no Host header.')
    if (connections.isOverLimit(request.raw.socket)) {
      reply.header('connection', 'close')
      throw new SmsError('overloaded', 'Too many connections are open. Nothing was sent; try again in a second.', {
        retryAfterMs: 1_000,
      })
    }
    const scopes = request.routeOptions.config.scopes
    if (scopes === undefined) return
    if (parts.stopping.aborted)
      throw new SmsError('unavailable', 'Textbridge is stopping. Nothing was sent; try again.', { retryAfterMs: 1_000 })
    request.caller = await parts.authenticator.authenticate(request)
    if (request.caller.kind === 'user') return
    const { id, rateLimit } = request.caller.apiKey
    if (rateLimit !== undefined) await rateLimits.admit(id, rateLimit, reply)
  })
  answerErrors(app, parts.log)

  await registerOpenApi(app, parts)
  registerSmsRoutes(app, parts)
  registerSmsBatchRoutes(app, parts)
  registerSmsQueueRoutes(app, parts)
  registerMessageRoutes(app, parts)
  registerSmsLogRoutes(app, parts)
  registerUnknownRoutes(app, parts)
  registerStatsRoutes(app, parts)
  registerConversationRoutes(app, parts)
  registerOptOutRoutes(app, parts)
  registerOptOutListRoutes(app, parts)
  registerPeopleRoutes(app, parts)
  registerEventRoutes(app, parts)
  registerEventEndpointRoutes(app, parts)
  registerEventDeliveryRoutes(app, parts)
  registerOrganizationRoutes(app, parts)
  registerPolicyRoutes(app, parts)
  registerPolicyImpactRoutes(app, parts)
  registerPauseRoutes(app, parts)
  registerHeldRoutes(app, parts)
  registerAuditRoutes(app, parts)
  registerAssistantRoutes(app, parts)
  registerPhoneNumberRoutes(app, parts)
  registerAssistantPhoneNumberRoutes(app, parts)
  registerProviderAccountRoutes(app, parts)
  registerRefusedWebhookRoutes(app, parts)
  registerApiKeyRoutes(app, parts)
  registerUserRoutes(app, parts)
  registerSessionRoutes(app, parts)
  registerQueueStateRoutes(app, parts)
  registerConsoleRoutes(app, parts)
  registerMediaRoutes(app, parts)
  registerProviderWebhookRoutes(app, parts)
  registerHealthRoutes(app, parts)
  return app
}

function answerErrors(app: App, log: Log): void {
  const methodsOf = collectMethods(app)
  app.setErrorHandler((error, request, reply) => {
    const expected = expectedErrorOf(error)
    if (expected !== undefined) return replyWithError(reply, expected)
    log.error('http.bug', { route: request.routeOptions.url, method: request.method, ...errorFields(error) })
    return replyWithError(reply, internalError())
  })
  // GET /sms/send is not the message called "send".
  app.addHook('onRequest', async (request, reply) => {
    if (!request.routeOptions.url?.includes(':')) return
    const methods = methodsOf.ofExact(request.url)
    if (methods !== undefined && !methods.includes(request.method)) return refuseMethod(reply, methods)
  })
  app.setNotFoundHandler((request, reply) => {
    const methods = methodsOf.of(request.url)
    if (methods !== undefined && !methods.includes(request.method)) return refuseMethod(reply, methods)
    return replyWithError(
      reply,
      new SmsError('not_found', 'There is nothing at this address. See /docs for what there is.'),
    )
  })
}

function refuseMethod(reply: FastifyReply, methods: readonly string[]): FastifyReply {
  const list = methods.join(', ')
  reply.header('allow', list)
  return replyWithError(reply, new SmsError('method_not_allowed', `This address takes ${list} only.`))
}

/** A text whose bytes are not UTF-8 would reach a person with holes in it, so it is refused and not repaired. */
function acceptOnlyJson(app: App): void {
  const parseJson = app.getDefaultJsonParser('error', 'error')
  app.removeAllContentTypeParsers()
  app.addContentTypeParser('application/json', { parseAs: 'buffer' }, (request, body: Buffer, done) => {
    // Many clients name JSON as the content type of every request, a DELETE without a body too.
    if (body.length === 0 && request.routeOptions.schema?.body === undefined) done(null, undefined)
    else if (isUtf8(body)) void parseJson(request, body.toString('utf8'), done)
    else done(new SmsError('invalid_request', 'The request body is not valid UTF-8. Encode the JSON as UTF-8.'))
  })
}
