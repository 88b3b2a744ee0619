import { SmsError } from '../../core/errors.ts'
import type { ApiKeyStore } from '../../ports/store.ts'
import { apiKeyColumns, apiKeyOf } from '../rows.ts'
import { appendAudit } from './audit.ts'
import type { Database } from './database.ts'

const clockMs = '(extract(epoch FROM clock_timestamp()) * 1000)::bigint'
// The clock is read once for the whole decision: when the statement began, before it waited for others on this row.
const hasEnded = 'present.ends_at <= EXCLUDED.ends_at - EXCLUDED.window_ms'

const taken = `CASE WHEN ${hasEnded} THEN 0 ELSE present.requests END`
const granted = `least($3::bigint, greatest($4::bigint - ${taken}, 0))`

const takeSql = `
  INSERT INTO api_key_windows AS present (api_key_id, window_ms, requests, granted, ends_at)
  VALUES ($1, $2, least($3::bigint, $4::bigint), least($3::bigint, $4::bigint), ${clockMs} + $2)
  ON CONFLICT (api_key_id, window_ms) DO UPDATE SET
    requests = ${taken} + ${granted},
    granted = ${granted},
    ends_at = CASE WHEN ${hasEnded} THEN EXCLUDED.ends_at ELSE present.ends_at END
  RETURNING requests, granted, ends_at - ${clockMs} AS left_ms`

export function makeApiKeys(database: Database): ApiKeyStore {
  return {
    async findByHash(hash) {
      const row = await database.get('SELECT * FROM api_keys WHERE hash = $1', hash)
      return row === undefined ? undefined : apiKeyOf(row)
    },
    list: async (organizationId) =>
      (
        await database.all(
          'SELECT * FROM api_keys WHERE organization_id = $1 AND revoked_at IS NULL ORDER BY id',
          organizationId,
        )
      ).map(apiKeyOf),
    count: async () => Number((await database.get('SELECT count(*) AS count FROM api_keys'))?.count),
    create: (apiKey, audit) =>
      database.transaction(async (queries) => {
        const row = await queries.get(
          `INSERT INTO api_keys (organization_id, name, prefix, hash, scopes, created_at, updated_at, last_used_at,
             expires_at, revoked_at, rate_limit)
           VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11) RETURNING id`,
          apiKey.organizationId,
          ...apiKeyColumns(apiKey),
        )
        const made = { ...apiKey, id: Number(row?.id) }
        await appendAudit(queries, audit?.(made))
        return made
      }),
    change: (organizationId, id, change, audit) =>
      database.transaction(async (queries) => {
        const row = await queries.get(
          'SELECT * FROM api_keys WHERE id = $1 AND organization_id = $2 FOR UPDATE',
          id,
          organizationId,
        )
        if (row === undefined) throw new SmsError('not_found', 'No API key has this id.')
        const before = apiKeyOf(row)
        const changed = { ...change(before), id, organizationId }
        await queries.run(
          `UPDATE api_keys SET name = $1, prefix = $2, hash = $3, scopes = $4, created_at = $5, updated_at = $6,
             last_used_at = $7, expires_at = $8, revoked_at = $9, rate_limit = $10 WHERE id = $11`,
          ...apiKeyColumns(changed),
          id,
        )
        await appendAudit(queries, audit?.(before, changed))
        return changed
      }),
    async touch(id, usedAt) {
      await database.run('UPDATE api_keys SET last_used_at = $1 WHERE id = $2', usedAt, id)
    },
    async takeRequests({ apiKeyId, windowMs, requestsMax, wanted }) {
      const row = await database.get(takeSql, apiKeyId, windowMs, wanted, requestsMax)
      return {
        granted: Number(row?.granted),
        total: Number(row?.requests),
        leftMs: Math.max(0, Number(row?.left_ms)),
      }
    },
  }
}
