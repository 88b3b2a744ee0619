/** One signing in of a user, in one browser. Times are Unix milliseconds. */
export type Session = {
  /** SHA-256 of the token, lower-case hex. The token itself is kept by the browser alone. */
  readonly hash: string
  readonly userId: number
  readonly organizationId: number
  readonly createdAt: number
  /** To the minute. */
  readonly lastSeenAt: number
  readonly expiresAt: number
}

/** Lets somebody in once, without a password. */
export type SignInLink = {
  /** SHA-256 of the token, lower-case hex. */
  readonly hash: string
  readonly organizationId: number
  /** Whom it lets in. Absent: it makes the first owner of the organization, and signs that one in. */
  readonly userId?: number
  /** Whoever uses it must choose a password, so that a link made for somebody else is noticed by them. */
  readonly setsPassword: boolean
  readonly createdAt: number
  readonly expiresAt: number
}

export const sessionIdleMsMax = 12 * 60 * 60_000
export const sessionLifetimeMs = 7 * 24 * 60 * 60_000
/** Signing in once more ends the oldest beyond these. */
export const sessionsPerUserMax = 20
export const linkLifetimeMs = 15 * 60_000
/** For somebody who has no password yet: whoever is invited reads it when they come to it. */
export const invitationLifetimeMs = 24 * 60 * 60_000

export function isLive({ lastSeenAt, expiresAt }: Session, now: number): boolean {
  return now < expiresAt && now - lastSeenAt < sessionIdleMsMax
}
