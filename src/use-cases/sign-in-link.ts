import type { AuditEntry } from '../core/audit.ts'
import { SmsError } from '../core/errors.ts'
import { invitationLifetimeMs, linkLifetimeMs, type SignInLink } from '../core/session.ts'
import { nameFault, passwordFault, type User, userTitle } from '../core/user.ts'
import type { Clock } from '../ports/clock.ts'
import type { Log } from '../ports/log.ts'
import type { Random } from '../ports/random.ts'
import type { Store } from '../ports/store.ts'
import type { Passwords } from './passwords.ts'
import { beginSession, hashOfToken, isToken, makeToken, type SignedIn } from './session-token.ts'

type Parts = { readonly store: Pick<Store, 'users' | 'sessions'>; readonly clock: Clock; readonly random: Random }

export type MadeLink = { readonly token: string; readonly expiresAt: number }

/** For a user, or (without one) for whoever becomes the first owner. `token` is shown once. */
export async function makeSignInLink(
  { store, clock, random }: Parts,
  wanted: {
    readonly organizationId: number
    readonly user?: User
    /** It also replaces the password. One without a password must choose one in any case. */
    readonly setsPassword: boolean
    readonly actor: string
  },
): Promise<MadeLink> {
  const { organizationId, user, setsPassword, actor } = wanted
  const { token, hash } = makeToken(random)
  const now = clock.now()
  const isInvitation = user !== undefined && user.passwordHash === undefined
  const expiresAt = now + (isInvitation ? invitationLifetimeMs : linkLifetimeMs)
  const link: SignInLink = {
    hash,
    organizationId,
    ...(user === undefined ? {} : { userId: user.id }),
    setsPassword,
    createdAt: now,
    expiresAt,
  }
  await store.sessions.addLink(link, {
    organizationId,
    occurredAt: now,
    actor,
    action: 'user.link_made',
    subject: user === undefined ? 'the first owner' : userTitle(user),
    data: { sets_password: setsPassword, expires_at: new Date(expiresAt).toISOString() },
  })
  return { token, expiresAt }
}

/** Where a link leads. What stands behind the # is sent to no server, so that it is in no log on the way. */
export function addressOfLink(publicUrl: string, token: string): string {
  return `${publicUrl}/console#link=${token}`
}

export type Redemption =
  | ({ readonly kind: 'signed_in' } & SignedIn)
  /** The link is good, and still is; these must come with it. */
  | { readonly kind: 'needs'; readonly fields: readonly ('name' | 'password')[] }

/**
 * Signs in by a link, which is used up then.
 * @throws SmsError `unauthorized` when it is not good (any more), `invalid_request`, `conflict`, `overloaded`
 */
export async function redeemLink(
  parts: Parts & { readonly passwords: Passwords; readonly log: Log },
  given: { readonly token: string; readonly name?: string; readonly password?: string },
): Promise<Redemption> {
  const { store, clock, random, log } = parts
  const link = isToken(given.token) ? await store.sessions.findLink(hashOfToken(given.token)) : undefined
  if (link === undefined || link.expiresAt <= clock.now()) throw usedUp()
  const user = link.userId === undefined ? undefined : await store.users.find(link.organizationId, link.userId)
  const name = user?.name ?? given.name
  const mustSet = link.setsPassword || user?.passwordHash === undefined
  if (name === undefined || (mustSet && given.password === undefined))
    return { kind: 'needs', fields: user === undefined ? ['name', 'password'] : ['password'] }

  const passwordHash =
    given.password === undefined ? undefined : await hashed(parts, { name, password: given.password })
  const now = clock.now()
  const { token, hash } = makeToken(random)
  const session = beginSession(hash, now)
  const admitted = await store.sessions.redeem({
    hash: link.hash,
    now,
    session,
    ...(passwordHash === undefined ? {} : { passwordHash }),
    ...(user === undefined && passwordHash !== undefined ? { firstOwner: firstOwner(name, passwordHash, now) } : {}),
    audit: (one) => entryOf(one, { isNew: user === undefined, setsPassword: passwordHash !== undefined, now }),
  })
  if (admitted === undefined) throw usedUp()
  log.info('session.started', { userId: admitted.id, by: 'link' })
  const { id: userId, organizationId } = admitted
  return { kind: 'signed_in', token, session: { ...session, userId, organizationId }, user: admitted }
}

async function hashed(
  { passwords }: { readonly passwords: Passwords },
  { name, password }: { readonly name: string; readonly password: string },
): Promise<string> {
  const fault = nameFault(name) ?? passwordFault(password, name)
  if (fault !== undefined) throw new SmsError('invalid_request', fault)
  return passwords.hash(password)
}

function firstOwner(name: string, passwordHash: string, now: number): Omit<User, 'id' | 'organizationId'> {
  return { name: name.trim(), role: 'owner', passwordHash, createdAt: now, updatedAt: now }
}

function entryOf(
  user: User,
  { isNew, setsPassword, now }: { readonly isNew: boolean; readonly setsPassword: boolean; readonly now: number },
): AuditEntry | undefined {
  const title = userTitle(user)
  const entry = { organizationId: user.organizationId, occurredAt: now, actor: title, subject: title }
  if (isNew) return { ...entry, action: 'user.created', data: { name: user.name, role: user.role } }
  return setsPassword ? { ...entry, action: 'user.password_set', data: { by: 'link' } } : undefined
}

function usedUp(): SmsError {
  return new SmsError(
    'unauthorized',
    'This link was used before, or is too old. Make another: textbridge users link, or ask an owner.',
  )
}
