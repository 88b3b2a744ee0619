import type { FastifyReply, FastifyRequest } from 'fastify'
import { SmsError } from '../core/errors.ts'
import { isLive, type Session, sessionLifetimeMs } from '../core/session.ts'
import type { User } from '../core/user.ts'
import type { Clock } from '../ports/clock.ts'
import type { Log } from '../ports/log.ts'
import type { SessionStore } from '../ports/user-store.ts'
import { makeLookupCache } from '../use-cases/lookup-cache.ts'
import { hashOfToken, isToken } from '../use-cases/session-token.ts'

export type Sessions = {
  /**
   * Who has signed in on the browser that asks; undefined when nobody has (any more).
   * @throws SmsError `forbidden` when another site may have made the browser ask
   */
  find(request: FastifyRequest): Promise<{ readonly session: Session; readonly user: User } | undefined>
  /** Somebody is there: the session does not go idle. Written at most once a minute. */
  touch(session: Session): void
  clear(): void
}

/** How far `last_seen_at` may lag. */
const touchIntervalMs = 60_000
const sessionsCachedMax = 10_000

export function makeSessions(parts: {
  readonly store: { readonly sessions: Pick<SessionStore, 'find' | 'touch'> }
  readonly clock: Clock
  readonly log: Log
  readonly cookie: SessionCookie
}): Sessions {
  const { store, clock, log, cookie } = parts
  const sessions = makeLookupCache<{ readonly session: Session; readonly user: User }>({
    clock,
    entriesMax: sessionsCachedMax,
    load: (hash) => store.sessions.find(hash),
  })
  /** What was written here may not be seen in the cache yet. */
  const touchedAt = new Map<string, number>()

  return {
    async find(request) {
      const token = cookie.read(request)
      const found = token === undefined ? undefined : await sessions.find(hashOfToken(token))
      if (found === undefined || !isLive(found.session, clock.now())) return undefined
      refuseOtherSites(request, cookie.origin)
      return found
    },
    touch({ hash, lastSeenAt }) {
      const now = clock.now()
      if (now - Math.max(lastSeenAt, touchedAt.get(hash) ?? 0) < touchIntervalMs) return
      if (touchedAt.size >= sessionsCachedMax) touchedAt.clear()
      touchedAt.set(hash, now)
      store.sessions.touch(hash, now).catch(() => log.warn('session.touch_failed', {}))
    },
    clear: () => sessions.clear(),
  }
}

/** What no page of another site can send without asking us first (CORS), which nobody answers. */
const takenTypes = /^(application\/json|text\/csv) *(;|$)/i

/**
 * A browser adds the cookie to whatever it is made to ask, so a session counts only for what our own pages ask. Browsers
 * say who asks in Sec-Fetch-Site; those before 2023 in Origin alone.
 */
function refuseOtherSites(request: FastifyRequest, origin: string): void {
  const { 'sec-fetch-site': site, origin: askedBy, 'content-type': type } = request.headers
  const isReading = request.method === 'GET' || request.method === 'HEAD'
  const isOurs = isReading
    ? site !== 'cross-site'
    : (site === undefined ? askedBy === origin : site === 'same-origin') && (!hasBody(request) || takesType(type))
  if (!isOurs)
    throw new SmsError('forbidden', 'A signed-in browser may ask this from the console only. Programs use an API key.')
}

/** Before anybody has signed in, programs may ask too: they say nothing of a site. @throws SmsError `forbidden` */
export function refuseForeignPages(request: FastifyRequest, origin: string): void {
  const { 'sec-fetch-site': site, origin: askedBy } = request.headers
  const isOurs = site === undefined ? askedBy === undefined || askedBy === origin : site === 'same-origin'
  if (!isOurs) throw new SmsError('forbidden', 'Another site may not sign anybody in. Open the console itself.')
}

function hasBody({ headers }: FastifyRequest): boolean {
  return headers['transfer-encoding'] !== undefined || Number(headers['content-length'] ?? 0) > 0
}

function takesType(type: string | undefined): boolean {
  return type !== undefined && takenTypes.test(type)
}

export type SessionCookie = {
  /** Of the public URL: where the console is. */
  readonly origin: string
  read(request: FastifyRequest): string | undefined
  /** @throws SmsError `forbidden` when a cookie would travel unencrypted over a network. */
  refusePlainHttp(): void
  write(reply: FastifyReply, token: string): void
  remove(reply: FastifyReply): void
}

/**
 * `__Host-`: only over https, only from this very host, so that no other host of the domain can plant one
 * (RFC 6265bis, 4.1.3.2). On this machine itself there is no https, and nobody on the way.
 */
export function makeSessionCookie(publicUrl: string): SessionCookie {
  const { protocol, hostname, origin } = new URL(publicUrl)
  const isSecure = protocol === 'https:'
  const isLocal = ['localhost', '127.0.0.1', '[::1]'].includes(hostname)
  const name = isSecure ? '__Host-textbridge' : 'textbridge_session'
  const attributes = `Path=/; HttpOnly; SameSite=Strict${isSecure ? '; Secure' : ''}`

  return {
    origin,
    read({ headers }) {
      for (const pair of (headers.cookie ?? '').split(';')) {
        const [key, value = ''] = pair.trim().split('=')
        if (key === name && isToken(value)) return value
      }
      return undefined
    },
    refusePlainHttp() {
      if (!isSecure && !isLocal)
        throw new SmsError(
          'forbidden',
          'Signing in needs https. Put Textbridge behind a proxy with TLS, and set TEXTBRIDGE_PUBLIC_URL to its https address.',
        )
    },
    write(reply, token) {
      reply.header('set-cookie', `${name}=${token}; Max-Age=${sessionLifetimeMs / 1_000}; ${attributes}`)
    },
    remove(reply) {
      reply.header('set-cookie', `${name}=; Max-Age=0; ${attributes}`)
    },
  }
}
