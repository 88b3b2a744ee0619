import { SmsError } from '../../core/errors.ts'
import type { Organization } from '../../core/organization.ts'
import type { OrganizationStore } from '../../ports/store.ts'
import { organizationColumns, organizationOf } from '../rows.ts'
import { appendAudit } from './audit.ts'
import type { Database } from './database.ts'

export function makeOrganizations(database: Database): OrganizationStore {
  function find(id: number): Organization | undefined {
    const row = database.get('SELECT * FROM organizations WHERE id = ?', id)
    return row === undefined ? undefined : organizationOf(row)
  }

  return {
    list: async (limit) => database.all('SELECT * FROM organizations ORDER BY id LIMIT ?', limit).map(organizationOf),
    find: async (id) => find(id),
    async findByName(name) {
      const row = database.get('SELECT * FROM organizations WHERE name = ?', name)
      return row === undefined ? undefined : organizationOf(row)
    },
    create: (organization) =>
      database.transaction(() => {
        const { lastKey } = database.run(
          `INSERT INTO organizations (name, opt_out_scope, created_at, policy, retention, paused_at)
           VALUES (?, ?, ?, ?, ?, ?)`,
          ...organizationColumns(organization),
        )
        return { ...organization, id: lastKey }
      }),
    change: (id, change, audit) =>
      database.transaction(() => {
        const before = find(id)
        if (before === undefined) throw new SmsError('not_found', 'No organization has this id.')
        const changed = { ...change(before), id }
        database.run(
          `UPDATE organizations SET name = ?, opt_out_scope = ?, created_at = ?, policy = ?, retention = ?,
             paused_at = ? WHERE id = ?`,
          ...organizationColumns(changed),
          id,
        )
        appendAudit(database, audit?.(before, changed))
        return changed
      }),
  }
}
