import type { OptOut, OptOutReach } from '../../core/opt-out.ts'
import type { E164 } from '../../core/phone-number.ts'
import type { OptOutStore } from '../../ports/store.ts'
import { optOutOf } from '../rows.ts'
import type { Database, Queries } from './database.ts'
import { insertEvent } from './events.ts'

type Pair = { readonly organizationId: number; readonly recipient: E164 }

/**
 * An absent row cannot be locked, so pairs of organization and recipient are locked by number: shared by every
 * transaction that starts an attempt, alone by one that records an opt-out. An opt-out therefore waits for attempts
 * that are about to commit, and every attempt after it sees it. Few stripes keep the lock table small; a stripe is held
 * for the length of one transaction.
 */
const stripeCount = 64
const lockClass = 7_835

export function makeOptOuts(database: Database): OptOutStore {
  return {
    find: async (organizationId, recipient) => selectOptOut(database, { organizationId, recipient }),
    list: async (organizationId, { skip, limit }) =>
      (
        await database.all(
          'SELECT * FROM opt_outs WHERE organization_id = $1 ORDER BY created_at DESC, recipient, assistant_id, sender_id LIMIT $2 OFFSET $3',
          organizationId,
          limit,
          skip,
        )
      ).map(optOutOf),
    add: (optOut) =>
      database.transaction(async (queries) => {
        await lockOptOuts(queries, [optOut])
        const created = await insertOptOut(queries, optOut)
        const standing = await selectOptOut(queries, optOut)
        return { created, optOut: standing.find((candidate) => hasSameReach(candidate, optOut)) ?? optOut }
      }),
    addAll: (optOuts) =>
      database.transaction(async (queries) => {
        await lockOptOuts(queries, optOuts)
        return insertOptOuts(queries, optOuts)
      }),
    remove: (organizationId, recipient, params) =>
      database.transaction((queries) => removeOptOuts(queries, { organizationId, recipient, ...params })),
  }
}

function hasSameReach(left: OptOut, right: OptOut): boolean {
  return left.assistantId === right.assistantId && left.senderId === right.senderId
}

/** For whoever starts attempts: until the end of the transaction no opt-out of these pairs can commit. */
export async function shareOptOuts(queries: Queries, pairs: readonly Pair[]): Promise<void> {
  await queries.all(
    'SELECT pg_advisory_xact_lock_shared($1, stripe) FROM unnest($2::int[]) AS stripe',
    lockClass,
    stripesOf(pairs),
  )
}

/** For whoever records opt-outs: waits for the attempts under way. */
export async function lockOptOuts(queries: Queries, pairs: readonly Pair[]): Promise<void> {
  await queries.all(
    'SELECT pg_advisory_xact_lock($1, stripe) FROM unnest($2::int[]) AS stripe',
    lockClass,
    stripesOf(pairs),
  )
}

/** In ascending order, which is the order in which everybody takes them. */
function stripesOf(pairs: readonly Pair[]): number[] {
  return [...new Set(pairs.map((pair) => stripeOf(optOutKey(pair))))].sort((left, right) => left - right)
}

function stripeOf(text: string): number {
  let sum = 0
  for (let index = 0; index < text.length; index++) sum = (Math.imul(sum, 31) + text.charCodeAt(index)) | 0
  return (sum >>> 0) % stripeCount
}

export function optOutKey({ organizationId, recipient }: Pair): string {
  return `${organizationId} ${recipient}`
}

/** The widest first. */
export async function selectOptOut(queries: Queries, pair: Pair): Promise<OptOut[]> {
  return (await selectOptOuts(queries, [pair])).get(optOutKey(pair)) ?? []
}

/** By `optOutKey`; those of one person the widest first. */
export async function selectOptOuts(queries: Queries, pairs: readonly Pair[]): Promise<Map<string, OptOut[]>> {
  const rows = await queries.all(
    `SELECT o.* FROM opt_outs o
     JOIN (SELECT DISTINCT * FROM unnest($1::bigint[], $2::text[]) AS wanted (organization_id, recipient)) AS w
       USING (organization_id, recipient)
     ORDER BY o.assistant_id, o.sender_id`,
    pairs.map((pair) => pair.organizationId),
    pairs.map((pair) => pair.recipient),
  )
  const found = new Map<string, OptOut[]>()
  for (const optOut of rows.map(optOutOf))
    found.set(optOutKey(optOut), [...(found.get(optOutKey(optOut)) ?? []), optOut])
  return found
}

/**
 * With its event, and the end of what waits for the person. False when one of this reach stands already. The caller
 * holds the lock.
 */
export async function insertOptOut(queries: Queries, optOut: OptOut): Promise<boolean> {
  return (await insertOptOuts(queries, [optOut])) > 0
}

/** It was sent again: of an attempt before, nobody knows whether it left. */
const mayHaveLeft = `EXISTS (SELECT 1 FROM attempts a WHERE a.message_key = m.key AND a.outcome = 'unknown')`

