import { SmsError } from '../../core/errors.ts'
import type { ProviderAccount } from '../../core/organization.ts'
import type { AccountStore } from '../../ports/store.ts'
import { accountColumns, accountOf } from '../rows.ts'
import type { Sealer } from '../seal.ts'
import { appendAudit } from './audit.ts'
import type { Database, Queries } from './database.ts'

export function makeAccounts(database: Database, sealer: Sealer): AccountStore {
  async function find(
    queries: Queries,
    organizationId: number,
    id: number,
    lock: '' | 'FOR UPDATE' = '',
  ): Promise<ProviderAccount | undefined> {
    const row = await queries.get(
      `SELECT * FROM provider_accounts WHERE id = $1 AND organization_id = $2 ${lock}`,
      id,
      organizationId,
    )
    return row === undefined ? undefined : accountOf(row, sealer)
  }

  return {
    list: async (organizationId) =>
      (
        await database.all('SELECT * FROM provider_accounts WHERE organization_id = $1 ORDER BY id', organizationId)
      ).map((row) => accountOf(row, sealer)),
    find: (organizationId, id) => find(database, organizationId, id),
    listByProvider: async (provider, limit) =>
      (
        await database.all(
          `SELECT * FROM provider_accounts WHERE provider = $1
           ORDER BY row_number() OVER (PARTITION BY organization_id ORDER BY id), id LIMIT $2`,
          provider,
          limit,
        )
      ).map((row) => accountOf(row, sealer)),
    async create(account) {
      const row = await database.get(
        `INSERT INTO provider_accounts
           (organization_id, name, provider, base_url, settings, sealed_secrets, created_at, updated_at,
            pacing, paused_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10) RETURNING id`,
        account.organizationId,
        ...accountColumns(account, sealer),
      )
      return { ...account, id: Number(row?.id) }
    },
    change: (organizationId, id, change, audit) =>
      database.transaction(async (queries) => {
        const present = await find(queries, organizationId, id, 'FOR UPDATE')
        if (present === undefined) throw new SmsError('not_found', 'No provider account has this id.')
        const changed = { ...change(present), id, organizationId }
        await queries.run(
          `UPDATE provider_accounts SET name = $1, provider = $2, base_url = $3, settings = $4, sealed_secrets = $5,
             created_at = $6, updated_at = $7, pacing = $8, paused_at = $9 WHERE id = $10`,
          ...accountColumns(changed, sealer),
          id,
        )
        await appendAudit(queries, audit?.(present, changed))
        return changed
      }),
    remove: (organizationId, id) =>
      database.transaction(async (queries) => {
        if ((await find(queries, organizationId, id, 'FOR UPDATE')) === undefined) return false
        const user = await queries.get(
          `SELECT 1 FROM senders WHERE provider_account_id = $1
           UNION ALL SELECT 1 FROM assistants WHERE provider_account_id = $1 AND removed_at IS NULL LIMIT 1`,
          id,
        )
        if (user !== undefined)
          throw new SmsError(
            'conflict',
            'Phone numbers or assistants use this provider account. Give them another one first.',
          )
        const waiting = await queries.get(
          `SELECT 1 FROM messages WHERE status IN ('queued', 'scheduled', 'held') AND organization_id = $1
             AND provider_account_id = $2 LIMIT 1`,
          organizationId,
          id,
        )
        if (waiting !== undefined)
          throw new SmsError(
            'conflict',
            'Texts wait to be sent through this provider account. Cancel them, or let them leave first.',
          )
        await queries.run('UPDATE assistants SET provider_account_id = NULL WHERE provider_account_id = $1', id)
        await queries.run('DELETE FROM provider_accounts WHERE id = $1', id)
        return true
      }),
    async checkSecrets() {
      for (const row of await database.all('SELECT * FROM provider_accounts')) accountOf(row, sealer)
    },
  }
}
