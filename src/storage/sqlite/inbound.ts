import type { Message } from '../../core/message.ts'
import { streakGapMs } from '../../core/policy.ts'
import type { InboundResult, InboundStore, NewInbound } from '../../ports/inbound-store.ts'
import { refusedWebhookOf, senderOf } from '../rows.ts'
import type { ConversationKeys } from './conversations.ts'
import type { Database } from './database.ts'
import { insertEvent } from './events.ts'
import { wakeSender } from './lanes.ts'
import { insertOptOut, removeOptOuts, selectOptOuts } from './opt-outs.ts'
import { insertMessage, insertMessageEvent } from './sends.ts'

type Part = Pick<InboundStore, 'receive' | 'findSenders' | 'recordRefusedWebhook' | 'listRefusedWebhooks'>

export function makeInbound(database: Database, conversations: ConversationKeys): Part {
  return {
    receive: (inbound) => database.transaction(() => receive(database, conversations, inbound)),
    findSenders: async (providerAccountIds, number) =>
      database
        .all(
          `SELECT * FROM senders WHERE phone_number = ?
             AND provider_account_id IN (SELECT value FROM json_each(?)) ORDER BY id`,
          number,
          JSON.stringify(providerAccountIds),
        )
        .map(senderOf),
    recordRefusedWebhook: ({ provider, organizationId, reason, body, receivedAt }) =>
      database.transaction(() => {
        database.run(
          'INSERT INTO refused_webhooks (provider, organization_id, reason, body, received_at) VALUES (?, ?, ?, ?, ?)',
          provider,
          organizationId ?? null,
          reason,
          body,
          receivedAt,
        )
      }),
    listRefusedWebhooks: async (organizationId, { skip, limit }) =>
      database
        .all(
          `SELECT * FROM refused_webhooks WHERE organization_id = ? OR organization_id IS NULL
           ORDER BY key DESC LIMIT ? OFFSET ?`,
          organizationId,
          limit,
          skip,
        )
        .map(refusedWebhookOf),
  }
}

function receive(database: Database, conversations: ConversationKeys, inbound: NewInbound): InboundResult {
  const known = database.get(
    `SELECT 1 FROM messages WHERE direction = 'inbound' AND provider_account_id = ? AND provider_message_id = ?`,
    inbound.message.providerAccountId,
    inbound.inbound.providerMessageId,
  )
  if (known !== undefined) return { kind: 'duplicate' }
  const { organizationId, assistantId, senderId, sender: person, createdAt } = inbound.message
  const { change, optOut, reply } = inbound.consent(selectOptOuts(database, organizationId, person))
  const message: Message = {
    ...inbound.message,
    ...(change.handled && inbound.keyword !== undefined ? { keyword: inbound.keyword.kind } : {}),
  }
  const conversationKey = conversations.ensure(message)
  const key = insertMessage(database, message, { conversationKey, guard: null, guardExpiresAt: null })
  database.run(
    `UPDATE conversations SET last_inbound_id = coalesce(?1, last_inbound_id), assistant_id = ?2, last_inbound_at = ?3,
       inbound_streak = iif(?3 - last_inbound_at <= ?4, inbound_streak, 0) + 1
     WHERE key = ?5`,
    // Keywords are handled here: nobody else has seen them, so they overtake no reply.
    message.keyword === undefined ? message.id : null,
    assistantId,
    message.createdAt,
    streakGapMs,
    conversationKey,
  )
  insertMedia(database, key, inbound)
  insertEvent(
    database,
    {
      type: 'message.received',
      organizationId,
      occurredAt: createdAt,
      data: { provider: message.provider, ...(message.keyword === undefined ? {} : { keyword: message.keyword }) },
    },
    { messageKey: key },
  )
  switch (change.ledger) {
    case 'opt_out':
    case 'doubt':
      insertOptOut(database, optOut)
      break
    case 'opt_in':
      removeOptOuts(database, {
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
    const replyKey = insertMessage(database, reply, { conversationKey, guard: null, guardExpiresAt: null })
    insertMessageEvent(database, replyKey, reply)
    wakeSender(database, { ...reply, at: reply.createdAt })
  }
  return { kind: 'received', record: { key, message, attempts: [] }, change }
}

function insertMedia(database: Database, messageKey: number, { message, inbound, mediaIds }: NewInbound): void {
  inbound.media.forEach(({ url, contentType }, position) => {
    database.run(
      `INSERT INTO media (id, organization_id, message_key, position, provider_account_id, url, content_type, state,
         tries, next_at)
       VALUES (?, ?, ?, ?, ?, ?, ?, 'pending', 0, ?)`,
      mediaIds[position] ?? '',
      message.organizationId,
      messageKey,
      position,
      message.providerAccountId,
      url,
      contentType ?? 'application/octet-stream',
      message.createdAt,
    )
  })
}
