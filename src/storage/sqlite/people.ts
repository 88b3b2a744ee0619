import { setImmediate } from 'node:timers/promises'
import type {
  MessageRange,
  PeopleStore,
  PersonConversation,
  PersonMessage,
  PersonRef,
} from '../../ports/people-store.ts'
import { recordedEventOf, recordedEvents } from '../event-rows.ts'
import { mayBeErased, numberPattern, wholeMessages } from '../person.ts'
import type { Row } from '../rows.ts'
import { appendAudit } from './audit.ts'
import type { ConversationKeys } from './conversations.ts'
import type { Database } from './database.ts'
import { selectRecords } from './messages.ts'
import {
  deleteConversations,
  deleteEvents,
  deleteMessages,
  findEmptyConversations,
  messagesPerStepMax,
  rowsPerStepMax,
} from './removal.ts'
import { endMessage } from './sends.ts'

/** Each may hold 16 kB. */
const webhooksPerStepMax = 50

export function makePeople(database: Database, conversations: ConversationKeys): PeopleStore {
  return {
    async findTimeZone({ organizationId, person }) {
      const row = database.get(
        'SELECT time_zone FROM people WHERE organization_id = ? AND phone_number = ?',
        organizationId,
        person,
      )
      return typeof row?.time_zone === 'string' ? row.time_zone : undefined
    },
    setTimeZone: ({ organizationId, person }, { timeZone, at }) =>
      database.transaction(() => {
        if (timeZone === undefined) deletePerson(database, { organizationId, person })
        else
          database.run(
            'INSERT OR REPLACE INTO people (organization_id, phone_number, time_zone, updated_at) VALUES (?, ?, ?, ?)',
            organizationId,
            person,
            timeZone,
            at,
          )
      }),
    conversations: async (ref) => selectConversations(database, ref),
    async messages({ limit, ...range }) {
      // Whoever reads page after page must give others their turn: nothing here waits.
      await setImmediate()
      const rows = selectMessages(database, range, limit)
      return selectWhole(
        database,
        rows.map(({ key }) => Number(key)),
      )
    },
    events: async ({ organizationId, person, after, limit }) =>
      database
        .all(
          `${recordedEvents} WHERE e.organization_id = ? AND e.recipient = ? AND e.key > ? ORDER BY e.key LIMIT ?`,
          organizationId,
          person,
          after,
          limit,
        )
        .map(recordedEventOf),
    newestMessageKey: async () => Number(database.get('SELECT max(key) AS key FROM messages')?.key ?? 0),

    cancelWaiting: (params) =>
      database.transaction(() => (isSending(database, params) ? 'sending' : cancelWaiting(database, params))),
    eraseMessages: (range) =>
      database.transaction(() => {
        const rows = selectMessages(database, range, messagesPerStepMax)
        if (!rows.every(mayBeErased)) return 'sending'
        const keys = rows.map(({ key }) => Number(key))
        const reached = keys.at(-1)
        return { ...deleteMessages(database, keys), ...(reached === undefined ? {} : { reached }) }
      }),
    eraseEvents: ({ organizationId, person }) =>
      database.transaction(() => {
        const rows = database.all(
          'SELECT key FROM events WHERE organization_id = ? AND recipient = ? ORDER BY key LIMIT ?',
          organizationId,
          person,
          rowsPerStepMax,
        )
        return deleteEvents(
          database,
          rows.map(({ key }) => Number(key)),
        )
      }),
    eraseRefusedWebhooks: ({ organizationId, person, after }) =>
      database.transaction(() => {
        const rows = database.all(
          'SELECT key, body FROM refused_webhooks WHERE organization_id = ? AND key > ? ORDER BY key LIMIT ?',
          organizationId,
          after,
          webhooksPerStepMax,
        )
        const pattern = numberPattern(person)
        const keys = rows.filter(({ body }) => pattern.test(String(body))).map(({ key }) => Number(key))
        const { changes } = database.run(
          'DELETE FROM refused_webhooks WHERE key IN (SELECT value FROM json_each(?))',
          JSON.stringify(keys),
        )
        const last = rows.at(-1)
        return { removed: changes, ...(last === undefined ? {} : { reached: Number(last.key) }) }
      }),
    finishErasure: ({ entry, ...ref }) =>
      database.transaction(() => {
        const keys = selectConversations(database, ref).map(({ key }) => key)
        conversations.forget()
        const rest = {
          conversations: deleteConversations(database, findEmptyConversations(database, keys)),
          optOutsKept: database.run(
            'UPDATE opt_outs SET evidence = NULL WHERE organization_id = ? AND recipient = ?',
            ref.organizationId,
            ref.person,
          ).changes,
        }
        deletePerson(database, ref)
        appendAudit(database, entry(rest))
        return rest
      }),
  }
}

/** By the numbers of the organization: there is one conversation of each with the person. */
function selectConversations(database: Database, { organizationId, person }: PersonRef): PersonConversation[] {
  return database
    .all(
      `SELECT c.key, c.id, c.first_key FROM senders s CROSS JOIN conversations c ON c.sender_id = s.id AND c.person = ?
       WHERE s.organization_id = ? ORDER BY c.key`,
      person,
      organizationId,
    )
    .map((row) => ({ key: Number(row.key), id: String(row.id), firstKey: Number(row.first_key) }))
}

/** Block by block, as `messages_by_conversation` is made, so in the order of their keys. */
function selectMessages(
  database: Database,
  { organizationId, conversationKey, after, upTo }: MessageRange,
  limit: number,
): Row[] {
  return database.all(
    `WITH RECURSIVE blocks (block) AS (
       SELECT ?1 >> 14 UNION ALL SELECT block + 1 FROM blocks WHERE block < ?2 >> 14)
     SELECT m.key, m.status FROM blocks CROSS JOIN messages m
     WHERE (m.key >> 14) = block AND m.conversation_key = ?3 AND m.key > ?1 AND m.key <= ?2 AND +m.organization_id = ?4
     LIMIT ?5`,
    after,
    upTo,
    conversationKey,
    organizationId,
    limit,
  )
}

function selectWhole(database: Database, keys: readonly number[]): PersonMessage[] {
  const list = JSON.stringify(keys)
  const ofThese = 'message_key IN (SELECT value FROM json_each(?))'
  return wholeMessages(selectRecords(database, keys), {
    receipts: database.all(`SELECT * FROM receipts WHERE ${ofThese} ORDER BY received_at, provider_status`, list),
    events: database.all(`SELECT * FROM events WHERE ${ofThese} ORDER BY key`, list),
  })
}

function isSending(database: Database, { organizationId, person }: PersonRef): boolean {
  const row = database.get(
    `SELECT 1 FROM messages WHERE status = 'sending' AND +organization_id = ? AND +recipient = ? LIMIT 1`,
    organizationId,
    person,
  )
  return row !== undefined
}

function cancelWaiting(
  database: Database,
  { organizationId, person, now }: PersonRef & { readonly now: number },
): number {
  const rows = database.all(
    `SELECT key FROM messages WHERE organization_id = ? AND recipient = ?
       AND status IN ('queued', 'scheduled', 'held') LIMIT ?`,
    organizationId,
    person,
    messagesPerStepMax,
  )
  for (const { key } of rows) endMessage(database, { key: Number(key), rule: 'canceled', at: now })
  return rows.length
}

function deletePerson(database: Database, { organizationId, person }: PersonRef): void {
  database.run('DELETE FROM people WHERE organization_id = ? AND phone_number = ?', organizationId, person)
}
