import type { OrganizationStore } from '../../ports/store.ts'
import { organizationOf } from '../rows.ts'
import type { Database } from './database.ts'

export function makeOrganizations(database: Database): OrganizationStore {
  return {
    list: async (limit) => database.all('SELECT * FROM organizations ORDER BY id LIMIT ?', limit).map(organizationOf),
    async findByName(name) {
      const row = database.get('SELECT * FROM organizations WHERE name = ?', name)
      return row === undefined ? undefined : organizationOf(row)
    },
    create: (organization) =>
      database.transaction(() => {
        const { lastKey } = database.run(
          'INSERT INTO organizations (name, created_at) VALUES (?, ?)',
          organization.name,
          organization.createdAt,
        )
        return { ...organization, id: lastKey }
      }),
  }
}
