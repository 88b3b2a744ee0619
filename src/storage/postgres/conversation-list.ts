import type { ConversationSummary, InboundStore } from '../../ports/inbound-store.ts'
import { conversationOf, type Row } from '../rows.ts'
import type { Database } from './database.ts'
import { selectRecords } from './messages.ts'

type Part = Pick<
  InboundStore,
  'findConversation' | 'conversationOf' | 'listConversations' | 'listMessages' | 'archiveConversation'
>

/** How far back lists look for the conversations with the newest messages; behind them, the newest begun come first. */
const messagesLookedAtMax = 20_000

/** The newest message of the conversation `c`, block by block from the newest, as `messages_by_conversation` is made. */
const newestKey = `(
  SELECT m.key FROM generate_series((SELECT max(key) >> 14 FROM messages), c.first_key >> 14, -1) AS block
  CROSS JOIN LATERAL (
    SELECT key FROM messages WHERE key >> 14 = block AND conversation_key = c.key ORDER BY key DESC LIMIT 1
  ) AS m LIMIT 1)`

/** The keys of all messages of the conversation `c`. OFFSET 0 keeps the planner from reading the whole table instead. */
const itsKeys = `generate_series(c.first_key >> 14, (SELECT max(key) >> 14 FROM messages)) AS block
  CROSS JOIN LATERAL (SELECT key FROM messages WHERE key >> 14 = block AND conversation_key = c.key OFFSET 0) AS m`

const summaries = `
  SELECT c.*, s.message_count, s.newest_key, l.created_at AS last_message_at FROM c
  CROSS JOIN LATERAL (SELECT count(*) AS message_count, max(m.key) AS newest_key FROM ${itsKeys}) AS s
  LEFT JOIN messages l ON l.key = s.newest_key`

export function makeConversations(database: Database): Part {
  return {
    async findConversation(organizationId, id) {
      const row = await database.get(
        `WITH c AS (SELECT * FROM conversations WHERE id = $1 AND organization_id = $2) ${summaries}`,
        id,
        organizationId,
      )
      return row === undefined ? undefined : summaryOf(row)
    },
    async conversationOf(organizationId, messageKey) {
      const row = await database.get(
        `SELECT c.* FROM messages m JOIN conversations c ON c.key = m.conversation_key
         WHERE m.key = $1 AND m.organization_id = $2`,
        messageKey,
        organizationId,
      )
      return row === undefined ? undefined : conversationOf(row)
    },
    listConversations: async (organizationId, { assistantId, person, archived, from, to }, { skip, limit }) =>
      (
        await database.all(
          `WITH recent AS (
             SELECT conversation_key, max(key) AS newest FROM (
               SELECT conversation_key, key FROM messages WHERE organization_id = $1
               ORDER BY key DESC LIMIT ${messagesLookedAtMax}) AS m
             GROUP BY conversation_key),
           c AS (
             SELECT c.*, r.newest FROM conversations c LEFT JOIN recent r ON r.conversation_key = c.key
             WHERE c.organization_id = $1 AND ($2::bigint IS NULL OR c.assistant_id = $2)
               AND ($3::text IS NULL OR c.person = $3)
               AND ($4::bigint IS NULL OR c.created_at >= $4) AND ($5::bigint IS NULL OR c.created_at < $5)
               AND (c.archived_key > 0 AND c.archived_key >= coalesce(r.newest, ${newestKey}, 0)) = $6
             ORDER BY r.newest DESC NULLS LAST, c.key DESC LIMIT $7 OFFSET $8)
           ${summaries} ORDER BY c.newest DESC NULLS LAST, c.key DESC`,
          organizationId,
          assistantId ?? null,
          person ?? null,
          from ?? null,
          to ?? null,
          archived === true,
          limit,
          skip,
        )
      ).map(summaryOf),
    async listMessages(organizationId, conversationKey, { skip, limit }) {
      const rows = await database.all(
        `SELECT m.key FROM conversations c CROSS JOIN LATERAL (SELECT m.key FROM ${itsKeys}) AS m
         WHERE c.key = $1 AND c.organization_id = $2 ORDER BY m.key LIMIT $3 OFFSET $4`,
        conversationKey,
        organizationId,
        limit,
        skip,
      )
      return selectRecords(
        database,
        rows.map(({ key }) => Number(key)),
      )
    },
    archiveConversation: async (organizationId, id) =>
      (await database.run(
        `UPDATE conversations AS c SET archived_key = coalesce(${newestKey}, 0) WHERE id = $1 AND organization_id = $2`,
        id,
        organizationId,
      )) > 0,
  }
}

function summaryOf(row: Row): ConversationSummary {
  const conversation = conversationOf(row)
  const archivedKey = Number(row.archived_key)
  return {
    ...conversation,
    key: Number(row.key),
    messageCount: Number(row.message_count),
    lastMessageAt: Number(row.last_message_at ?? conversation.createdAt),
    isArchived: archivedKey > 0 && archivedKey >= Number(row.newest_key ?? 0),
  }
}
