import type { AuditEntry } from '../core/audit.ts'
import type { Session, SignInLink } from '../core/session.ts'
import type { User } from '../core/user.ts'

type Fresh<T> = Omit<T, 'id'>

/** How many other owners the organization has. Changes of the users of one organization come one after the other. */
export type UserFacts = { readonly otherOwners: number }

export interface UserStore {
  /** In order of their ids. */
  list(organizationId: number): Promise<User[]>
  find(organizationId: number, id: number): Promise<User | undefined>
  /** In all organizations, or in the one that is called so; at most `limit`. */
  findByName(params: {
    readonly nameKey: string
    readonly organization?: string
    readonly limit: number
  }): Promise<User[]>
  /** Whether the whole installation has a user. */
  hasAny(): Promise<boolean>
  /** `audit` is pure and runs inside the transaction. @throws SmsError `conflict` when the name is taken. */
  create(user: Fresh<User>, audit: (made: User) => AuditEntry | undefined): Promise<User>
  /**
   * `change` and `audit` are pure and run inside the transaction. When the password hash changes, the user's sessions but
   * the one of `keepsSession` and their unused links end in it.
   */
  change(
    organizationId: number,
    id: number,
    change: (present: User, facts: UserFacts) => User,
    params: {
      readonly audit: (before: User, after: User) => AuditEntry | undefined
      readonly keepsSession?: string
    },
  ): Promise<User>
  /** With all sessions and links. `judge` is pure, runs inside the transaction, and refuses by throwing. */
  remove(
    organizationId: number,
    id: number,
    params: {
      readonly judge: (present: User, facts: UserFacts) => void
      readonly audit: (removed: User) => AuditEntry
    },
  ): Promise<void>
}

/** Sessions, and the links that begin one. Whatever has expired is removed when another of its kind is written. */
export interface SessionStore {
  /**
   * Begins a session, while the password of its user is the one that was verified. Of the user's others, the oldest beyond
   * `sessionsPerUserMax` end.
   * @returns false when the user is gone or has another password by now; nothing was written.
   */
  open(session: Session, verifiedPasswordHash: string): Promise<boolean>
  /** Expired ones too. */
  find(hash: string): Promise<{ readonly session: Session; readonly user: User } | undefined>
  /** Never on the way of a request; not durable at once. */
  touch(hash: string, seenAt: number): Promise<void>
  close(hash: string): Promise<void>
  /** All of one user. @returns how many. */
  closeAll(user: { readonly organizationId: number; readonly userId: number }): Promise<number>
  addLink(link: SignInLink, audit: AuditEntry): Promise<void>
  /** Expired ones too, used ones not. */
  findLink(hash: string): Promise<SignInLink | undefined>
  /**
   * Uses a link up and begins a session, in one transaction. With `passwordHash`, it becomes the user's, and their other
   * sessions and links end. With `firstOwner`, that user is made. `audit` is pure and runs inside the transaction.
   * @returns undefined when the link was used before, has expired, or its user is gone; nothing was written.
   * @throws SmsError `conflict` when a first owner is to be made and the organization has a user by now.
   */
  redeem(params: {
    readonly hash: string
    readonly now: number
    readonly session: Omit<Session, 'userId' | 'organizationId'>
    readonly firstOwner?: Omit<Fresh<User>, 'organizationId'>
    readonly passwordHash?: string
    readonly audit: (user: User) => AuditEntry | undefined
  }): Promise<User | undefined>
}
