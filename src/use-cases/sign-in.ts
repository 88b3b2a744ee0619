import { SmsError } from '../core/errors.ts'
import { nameKeyOf, type User } from '../core/user.ts'
import type { Clock } from '../ports/clock.ts'
import type { Log } from '../ports/log.ts'
import type { Random } from '../ports/random.ts'
import type { Store } from '../ports/store.ts'
import type { Attempt, AttemptLimits } from './attempt-limits.ts'
import type { Passwords } from './passwords.ts'
import { beginSession, makeToken, type SignedIn } from './session-token.ts'

export type SignInParts = {
  readonly store: Pick<Store, 'users' | 'sessions'>
  readonly clock: Clock
  readonly random: Random
  readonly log: Log
  readonly passwords: Passwords
  readonly attempts: AttemptLimits
}

export type Credentials = {
  readonly name: string
  readonly password: string
  /** The name of one; needed where users of several have the same name. */
  readonly organization?: string
  /** IP address of who asks. */
  readonly address: string
}

/**
 * Begins a session. A name that nobody has is answered as a wrong password is, and after the same work.
 * @throws SmsError `unauthorized`, `rate_limited`, `overloaded`
 */
export async function signIn(parts: SignInParts, credentials: Credentials): Promise<SignedIn> {
  const { name, address } = credentials
  const attempt = parts.attempts.begin({ name: nameKeyOf(name), address })
  const signedIn = await judged(attempt, async () => {
    const user = await findUser(parts, credentials)
    const isRight = await parts.passwords.verify(credentials.password, user?.passwordHash)
    return isRight ? openSession(parts, user) : undefined
  })
  if (signedIn === undefined) {
    parts.log.info('sign_in.refused', {})
    throw new SmsError(
      'unauthorized',
      'Wrong name or password. Where several organizations share this Textbridge, name yours too.',
    )
  }
  attempt.succeeded()
  parts.log.info('session.started', { userId: signedIn.user.id, by: 'password' })
  return signedIn
}

/** What could not be judged, because of an overload or an outage, was no attempt. */
export async function judged<T>(attempt: Attempt, work: () => Promise<T>): Promise<T> {
  try {
    return await work()
  } catch (error) {
    attempt.withdraw()
    throw error
  }
}

/** Nobody when users of several organizations have the name: one of them would be let in by luck. */
async function findUser({ store }: SignInParts, { name, organization }: Credentials): Promise<User | undefined> {
  const [only, another] = await store.users.findByName({
    nameKey: nameKeyOf(name),
    ...(organization === undefined ? {} : { organization }),
    limit: 2,
  })
  return another === undefined ? only : undefined
}

async function openSession(
  { store, clock, random }: SignInParts,
  user: User | undefined,
): Promise<SignedIn | undefined> {
  if (user?.passwordHash === undefined) return undefined
  const { token, hash } = makeToken(random)
  const { id: userId, organizationId } = user
  const session = { ...beginSession(hash, clock.now()), userId, organizationId }
  return (await store.sessions.open(session, user.passwordHash)) ? { token, session, user } : undefined
}
