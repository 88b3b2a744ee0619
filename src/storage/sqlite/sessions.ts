import { SmsError } from '../../core/errors.ts'
import { type Session, type SignInLink, sessionsPerUserMax } from '../../core/session.ts'
import type { User } from '../../core/user.ts'
import type { SessionStore } from '../../ports/user-store.ts'
import { linkOf, sessionAndUserOf, sessionColumns, sessionWithUser, userOf } from '../user-rows.ts'
import { appendAudit } from './audit.ts'
import type { Database } from './database.ts'
import { endAccess, insertUser } from './users.ts'

type Redemption = Parameters<SessionStore['redeem']>[0]

export function makeSessions(database: Database): SessionStore {
  return {
    open: (session, verifiedPasswordHash) =>
      database.transaction(() => {
        const { changes } = database.run(
          'UPDATE users SET last_signed_in_at = ? WHERE id = ? AND password_hash = ?',
          session.createdAt,
          session.userId,
          verifiedPasswordHash,
        )
        if (changes > 0) insertSession(database, session)
        return changes > 0
      }),
    async find(hash) {
      const row = database.get(`${sessionWithUser} WHERE s.hash = ?`, hash)
      return row === undefined ? undefined : sessionAndUserOf(row)
    },
    touch: (hash, seenAt) =>
      database.transaction(() => {
        database.run('UPDATE sessions SET last_seen_at = ? WHERE hash = ? AND last_seen_at < ?', seenAt, hash, seenAt)
      }),
    close: (hash) =>
      database.transaction(() => {
        database.run('DELETE FROM sessions WHERE hash = ?', hash)
      }),
    closeAll: ({ organizationId, userId }) =>
      database.transaction(
        () =>
          database.run('DELETE FROM sessions WHERE user_id = ? AND organization_id = ?', userId, organizationId)
            .changes,
      ),
    addLink: (link, audit) =>
      database.transaction(() => {
        database.run('DELETE FROM sign_in_links WHERE expires_at <= ?', link.createdAt)
        database.run(
          `INSERT INTO sign_in_links (hash, organization_id, user_id, sets_password, created_at, expires_at)
           VALUES (?, ?, ?, ?, ?, ?)`,
          link.hash,
          link.organizationId,
          link.userId ?? null,
          link.setsPassword ? 1 : 0,
          link.createdAt,
          link.expiresAt,
        )
        appendAudit(database, audit)
      }),
    async findLink(hash) {
      const row = database.get('SELECT * FROM sign_in_links WHERE hash = ?', hash)
      return row === undefined ? undefined : linkOf(row)
    },
    redeem: (redemption) =>
      database.transaction(() => {
        const { hash, now, session, audit } = redemption
        const row = database.get('DELETE FROM sign_in_links WHERE hash = ? AND expires_at > ? RETURNING *', hash, now)
        const user = row === undefined ? undefined : admit(database, linkOf(row), redemption)
        if (user === undefined) return undefined
        insertSession(database, { ...session, userId: user.id, organizationId: user.organizationId })
        appendAudit(database, audit(user))
        return user
      }),
  }
}

/** Whom the link lets in, made or changed as it says. */
function admit(database: Database, { organizationId, userId }: SignInLink, redemption: Redemption): User | undefined {
  const { now, firstOwner, passwordHash } = redemption
  if (userId === undefined) {
    if (firstOwner === undefined) throw new Error('a link of a first owner needs to be told who that is')
    if (database.get('SELECT 1 FROM users WHERE organization_id = ? LIMIT 1', organizationId) !== undefined)
      throw new SmsError('conflict', 'The organization has an owner by now. Ask them for a link.')
    return insertUser(database, { ...firstOwner, organizationId, lastSignedInAt: now })
  }
  const row = database.get(
    `UPDATE users SET last_signed_in_at = ?, password_hash = coalesce(?, password_hash),
       updated_at = CASE WHEN ? IS NULL THEN updated_at ELSE ? END
     WHERE id = ? RETURNING *`,
    now,
    passwordHash ?? null,
    passwordHash ?? null,
    now,
    userId,
  )
  if (row !== undefined && passwordHash !== undefined) endAccess(database, userId, undefined)
  return row === undefined ? undefined : userOf(row)
}

/** Inside a transaction. */
function insertSession(database: Database, session: Session): void {
  database.run('DELETE FROM sessions WHERE expires_at <= ?', session.createdAt)
  database.run(
    `DELETE FROM sessions WHERE hash IN (
       SELECT hash FROM sessions WHERE user_id = ? ORDER BY created_at DESC, hash LIMIT -1 OFFSET ?)`,
    session.userId,
    sessionsPerUserMax - 1,
  )
  database.run(
    `INSERT INTO sessions (hash, user_id, organization_id, created_at, last_seen_at, expires_at)
     VALUES (?, ?, ?, ?, ?, ?)`,
    ...sessionColumns(session),
  )
}
