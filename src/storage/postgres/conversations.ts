import { conversationIdOf, type Message, partiesOf } from '../../core/message.ts'
import type { Queries } from './database.ts'

const keysCachedMax = 50_000

export type ConversationKeys = {
  /**
   * Keys by `partiesKey`; those of new pairs begin with the given message, with their event. Conversations of people whose
   * opt-outs the transaction has locked before, shared or alone, are not removed until it ends.
   */
  ensure(queries: Queries, messages: readonly Message[]): Promise<ReadonlyMap<string, number>>
  /** Call after the commit: what an undone transaction made must not be remembered. */
  remember(keys: ReadonlyMap<string, number>): void
}

export function partiesKey(message: Message): string {
  return `${message.senderId} ${partiesOf(message).person}`
}

export function makeConversationKeys(): ConversationKeys {
  const known = new Map<string, number>()
  /** What is known holds while no more conversations than these were removed. */
  let removals = 0
  const removalsOf = new WeakMap<ReadonlyMap<string, number>, number>()

  return {
    async ensure(queries, messages) {
      const row = await queries.get('SELECT count FROM conversation_removals')
      const count = Number(row?.count)
      if (count > removals) {
        known.clear()
        removals = count
      }
      const keys = new Map<string, number>()
      removalsOf.set(keys, count)
      const wanted = new Map<string, Message>()
      for (const message of messages) {
        const parties = partiesKey(message)
        const key = known.get(parties)
        if (key !== undefined) keys.set(parties, key)
        else if (!wanted.has(parties)) wanted.set(parties, message)
      }
      for (const find of [selectKeys, insertKeys, selectKeys]) {
        if (wanted.size === 0) break
        for (const [parties, key] of await find(queries, [...wanted.values()])) {
          keys.set(parties, key)
          wanted.delete(parties)
        }
      }
      return keys
    },
    remember(keys) {
      if (removalsOf.get(keys) !== removals) return
      if (known.size + keys.size > keysCachedMax) known.clear()
      for (const [parties, key] of keys) known.set(parties, key)
    },
  }
}

async function selectKeys(queries: Queries, messages: readonly Message[]): Promise<[string, number][]> {
  const rows = await queries.all(
    `SELECT c.key, c.sender_id, c.person FROM conversations c
     JOIN unnest($1::bigint[], $2::text[]) AS w (sender_id, person) USING (sender_id, person)`,
    messages.map((message) => message.senderId),
    messages.map((message) => partiesOf(message).person),
  )
  return rows.map((row) => [`${row.sender_id} ${row.person}`, Number(row.key)])
}

/** Sorted, as everybody takes them, so that no two transactions wait for each other. */
async function insertKeys(queries: Queries, messages: readonly Message[]): Promise<[string, number][]> {
  const rows = await queries.all(
    `WITH made AS (
       INSERT INTO conversations (id, organization_id, assistant_id, sender_id, number, person, first_key, created_at)
       SELECT id, organization_id, assistant_id, sender_id, number, person,
         (SELECT coalesce(max(key), 0) FROM messages), created_at
       FROM json_to_recordset($1) AS i (id TEXT, organization_id BIGINT, assistant_id BIGINT, sender_id BIGINT,
         number TEXT, person TEXT, created_at BIGINT)
       ORDER BY sender_id, person
       ON CONFLICT (sender_id, person) DO NOTHING
       RETURNING key, id, organization_id, assistant_id, sender_id, person, created_at
     ), told AS (
       INSERT INTO events (organization_id, recipient, type, occurred_at, data)
       SELECT organization_id, person, 'conversation.created', created_at,
         json_build_object('conversation_id', id, 'assistant_id', assistant_id)
       FROM made
     )
     SELECT key, sender_id, person FROM made`,
    JSON.stringify(
      messages.map((message) => ({
        id: conversationIdOf(message),
        organization_id: message.organizationId,
        assistant_id: message.assistantId,
        sender_id: message.senderId,
        ...partiesOf(message),
        created_at: message.createdAt,
      })),
    ),
  )
  return rows.map((row) => [`${row.sender_id} ${row.person}`, Number(row.key)])
}
