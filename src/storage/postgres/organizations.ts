import { SmsError } from '../../core/errors.ts'
import type { Organization } from '../../core/organization.ts'
import type { OrganizationStore } from '../../ports/store.ts'
import { organizationColumns, organizationOf } from '../rows.ts'
import { appendAudit } from './audit.ts'
import type { Database, Queries } from './database.ts'

export function makeOrganizations(database: Database): OrganizationStore {
  async function find(queries: Queries, id: number, lock: '' | 'FOR UPDATE' = ''): Promise<Organization | undefined> {
    const row = await queries.get(`SELECT * FROM organizations WHERE id = $1 ${lock}`, id)
    return row === undefined ? undefined : organizationOf(row)
  }

  return {
    list: async (limit) =>
      (await database.all('SELECT * FROM organizations ORDER BY id LIMIT $1', limit)).map(organizationOf),
    find: (id) => find(database, id),
    async findByName(name) {
      const row = await database.get('SELECT * FROM organizations WHERE name = $1', name)
      return row === undefined ? undefined : organizationOf(row)
    },
    async create(organization) {
      const row = await database.get(
        `INSERT INTO organizations (name, opt_out_scope, created_at, policy, retention, paused_at)
         VALUES ($1, $2, $3, $4, $5, $6) RETURNING id`,
        ...organizationColumns(organization),
      )
      return { ...organization, id: Number(row?.id) }
    },
    change: (id, change, audit) =>
      database.transaction(async (queries) => {
        const before = await find(queries, id, 'FOR UPDATE')
        if (before === undefined) throw new SmsError('not_found', 'No organization has this id.')
        const changed = { ...change(before), id }
        await queries.run(
          `UPDATE organizations SET name = $1, opt_out_scope = $2, created_at = $3, policy = $4, retention = $5,
             paused_at = $6 WHERE id = $7`,
          ...organizationColumns(changed),
          id,
        )
        await appendAudit(queries, audit?.(before, changed))
        return changed
      }),
  }
}
