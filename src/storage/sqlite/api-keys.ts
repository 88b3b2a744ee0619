import { SmsError } from '../../core/errors.ts'
import type { ApiKeyStore, TakenRequests } from '../../ports/store.ts'
import { apiKeyColumns, apiKeyOf } from '../rows.ts'
import { appendAudit } from './audit.ts'
import type { Database } from './database.ts'

export function makeApiKeys(database: Database): ApiKeyStore {
  const windows = makeWindows()
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
    create: (apiKey, audit) =>
      database.transaction(() => {
        const { lastKey } = database.run(
          `INSERT INTO api_keys (organization_id, name, prefix, hash, scopes, created_at, updated_at, last_used_at,
             expires_at, revoked_at, rate_limit)
           VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
          apiKey.organizationId,
          ...apiKeyColumns(apiKey),
        )
        const made = { ...apiKey, id: lastKey }
        appendAudit(database, audit?.(made))
        return made
      }),
    change: (organizationId, id, change, audit) =>
      database.transaction(() => {
        const row = database.get('SELECT * FROM api_keys WHERE id = ? AND organization_id = ?', id, organizationId)
        if (row === undefined) throw new SmsError('not_found', 'No API key has this id.')
        const before = apiKeyOf(row)
        const changed = { ...change(before), id, organizationId }
        database.run(
          `UPDATE api_keys SET name = ?, prefix = ?, hash = ?, scopes = ?, created_at = ?, updated_at = ?,
             last_used_at = ?, expires_at = ?, revoked_at = ?, rate_limit = ? WHERE id = ?`,
          ...apiKeyColumns(changed),
          id,
        )
        appendAudit(database, audit?.(before, changed))
        return changed
      }),
    touch: (id, usedAt) =>
      database.transaction(() => {
        database.run('UPDATE api_keys SET last_used_at = ? WHERE id = ?', usedAt, id)
      }),
    takeRequests: async (params) => windows.take(params),
  }
}

/** From so many windows on, those that have ended are dropped before another begins. */
const windowsSwept = 10_000

type Take = Parameters<ApiKeyStore['takeRequests']>[0]

/** In memory: the process is the only one, and counting costs no commit. */
function makeWindows() {
  const windows = new Map<string, { readonly endsAt: number; total: number }>()

  function begin(name: string, { now, windowMs }: Take) {
    if (windows.size >= windowsSwept)
      for (const [other, { endsAt }] of windows) if (endsAt <= now) windows.delete(other)
    const window = { endsAt: now + windowMs, total: 0 }
    windows.set(name, window)
    return window
  }

  return {
    take(wish: Take): TakenRequests {
      const name = `${wish.apiKeyId} ${wish.windowMs}`
      const present = windows.get(name)
      const window = present !== undefined && wish.now < present.endsAt ? present : begin(name, wish)
      const granted = Math.min(wish.wanted, Math.max(wish.requestsMax - window.total, 0))
      window.total += granted
      return { granted, total: window.total, leftMs: window.endsAt - wish.now }
    },
  }
}
