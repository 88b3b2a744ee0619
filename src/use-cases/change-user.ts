import type { AuditAction, AuditEntry } from '../core/audit.ts'
import { SmsError } from '../core/errors.ts'
import type { Session } from '../core/session.ts'
import { nameFault, passwordFault, type User, type UserRole, userTitle } from '../core/user.ts'
import type { Clock } from '../ports/clock.ts'
import type { Store } from '../ports/store.ts'
import type { UserFacts } from '../ports/user-store.ts'
import type { AttemptLimits } from './attempt-limits.ts'
import type { Passwords } from './passwords.ts'
import { judged } from './sign-in.ts'

type Parts = { readonly store: Pick<Store, 'users'>; readonly clock: Clock }
type Target = { readonly organizationId: number; readonly id: number; readonly actor: string }

export const usersMax = 1_000

/** Without a password: a link lets the person in, who then chooses one. @throws SmsError `invalid_request`, `conflict` */
export async function createUser(
  { store, clock }: Parts,
  wanted: { readonly organizationId: number; readonly name: string; readonly role: UserRole; readonly actor: string },
): Promise<User> {
  const { organizationId, role, actor } = wanted
  const name = checkedName(wanted.name)
  if ((await store.users.list(organizationId)).length >= usersMax)
    throw new SmsError('conflict', `This organization has ${usersMax} users, which is the most. Remove one.`)
  const now = clock.now()
  return store.users.create({ organizationId, name, role, createdAt: now, updatedAt: now }, (made) =>
    entryOf('user.created', made, { actor, now, data: told(made) }),
  )
}

/** Holds at once; in other processes within `lookupLifetimeMs`. @throws SmsError `not_found`, `conflict` for the last owner */
export function changeUser(
  { store, clock }: Parts,
  { organizationId, id, actor }: Target,
  wanted: { readonly name?: string; readonly role?: UserRole },
): Promise<User> {
  const now = clock.now()
  const { role } = wanted
  const name = wanted.name === undefined ? undefined : checkedName(wanted.name)
  return store.users.change(
    organizationId,
    id,
    (present, facts) => {
      if (role !== undefined && role !== 'owner') keepAnOwner(present, facts)
      return { ...present, name: name ?? present.name, role: role ?? present.role, updatedAt: now }
    },
    {
      audit: (before, after) =>
        before.name === after.name && before.role === after.role
          ? undefined
          : entryOf('user.changed', after, { actor, now, data: { before: told(before), after: told(after) } }),
    },
  )
}

/** Their sessions and links end with them. @throws SmsError `not_found`, `conflict` for the last owner */
export function removeUser({ store, clock }: Parts, { organizationId, id, actor }: Target): Promise<void> {
  const now = clock.now()
  return store.users.remove(organizationId, id, {
    judge: keepAnOwner,
    audit: (removed) => entryOf('user.removed', removed, { actor, now, data: told(removed) }),
  })
}

/**
 * The person's own doing: all their other sessions end.
 * @throws SmsError `forbidden` when the present password is another, `invalid_request`, `rate_limited`, `overloaded`
 */
export async function changePassword(
  parts: Parts & { readonly passwords: Passwords; readonly attempts: AttemptLimits },
  who: { readonly user: User; readonly session: Session; readonly address: string },
  { present, wanted }: { readonly present: string; readonly wanted: string },
): Promise<void> {
  const { store, clock, passwords } = parts
  const { user, session, address } = who
  const fault = passwordFault(wanted, user.name)
  if (fault !== undefined) throw new SmsError('invalid_request', fault)
  // Counted for itself: no name key has a capital letter.
  const attempt = parts.attempts.begin({ name: `Password of user ${user.id}`, address })
  const passwordHash = await judged(attempt, async () =>
    (await passwords.verify(present, user.passwordHash)) ? passwords.hash(wanted) : undefined,
  )
  if (passwordHash === undefined) throw otherPassword()
  attempt.succeeded()
  const now = clock.now()
  await store.users.change(
    user.organizationId,
    user.id,
    (found) => {
      if (found.passwordHash !== user.passwordHash) throw otherPassword()
      return { ...found, passwordHash, updatedAt: now }
    },
    {
      audit: (_before, after) =>
        entryOf('user.password_set', after, { actor: userTitle(after), now, data: { by: 'password' } }),
      keepsSession: session.hash,
    },
  )
}

function otherPassword(): SmsError {
  return new SmsError('forbidden', 'The present password is another one. Without it, a link lets you choose a new one.')
}

/** Without one, nobody could let anybody in. */
function keepAnOwner({ role }: User, { otherOwners }: UserFacts): void {
  if (role === 'owner' && otherOwners === 0)
    throw new SmsError('conflict', 'This is the last owner. Make somebody else an owner first.')
}

function checkedName(name: string): string {
  const fault = nameFault(name)
  if (fault !== undefined) throw new SmsError('invalid_request', fault)
  return name.trim()
}

function told({ name, role }: User) {
  return { name, role }
}

function entryOf(
  action: AuditAction,
  user: User,
  { actor, now, data }: { readonly actor: string; readonly now: number; readonly data: AuditEntry['data'] },
): AuditEntry {
  return {
    organizationId: user.organizationId,
    occurredAt: now,
    actor,
    action,
    subject: userTitle(user),
    data,
  }
}
