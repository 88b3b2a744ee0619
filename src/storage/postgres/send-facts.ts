import type { Message } from '../../core/message.ts'
import type { MessageId } from '../../core/message-id.ts'
import { type Contact, type Count, type CountQuery, countsIn, type SendFacts } from '../../core/send-facts.ts'
import type { DecisionTerms } from '../../ports/store.ts'
import { partiesKey } from './conversations.ts'
import type { Queries } from './database.ts'
import { optOutKey, selectOptOuts } from './opt-outs.ts'

/** One send that is decided about. */
export type Asked = { readonly message: Message; readonly terms: Pick<DecisionTerms, 'needs'> }

/** What policy decides from, for several sends of one transaction. */
export type FactBook = {
  of(message: Message): SendFacts
  /** The message is dispatched: it counts for those that are asked about after it. */
  dispatched(message: Message): void
}

/** An absent row cannot be locked: limits of an organization are locked by its number. */
const limitsLockClass = 7_837

/** Whoever dispatches under limits of an organization waits here for others who do. Before anything is counted. */
export async function lockLimits(queries: Queries, asked: readonly Asked[]): Promise<void> {
  const limited = asked.filter(({ terms: { needs } }) => needs.counts.length > 0 || needs.spentBetween !== undefined)
  if (limited.length === 0) return
  const ids = [...new Set(limited.map(({ message }) => message.organizationId))].sort((left, right) => left - right)
  await queries.all('SELECT pg_advisory_xact_lock($1, id) FROM unnest($2::int[]) AS id', limitsLockClass, ids)
}

/** The caller has shared the opt-outs and locked the limits, so that what is found holds until its transaction ends. */
export async function selectFacts(queries: Queries, asked: readonly Asked[]): Promise<FactBook> {
  const messages = asked.map(({ message }) => message)
  const [optOuts, lastInbound, contacts, spent, paid] = await Promise.all([
    selectOptOuts(queries, messages),
    selectLastInbound(
      queries,
      messages.filter(({ inReplyTo }) => inReplyTo !== undefined),
    ),
    selectContacts(queries, asked),
    selectSpent(queries, asked),
    selectPaid(queries, asked),
  ])
  const counts = await selectCounts(queries, asked, contacts)
  const needsById = new Map(asked.map(({ message, terms }) => [message.id, terms.needs]))
  const dispatched: Message[] = []

  function countOf(message: Message, query: CountQuery): Count {
    const stored = counts.get(countKey(message, query)) ?? { count: 0 }
    const beside = dispatched.filter(
      (other) =>
        other.organizationId === message.organizationId && countsIn(query, { asked: message, dispatched: other }),
    )
    return beside.length === 0 ? stored : { ...stored, count: stored.count + beside.length }
  }

  return {
    of(message) {
      const lastInboundId = lastInbound.get(partiesKey(message))
      const needs = needsById.get(message.id)
      const contact = contacts.get(message.id)
      const spentMicros = dispatched
        .filter((other) => other.organizationId === message.organizationId)
        .reduce((sum, { costMicros = 0 }) => sum + costMicros, spent.get(message.organizationId) ?? 0)
      const ownMicros = paid.has(message.id) ? (message.costMicros ?? 0) : 0
      return {
        optOuts: optOuts.get(optOutKey(message)) ?? [],
        ...(lastInboundId === undefined ? {} : { lastInboundId }),
        ...(contact === undefined ? {} : { contact }),
        ...(needs === undefined || needs.counts.length === 0
          ? {}
          : { counts: needs.counts.map((query) => countOf(message, query)) }),
        ...(needs?.spentBetween === undefined ? {} : { spentMicros: Math.max(0, spentMicros - ownMicros) }),
      }
    },
    dispatched: (message) => void dispatched.push(message),
  }
}

/** By `partiesKey`. */
async function selectLastInbound(queries: Queries, replies: readonly Message[]): Promise<Map<string, string>> {
  if (replies.length === 0) return new Map()
  // Locked, so that a text that arrives at the same moment is either seen or comes after.
  const rows = await queries.all(
    `SELECT c.sender_id, c.person, c.last_inbound_id FROM conversations c
     WHERE (c.sender_id, c.person) IN (SELECT * FROM unnest($1::bigint[], $2::text[])) AND c.last_inbound_id IS NOT NULL
     ORDER BY c.key FOR SHARE`,
    replies.map((message) => message.senderId),
    replies.map((message) => message.recipient),
  )
  return new Map(rows.map((row) => [`${row.sender_id} ${row.person}`, String(row.last_inbound_id)]))
}

