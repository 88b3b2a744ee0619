import { SmsError } from '../../core/errors.ts'
import type { Assistant } from '../../core/organization.ts'
import type { AssistantStore } from '../../ports/store.ts'
import { assistantOf } from '../rows.ts'
import { appendAudit } from './audit.ts'
import type { Database, Queries } from './database.ts'

const present = 'organization_id = $1 AND removed_at IS NULL AND (is_active OR NOT $2)'

export function makeAssistants(database: Database): AssistantStore {
  async function find(
    queries: Queries,
    organizationId: number,
    id: number,
    lock: '' | 'FOR UPDATE' = '',
  ): Promise<Assistant | undefined> {
    const row = await queries.get(
      `SELECT * FROM assistants WHERE ${present} AND id = $3 ${lock}`,
      organizationId,
      false,
      id,
    )
    return row === undefined ? undefined : assistantOf(row)
  }

  return {
    list: async (organizationId, { skip, limit, activeOnly }) =>
      (
        await database.all(
          `SELECT * FROM assistants WHERE ${present} ORDER BY id LIMIT $3 OFFSET $4`,
          organizationId,
          activeOnly,
          limit,
          skip,
        )
      ).map(assistantOf),
    count: async (organizationId, activeOnly) =>
      Number(
        (await database.get(`SELECT count(*) AS count FROM assistants WHERE ${present}`, organizationId, activeOnly))
          ?.count,
      ),
    find: (organizationId, id) => find(database, organizationId, id),
    async findEver(organizationId, id) {
      const row = await database.get(
        'SELECT * FROM assistants WHERE id = $1 AND organization_id = $2',
        id,
        organizationId,
      )
      return row === undefined ? undefined : assistantOf(row)
    },
    async create(assistant) {
      const row = await database.get(
        `INSERT INTO assistants (organization_id, name, description, sms_webhook_url, provider_account_id,
           messaging_service_id, inbound, custom_settings, is_active, created_at, updated_at, policy, paused_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13) RETURNING id`,
        assistant.organizationId,
        ...columnsOf(assistant),
      )
      return { ...assistant, id: Number(row?.id) }
    },
    change: (organizationId, id, change, audit) =>
      database.transaction(async (queries) => {
        const before = await find(queries, organizationId, id, 'FOR UPDATE')
        if (before === undefined) throw new SmsError('not_found', 'No assistant has this id.')
        const changed = { ...change(before), id, organizationId }
        await queries.run(
          `UPDATE assistants SET name = $1, description = $2, sms_webhook_url = $3, provider_account_id = $4,
             messaging_service_id = $5, inbound = $6, custom_settings = $7, is_active = $8, created_at = $9,
             updated_at = $10, policy = $11, paused_at = $12 WHERE id = $13`,
          ...columnsOf(changed),
          id,
        )
        await appendAudit(queries, audit?.(before, changed))
        return changed
      }),
    remove: (organizationId, id, removedAt) =>
      database.transaction(async (queries) => {
        if ((await find(queries, organizationId, id, 'FOR UPDATE')) === undefined) return false
        await queries.run('UPDATE assistants SET removed_at = $1, updated_at = $1 WHERE id = $2', removedAt, id)
        await queries.run(
          'UPDATE senders SET assistant_id = NULL, updated_at = $1 WHERE assistant_id = $2',
          removedAt,
          id,
        )
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
    assistant.isActive,
    assistant.createdAt,
    assistant.updatedAt,
    JSON.stringify(assistant.policy),
    assistant.pausedAt ?? null,
  ] as const
}
