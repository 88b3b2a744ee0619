import { SmsError } from '../../core/errors.ts'
import type { Sender } from '../../core/organization.ts'
import type { SenderStore } from '../../ports/store.ts'
import { accountOf, assistantOf, organizationOf, senderOf } from '../rows.ts'
import type { Sealer } from '../seal.ts'
import { appendAudit } from './audit.ts'
import type { Database } from './database.ts'

export function makeSenders(database: Database, sealer: Sealer): SenderStore {
  function find(organizationId: number, id: number): Sender | undefined {
    const row = database.get('SELECT * FROM senders WHERE id = ? AND organization_id = ?', id, organizationId)
    return row === undefined ? undefined : senderOf(row)
  }

  function findByNumber(organizationId: number, phoneNumber: string): Sender | undefined {
    const row = database.get(
      'SELECT * FROM senders WHERE organization_id = ? AND phone_number = ?',
      organizationId,
      phoneNumber,
    )
    return row === undefined ? undefined : senderOf(row)
  }

  return {
    list: async (organizationId) =>
      database.all('SELECT * FROM senders WHERE organization_id = ? ORDER BY id', organizationId).map(senderOf),
    find: async (organizationId, id) => find(organizationId, id),
    findByNumber: async (organizationId, phoneNumber) => findByNumber(organizationId, phoneNumber),
    create: (sender) =>
      database.transaction(() => {
        const { lastKey } = database.run(
          `INSERT INTO senders (organization_id, phone_number, friendly_name, assistant_id, provider_account_id,
             is_active, created_at, updated_at, pacing, paused_at)
           VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
          sender.organizationId,
          ...columnsOf(sender),
        )
        return { ...sender, id: lastKey }
      }),
    change: (organizationId, id, change, audit) =>
      database.transaction(() => {
        const before = find(organizationId, id)
        if (before === undefined) throw new SmsError('not_found', 'No phone number has this id.')
        const changed = { ...change(before), id, organizationId }
        database.run(
          `UPDATE senders SET phone_number = ?, friendly_name = ?, assistant_id = ?, provider_account_id = ?,
             is_active = ?, created_at = ?, updated_at = ?, pacing = ?, paused_at = ? WHERE id = ?`,
          ...columnsOf(changed),
          id,
        )
        appendAudit(database, audit?.(before, changed))
        return changed
      }),
    async findRoute(organizationId, phoneNumber) {
      const sender = findByNumber(organizationId, phoneNumber)
      if (sender?.assistantId === undefined || !sender.isActive) return undefined
      const assistantRow = database.get(
        'SELECT * FROM assistants WHERE id = ? AND organization_id = ? AND removed_at IS NULL AND is_active',
        sender.assistantId,
        organizationId,
      )
      const accountRow = database.get(
        'SELECT * FROM provider_accounts WHERE id = ? AND organization_id = ?',
        sender.providerAccountId,
        organizationId,
      )
      const organizationRow = database.get('SELECT * FROM organizations WHERE id = ?', organizationId)
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
    sender.isActive ? 1 : 0,
    sender.createdAt,
    sender.updatedAt,
    JSON.stringify(sender.pacing),
    sender.pausedAt ?? null,
  ] as const
}
