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
import type { Database, Queries } from './database.ts'
import { selectRecords } from './messages.ts'
import { lockOptOuts } from './opt-outs.ts'
import { deleteEmptyConversations, deleteMessages, rowsPerStepMax } from './removal.ts'
import { endMessage } from './sends.ts'

/** Others who are sent to at the same moment wait for a step. */
const canceledPerStepMax = 50
/** Each may hold 16 kB. */
const webhooksPerStepMax = 100

export function makePeople(database: Database): PeopleStore {
  return {
    async findTimeZone({ organizationId, person }) {
      const row = await database.get(
        'SELECT time_zone FROM people WHERE organization_id = $1 AND phone_number = $2',
        organizationId,
        person,
      )
      return typeof row?.time_zone === 'string' ? row.time_zone : undefined
    },
    async setTimeZone({ organizationId, person }, { timeZone, at }) {
      if (timeZone === undefined) await deletePerson(database, { organizationId, person })
      else
        await database.run(
          `INSERT INTO people (organization_id, phone_number, time_zone, updated_at) VALUES ($1, $2, $3, $4)
           ON CONFLICT (organization_id, phone_number) DO UPDATE
             SET time_zone = excluded.time_zone, updated_at = excluded.updated_at`,
          organizationId,
          person,
          timeZone,
          at,
        )
    },
    conversations: (ref) => selectConversations(database, ref),
    async messages({ limit, ...range }) {
      const rows = await selectMessages(database, range, limit)
      return selectWhole(
        database,
        rows.map(({ key }) => Number(key)),
      )
    },
    events: async ({ organizationId, person, after, limit }) =>
      (
        await database.all(
          `${recordedEvents} WHERE e.organization_id = $1 AND e.recipient = $2 AND e.key > $3 ORDER BY e.key LIMIT $4`,
          organizationId,
          person,
          after,
          limit,
        )
      ).map(recordedEventOf),
    newestMessageKey: async () => Number((await database.get('SELECT max(key) AS key FROM messages'))?.key ?? 0),

    cancelWaiting: (params) =>
      database.transaction(async (queries) => {
        // No attempt for the person commits until this does.
        await lockPerson(queries, params)
        return (await isSending(queries, params)) ? 'sending' : cancelWaiting(queries, params)
      }),
    eraseMessages: (range) =>
      database.transaction(async (queries) => {
        const found = await selectMessages(queries, range, rowsPerStepMax)
        const rows = await queries.all(
          'SELECT key, status FROM messages WHERE key = ANY($1::bigint[]) ORDER BY key FOR UPDATE',
          found.map(({ key }) => Number(key)),
        )
        if (!rows.every(mayBeErased)) return 'sending'
        const keys = rows.map(({ key }) => Number(key))
        const last = found.at(-1)
        return {
          ...(await deleteMessages(queries, keys)),
          ...(last === undefined ? {} : { reached: Number(last.key) }),
        }
      }),
    eraseEvents: ({ organizationId, person }) =>
      database.run(
        `DELETE FROM events WHERE key = ANY(ARRAY(
           SELECT key FROM events WHERE organization_id = $1 AND recipient = $2 ORDER BY key LIMIT $3))`,
        organizationId,
        person,
        rowsPerStepMax,
      ),
    async eraseRefusedWebhooks({ organizationId, person, after }) {
      const rows = await database.all(
        'SELECT key, body FROM refused_webhooks WHERE organization_id = $1 AND key > $2 ORDER BY key LIMIT $3',
        organizationId,
        after,
        webhooksPerStepMax,
      )
      const pattern = numberPattern(person)
      const keys = rows.filter(({ body }) => pattern.test(String(body))).map(({ key }) => Number(key))
      const removed = await database.run('DELETE FROM refused_webhooks WHERE key = ANY($1::bigint[])', keys)
      const last = rows.at(-1)
      return { removed, ...(last === undefined ? {} : { reached: Number(last.key) }) }
    },
    finishErasure: ({ entry, ...ref }) =>
      database.transaction(async (queries) => {
        await lockPerson(queries, ref)
        const keys = (await selectConversations(queries, ref)).map(({ key }) => key)
        const rest = {
          conversations: await deleteEmptyConversations(queries, keys),
          optOutsKept: await queries.run(
            'UPDATE opt_outs SET evidence = NULL WHERE organization_id = $1 AND recipient = $2',
            ref.organizationId,
            ref.person,
          ),
        }
        await deletePerson(queries, ref)
        await appendAudit(queries, entry(rest))
        return rest
      }),
  }
}

