import type { Message } from '../../core/message.ts'
import type { Contact, Count, CountQuery, FactNeeds, SendFacts } from '../../core/send-facts.ts'
import type { Database } from './database.ts'
import { selectOptOuts } from './opt-outs.ts'

/**
 * What policy decides from. Inside a transaction it holds until its end. A message that was dispatched before, and did not
 * leave, does not stand in its own way: neither is it counted, nor what it has cost.
 */
export function factsOf(database: Database, message: Message, needs: FactNeeds): SendFacts {
  const contact = needs.contact ? selectContact(database, message) : undefined
  return {
    optOuts: selectOptOuts(database, message.organizationId, message.recipient),
    ...(message.inReplyTo === undefined ? {} : selectLastInbound(database, message)),
    ...(contact === undefined ? {} : { contact }),
    ...(needs.counts.length === 0
      ? {}
      : { counts: needs.counts.map((query) => selectCount(database, { message, query, contact })) }),
    ...(needs.spentBetween === undefined ? {} : { spentMicros: selectSpent(database, message, needs.spentBetween) }),
  }
}

function selectLastInbound(database: Database, { senderId, recipient }: Message): Pick<SendFacts, 'lastInboundId'> {
  const row = database.get(
    'SELECT last_inbound_id AS id FROM conversations WHERE sender_id = ? AND person = ?',
    senderId,
    recipient,
  )
  return typeof row?.id === 'string' ? { lastInboundId: row.id } : {}
}

function selectContact(database: Database, { organizationId, assistantId, senderId, recipient }: Message): Contact {
  // Texts that came before their time was kept here have left their id.
  const row = database.get(
    `SELECT max(coalesce(c.last_inbound_at, iif(c.last_inbound_id IS NULL, NULL, c.created_at))) AS last_inbound_at,
       max(iif(c.sender_id = ?1, c.inbound_streak, 0)) AS streak,
       (SELECT time_zone FROM people WHERE organization_id = ?2 AND phone_number = ?3) AS time_zone
     FROM senders s JOIN conversations c ON c.sender_id = s.id AND c.person = ?3
     WHERE s.organization_id = ?2 AND (s.assistant_id = ?4 OR s.id = ?1)`,
    senderId,
    organizationId,
    recipient,
    assistantId,
  )
  return {
    inboundStreak: Number(row?.streak ?? 0),
    ...(typeof row?.last_inbound_at === 'number' ? { lastInboundAt: row.last_inbound_at } : {}),
    ...(typeof row?.time_zone === 'string' ? { timeZone: row.time_zone } : {}),
  }
}

function selectCount(
  database: Database,
  { message, query, contact }: { message: Message; query: CountQuery; contact: Contact | undefined },
): Count {
  const { of, assistantId, since, upTo } = query
  const scope = scopeOf(message, query)
  const row = database.get(
    `SELECT count(*) AS count, min(counted_at) AS oldest_at FROM (
       SELECT counted_at FROM messages ${scope.index} WHERE organization_id = ? AND counted_at > ?
         ${assistantId === undefined ? '' : 'AND assistant_id = ?'} ${scope.condition}
         ${message.countedAt === undefined ? '' : 'AND id <> ?'}
       ORDER BY counted_at DESC LIMIT ?)`,
    message.organizationId,
    of === 'unanswered' ? Math.max(since, contact?.lastInboundAt ?? 0) : since,
    ...(assistantId === undefined ? [] : [assistantId]),
    ...scope.bindings,
    ...(message.countedAt === undefined ? [] : [message.id]),
    upTo,
  )
  return {
    count: Number(row?.count ?? 0),
    ...(typeof row?.oldest_at === 'number' ? { oldestAt: row.oldest_at } : {}),
  }
}

type CountScope = { readonly index: string; readonly condition: string; readonly bindings: string[] }

/** Without being told, SQLite walks through all that was dispatched lately, to find the little that went to one person. */
const byRecipient = 'INDEXED BY messages_counted_by_recipient'

function scopeOf({ recipient }: Message, { of, prefix = '+' }: CountQuery): CountScope {
  switch (of) {
    case 'organization':
    case 'assistant':
      return { index: '', condition: '', bindings: [] }
    case 'recipient':
    case 'unanswered':
      return { index: byRecipient, condition: 'AND recipient = ?', bindings: [recipient] }
    case 'prefix':
      // Behind the digits stands ':' in the order of bytes.
      return {
        index: byRecipient,
        condition: 'AND recipient >= ? AND recipient < ?',
        bindings: [prefix, `${prefix}:`],
      }
  }
}

function selectSpent(
  database: Database,
  { id, organizationId, costMicros = 0 }: Message,
  { from, to }: { from: string; to: string },
): number {
  const row = database.get(
    `SELECT sum(cost_micros) AS spent, EXISTS (
       SELECT 1 FROM attempts WHERE message_key = (SELECT key FROM messages WHERE id = ?)) AS is_paid
     FROM spending WHERE organization_id = ? AND day >= ? AND day < ?`,
    id,
    organizationId,
    from,
    to,
  )
  const spent = Number(row?.spent ?? 0)
  return row?.is_paid === 1 ? Math.max(0, spent - costMicros) : spent
}

/** What was dispatched costs its budget, whatever becomes of it. */
export function addSpending(database: Database, { organizationId, costMicros }: Message, day: string): void {
  if (costMicros === undefined) return
  database.run(
    `INSERT INTO spending (organization_id, day, cost_micros) VALUES (?, ?, ?)
     ON CONFLICT DO UPDATE SET cost_micros = cost_micros + excluded.cost_micros`,
    organizationId,
    day,
    costMicros,
  )
}
