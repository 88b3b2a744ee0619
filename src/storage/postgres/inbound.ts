import type { Message } from '../../core/message.ts'
import { streakGapMs } from '../../core/policy.ts'
import type { InboundResult, InboundStore, NewInbound } from '../../ports/inbound-store.ts'
import { refusedWebhookOf, senderOf } from '../rows.ts'
import { type ConversationKeys, partiesKey } from './conversations.ts'
import type { Database, Queries } from './database.ts'
import { insertMessages } from './insert-messages.ts'
import { wakeSenders } from './lanes.ts'
import { insertOptOut, lockOptOuts, removeOptOuts, selectOptOut } from './opt-outs.ts'

type Part = Pick<InboundStore, 'receive' | 'findSenders' | 'recordRefusedWebhook' | 'listRefusedWebhooks'>

export function makeInbound(database: Database, conversations: ConversationKeys): Part {
  return {
    async receive(inbound) {
      let keys: ReadonlyMap<string, number> = new Map()
      const result = await database.transaction(async (queries) => {
        await lockOptOuts(queries, [
          { organizationId: inbound.message.organizationId, recipient: inbound.message.sender },
        ])
        keys = await conversations.ensure(queries, [inbound.message])
        return receive(queries, inbound, keys.get(partiesKey(inbound.message)) ?? 0)
      })
      conversations.remember(keys)
      return result
    },
    findSenders: async (providerAccountIds, number) =>
      (
        await database.all(
          `SELECT * FROM senders WHERE phone_number = $1 AND provider_account_id = ANY($2::bigint[]) ORDER BY id`,
          number,
          providerAccountIds,
        )
      ).map(senderOf),
    async recordRefusedWebhook({ provider, organizationId, reason, body, receivedAt }) {
      await database.run(
        `INSERT INTO refused_webhooks (provider, organization_id, reason, body, received_at)
         VALUES ($1, $2, $3, $4, $5)`,
        provider,
        organizationId ?? null,
        reason,
        body,
        receivedAt,
      )
    },
    listRefusedWebhooks: async (organizationId, { skip, limit }) =>
      (
        await database.all(
          `SELECT * FROM refused_webhooks WHERE organization_id = $1 OR organization_id IS NULL
           ORDER BY key DESC LIMIT $2 OFFSET $3`,
          organizationId,
          limit,
          skip,
        )
      ).map(refusedWebhookOf),
  }
}

/** The opt-outs of the person are locked, so two reports of one text wait for each other here. */
async function receive(queries: Queries, inbound: NewInbound, conversationKey: number): Promise<InboundResult> {
  const { organizationId, assistantId, senderId, sender: person, createdAt } = inbound.message
  const known = await queries.get(
    `SELECT 1 FROM messages WHERE direction = 'inbound' AND provider_account_id = $1 AND provider_message_id = $2`,
    inbound.message.providerAccountId,
    inbound.inbound.providerMessageId,
  )
  if (known !== undefined) return { kind: 'duplicate' }
  const { change, optOut, reply } = inbound.consent(await selectOptOut(queries, { organizationId, recipient: person }))
  const message: Message = {
    ...inbound.message,
    ...(change.handled && inbound.keyword !== undefined ? { keyword: inbound.keyword.kind } : {}),
  }
  const keys = await insertMessages(queries, [{ message, conversationKey }])
  const key = keys.get(message.id) ?? 0
  await queries.run(
    `UPDATE conversations SET last_inbound_id = coalesce($1, last_inbound_id), assistant_id = $2, last_inbound_at = $4,
       inbound_streak = CASE WHEN $4 - last_inbound_at <= $5 THEN inbound_streak ELSE 0 END + 1
     WHERE key = $3`,
    // Keywords are handled here: nobody else has seen them, so they overtake no reply.
    message.keyword === undefined ? message.id : null,
    assistantId,
    conversationKey,
    createdAt,
    streakGapMs,
  )
  await insertMedia(queries, key, inbound)
  switch (change.ledger) {
    case 'opt_out':
    case 'doubt':
      await insertOptOut(queries, optOut)
      break
    case 'opt_in':
      await removeOptOuts(queries, {
        organizationId,
        recipient: person,
        removedAt: createdAt,
        onlyInDoubt: false,
        covering: { assistantId, senderId },
      })
      break
    case 'none':
      break
    default:
      change.ledger satisfies never
  }
  if (reply !== undefined) {
    await insertMessages(queries, [{ message: reply, conversationKey }])
    await wakeSenders(queries, [{ ...reply, at: createdAt }])
  }
  return { kind: 'received', record: { key, message, attempts: [] }, change }
}

async function insertMedia(
  queries: Queries,
  messageKey: number,
  { message, inbound, mediaIds }: NewInbound,
): Promise<void> {
  for (const [position, { url, contentType }] of inbound.media.entries())
    await queries.run(
      `INSERT INTO media (id, organization_id, message_key, position, provider_account_id, url, content_type, state,
         tries, next_at)
       VALUES ($1, $2, $3, $4, $5, $6, $7, 'pending', 0, $8)`,
      mediaIds[position] ?? '',
      message.organizationId,
      messageKey,
      position,
      message.providerAccountId,
      url,
      contentType ?? 'application/octet-stream',
      message.createdAt,
    )
}
