import { SmsError } from '../../core/errors.ts'
import type { ProviderAccount } from '../../core/organization.ts'
import type { AccountStore } from '../../ports/store.ts'
import { accountColumns, accountOf } from '../rows.ts'
import type { Sealer } from '../seal.ts'
import { appendAudit } from './audit.ts'
import type { Database } from './database.ts'

export function makeAccounts(database: Database, sealer: Sealer): AccountStore {
  function find(organizationId: number, id: number): ProviderAccount | undefined {
    const row = database.get('SELECT * FROM provider_accounts WHERE id = ? AND organization_id = ?', id, organizationId)
    return row === undefined ? undefined : accountOf(row, sealer)
  }

  return {
    list: async (organizationId) =>
      database
        .all('SELECT * FROM provider_accounts WHERE organization_id = ? ORDER BY id', organizationId)
        .map((row) => accountOf(row, sealer)),
    find: async (organizationId, id) => find(organizationId, id),
    listByProvider: async (provider, limit) =>
      database
        .all(
          `SELECT * FROM provider_accounts WHERE provider = ?
           ORDER BY row_number() OVER (PARTITION BY organization_id ORDER BY id), id LIMIT ?`,
          provider,
          limit,
        )
        .map((row) => accountOf(row, sealer)),
    create: (account) =>
      database.transaction(() => {
        const { lastKey } = database.run(
          `INSERT INTO provider_accounts
             (organization_id, name, provider, base_url, settings, sealed_secrets, created_at, updated_at,
              pacing, paused_at)
           VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
          account.organizationId,
          ...accountColumns(account, sealer),
        )
        return { ...account, id: lastKey }
      }),
    change: (organizationId, id, change, audit) =>
      database.transaction(() => {
        const present = find(organizationId, id)
        if (present === undefined) throw new SmsError('not_found', 'No provider account has this id.')
        const changed = { ...change(present), id, organizationId }
        database.run(
          `UPDATE provider_accounts SET name = ?, provider = ?, base_url = ?, settings = ?, sealed_secrets = ?,
             created_at = ?, updated_at = ?, pacing = ?, paused_at = ? WHERE id = ?`,
          ...accountColumns(changed, sealer),
          id,
        )
        appendAudit(database, audit?.(present, changed))
        return changed
      }),
    remove: (organizationId, id) =>
      database.transaction(() => {
        const user = database.get(
          `SELECT 1 FROM senders WHERE provider_account_id = ?
           UNION ALL SELECT 1 FROM assistants WHERE provider_account_id = ? AND removed_at IS NULL`,
          id,
          id,
        )
        if (find(organizationId, id) === undefined) return false
        if (user !== undefined)
          throw new SmsError(
            'conflict',
            'Phone numbers or assistants use this provider account. Give them another one first.',
          )
        const waiting = database.get(
          `SELECT 1 FROM messages WHERE status IN ('queued', 'scheduled', 'held') AND organization_id = ?
             AND provider_account_id = ? LIMIT 1`,
          organizationId,
          id,
        )
        if (waiting !== undefined)
          throw new SmsError(
            'conflict',
            'Texts wait to be sent through this provider account. Cancel them, or let them leave first.',
          )
        database.run('UPDATE assistants SET provider_account_id = NULL WHERE provider_account_id = ?', id)
        database.run('DELETE FROM provider_accounts WHERE id = ?', id)
        return true
      }),
    async checkSecrets() {
      for (const row of database.all('SELECT * FROM provider_accounts')) accountOf(row, sealer)
    },
  }
}