/** Many as one. Sends to all of these people wait meanwhile, so it is one statement. @returns how many are new. */
async function insertOptOuts(queries: Queries, optOuts: readonly OptOut[]): Promise<number> {
  const row = await queries.get(
    `WITH written AS (
       INSERT INTO opt_outs AS o
         (organization_id, recipient, assistant_id, sender_id, source, in_doubt, evidence, created_at)
       SELECT DISTINCT ON (organization_id, recipient, assistant_id, sender_id)
         organization_id, recipient, assistant_id, sender_id, source, in_doubt, evidence, created_at
       FROM json_to_recordset($1) AS i (place INTEGER, organization_id BIGINT, recipient TEXT, assistant_id BIGINT,
         sender_id BIGINT, source TEXT, in_doubt BOOLEAN, evidence TEXT, created_at BIGINT)
       ORDER BY organization_id, recipient, assistant_id, sender_id, in_doubt, place
       ON CONFLICT (organization_id, recipient, assistant_id, sender_id) DO UPDATE SET source = excluded.source,
         in_doubt = false, evidence = excluded.evidence, created_at = excluded.created_at
         WHERE o.in_doubt AND NOT excluded.in_doubt
       RETURNING organization_id, recipient, assistant_id, sender_id, source, in_doubt, created_at
     ), told AS (
       INSERT INTO events (organization_id, recipient, type, occurred_at, data)
       SELECT organization_id, recipient, CASE WHEN in_doubt THEN 'opt_out.doubted' ELSE 'opt_out.created' END,
         created_at, json_strip_nulls(json_build_object('source', source, 'scope', CASE WHEN sender_id <> 0 THEN 'sender'
           WHEN assistant_id <> 0 THEN 'assistant' ELSE 'organization' END, 'assistant_id', nullif(assistant_id, 0),
           'phone_number_id', nullif(sender_id, 0)))
       FROM written
     ), ended AS (
       UPDATE messages AS m SET status = CASE WHEN ${mayHaveLeft} THEN 'unknown' ELSE 'suppressed' END,
         failure_reason = CASE WHEN NOT ${mayHaveLeft} THEN 'recipient_opted_out' END, guard = NULL,
         hold_reason = NULL, due_at = NULL, updated_at = w.created_at
       FROM written w
       WHERE m.organization_id = w.organization_id AND m.recipient = w.recipient AND NOT w.in_doubt
         AND m.status IN ('queued', 'scheduled', 'held') AND (m.automatic IS NULL OR m.automatic = 'opt_in_confirmation')
         AND (w.assistant_id = 0 OR m.assistant_id = w.assistant_id) AND (w.sender_id = 0 OR m.sender_id = w.sender_id)
       RETURNING m.key, m.organization_id, m.provider, m.status, m.updated_at
     ), closed AS (
       UPDATE attempts AS a SET closed_at = e.updated_at FROM ended e WHERE a.message_key = e.key AND a.closed_at IS NULL
     ), ended_told AS (
       INSERT INTO events (organization_id, message_key, type, occurred_at, data)
       SELECT organization_id, key, 'message.' || status, updated_at,
         json_build_object('provider', provider, 'reason', 'recipient_opted_out')
       FROM ended
     )
     SELECT count(*) AS written FROM written`,
    JSON.stringify(
      optOuts.map((optOut, place) => ({
        place,
        organization_id: optOut.organizationId,
        recipient: optOut.recipient,
        assistant_id: optOut.assistantId ?? 0,
        sender_id: optOut.senderId ?? 0,
        source: optOut.source,
        in_doubt: optOut.inDoubt,
        evidence: optOut.evidence ?? null,
        created_at: optOut.createdAt,
      })),
    ),
  )
  return Number(row?.written ?? 0)
}

/** With its event. @returns how many were removed. */
export async function removeOptOuts(
  queries: Queries,
  params: Pair & {
    readonly removedAt: number
    readonly onlyInDoubt: boolean
    /** Only those that cover this number; all without it. */
    readonly covering?: OptOutReach
  },
): Promise<number> {
  const { organizationId, recipient, removedAt, onlyInDoubt, covering } = params
  const removed = await queries.run(
    `DELETE FROM opt_outs WHERE organization_id = $1 AND recipient = $2 AND (in_doubt OR NOT $3)
       AND ($4::bigint IS NULL OR assistant_id IN (0, $4)) AND ($5::bigint IS NULL OR sender_id IN (0, $5))`,
    organizationId,
    recipient,
    onlyInDoubt,
    covering?.assistantId ?? null,
    covering?.senderId ?? null,
  )
  if (removed > 0)
    await insertEvent(
      queries,
      { type: 'opt_out.removed', organizationId, occurredAt: removedAt, data: {} },
      { recipient },
    )
  return removed
}
