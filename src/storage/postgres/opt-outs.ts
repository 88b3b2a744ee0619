import type { OptOut } from '../../core/opt-out.ts'
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
    find: (organizationId, recipient) => selectOptOut(database, { organizationId, recipient }),
    list: async (organizationId, { skip, limit }) =>
      (
        await database.all(
          'SELECT * FROM opt_outs WHERE organization_id = $1 ORDER BY created_at DESC, recipient LIMIT $2 OFFSET $3',
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
        return { created, optOut: standing ?? optOut }
      }),
    remove: (organizationId, recipient, removedAt) =>
      database.transaction(async (queries) => {
        const removed = await queries.run(
          'DELETE FROM opt_outs WHERE organization_id = $1 AND recipient = $2',
          organizationId,
          recipient,
        )
        if (removed === 0) return false
        await insertEvent(queries, { type: 'opt_out.removed', organizationId, occurredAt: removedAt, data: {} }, null)
        return true
      }),
  }
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

export async function selectOptOut(queries: Queries, pair: Pair): Promise<OptOut | undefined> {
  return (await selectOptOuts(queries, [pair])).get(optOutKey(pair))
}

/** By `optOutKey`. */
export async function selectOptOuts(queries: Queries, pairs: readonly Pair[]): Promise<Map<string, OptOut>> {
  const rows = await queries.all(
    `SELECT o.* FROM opt_outs o
     JOIN (SELECT DISTINCT * FROM unnest($1::bigint[], $2::text[]) AS wanted (organization_id, recipient)) AS w
       USING (organization_id, recipient)`,
    pairs.map((pair) => pair.organizationId),
    pairs.map((pair) => pair.recipient),
  )
  return new Map(rows.map(optOutOf).map((optOut) => [optOutKey(optOut), optOut]))
}

/** With its event. False when one stands already. The caller holds the lock. */
export async function insertOptOut(queries: Queries, optOut: OptOut): Promise<boolean> {
  const { organizationId, recipient, source, evidence, createdAt } = optOut
  const written = await queries.run(
    `INSERT INTO opt_outs (organization_id, recipient, source, evidence, created_at) VALUES ($1, $2, $3, $4, $5)
     ON CONFLICT DO NOTHING`,
    organizationId,
    recipient,
    source,
    evidence ?? null,
    createdAt,
  )
  if (written === 0) return false
  await insertEvent(queries, { type: 'opt_out.created', organizationId, occurredAt: createdAt, data: { source } }, null)
  return true
}
