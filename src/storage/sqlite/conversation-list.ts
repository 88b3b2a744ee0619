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
  WITH RECURSIVE blocks (block) AS (
    SELECT (SELECT max(key) FROM messages) >> 14
    UNION ALL SELECT block - 1 FROM blocks WHERE block > c.first_key >> 14)
  SELECT (SELECT max(m.key) FROM messages m WHERE (m.key >> 14) = block AND m.conversation_key = c.key) AS newest
  FROM blocks WHERE newest IS NOT NULL LIMIT 1)`

/** All messages of one conversation, from its first block on. */
const itsMessages = `
  WITH RECURSIVE blocks (block) AS (
    SELECT ?1 >> 14 UNION ALL SELECT block + 1 FROM blocks WHERE block < (SELECT max(key) FROM messages) >> 14),
  its (key) AS (SELECT m.key FROM blocks CROSS JOIN messages m WHERE (m.key >> 14) = block AND m.conversation_key = ?2)`

export function makeConversations(database: Database): Part {
  function find(organizationId: number, id: string): ConversationSummary | undefined {
    const row = database.get('SELECT * FROM conversations WHERE id = ? AND organization_id = ?', id, organizationId)
    return row === undefined ? undefined : summaryOf(database, row)
  }

  return {
    findConversation: async (organizationId, id) => find(organizationId, id),
    async conversationOf(organizationId, messageKey) {
      const row = database.get(
        `SELECT c.* FROM messages m JOIN conversations c ON c.key = m.conversation_key
         WHERE m.key = ? AND m.organization_id = ?`,
        messageKey,
        organizationId,
      )
      return row === undefined ? undefined : conversationOf(row)
    },
    listConversations: async (organizationId, { assistantId, person, archived, from, to }, { skip, limit }) =>
      database
        .all(
          `WITH recent AS (
             SELECT conversation_key, max(key) AS newest FROM (
               SELECT conversation_key, key FROM messages WHERE organization_id = ?1
               ORDER BY key DESC LIMIT ${messagesLookedAtMax}) AS m
             GROUP BY conversation_key)
           SELECT c.* FROM conversations c LEFT JOIN recent r ON r.conversation_key = c.key
           WHERE c.organization_id = ?1 AND (?2 IS NULL OR c.assistant_id = ?2) AND (?3 IS NULL OR c.person = ?3)
             AND (?4 IS NULL OR c.created_at >= ?4) AND (?5 IS NULL OR c.created_at < ?5)
             AND (c.archived_key > 0 AND c.archived_key >= coalesce(r.newest, ${newestKey}, 0)) = ?6
           ORDER BY r.newest DESC NULLS LAST, c.key DESC LIMIT ?7 OFFSET ?8`,
          organizationId,
          assistantId ?? null,
          person ?? null,
          from ?? null,
          to ?? null,
          archived === true ? 1 : 0,
          limit,
          skip,
        )
        .map((row) => summaryOf(database, row)),
    async listMessages(organizationId, conversationKey, { skip, limit }) {
      const row = database.get(
        'SELECT first_key FROM conversations WHERE key = ? AND organization_id = ?',
        conversationKey,
        organizationId,
      )
      if (row === undefined) return []
      const keys = database.all(
        `${itsMessages} SELECT key FROM its ORDER BY key LIMIT ?3 OFFSET ?4`,
        Number(row.first_key),
        conversationKey,
        limit,
        skip,
      )
      return selectRecords(
        database,
        keys.map(({ key }) => Number(key)),
      )
    },
    archiveConversation: (organizationId, id) =>
      database.transaction(() => {
        const { changes } = database.run(
          `UPDATE conversations AS c SET archived_key = coalesce(${newestKey}, 0) WHERE id = ? AND organization_id = ?`,
          id,
          organizationId,
        )
        return changes > 0
      }),
  }
}

function summaryOf(database: Database, row: Row): ConversationSummary {
  const key = Number(row.key)
  const counted = database.get(
    `${itsMessages} SELECT count(*) AS count, max(key) AS newest,
       (SELECT created_at FROM messages WHERE key = (SELECT max(key) FROM its)) AS last_message_at FROM its`,
    Number(row.first_key),
    key,
  )
  const conversation = conversationOf(row)
  const archivedKey = Number(row.archived_key)
  return {
    ...conversation,
    key,
    messageCount: Number(counted?.count ?? 0),
    lastMessageAt: Number(counted?.last_message_at ?? conversation.createdAt),
    isArchived: archivedKey > 0 && archivedKey >= Number(counted?.newest ?? 0),
  }
}
