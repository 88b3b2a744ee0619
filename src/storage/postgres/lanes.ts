import type { Lane } from '../../core/pacing.ts'
import type { LaneKind } from '../../ports/queue-store.ts'
import type { LaneDebit } from '../../ports/store.ts'
import type { Row } from '../rows.ts'
import type { Queries } from './database.ts'

/** Lanes are locked last of all, numbers before accounts and each by its id, so that nobody waits in a circle. */
const inOrder = 'ORDER BY kind DESC, id'

export type Debit = { readonly organizationId: number; readonly now: number; readonly uses: readonly LaneDebit[] }

/** What was dispatched takes its room, whether there was any or not: as `advance` of the core does. */
export async function debitLanes(queries: Queries, debits: readonly Debit[]): Promise<void> {
  const sums = new Map<string, LaneDebit & { readonly organizationId: number; readonly now: number }>()
  for (const { organizationId, now, uses } of debits)
    for (const use of uses) {
      const name = `${use.kind} ${use.id}`
      const sum = sums.get(name)
      sums.set(name, {
        ...use,
        organizationId,
        now,
        costMs: use.costMs + (sum?.costMs ?? 0),
        segmentCount: use.segmentCount + (sum?.segmentCount ?? 0),
      })
    }
  if (sums.size === 0) return
  await queries.run(
    `WITH input AS MATERIALIZED (
       SELECT * FROM json_to_recordset($1) AS i (kind TEXT, id BIGINT, organization_id BIGINT, now BIGINT,
         cost_ms DOUBLE PRECISION, day INTEGER, segments BIGINT)
     )
     INSERT INTO lanes AS l (kind, id, organization_id, free_at, day, day_segments)
     SELECT kind, id, organization_id, now + cost_ms, day, segments FROM input ${inOrder}
     ON CONFLICT (kind, id) DO UPDATE SET
       free_at = (SELECT greatest(l.free_at, i.now) + i.cost_ms FROM input i WHERE i.kind = l.kind AND i.id = l.id),
       day = CASE WHEN l.day = excluded.day + 1 THEN l.day ELSE excluded.day END,
       day_segments = CASE WHEN l.day IN (excluded.day, excluded.day + 1) THEN l.day_segments ELSE 0 END
         + excluded.day_segments`,
    JSON.stringify(
      [...sums.values()].map(({ kind, id, organizationId, now, costMs, day, segmentCount }) => ({
        kind,
        id,
        organization_id: organizationId,
        now,
        cost_ms: costMs,
        day,
        segments: segmentCount,
      })),
    ),
  )
}

export type Waking = { readonly senderId: number; readonly organizationId: number; readonly at: number }

/** Something waits at these numbers: they are looked at from then on. */
export async function wakeSenders(queries: Queries, wakings: readonly Waking[]): Promise<void> {
  const first = new Map<number, Waking>()
  for (const waking of wakings) {
    const known = first.get(waking.senderId)
    if (known === undefined || waking.at < known.at) first.set(waking.senderId, waking)
  }
  if (first.size === 0) return
  await queries.run(
    `INSERT INTO lanes AS l (kind, id, organization_id, next_at)
     SELECT 'sender', id, organization_id, next_at
     FROM json_to_recordset($1) AS i (id BIGINT, organization_id BIGINT, next_at BIGINT) ORDER BY id
     ON CONFLICT (kind, id) DO UPDATE SET next_at = excluded.next_at
       WHERE l.next_at IS NULL OR l.next_at > excluded.next_at`,
    JSON.stringify(
      [...first.values()].map(({ senderId, organizationId, at }) => ({
        id: senderId,
        organization_id: organizationId,
        next_at: Math.floor(at),
      })),
    ),
  )
}

export async function slowSenders(
  queries: Queries,
  slowdowns: readonly { readonly senderId: number; readonly organizationId: number; readonly until: number }[],
): Promise<void> {
  const longest = new Map<number, (typeof slowdowns)[number]>()
  for (const slowdown of slowdowns)
    if (slowdown.until > (longest.get(slowdown.senderId)?.until ?? 0)) longest.set(slowdown.senderId, slowdown)
  if (longest.size === 0) return
  await queries.run(
    `INSERT INTO lanes AS l (kind, id, organization_id, slowed_until)
     SELECT 'sender', id, organization_id, slowed_until
     FROM json_to_recordset($1) AS i (id BIGINT, organization_id BIGINT, slowed_until BIGINT) ORDER BY id
     ON CONFLICT (kind, id) DO UPDATE SET slowed_until = greatest(l.slowed_until, excluded.slowed_until)`,
    JSON.stringify(
      [...longest.values()].map(({ senderId, organizationId, until }) => ({
        id: senderId,
        organization_id: organizationId,
        slowed_until: until,
      })),
    ),
  )
}

/** Before several statements that lock some of these numbers each. */
export async function lockSenders(
  queries: Queries,
  owners: readonly { readonly senderId: number; readonly organizationId: number }[],
): Promise<void> {
  await lockLanes(queries, 'sender', new Map(owners.map((owner) => [owner.senderId, owner])))
}

/** Locked, in the order of their ids; those that do not exist yet begin here. */
export async function lockLanes(
  queries: Queries,
  kind: LaneKind,
  owners: ReadonlyMap<number, { readonly organizationId: number }>,
): Promise<Row[]> {
  const ids = [...owners.keys()]
  const select = () =>
    queries.all('SELECT * FROM lanes WHERE kind = $1 AND id = ANY($2::bigint[]) ORDER BY id FOR UPDATE', kind, ids)
  const found = await select()
  if (found.length === ids.length) return found
  await queries.run(
    `INSERT INTO lanes (kind, id, organization_id)
     SELECT $1, * FROM unnest($2::bigint[], $3::bigint[]) AS i (id, organization_id) ORDER BY id ON CONFLICT DO NOTHING`,
    kind,
    ids,
    [...owners.values()].map(({ organizationId }) => organizationId),
  )
  return select()
}

export type SavedLane = {
  readonly kind: LaneKind
  readonly id: number
  readonly lane: Lane
  /** Left as they are when absent. */
  readonly look?: { readonly nextAt: number | null; readonly leasedUntil: number }
}

/** The caller has locked them. */
export async function saveLanes(queries: Queries, lanes: readonly SavedLane[]): Promise<void> {
  if (lanes.length === 0) return
  await queries.run(
    `UPDATE lanes l SET free_at = i.free_at, slowed_until = i.slowed_until, day = i.day, day_segments = i.day_segments,
       next_at = CASE WHEN i.looks THEN i.next_at ELSE l.next_at END,
       leased_until = CASE WHEN i.looks THEN i.leased_until ELSE l.leased_until END
     FROM json_to_recordset($1) AS i (kind TEXT, id BIGINT, free_at DOUBLE PRECISION, slowed_until BIGINT, day INTEGER,
       day_segments BIGINT, looks BOOLEAN, next_at BIGINT, leased_until BIGINT)
     WHERE l.kind = i.kind AND l.id = i.id`,
    JSON.stringify(
      lanes.map(({ kind, id, lane, look }) => ({
        kind,
        id,
        free_at: lane.freeAt,
        slowed_until: lane.slowedUntil,
        day: lane.day,
        day_segments: lane.daySegments,
        looks: look !== undefined,
        next_at: look?.nextAt == null ? null : Math.ceil(look.nextAt),
        leased_until: look?.leasedUntil ?? 0,
      })),
    ),
  )
}
