import { type ApiKeyScope, apiKeyScopes } from './api-key.ts'

export const userRoles = ['viewer', 'operator', 'owner'] as const
export type UserRole = (typeof userRoles)[number]

/** What a role may do, in the words of API keys. */
export const scopesByRole = {
  viewer: ['read'],
  operator: ['send', 'read', 'operate'],
  owner: apiKeyScopes,
} as const satisfies Record<UserRole, readonly ApiKeyScope[]>

/** A person who signs in to one organization. Times are Unix milliseconds. */
export type User = {
  readonly id: number
  readonly organizationId: number
  /** An e-mail address, or any other name. */
  readonly name: string
  readonly role: UserRole
  /** With its salt and parameters. Absent until a password was set: then only a link lets the person in. */
  readonly passwordHash?: string
  readonly createdAt: number
  readonly updatedAt: number
  readonly lastSignedInAt?: number
}

export const userNameLengthMax = 100
/** In code points. */
export const passwordLengthMin = 12
export const passwordLengthMax = 256

/** Names with the same key are one name: nobody should have to remember how an address was capitalized. */
export function nameKeyOf(name: string): string {
  return name.normalize('NFKC').trim().toLowerCase()
}

/** As the audit log names who did something, and to whom. */
export function userTitle({ id, name }: Pick<User, 'id' | 'name'>): string {
  return `user ${id} (${name})`
}

/** Controls, line ends, and what turns the direction of text: they make names look alike, or one line like two. */
const unseen = /[\p{Cc}\p{Zl}\p{Zp}\u200b\u202a-\u202e\u2066-\u2069\ufeff]/u

/** Why it can be nobody's name, as a sentence about `name`. */
export function nameFault(name: string): string | undefined {
  if (nameKeyOf(name) === '') return 'name must not be blank.'
  if ([...name].length > userNameLengthMax) return `name must have at most ${userNameLengthMax} characters.`
  if (unseen.test(name)) return 'name must not contain characters that nobody can see.'
  return undefined
}

/** Why it cannot be the password of somebody with this name, as a sentence about `password`. */
export function passwordFault(password: string, name: string): string | undefined {
  const { length } = [...password]
  if (length < passwordLengthMin) return `password must have at least ${passwordLengthMin} characters.`
  if (length > passwordLengthMax) return `password must have at most ${passwordLengthMax} characters.`
  if (nameKeyOf(password) === nameKeyOf(name)) return 'password must not be the name.'
  return undefined
}
