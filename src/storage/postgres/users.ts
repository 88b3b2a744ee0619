import { SmsError } from '../../core/errors.ts'
import type { User } from '../../core/user.ts'
import type { UserStore } from '../../ports/user-store.ts'
import { userColumns, userOf } from '../user-rows.ts'
import { appendAudit } from './audit.ts'
import type { Database, Queries } from './database.ts'

export function makeUsers(database: Database): UserStore {
  async function get(queries: Queries, organizationId: number, id: number) {
    await lockUsers(queries, organizationId)
    const row = await queries.get(
      'SELECT * FROM users WHERE id = $1 AND organization_id = $2 FOR UPDATE',
      id,
      organizationId,
    )
    if (row === undefined) throw new SmsError('not_found', 'No user has this id.')
    const owners = await queries.get(
      `SELECT count(*) AS count FROM users WHERE organization_id = $1 AND role = 'owner' AND id <> $2`,
      organizationId,
      id,
    )
    return { user: userOf(row), facts: { otherOwners: Number(owners?.count) } }
  }

  return {
    list: async (organizationId) =>
      (await database.all('SELECT * FROM users WHERE organization_id = $1 ORDER BY id', organizationId)).map(userOf),
    async find(organizationId, id) {
      const row = await database.get('SELECT * FROM users WHERE id = $1 AND organization_id = $2', id, organizationId)
      return row === undefined ? undefined : userOf(row)
    },
    findByName: async ({ nameKey, organization, limit }) =>
      (
        await database.all(
          `SELECT u.* FROM users u JOIN organizations o ON o.id = u.organization_id
           WHERE u.name_key = $1 AND o.name = coalesce($2, o.name) ORDER BY u.id LIMIT $3`,
          nameKey,
          organization ?? null,
          limit,
        )
      ).map(userOf),
    hasAny: async () => (await database.get('SELECT 1 FROM users LIMIT 1')) !== undefined,
    create: (user, audit) =>
      database.transaction(async (queries) => {
        await lockUsers(queries, user.organizationId)
        const made = await insertUser(queries, user)
        await appendAudit(queries, audit(made))
        return made
      }),
    change: (organizationId, id, change, { audit, keepsSession }) =>
      database.transaction(async (queries) => {
        const { user: before, facts } = await get(queries, organizationId, id)
        const after = { ...change(before, facts), id, organizationId }
        await queries.run(
          `UPDATE users SET name = $1, name_key = $2, role = $3, password_hash = $4, created_at = $5, updated_at = $6,
             last_signed_in_at = $7 WHERE id = $8`,
          ...userColumns(after),
          id,
        )
        if (before.passwordHash !== after.passwordHash) await endAccess(queries, id, keepsSession)
        await appendAudit(queries, audit(before, after))
        return after
      }),
    remove: (organizationId, id, { judge, audit }) =>
      database.transaction(async (queries) => {
        const { user, facts } = await get(queries, organizationId, id)
        judge(user, facts)
        await queries.run('DELETE FROM users WHERE id = $1', id)
        await appendAudit(queries, audit(user))
      }),
  }
}

/** Until the transaction ends, nobody else changes who the users of the organization are. */
export async function lockUsers(queries: Queries, organizationId: number): Promise<void> {
  await queries.get('SELECT 1 FROM organizations WHERE id = $1 FOR NO KEY UPDATE', organizationId)
}

/** Inside a transaction. */
export async function insertUser(queries: Queries, user: Omit<User, 'id'>): Promise<User> {
  const row = await queries.get(
    `INSERT INTO users (organization_id, name, name_key, role, password_hash, created_at, updated_at, last_signed_in_at)
     VALUES ($1, $2, $3, $4, $5, $6, $7, $8) RETURNING id`,
    user.organizationId,
    ...userColumns(user),
  )
  return { ...user, id: Number(row?.id) }
}

/** Inside a transaction: all sessions of the user but one, and all links. */
export async function endAccess(queries: Queries, userId: number, keepsSession: string | undefined): Promise<void> {
  await queries.run('DELETE FROM sessions WHERE user_id = $1 AND hash <> $2', userId, keepsSession ?? '')
  await queries.run('DELETE FROM sign_in_links WHERE user_id = $1', userId)
}