/** By message id. */
async function selectContacts(queries: Queries, asked: readonly Asked[]): Promise<Map<string, Contact>> {
  const wanted = asked.filter(({ terms }) => terms.needs.contact)
  if (wanted.length === 0) return new Map()
  const rows = await queries.all(
    // Texts that came before their time was kept here have left their id.
    `SELECT w.id,
       max(coalesce(c.last_inbound_at, CASE WHEN c.last_inbound_id IS NOT NULL THEN c.created_at END)) AS last_inbound_at,
       max(CASE WHEN c.sender_id = w.sender_id THEN c.inbound_streak END) AS streak,
       (SELECT p.time_zone FROM people p WHERE p.organization_id = w.organization_id AND p.phone_number = w.person)
         AS time_zone
     FROM json_to_recordset($1) AS w (id TEXT, organization_id BIGINT, assistant_id BIGINT, sender_id BIGINT, person TEXT)
     LEFT JOIN senders s ON s.organization_id = w.organization_id AND (s.assistant_id = w.assistant_id OR s.id = w.sender_id)
     LEFT JOIN conversations c ON c.sender_id = s.id AND c.person = w.person
     GROUP BY w.id, w.organization_id, w.person`,
    JSON.stringify(
      wanted.map(({ message }) => ({
        id: message.id,
        organization_id: message.organizationId,
        assistant_id: message.assistantId,
        sender_id: message.senderId,
        person: message.recipient,
      })),
    ),
  )
  return new Map(
    rows.map((row) => [
      String(row.id),
      {
        inboundStreak: Number(row.streak ?? 0),
        ...(row.last_inbound_at === null ? {} : { lastInboundAt: Number(row.last_inbound_at) }),
        ...(row.time_zone === null ? {} : { timeZone: String(row.time_zone) }),
      },
    ]),
  )
}

/** Two sends of one moment that ask for the same are counted once, over the longer time. */
function countKey(message: Message, { of, assistantId, prefix, periodMs, upTo }: CountQuery): string {
  const { organizationId, recipient } = message
  const scope = of === 'recipient' || of === 'unanswered' ? recipient : (prefix ?? '')
  return `${organizationId} ${of} ${assistantId ?? ''} ${scope} ${upTo} ${periodMs} ${uncountedId(message) ?? ''}`
}

/** A message that was dispatched before, and did not leave, does not stand in its own way. */
function uncountedId({ id, countedAt }: Message): MessageId | undefined {
  return countedAt === undefined ? undefined : id
}

type CountInput = {
  readonly count_key: string
  readonly organization_id: number
  readonly since: number
  readonly up_to: number
  readonly assistant_id: number | undefined
  readonly recipient: string
  readonly prefix: string
  readonly uncounted: MessageId | undefined
}

/** Queries of one kind share a statement. */
type CountKind = { readonly query: CountQuery; readonly leavesOut: boolean; readonly inputs: Map<string, CountInput> }

const conditionByScope = {
  organization: '',
  assistant: '',
  recipient: 'AND m.recipient COLLATE "C" = w.recipient',
  unanswered: 'AND m.recipient COLLATE "C" = w.recipient',
  // Behind the digits stands ':' in the order of bytes.
  prefix: `AND m.recipient COLLATE "C" >= w.prefix AND m.recipient COLLATE "C" < w.prefix || ':'`,
} as const satisfies Record<CountQuery['of'], string>

