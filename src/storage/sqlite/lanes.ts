import type { Lane } from '../../core/pacing.ts'
import type { LaneKind } from '../../ports/queue-store.ts'
import type { LaneDebit } from '../../ports/store.ts'
import { laneOf } from '../rows.ts'
import type { Database, Row } from './database.ts'

type LaneName = { readonly kind: LaneKind; readonly id: number }

/** What was dispatched takes its room, whether there was any or not: as `advance` of the core does. */
export function debitLanes(
  database: Database,
  uses: readonly LaneDebit[],
  { organizationId, now }: { readonly organizationId: number; readonly now: number },
): void {
  for (const { kind, id, costMs, segmentCount, day } of uses)
    database.run(
      `INSERT INTO lanes (kind, id, organization_id, free_at, day, day_segments) VALUES (?1, ?2, ?3, ?4 + ?5, ?6, ?7)
       ON CONFLICT DO UPDATE SET free_at = max(free_at, ?4) + ?5, day = iif(day = ?6 + 1, day, ?6),
         day_segments = iif(day IN (?6, ?6 + 1), day_segments, 0) + ?7`,
      kind,
      id,
      organizationId,
      now,
      costMs,
      day,
      segmentCount,
    )
}

/** Something waits at the number: it is looked at from then on. */
export function wakeSender(
  database: Database,
  { senderId, organizationId, at }: { readonly senderId: number; readonly organizationId: number; readonly at: number },
): void {
  database.run(
    `INSERT INTO lanes (kind, id, organization_id, next_at) VALUES ('sender', ?1, ?2, ?3)
     ON CONFLICT DO UPDATE SET next_at = ?3 WHERE next_at IS NULL OR next_at > ?3`,
    senderId,
    organizationId,
    at,
  )
}

export function slowSender(
  database: Database,
  {
    senderId,
    organizationId,
    until,
  }: { readonly senderId: number; readonly organizationId: number; readonly until: number },
): void {
  database.run(
    `INSERT INTO lanes (kind, id, organization_id, slowed_until) VALUES ('sender', ?1, ?2, ?3)
     ON CONFLICT DO UPDATE SET slowed_until = max(slowed_until, ?3)`,
    senderId,
    organizationId,
    until,
  )
}

export function selectLane(database: Database, { kind, id }: LaneName): Row | undefined {
  return database.get('SELECT * FROM lanes WHERE kind = ? AND id = ?', kind, id)
}

export function saveLane(
  database: Database,
  { kind, id }: LaneName,
  { organizationId, ...lane }: Lane & { readonly organizationId: number },
): void {
  database.run(
    `INSERT INTO lanes (kind, id, organization_id, free_at, slowed_until, day, day_segments)
     VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)
     ON CONFLICT DO UPDATE SET free_at = ?4, slowed_until = ?5, day = ?6, day_segments = ?7`,
    kind,
    id,
    organizationId,
    lane.freeAt,
    lane.slowedUntil,
    lane.day,
    lane.daySegments,
  )
}

export function findLane(database: Database, name: LaneName): Lane {
  return laneOf(selectLane(database, name))
}
