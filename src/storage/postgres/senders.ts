import { SmsError } from '../../core/errors.ts'
import type { Sender } from '../../core/organization.ts'
import type { SenderStore } from '../../ports/store.ts'
import { accountOf, assistantOf, organizationOf, senderOf } from '../rows.ts'
import type { Sealer } from '../seal.ts'
import { appendAudit } from './audit.ts'
import type { Database, Queries } from './database.ts'

export function makeSenders(database: Database, sealer: Sealer): SenderStore {
  async function find(
    queries: Queries,
    organizationId: number,
    id: number,
    lock: '' | 'FOR UPDATE' = '',
  ): Promise<Sender | undefined> {
    const row = await queries.get(
      `SELECT * FROM senders WHERE id = $1 AND organization_id = $2 ${lock}`,
      id,
      organizationId,
    )
    return row === undefined ? undefined : senderOf(row)
  }

  async function findByNumber(organizationId: number, phoneNumber: string): Promise<Sender | undefined> {
    const row = await database.get(
      'SELECT * FROM senders WHERE organization_id = $1 AND phone_number = $2',
      organizationId,
      phoneNumber,
    )
    return row === undefined ? undefined : senderOf(row)
  }

  return {
    list: async (organizationId) =>
      (await database.all('SELECT * FROM senders WHERE organization_id = $1 ORDER BY id', organizationId)).map(
        senderOf,
      ),
    find: (organizationId, id) => find(database, organizationId, id),
    findByNumber,
    async create(sender) {
      const row = await database.get(
        `INSERT INTO senders (organization_id, phone_number, friendly_name, assistant_id, provider_account_id,
           is_active, created_at, updated_at, pacing, paused_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10) RETURNING id`,
        sender.organizationId,
        ...columnsOf(sender),
      )
      return { ...sender, id: Number(row?.id) }
    },
    change: (organizationId, id, change, audit) =>
      database.transaction(async (queries) => {
        const before = await find(queries, organizationId, id, 'FOR UPDATE')
        if (before === undefined) throw new SmsError('not_found', 'No phone number has this id.')
        const changed = { ...change(before), id, organizationId }
        await queries.run(
          `UPDATE senders SET phone_number = $1, friendly_name = $2, assistant_id = $3, provider_account_id = $4,
             is_active = $5, created_at = $6, updated_at = $7, pacing = $8, paused_at = $9 WHERE id = $10`,
          ...columnsOf(changed),
          id,
        )
        await appendAudit(queries, audit?.(before, changed))
        return changed
      }),
    async findRoute(organizationId, phoneNumber) {
      const sender = await findByNumber(organizationId, phoneNumber)
      if (sender?.assistantId === undefined || !sender.isActive) return undefined
      const [assistantRow, accountRow, organizationRow] = await Promise.all([
        database.get(
          'SELECT * FROM assistants WHERE id = $1 AND organization_id = $2 AND removed_at IS NULL AND is_active',
          sender.assistantId,
          organizationId,
        ),
        database.get(
          'SELECT * FROM provider_accounts WHERE id = $1 AND organization_id = $2',
          sender.providerAccountId,
          organizationId,
        ),
        database.get('SELECT * FROM organizations WHERE id = $1', organizationId),
      ])
      if (assistantRow === undefined || accountRow === undefined || organizationRow === undefined) return undefined
      return {
        organization: organizationOf(organizationRow),
        sender,
        assistant: assistantOf(assistantRow),
        account: accountOf(accountRow, sealer),
      }
    },
  }
}

function columnsOf(sender: Omit<Sender, 'id'>) {
  return [
    sender.phoneNumber,
    sender.friendlyName ?? null,
    sender.assistantId ?? null,
    sender.providerAccountId,
    sender.isActive,
    sender.createdAt,
    sender.updatedAt,
    JSON.stringify(sender.pacing),
    sender.pausedAt ?? null,
  ] as const
}
