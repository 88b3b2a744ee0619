import { hash, timingSafeEqual } from 'node:crypto'
import type { FastifyRequest } from 'fastify'
import { type ApiKey, type ApiKeyScope, mayBeApiKey } from '../core/api-key.ts'
import { SmsError } from '../core/errors.ts'
import type { Session } from '../core/session.ts'
import { scopesByRole, type User, userTitle } from '../core/user.ts'
import type { Clock } from '../ports/clock.ts'
import type { Log } from '../ports/log.ts'
import type { Store } from '../ports/store.ts'
import { makeLookupCache } from '../use-cases/lookup-cache.ts'
import { makeSessions, type SessionCookie } from './session.ts'

/** Who calls, a program or a person: every statement that follows is about this organization. */
export type Caller =
  | { readonly kind: 'api_key'; readonly organizationId: number; readonly apiKey: ApiKey }
  | { readonly kind: 'user'; readonly organizationId: number; readonly user: User; readonly session: Session }

declare module 'fastify' {
  interface FastifyRequest {
    caller: Caller | undefined
  }
  interface FastifyContextConfig {
    /** Any of these lets a key in, or a user by their role. Absent: the route is open to everybody. */
    scopes?: readonly ApiKeyScope[]
  }
}

/** `last_used_at` is written at most this often for one key. */
const touchIntervalMs = 60_000
const keysCachedMax = 10_000

export type Authenticator = {
  /** @throws SmsError `unauthorized` or `forbidden` */
  authenticate(request: FastifyRequest): Promise<Caller>
  /** As `authenticate`, of a request that goes on: nobody needs to sit before it, so it keeps no session from going idle. */
  authenticateAgain(request: FastifyRequest): Promise<Caller>
  /** Forgets cached keys, sessions and users: after one was made, changed, ended or revoked here. */
  clear(): void
}

export function makeAuthenticator(parts: {
  readonly store: Store
  readonly clock: Clock
  readonly log: Log
  readonly cookie: SessionCookie
}): Authenticator {
  const { store, clock, log } = parts
  const sessions = makeSessions(parts)
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

  async function findKey(authorization: string): Promise<Caller | undefined> {
    const given = bearerOf(authorization)
    if (given === undefined || !mayBeApiKey(given)) return undefined
    const keyHash = hash('sha256', given, 'hex')
    const apiKey = await keys.find(keyHash)
    if (apiKey === undefined || !isEqual(apiKey.hash, keyHash) || !isUsable(apiKey, clock.now())) return undefined
    return { kind: 'api_key', organizationId: apiKey.organizationId, apiKey }
  }

  async function findUser(request: FastifyRequest): Promise<Caller | undefined> {
    const found = await sessions.find(request)
    return found === undefined ? undefined : { kind: 'user', organizationId: found.user.organizationId, ...found }
  }

  async function authenticateAgain(request: FastifyRequest): Promise<Caller> {
    // A key that is given counts alone: a browser's cookie never stands in for one that was revoked.
    const { authorization } = request.headers
    const caller = authorization === undefined ? await findUser(request) : await findKey(authorization)
    if (caller === undefined) throw unauthorized()
    requireScope(caller, request.routeOptions.config.scopes ?? [])
    if (caller.kind === 'api_key') touch(caller.apiKey, clock.now())
    return caller
  }

  return {
    async authenticate(request) {
      const caller = await authenticateAgain(request)
      if (caller.kind === 'user') sessions.touch(caller.session)
      return caller
    },
    authenticateAgain,
    clear() {
      keys.clear()
      sessions.clear()
    },
  }
}

/** The caller of a route that has scopes. */
export function callerOf(request: { readonly caller: Caller | undefined }): Caller {
  if (request.caller === undefined) throw new Error('a route without scopes has no caller')
  return request.caller
}

/** Of a route that is about the person who calls. @throws SmsError `forbidden` to a program */
export function personOf(request: { readonly caller: Caller | undefined }): Caller & { readonly kind: 'user' } {
  const caller = callerOf(request)
  if (caller.kind === 'user') return caller
  throw new SmsError('forbidden', 'This is for people who are signed in. An API key has no session and no password.')
}

/** The caller as events and the audit log name who did something. */
export function actorOf(caller: Caller): string {
  return caller.kind === 'user' ? userTitle(caller.user) : `API key ${caller.apiKey.id} (${caller.apiKey.name})`
}

export function scopesOfCaller(caller: Caller): readonly ApiKeyScope[] {
  return caller.kind === 'user' ? scopesByRole[caller.user.role] : caller.apiKey.scopes
}

function bearerOf(header: string): string | undefined {
  const match = /^Bearer +(\S+) *$/i.exec(header)
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

function requireScope(caller: Caller, scopes: readonly ApiKeyScope[]): void {
  const held = scopesOfCaller(caller)
  if (scopes.some((scope) => held.includes(scope))) return
  const needed = `it needs the scope ${scopes.join(' or ')}`
  throw new SmsError(
    'forbidden',
    caller.kind === 'user'
      ? `As ${caller.user.role} you may not do that: ${needed}. Ask an owner.`
      : `This API key may not do that: ${needed}. Use another key, or change its scopes.`,
  )
}