function lockPerson(queries: Queries, { organizationId, person }: PersonRef): Promise<void> {
  return lockOptOuts(queries, [{ organizationId, recipient: person }])
}

/** By the numbers of the organization: there is one conversation of each with the person. */
async function selectConversations(
  queries: Queries,
  { organizationId, person }: PersonRef,
): Promise<PersonConversation[]> {
  const rows = await queries.all(
    `SELECT c.key, c.id, c.first_key FROM senders s
     CROSS JOIN LATERAL (SELECT * FROM conversations WHERE sender_id = s.id AND person = $1 OFFSET 0) AS c
     WHERE s.organization_id = $2 ORDER BY c.key`,
    person,
    organizationId,
  )
  return rows.map((row) => ({ key: Number(row.key), id: String(row.id), firstKey: Number(row.first_key) }))
}

/** Block by block, as `messages_by_conversation` is made, so in the order of their keys. */
function selectMessages(
  queries: Queries,
  { organizationId, conversationKey, after, upTo }: MessageRange,
  limit: number,
): Promise<Row[]> {
  return queries.all(
    `SELECT m.key FROM generate_series($1::bigint >> 14, $2::bigint >> 14) AS block
     CROSS JOIN LATERAL (
       SELECT key FROM messages WHERE key >> 14 = block AND conversation_key = $3 AND key > $1 AND key <= $2
         AND organization_id = $4 ORDER BY key OFFSET 0) AS m
     LIMIT $5`,
    after,
    upTo,
    conversationKey,
    organizationId,
    limit,
  )
}

async function selectWhole(queries: Queries, keys: readonly number[]): Promise<PersonMessage[]> {
  const ofThese = 'message_key = ANY($1::bigint[])'
  const [records, receipts, events] = await Promise.all([
    selectRecords(queries, keys),
    queries.all(`SELECT * FROM receipts WHERE ${ofThese} ORDER BY received_at, provider_status`, keys),
    queries.all(`SELECT * FROM events WHERE ${ofThese} ORDER BY key`, keys),
  ])
  return wholeMessages(records, { receipts, events })
}

async function isSending(queries: Queries, { organizationId, person }: PersonRef): Promise<boolean> {
  const row = await queries.get(
    `SELECT 1 FROM messages WHERE status = 'sending' AND organization_id = $1 AND recipient = $2 LIMIT 1`,
    organizationId,
    person,
  )
  return row !== undefined
}

async function cancelWaiting(
  queries: Queries,
  { organizationId, person, now }: PersonRef & { readonly now: number },
): Promise<number> {
  const rows = await queries.all(
    `SELECT key FROM messages WHERE organization_id = $1 AND recipient = $2
       AND status IN ('queued', 'scheduled', 'held') ORDER BY key LIMIT $3 FOR UPDATE`,
    organizationId,
    person,
    canceledPerStepMax,
  )
  for (const { key } of rows) await endMessage(queries, { key: Number(key), rule: 'canceled', at: now })
  return rows.length
}

async function deletePerson(queries: Queries, { organizationId, person }: PersonRef): Promise<void> {
  await queries.run('DELETE FROM people WHERE organization_id = $1 AND phone_number = $2', organizationId, person)
}
