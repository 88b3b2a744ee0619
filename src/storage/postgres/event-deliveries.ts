import { coalescedEventsMax } from '../../core/event-delivery.ts'
import type { EventDelivery, EventStore } from '../../ports/event-store.ts'
import {
  deliveryOf,
  type EndpointFacts,
  type EventFacts,
  endpointFactsOf,
  eventFactsOf,
  eventKeysOf,
  wants,
} from '../event-rows.ts'
import type { Database, Queries } from './database.ts'
import type { VisibleKey } from './event-log.ts'

type Part = Pick<EventStore, 'fanOut' | 'claimDeliveries' | 'recordTry' | 'findDelivery' | 'listDeliveries' | 'replay'>

const groupsPerRoundMax = 500

export function makeEventDeliveries(database: Database, visibleKey: VisibleKey): Part {
  return {
    fanOut: async (params) => fanOut(database, { ...params, visible: await visibleKey() }),
    claimDeliveries: (params) => claim(database, params),

    async recordTry(key, { lastTry, state, nextAt }) {
      await database.run(
        `UPDATE event_deliveries SET last_try = $1, state = $2, next_at = $3
         WHERE key = $4 AND (state = 'pending' OR $2 = 'delivered')`,
        JSON.stringify(lastTry),
        state,
        nextAt ?? null,
        key,
      )
    },

    async findDelivery(organizationId, key) {
      const row = await database.get(
        'SELECT * FROM event_deliveries WHERE key = $1 AND organization_id = $2',
        key,
        organizationId,
      )
      return row === undefined ? undefined : deliveryOf(row)
    },

    listDeliveries: async (organizationId, { endpointId, state }, { skip, limit }) =>
      (
        await database.all(
          `SELECT * FROM event_deliveries WHERE organization_id = $1
             ${endpointId === undefined ? 'AND $2::bigint IS NULL' : 'AND endpoint_id = $2'}
             ${state === undefined ? 'AND $3::text IS NULL' : 'AND state = $3'} ORDER BY key DESC LIMIT $4 OFFSET $5`,
          organizationId,
          endpointId ?? null,
          state ?? null,
          limit,
          skip,
        )
      ).map(deliveryOf),

    replay(organizationId, which, now) {
      const [condition, id] =
        'deliveryKey' in which
          ? ['key = $3', which.deliveryKey]
          : [`endpoint_id = $3 AND state = 'dead'`, which.endpointId]
      return database.run(
        `UPDATE event_deliveries SET next_at = $1, tries = CASE state WHEN 'pending' THEN tries ELSE 0 END,
           first_try_at = CASE state WHEN 'pending' THEN first_try_at END, state = 'pending'
         WHERE organization_id = $2 AND ${condition}`,
        now,
        organizationId,
        id,
      )
    },
  }
}

async function fanOut(
  database: Database,
  { now, limit, visible }: Parameters<EventStore['fanOut']>[0] & { readonly visible: number },
): Promise<number> {
  const groups = await database.all(
    `SELECT DISTINCT organization_id, seen_key FROM event_endpoints p WHERE disabled_at IS NULL AND EXISTS (
       SELECT 1 FROM events e WHERE e.organization_id = p.organization_id AND e.key > p.seen_key AND e.key <= $1)
     ORDER BY seen_key LIMIT $2`,
    visible,
    groupsPerRoundMax,
  )
  let count = 0
  for (const group of groups)
    count += await database.transaction((queries) =>
      fanOutGroup(queries, {
        organizationId: Number(group.organization_id),
        seenKey: Number(group.seen_key),
        visible,
        now,
        limit,
      }),
    )
  return count
}

type Group = {
  readonly organizationId: number
  readonly seenKey: number
  readonly visible: number
  readonly now: number
  readonly limit: number
}

/**
 * Endpoints that have seen the same are served together: the events are read once for all of them. Each is served by
 * one process at a time; another finds it locked, or its cursor moved on.
 */
async function fanOutGroup(queries: Queries, group: Group): Promise<number> {
  const { organizationId, seenKey, visible, now, limit } = group
  const endpointRows = await queries.all(
    `SELECT p.id, p.assistant_id, p.types, a.inbound FROM event_endpoints p LEFT JOIN assistants a ON a.id = p.assistant_id
     WHERE p.organization_id = $1 AND p.seen_key = $2 AND p.disabled_at IS NULL
     ORDER BY p.id FOR UPDATE OF p SKIP LOCKED`,
    organizationId,
    seenKey,
  )
  if (endpointRows.length === 0) return 0
  const endpoints = endpointRows.map(endpointFactsOf)
  const eventRows = await queries.all(
    `SELECT e.key, e.type, e.occurred_at, m.conversation_key, m.assistant_id, m.keyword
     FROM events e LEFT JOIN messages m ON m.key = e.message_key
     WHERE e.organization_id = $1 AND e.key > $2 AND e.key <= $3 ORDER BY e.key LIMIT $4`,
    organizationId,
    seenKey,
    visible,
    limit,
  )
  const events = eventRows.map(eventFactsOf)
  const wanted = endpoints.flatMap((endpoint) =>
    events.filter((event) => wants(endpoint, event)).map((event) => ({ endpoint, event })),
  )
  await insertDeliveries(
    queries,
    { organizationId, now },
    wanted.filter(({ endpoint }) => endpoint.coalesceMs === 0),
  )
  for (const pair of wanted.filter(({ endpoint }) => endpoint.coalesceMs > 0))
    if (!(await joinPending(queries, pair.endpoint, pair.event)))
      await insertDeliveries(queries, { organizationId, now }, [pair])
  await queries.run(
    'UPDATE event_endpoints SET seen_key = $1 WHERE id = ANY($2::bigint[])',
    events.at(-1)?.key ?? seenKey,
    endpoints.map(({ id }) => id),
  )
  return events.length
}