/** By `countKey`. One statement for each kind of query, so that each finds its index. */
async function selectCounts(
  queries: Queries,
  asked: readonly Asked[],
  contacts: ReadonlyMap<string, Contact>,
): Promise<Map<string, Count>> {
  const byKind = new Map<string, CountKind>()
  for (const { message, terms } of asked)
    for (const query of terms.needs.counts) {
      const uncounted = uncountedId(message)
      const leavesOut = uncounted !== undefined
      const kind = `${query.of} ${query.assistantId !== undefined} ${leavesOut}`
      const group = byKind.get(kind) ?? { query, leavesOut, inputs: new Map<string, CountInput>() }
      byKind.set(kind, group)
      const key = countKey(message, query)
      const lastInboundAt = query.of === 'unanswered' ? (contacts.get(message.id)?.lastInboundAt ?? 0) : 0
      const since = Math.max(query.since, lastInboundAt)
      const known = group.inputs.get(key)
      group.inputs.set(key, {
        count_key: key,
        organization_id: message.organizationId,
        since: known === undefined ? since : Math.min(known.since, since),
        up_to: query.upTo,
        assistant_id: query.assistantId,
        recipient: message.recipient,
        prefix: query.prefix ?? '+',
        uncounted,
      })
    }
  const found = await Promise.all(
    [...byKind.values()].map((kind) => queries.all(countStatement(kind), JSON.stringify([...kind.inputs.values()]))),
  )
  return new Map(
    found
      .flat()
      .map((row) => [
        String(row.count_key),
        { count: Number(row.count), ...(row.oldest_at === null ? {} : { oldestAt: Number(row.oldest_at) }) },
      ]),
  )
}

function countStatement({ query: { of, assistantId }, leavesOut }: CountKind): string {
  return `SELECT w.count_key, c.count, c.oldest_at
    FROM json_to_recordset($1) AS w (count_key TEXT, organization_id BIGINT, since BIGINT, up_to BIGINT,
      assistant_id BIGINT, recipient TEXT, prefix TEXT, uncounted TEXT)
    CROSS JOIN LATERAL (
      SELECT count(*) AS count, min(counted_at) AS oldest_at FROM (
        SELECT m.counted_at FROM messages m WHERE m.organization_id = w.organization_id AND m.counted_at > w.since
          ${assistantId === undefined ? '' : 'AND m.assistant_id = w.assistant_id'} ${conditionByScope[of]}
          ${leavesOut ? 'AND m.id <> w.uncounted' : ''}
        ORDER BY m.counted_at DESC LIMIT w.up_to) AS newest) AS c`
}

/** By organization: all its sends of a moment are in one period. */
async function selectSpent(queries: Queries, asked: readonly Asked[]): Promise<Map<number, number>> {
  const periods = new Map<number, { readonly from: string; readonly to: string }>()
  for (const { message, terms } of asked)
    if (terms.needs.spentBetween !== undefined) periods.set(message.organizationId, terms.needs.spentBetween)
  if (periods.size === 0) return new Map()
  const rows = await queries.all(
    `SELECT w.organization_id, sum(s.cost_micros) AS spent
     FROM json_to_recordset($1) AS w (organization_id BIGINT, first_day TEXT, last_day TEXT)
     JOIN spending s ON s.organization_id = w.organization_id AND s.day >= w.first_day AND s.day < w.last_day
     GROUP BY w.organization_id`,
    JSON.stringify([...periods].map(([id, { from, to }]) => ({ organization_id: id, first_day: from, last_day: to }))),
  )
  return new Map(rows.map((row) => [Number(row.organization_id), Number(row.spent)]))
}

/** Messages that were dispatched before: what they cost is spent already. */
async function selectPaid(queries: Queries, asked: readonly Asked[]): Promise<ReadonlySet<string>> {
  const limited = asked.filter(({ terms }) => terms.needs.spentBetween !== undefined)
  if (limited.length === 0) return new Set()
  const rows = await queries.all(
    `SELECT m.id FROM messages m
     WHERE m.id = ANY($1::text[]) AND EXISTS (SELECT 1 FROM attempts a WHERE a.message_key = m.key)`,
    limited.map(({ message }) => message.id),
  )
  return new Set(rows.map(({ id }) => String(id)))
}

/** What was dispatched costs its budget, whatever becomes of it. */
export async function addSpending(queries: Queries, messages: readonly Message[], day: string): Promise<void> {
  const costs = new Map<number, number>()
  for (const { organizationId, costMicros } of messages)
    if (costMicros !== undefined) costs.set(organizationId, (costs.get(organizationId) ?? 0) + costMicros)
  if (costs.size === 0) return
  await queries.run(
    `INSERT INTO spending AS s (organization_id, day, cost_micros)
     SELECT organization_id, $2, cost_micros FROM json_to_recordset($1) AS i (organization_id BIGINT, cost_micros BIGINT)
     ORDER BY organization_id
     ON CONFLICT (organization_id, day) DO UPDATE SET cost_micros = s.cost_micros + excluded.cost_micros`,
    JSON.stringify([...costs].map(([organization_id, cost_micros]) => ({ organization_id, cost_micros }))),
    day,
  )
}
