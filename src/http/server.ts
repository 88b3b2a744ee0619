import type { Socket } from 'node:net'
import type { TypeBoxTypeProvider } from '@fastify/type-provider-typebox'
import Fastify from 'fastify'
import { errorFields } from '../core/error-fields.ts'
import { SmsError } from '../core/errors.ts'
import type { Log } from '../ports/log.ts'
import type { Authenticator } from './auth.ts'
import { bodyBytesMax, expectedErrorOf, replyWithError } from './errors.ts'
import type { App } from './fastify.ts'
import type { ManagementParts } from './management.ts'
import { registerOpenApi } from './openapi.ts'
import { registerApiKeyRoutes } from './routes/api-keys.ts'
import { registerAssistantRoutes } from './routes/assistants.ts'
import { type HealthParts, registerHealthRoutes } from './routes/health.ts'
import { registerOptOutRoutes } from './routes/opt-outs.ts'
import { registerPhoneNumberRoutes } from './routes/phone-numbers.ts'
import { registerProviderAccountRoutes } from './routes/provider-accounts.ts'
import { registerSmsRoutes, type SmsRouteParts } from './routes/sms.ts'
import { makeValidatorCompiler } from './validation.ts'

/** Open connections; one more is answered 503 and closed. */
export const connectionsMax = 2_000
/** A request must have arrived whole within this time: slow senders must not hold connections. */
export const requestTimeoutMs = 15_000
export const headersTimeoutMs = 10_000
/** Idle connections of callers stay open a little longer than common proxies keep theirs. */
const keepAliveTimeoutMs = 65_000

export type ServerParts = SmsRouteParts &
  HealthParts &
  ManagementParts & {
    readonly authenticator: Authenticator
    readonly log: Log
    /** For the OpenAPI document. */
    readonly publicUrl: string
    readonly version: string
  }

/** The HTTP API, not yet listening. `close()` lets requests under way end. */
export async function buildServer(parts: ServerParts): Promise<App> {
  const app: App = Fastify({
    logger: false,
    bodyLimit: bodyBytesMax,
    requestTimeout: requestTimeoutMs,
    keepAliveTimeout: keepAliveTimeoutMs,
    routerOptions: { ignoreTrailingSlash: true, maxParamLength: 256 },
    forceCloseConnections: 'idle',
    return503OnClosing: true,
    clientErrorHandler: answerClientError,
    frameworkErrors: (error, _request, reply) => {
      void replyWithError(reply, expectedErrorOf(error) ?? new SmsError('invalid_request', 'The request is malformed.'))
    },
  }).withTypeProvider<TypeBoxTypeProvider>()
  app.server.headersTimeout = headersTimeoutMs
  limitConnections(app)

  app.setValidatorCompiler(makeValidatorCompiler())
  // Answers are built by our own code from typed values; a compiled serializer would silently drop what a schema forgot.
  app.setSerializerCompiler(() => (value) => JSON.stringify(value))
  app.decorateRequest('caller', undefined)
  app.addHook('onRequest', async (request) => {
    const scopes = request.routeOptions.config.scopes
    if (scopes !== undefined) request.caller = await parts.authenticator.authenticate(request)
  })
  app.setErrorHandler((error, request, reply) => {
    const expected = expectedErrorOf(error)
    if (expected !== undefined) return replyWithError(reply, expected)
    parts.log.error('http.bug', { route: request.routeOptions.url, method: request.method, ...errorFields(error) })
    return replyWithError(
      reply,
      new SmsError('internal', 'Something went wrong in Textbridge. The log has the details.'),
    )
  })
  app.setNotFoundHandler((_request, reply) =>
    replyWithError(reply, new SmsError('not_found', 'There is nothing at this address. See /docs for what there is.')),
  )

  await registerOpenApi(app, parts)
  registerSmsRoutes(app, parts)
  registerOptOutRoutes(app, parts)
  registerAssistantRoutes(app, parts)
  registerPhoneNumberRoutes(app, parts)
  registerProviderAccountRoutes(app, parts)
  registerApiKeyRoutes(app, parts)
  registerHealthRoutes(app, parts)
  return app
}

/** Node closes a connection over its own limit without a word; callers deserve one. */
function limitConnections(app: App): void {
  let open = 0
  app.server.on('connection', (socket: Socket) => {
    open++
    socket.once('close', () => open--)
    if (open > connectionsMax)
      socket.end(
        rawAnswer('503 Service Unavailable', 'overloaded', 'Too many connections are open. Try again in a second.'),
      )
  })
}

/** What cannot be parsed as HTTP never reaches a route. */
function answerClientError(error: Error & { code?: string }, socket: Socket): void {
  if (!socket.writable || error.code === 'ECONNRESET') {
    socket.destroy()
    return
  }
  socket.end(
    error.code === 'ERR_HTTP_REQUEST_TIMEOUT'
      ? rawAnswer('408 Request Timeout', 'request_timeout', 'The request did not arrive in time. Send it faster.')
      : error.code === 'HPE_HEADER_OVERFLOW'
        ? rawAnswer('431 Request Header Fields Too Large', 'invalid_request', 'The request headers are too large.')
        : rawAnswer('400 Bad Request', 'invalid_request', 'The request is not valid HTTP.'),
  )
}

function rawAnswer(status: string, code: string, detail: string): string {
  const body = JSON.stringify({ detail, code, ...(status.startsWith('503') ? { retryable: true } : {}) })
  const retry = status.startsWith('503') ? 'Retry-After: 1\r\n' : ''
  return `HTTP/1.1 ${status}\r\nContent-Type: application/json\r\n${retry}Content-Length: ${Buffer.byteLength(body)}\r\nConnection: close\r\n\r\n${body}`
}
