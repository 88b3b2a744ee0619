import type { Session, SignInLink } from '../core/session.ts'
import { nameKeyOf, type User, type UserRole } from '../core/user.ts'
import type { Row } from './rows.ts'

/** The columns of a session and of its user, whose own names differ, for both engines. */
export const sessionWithUser = `
  SELECT u.*, s.hash AS session_hash, s.created_at AS session_created_at, s.last_seen_at AS session_last_seen_at,
    s.expires_at AS session_expires_at
  FROM sessions s
  JOIN users u ON u.id = s.user_id`

export function userOf(row: Row): User {
  return {
    id: Number(row.id),
    organizationId: Number(row.organization_id),
    name: String(row.name),
    role: String(row.role) as UserRole,
    ...(row.password_hash === null ? {} : { passwordHash: String(row.password_hash) }),
    createdAt: Number(row.created_at),
    updatedAt: Number(row.updated_at),
    ...(row.last_signed_in_at === null ? {} : { lastSignedInAt: Number(row.last_signed_in_at) }),
  }
}

/** The columns of a user behind `organization_id`, in the order of the table. */
export function userColumns(user: Omit<User, 'id' | 'organizationId'>) {
  return [
    user.name,
    nameKeyOf(user.name),
    user.role,
    user.passwordHash ?? null,
    user.createdAt,
    user.updatedAt,
    user.lastSignedInAt ?? null,
  ] as const
}

/** Of a row of `sessionWithUser`. */
export function sessionAndUserOf(row: Row): { readonly session: Session; readonly user: User } {
  const user = userOf(row)
  return {
    user,
    session: {
      hash: String(row.session_hash),
      userId: user.id,
      organizationId: user.organizationId,
      createdAt: Number(row.session_created_at),
      lastSeenAt: Number(row.session_last_seen_at),
      expiresAt: Number(row.session_expires_at),
    },
  }
}

/** All columns of a session, in the order of the table. */
export function sessionColumns(session: Session) {
  return [
    session.hash,
    session.userId,
    session.organizationId,
    session.createdAt,
    session.lastSeenAt,
    session.expiresAt,
  ] as const
}

export function linkOf(row: Row): SignInLink {
  return {
    hash: String(row.hash),
    organizationId: Number(row.organization_id),
    ...(row.user_id === null ? {} : { userId: Number(row.user_id) }),
    setsPassword: Boolean(row.sets_password),
    createdAt: Number(row.created_at),
    expiresAt: Number(row.expires_at),
  }
}
