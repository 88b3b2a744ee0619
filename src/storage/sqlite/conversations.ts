import { conversationIdOf, type Message, partiesOf } from '../../core/message.ts'
import type { Database } from './database.ts'
import { insertEvent } from './events.ts'

const keysCachedMax = 50_000

export type ConversationKeys = {
  /** The key of the conversation of a message, which begins with it if there is none, with its event. */
  ensure(message: Message): number
  /** Whoever removes conversations calls it in the same transaction. */
  forget(): void
}

export function makeConversationKeys(database: Database): ConversationKeys {
  const known = new Map<string, number>()

  function find(message: Message): number {
    const { number, person } = partiesOf(message)
    const row = database.get(
      'SELECT key FROM conversations WHERE sender_id = ? AND person = ?',
      message.senderId,
      person,
    )
    if (row !== undefined) return Number(row.key)
    const { lastKey } = database.run(
      `INSERT INTO conversations (id, organization_id, assistant_id, sender_id, number, person, first_key, created_at)
       VALUES (?, ?, ?, ?, ?, ?, (SELECT coalesce(max(key), 0) FROM messages), ?)`,
      conversationIdOf(message),
      message.organizationId,
      message.assistantId,
      message.senderId,
      number,
      person,
      message.createdAt,
    )
    insertEvent(
      database,
      {
        type: 'conversation.created',
        organizationId: message.organizationId,
        occurredAt: message.createdAt,
        data: { conversation_id: conversationIdOf(message), assistant_id: message.assistantId },
      },
      { recipient: person },
    )
    return lastKey
  }

  return {
    ensure(message) {
      const parties = `${message.senderId} ${partiesOf(message).person}`
      const cached = known.get(parties)
      if (cached !== undefined) return cached
      const key = find(message)
      if (known.size >= keysCachedMax) known.clear()
      known.set(parties, key)
      return key
    },
    forget: () => known.clear(),
  }
}
