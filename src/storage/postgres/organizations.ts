import type { OrganizationStore } from '../../ports/store.ts'
import { organizationOf } from '../rows.ts'
import type { Database } from './database.ts'

export function makeOrganizations(database: Database): OrganizationStore {
  return {
    list: async (limit) =>
      (await database.all('SELECT * FROM organizations ORDER BY id LIMIT $1', limit)).map(organizationOf),
    async findByName(name) {
      const row = await database.get('SELECT * FROM organizations WHERE name = $1', name)
      return row === undefined ? undefined : organizationOf(row)
    },
    async create({ name, createdAt }) {
      const row = await database.get(
        'INSERT INTO organizations (name, created_at) VALUES ($1, $2) RETURNING id',
        name,
        createdAt,
      )
      return { id: Number(row?.id), name, createdAt }
    },
  }
}
