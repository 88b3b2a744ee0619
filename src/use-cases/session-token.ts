import { hash } from 'node:crypto'
import { type Session, sessionLifetimeMs } from '../core/session.ts'
import type { User } from '../core/user.ts'
import type { Random } from '../ports/random.ts'

const tokenBytes = 32

/** Somebody who has just signed in. `token` is for their browser alone: only its hash is stored. */
export type SignedIn = { readonly token: string; readonly session: Session; readonly user: User }

/** 256 random bits, 43 letters that need no escape in a cookie or an address. */
export function makeToken(random: Random): { readonly token: string; readonly hash: string } {
  const token = Buffer.from(random.bytes(tokenBytes)).toString('base64url')
  return { token, hash: hashOfToken(token) }
}

export function isToken(text: string): boolean {
  return /^[\w-]{43}$/.test(text)
}

/** Guessing a token is as hard as guessing its hash, so that looking the hash up tells nothing by its time. */
export function hashOfToken(token: string): string {
  return hash('sha256', token, 'hex')
}

export function beginSession(hash: string, now: number): Omit<Session, 'userId' | 'organizationId'> {
  return { hash, createdAt: now, lastSeenAt: now, expiresAt: now + sessionLifetimeMs }
}
