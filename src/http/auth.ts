import { hash, timingSafeEqual } from 'node:crypto'
import type { FastifyRequest } from 'fastify'
import { type ApiKey, type ApiKeyScope, mayBeApiKey, type RateLimit } from '../core/api-key.ts'
import { SmsError } from '../core/errors.ts'
import type { Clock } from '../ports/clock.ts'
import type { Log } from '../ports/log.ts'
import type { Store } from '../ports/store.ts'
import { makeLookupCache } from '../use-cases/lookup-cache.ts'

/** Who calls: every statement that follows is about this organization. */
export type Caller = {
  readonly organizationId: number
  readonly apiKeyId: number
  readonly apiKeyName: string
  readonly rateLimit?: RateLimit
}

declare module 'fastify' {
  interface FastifyRequest {
    caller: Caller | undefined
  }
  interface FastifyContextConfig {
    /** Any of these lets a key in. Absent: the route is open to everybody. */
    scopes?: readonly ApiKeyScope[]
  }
}

/** `last_used_at` is written at most this often for one key. */
const touchIntervalMs = 60_000
const keysCachedMax = 10_000

export type Authenticator = {
  /** @throws SmsError `unauthorized` or `forbidden` */
  authenticate(request: FastifyRequest): Promise<Caller>
  /** Forgets cached keys: after one was made, changed or revoked here. */
  clear(): void
}

export function makeAuthenticator({ store, clock, log }: { store: Store; clock: Clock; log: Log }): Authenticator {
  const keys = makeLookupCache<ApiKey>({
    clock,
    entriesMax: keysCachedMax,
    load: (keyHash) => store.apiKeys.findByHash(keyHash),
  })
  const touchedAt = new Map<number, number>()

  function touch(key: ApiKey, now: number): void {
    if (now - (touchedAt.get(key.id) ?? 0) < touchIntervalMs) return
    touchedAt.set(key.id, now)
    store.apiKeys.touch(key.id, now).catch(() => log.warn('api_key.touch_failed', { apiKeyId: key.id }))
  }

  return {
    async authenticate(request) {
      const given = bearerOf(request.headers.authorization)
      if (given === undefined || !mayBeApiKey(given)) throw unauthorized()
      const keyHash = hash('sha256', given, 'hex')
      const key = await keys.find(keyHash)
      const now = clock.now()
      if (key === undefined || !isEqual(key.hash, keyHash) || !isUsable(key, now)) throw unauthorized()
      requireScope(key, request.routeOptions.config.scopes ?? [])
      touch(key, now)
      return {
        organizationId: key.organizationId,
        apiKeyId: key.id,
        apiKeyName: key.name,
        ...(key.rateLimit === undefined ? {} : { rateLimit: key.rateLimit }),
      }
    },
    clear: () => keys.clear(),
  }
}

/** The caller of a route that has scopes. */
export function callerOf(request: { readonly caller: Caller | undefined }): Caller {
  if (request.caller === undefined) throw new Error('a route without scopes has no caller')
  return request.caller
}

/** The caller as events and the audit log name who did something. */
export function actorOf({ apiKeyId, apiKeyName }: Caller): string {
  return `API key ${apiKeyId} (${apiKeyName})`
}

function bearerOf(header: string | undefined): string | undefined {
  const match = /^Bearer +(\S+) *$/i.exec(header ?? '')
  return match?.[1]
}

function unauthorized(): SmsError {
  return new SmsError('unauthorized', 'Authentication required. Provide a valid API key.')
}

function isEqual(left: string, right: string): boolean {
  return left.length === right.length && timingSafeEqual(Buffer.from(left), Buffer.from(right))
}

function isUsable(key: ApiKey, now: number): boolean {
  return key.revokedAt === undefined && (key.expiresAt === undefined || now < key.expiresAt)
}

function requireScope(key: ApiKey, scopes: readonly ApiKeyScope[]): void {
  if (scopes.some((scope) => key.scopes.includes(scope))) return
  throw new SmsError(
    'forbidden',
    `This API key may not do that: it needs the scope ${scopes.join(' or ')}. Use another key, or change its scopes.`,
  )
}
