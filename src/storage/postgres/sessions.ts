import { SmsError } from '../../core/errors.ts'
import { type Session, type SignInLink, sessionsPerUserMax } from '../../core/session.ts'
import type { User } from '../../core/user.ts'
import type { SessionStore } from '../../ports/user-store.ts'
import { linkOf, sessionAndUserOf, sessionColumns, sessionWithUser, userOf } from '../user-rows.ts'
import { appendAudit } from './audit.ts'
import type { Database, Queries } from './database.ts'
import { endAccess, insertUser, lockUsers } from './users.ts'

type Redemption = Parameters<SessionStore['redeem']>[0]

export function makeSessions(database: Database): SessionStore {
  return {
    open: (session, verifiedPasswordHash) =>
      database.transaction(async (queries) => {
        // A change of the password that is about to commit is waited for here, and then seen.
        const changed = await queries.run(
          'UPDATE users SET last_signed_in_at = $1 WHERE id = $2 AND password_hash = $3',
          session.createdAt,
          session.userId,
          verifiedPasswordHash,
        )
        if (changed > 0) await insertSession(queries, session)
        return changed > 0
      }),
    async find(hash) {
      const row = await database.get(`${sessionWithUser} WHERE s.hash = $1`, hash)
      return row === undefined ? undefined : sessionAndUserOf(row)
    },
    async touch(hash, seenAt) {
      await database.run('UPDATE sessions SET last_seen_at = $1 WHERE hash = $2 AND last_seen_at < $1', seenAt, hash)
    },
    async close(hash) {
      await database.run('DELETE FROM sessions WHERE hash = $1', hash)
    },
    closeAll: ({ organizationId, userId }) =>
      database.run('DELETE FROM sessions WHERE user_id = $1 AND organization_id = $2', userId, organizationId),
    addLink: (link, audit) =>
      database.transaction(async (queries) => {
        await queries.run('DELETE FROM sign_in_links WHERE expires_at <= $1', link.createdAt)
        await queries.run(
          `INSERT INTO sign_in_links (hash, organization_id, user_id, sets_password, created_at, expires_at)
           VALUES ($1, $2, $3, $4, $5, $6)`,
          link.hash,
          link.organizationId,
          link.userId ?? null,
          link.setsPassword,
          link.createdAt,
          link.expiresAt,
        )
        await appendAudit(queries, audit)
      }),
    async findLink(hash) {
      const row = await database.get('SELECT * FROM sign_in_links WHERE hash = $1', hash)
      return row === undefined ? undefined : linkOf(row)
    },
    redeem: (redemption) =>
      database.transaction(async (queries) => {
        const { hash, now, session, audit } = redemption
        const row = await queries.get(
          'DELETE FROM sign_in_links WHERE hash = $1 AND expires_at > $2 RETURNING *',
          hash,
          now,
        )
        const user = row === undefined ? undefined : await admit(queries, linkOf(row), redemption)
        if (user === undefined) return undefined
        await insertSession(queries, { ...session, userId: user.id, organizationId: user.organizationId })
        await appendAudit(queries, audit(user))
        return user
      }),
  }
}

/** Whom the link lets in, made or changed as it says. */
async function admit(
  queries: Queries,
  { organizationId, userId }: SignInLink,
  { now, firstOwner, passwordHash }: Redemption,
): Promise<User | undefined> {
  if (userId === undefined) {
    if (firstOwner === undefined) throw new Error('a link of a first owner needs to be told who that is')
    await lockUsers(queries, organizationId)
    if ((await queries.get('SELECT 1 FROM users WHERE organization_id = $1 LIMIT 1', organizationId)) !== undefined)
      throw new SmsError('conflict', 'The organization has an owner by now. Ask them for a link.')
    return insertUser(queries, { ...firstOwner, organizationId, lastSignedInAt: now })
  }
  const row = await queries.get(
    `UPDATE users SET last_signed_in_at = $1, password_hash = coalesce($2, password_hash),
       updated_at = CASE WHEN $2::text IS NULL THEN updated_at ELSE $1 END
     WHERE id = $3 RETURNING *`,
    now,
    passwordHash ?? null,
    userId,
  )
  if (row !== undefined && passwordHash !== undefined) await endAccess(queries, userId, undefined)
  return row === undefined ? undefined : userOf(row)
}

/** Inside a transaction. */
async function insertSession(queries: Queries, session: Session): Promise<void> {
  await queries.run('DELETE FROM sessions WHERE expires_at <= $1', session.createdAt)
  await queries.run(
    `DELETE FROM sessions WHERE hash IN (
       SELECT hash FROM sessions WHERE user_id = $1 ORDER BY created_at DESC, hash OFFSET $2)`,
    session.userId,
    sessionsPerUserMax - 1,
  )
  await queries.run(
    `INSERT INTO sessions (hash, user_id, organization_id, created_at, last_seen_at, expires_at)
     VALUES ($1, $2, $3, $4, $5, $6)`,
    ...sessionColumns(session),
  )
}
