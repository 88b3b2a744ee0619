import { SmsError } from '../../core/errors.ts'
import type { User } from '../../core/user.ts'
import type { UserStore } from '../../ports/user-store.ts'
import { userColumns, userOf } from '../user-rows.ts'
import { appendAudit } from './audit.ts'
import type { Database } from './database.ts'

export function makeUsers(database: Database): UserStore {
  function find(organizationId: number, id: number): User | undefined {
    const row = database.get('SELECT * FROM users WHERE id = ? AND organization_id = ?', id, organizationId)
    return row === undefined ? undefined : userOf(row)
  }

  function get(organizationId: number, id: number) {
    const user = find(organizationId, id)
    if (user === undefined) throw new SmsError('not_found', 'No user has this id.')
    const owners = database.get(
      `SELECT count(*) AS count FROM users WHERE organization_id = ? AND role = 'owner' AND id <> ?`,
      organizationId,
      id,
    )
    return { user, facts: { otherOwners: Number(owners?.count) } }
  }

  return {
    list: async (organizationId) =>
      database.all('SELECT * FROM users WHERE organization_id = ? ORDER BY id', organizationId).map(userOf),
    find: async (organizationId, id) => find(organizationId, id),
    findByName: async ({ nameKey, organization, limit }) =>
      database
        .all(
          `SELECT u.* FROM users u JOIN organizations o ON o.id = u.organization_id
           WHERE u.name_key = ? AND o.name = coalesce(?, o.name) ORDER BY u.id LIMIT ?`,
          nameKey,
          organization ?? null,
          limit,
        )
        .map(userOf),
    hasAny: async () => database.get('SELECT 1 FROM users LIMIT 1') !== undefined,
    create: (user, audit) =>
      database.transaction(() => {
        const made = insertUser(database, user)
        appendAudit(database, audit(made))
        return made
      }),
    change: (organizationId, id, change, { audit, keepsSession }) =>
      database.transaction(() => {
        const { user: before, facts } = get(organizationId, id)
        const after = { ...change(before, facts), id, organizationId }
        database.run(
          `UPDATE users SET name = ?, name_key = ?, role = ?, password_hash = ?, created_at = ?, updated_at = ?,
             last_signed_in_at = ? WHERE id = ?`,
          ...userColumns(after),
          id,
        )
        if (before.passwordHash !== after.passwordHash) endAccess(database, id, keepsSession)
        appendAudit(database, audit(before, after))
        return after
      }),
    remove: (organizationId, id, { judge, audit }) =>
      database.transaction(() => {
        const { user, facts } = get(organizationId, id)
        judge(user, facts)
        database.run('DELETE FROM users WHERE id = ?', id)
        appendAudit(database, audit(user))
      }),
  }
}

/** Inside a transaction. */
export function insertUser(database: Database, user: Omit<User, 'id'>): User {
  const { lastKey } = database.run(
    `INSERT INTO users (organization_id, name, name_key, role, password_hash, created_at, updated_at, last_signed_in_at)
     VALUES (?, ?, ?, ?, ?, ?, ?, ?)`,
    user.organizationId,
    ...userColumns(user),
  )
  return { ...user, id: lastKey }
}

/** Inside a transaction: all sessions of the user but one, and all links. */
export function endAccess(database: Database, userId: number, keepsSession: string | undefined): void {
  database.run('DELETE FROM sessions WHERE user_id = ? AND hash <> ?', userId, keepsSession ?? '')
  database.run('DELETE FROM sign_in_links WHERE user_id = ?', userId)
}
