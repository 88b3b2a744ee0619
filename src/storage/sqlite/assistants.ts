import { SmsError } from '../../core/errors.ts'
import type { Assistant } from '../../core/organization.ts'
import type { AssistantStore } from '../../ports/store.ts'
import { assistantOf } from '../rows.ts'
import { appendAudit } from './audit.ts'
import type { Database } from './database.ts'

const present = 'organization_id = ? AND removed_at IS NULL AND (is_active OR NOT ?)'

export function makeAssistants(database: Database): AssistantStore {
  function find(organizationId: number, id: number): Assistant | undefined {
    const row = database.get(`SELECT * FROM assistants WHERE ${present} AND id = ?`, organizationId, 0, id)
    return row === undefined ? undefined : assistantOf(row)
  }

  return {
    list: async (organizationId, { skip, limit, activeOnly }) =>
      database
        .all(
          `SELECT * FROM assistants WHERE ${present} ORDER BY id LIMIT ? OFFSET ?`,
          organizationId,
          activeOnly ? 1 : 0,
          limit,
          skip,
        )
        .map(assistantOf),
    count: async (organizationId, activeOnly) =>
      Number(
        database.get(`SELECT count(*) AS count FROM assistants WHERE ${present}`, organizationId, activeOnly ? 1 : 0)
          ?.count,
      ),
    find: async (organizationId, id) => find(organizationId, id),
    async findEver(organizationId, id) {
      const row = database.get('SELECT * FROM assistants WHERE id = ? AND organization_id = ?', id, organizationId)
      return row === undefined ? undefined : assistantOf(row)
    },
    create: (assistant) =>
      database.transaction(() => {
        const { lastKey } = database.run(
          `INSERT INTO assistants (organization_id, name, description, sms_webhook_url, provider_account_id,
             messaging_service_id, inbound, custom_settings, is_active, created_at, updated_at, policy, paused_at)
           VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
          assistant.organizationId,
          ...columnsOf(assistant),
        )
        return { ...assistant, id: lastKey }
      }),
    change: (organizationId, id, change, audit) =>
      database.transaction(() => {
        const before = find(organizationId, id)
        if (before === undefined) throw new SmsError('not_found', 'No assistant has this id.')
        const changed = { ...change(before), id, organizationId }
        database.run(
          `UPDATE assistants SET name = ?, description = ?, sms_webhook_url = ?, provider_account_id = ?,
             messaging_service_id = ?, inbound = ?, custom_settings = ?, is_active = ?, created_at = ?, updated_at = ?,
             policy = ?, paused_at = ? WHERE id = ?`,
          ...columnsOf(changed),
          id,
        )
        appendAudit(database, audit?.(before, changed))
        return changed
      }),
    remove: (organizationId, id, removedAt) =>
      database.transaction(() => {
        if (find(organizationId, id) === undefined) return false
        database.run('UPDATE assistants SET removed_at = ?, updated_at = ? WHERE id = ?', removedAt, removedAt, id)
        database.run('UPDATE senders SET assistant_id = NULL, updated_at = ? WHERE assistant_id = ?', removedAt, id)
        return true
      }),
  }
}

function columnsOf(assistant: Omit<Assistant, 'id'>) {
  return [
    assistant.name,
    assistant.description ?? null,
    assistant.smsWebhookUrl ?? null,
    assistant.providerAccountId ?? null,
    assistant.messagingServiceId ?? null,
    JSON.stringify(assistant.inbound),
    JSON.stringify(assistant.customSettings),
    assistant.isActive ? 1 : 0,
    assistant.createdAt,
    assistant.updatedAt,
    JSON.stringify(assistant.policy),
    assistant.pausedAt ?? null,
  ] as const
}
