import { SmsError } from '../../core/errors.ts'
import type { ApiKeyStore } from '../../ports/store.ts'
import { apiKeyColumns, apiKeyOf } from '../rows.ts'
import type { Database } from './database.ts'

export function makeApiKeys(database: Database): ApiKeyStore {
  return {
    async findByHash(hash) {
      const row = database.get('SELECT * FROM api_keys WHERE hash = ?', hash)
      return row === undefined ? undefined : apiKeyOf(row)
    },
    list: async (organizationId) =>
      database
        .all('SELECT * FROM api_keys WHERE organization_id = ? AND revoked_at IS NULL ORDER BY id', organizationId)
        .map(apiKeyOf),
    count: async () => Number(database.get('SELECT count(*) AS count FROM api_keys')?.count),
    create: (apiKey) =>
      database.transaction(() => {
        const { lastKey } = database.run(
          `INSERT INTO api_keys (organization_id, name, prefix, hash, scopes, created_at, updated_at, last_used_at,
             expires_at, revoked_at)
           VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
          apiKey.organizationId,
          ...apiKeyColumns(apiKey),
        )
        return { ...apiKey, id: lastKey }
      }),
    change: (organizationId, id, change) =>
      database.transaction(() => {
        const row = database.get('SELECT * FROM api_keys WHERE id = ? AND organization_id = ?', id, organizationId)
        if (row === undefined) throw new SmsError('not_found', 'No API key has this id.')
        const changed = { ...change(apiKeyOf(row)), id, organizationId }
        database.run(
          `UPDATE api_keys SET name = ?, prefix = ?, hash = ?, scopes = ?, created_at = ?, updated_at = ?,
             last_used_at = ?, expires_at = ?, revoked_at = ? WHERE id = ?`,
          ...apiKeyColumns(changed),
          id,
        )
        return changed
      }),
    touch: (id, usedAt) =>
      database.transaction(() => {
        database.run('UPDATE api_keys SET last_used_at = ? WHERE id = ?', usedAt, id)
      }),
  }
}