/**
 * Only one that was never tried takes more: what may have been received once must not change. A claim that commits
 * meanwhile makes the update find nothing.
 */
async function joinPending(queries: Queries, { id }: EndpointFacts, event: EventFacts): Promise<boolean> {
  const untried = `state = 'pending' AND tries = 0 AND last_try IS NULL`
  const row = await queries.get(
    `SELECT key, event_keys FROM event_deliveries
     WHERE endpoint_id = $1 AND conversation_key = $2 AND ${untried} AND next_at > $3 ORDER BY key DESC LIMIT 1`,
    id,
    event.conversationKey,
    event.occurredAt,
  )
  if (row === undefined) return false
  const eventKeys = eventKeysOf(row)
  if (eventKeys.length >= coalescedEventsMax) return false
  const written = await queries.run(
    `UPDATE event_deliveries SET event_keys = $1 WHERE key = $2 AND ${untried}`,
    JSON.stringify([...eventKeys, event.key]),
    Number(row.key),
  )
  return written > 0
}

async function insertDeliveries(
  queries: Queries,
  { organizationId, now }: { readonly organizationId: number; readonly now: number },
  pairs: readonly { readonly endpoint: EndpointFacts; readonly event: EventFacts }[],
): Promise<void> {
  if (pairs.length === 0) return
  await queries.run(
    `INSERT INTO event_deliveries (organization_id, endpoint_id, conversation_key, event_keys, state, tries, next_at,
       created_at)
     SELECT $1, endpoint_id, conversation_key, event_keys, 'pending', 0, next_at, $2
     FROM unnest($3::bigint[], $4::bigint[], $5::text[], $6::bigint[])
       WITH ORDINALITY AS wanted (endpoint_id, conversation_key, event_keys, next_at, position) ORDER BY position`,
    organizationId,
    now,
    pairs.map(({ endpoint }) => endpoint.id),
    pairs.map(({ event }) => event.conversationKey),
    pairs.map(({ event }) => JSON.stringify([event.key])),
    pairs.map(({ endpoint, event }) => (endpoint.coalesceMs === 0 ? now : event.occurredAt + endpoint.coalesceMs)),
  )
}

/** Nothing is written when nothing is due. */
async function claim(
  database: Database,
  { now, tryAgainAt, limit, slotsOf }: Parameters<EventStore['claimDeliveries']>[0],
): Promise<EventDelivery[]> {
  const rows = await database.all(
    `SELECT p.id, p.ordered FROM event_endpoints p WHERE p.disabled_at IS NULL AND EXISTS (
       SELECT 1 FROM event_deliveries d WHERE d.endpoint_id = p.id AND d.state = 'pending' AND d.next_at <= $1)
     ORDER BY random()`,
    now,
  )
  const claimed: EventDelivery[] = []
  for (const row of rows) {
    const endpointId = Number(row.id)
    const room = Math.min(slotsOf(endpointId), limit - claimed.length)
    if (room > 0)
      claimed.push(...(await claimOf(database, { endpointId, ordered: Boolean(row.ordered), now, tryAgainAt, room })))
  }
  return claimed.sort((left, right) => left.key - right.key)
}

async function claimOf(
  queries: Queries,
  params: {
    readonly endpointId: number
    readonly ordered: boolean
    readonly now: number
    readonly tryAgainAt: number
    readonly room: number
  },
): Promise<EventDelivery[]> {
  const { endpointId, ordered, now, tryAgainAt, room } = params
  const rows = await queries.all(
    `WITH RECURSIVE ${ordered ? firstOfConversations : ''} due AS MATERIALIZED (
       SELECT d.key FROM event_deliveries d
       WHERE d.endpoint_id = $1 AND d.state = 'pending' AND d.next_at <= $2
         ${ordered ? 'AND (d.conversation_key IS NULL OR d.key IN (SELECT key FROM firsts))' : ''}
       ORDER BY d.next_at, d.key LIMIT $3 FOR UPDATE SKIP LOCKED
     )
     UPDATE event_deliveries u SET tries = u.tries + 1, next_at = $4, first_try_at = coalesce(u.first_try_at, $2)
     FROM due WHERE u.key = due.key RETURNING u.*`,
    endpointId,
    now,
    room,
    tryAgainAt,
  )
  return rows.map(deliveryOf)
}

/** From one conversation to the next in the index: what waits behind the first of each is never looked at. */
const firstOfConversations = `
  firsts AS (
    (SELECT conversation_key, key FROM event_deliveries
     WHERE endpoint_id = $1 AND state = 'pending' AND conversation_key IS NOT NULL ORDER BY conversation_key, key LIMIT 1)
    UNION ALL
    SELECT n.conversation_key, n.key FROM firsts f CROSS JOIN LATERAL (
      SELECT conversation_key, key FROM event_deliveries
      WHERE endpoint_id = $1 AND state = 'pending' AND conversation_key > f.conversation_key
      ORDER BY conversation_key, key LIMIT 1) n
  ),`
