/**
 * What waits, for `backlogOf`. SQL of both engines. Each part walks an index of what waits alone, in its order, no further
 * than its limit; without an order PostgreSQL may read the whole table, where it believes that nearly all of it waits.
 */
export function backlogStatement(countMax: number): string {
  const upTo = (table: string, condition: string, order: string) =>
    `(SELECT count(*) FROM (SELECT 1 FROM ${table} WHERE ${condition} ORDER BY ${order} LIMIT ${countMax}) AS counted)`
  const waiting = (status: string) =>
    upTo('messages', `status = '${status}' AND ${waits}`, 'status, organization_id, provider, hold_reason')
  return `
    SELECT ${waiting('queued')} AS queued, ${waiting('scheduled')} AS scheduled, ${waiting('held')} AS held, (
        SELECT min(oldest.at) FROM (
          SELECT (SELECT coalesce(send_at, created_at) FROM messages WHERE status = 'queued' AND ${waits}
            AND organization_id = o.organization_id AND provider = o.provider AND hold_reason IS NULL
            ORDER BY hold_reason, coalesce(send_at, created_at) LIMIT 1) AS at
          FROM (SELECT DISTINCT organization_id, provider FROM provider_accounts) AS o) AS oldest) AS oldest_queued_at,
      ${upTo('messages', "status = 'unknown'", 'key')} AS unknown,
      ${upTo('event_deliveries', "state = 'pending'", 'created_at')} AS pending,
      ${upTo('event_deliveries', "state = 'dead'", 'endpoint_id, key')} AS dead,
      (SELECT created_at FROM event_deliveries WHERE state = 'pending' ORDER BY created_at LIMIT 1) AS oldest_delivery_at`
}

/** As the index says it. */
const waits = "status IN ('queued', 'scheduled', 'held')"
