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
import type { Database } from './database.ts'

type Part = Pick<EventStore, 'fanOut' | 'claimDeliveries' | 'recordTry' | 'findDelivery' | 'listDeliveries' | 'replay'>

const groupsPerRoundMax = 500

export function makeEventDeliveries(database: Database): Part {
  return {
    fanOut: (params) => fanOut(database, params),
    claimDeliveries: (params) => claim(database, params),

    recordTry: (key, { lastTry, state, nextAt }) =>
      database.transaction(() => {
        database.run(
          `UPDATE event_deliveries SET last_try = ?, state = ?, next_at = ?
           WHERE key = ? AND (state = 'pending' OR ? = 'delivered')`,
          JSON.stringify(lastTry),
          state,
          nextAt ?? null,
          key,
          state,
        )
      }),

    async findDelivery(organizationId, key) {
      const row = database.get(
        'SELECT * FROM event_deliveries WHERE key = ? AND organization_id = ?',
        key,
        organizationId,
      )
      return row === undefined ? undefined : deliveryOf(row)
    },

    listDeliveries: async (organizationId, { endpointId, state }, { skip, limit }) =>
      database
        .all(
          `SELECT * FROM event_deliveries WHERE organization_id = ? ${endpointId === undefined ? '' : 'AND endpoint_id = ?'}
             ${state === undefined ? '' : 'AND state = ?'} ORDER BY key DESC LIMIT ? OFFSET ?`,
          organizationId,
          ...(endpointId === undefined ? [] : [endpointId]),
          ...(state === undefined ? [] : [state]),
          limit,
          skip,
        )
        .map(deliveryOf),

    replay: (organizationId, which, now) =>
      database.transaction(() => {
        const [condition, id] =
          'deliveryKey' in which
            ? ['key = ?', which.deliveryKey]
            : [`endpoint_id = ? AND state = 'dead'`, which.endpointId]
        return database.run(
          `UPDATE event_deliveries SET next_at = ?, tries = iif(state = 'pending', tries, 0),
             first_try_at = iif(state = 'pending', first_try_at, NULL), state = 'pending'
           WHERE organization_id = ? AND ${condition}`,
          now,
          organizationId,
          id,
        ).changes
      }),
  }
}

async function fanOut(database: Database, { now, limit }: Parameters<EventStore['fanOut']>[0]): Promise<number> {
  const groups = database.all(
    `SELECT DISTINCT organization_id, seen_key FROM event_endpoints p WHERE disabled_at IS NULL AND EXISTS (
       SELECT 1 FROM events e WHERE e.organization_id = p.organization_id AND e.key > p.seen_key)
     ORDER BY seen_key LIMIT ?`,
    groupsPerRoundMax,
  )
  let count = 0
  for (const group of groups)
    count += await database.transaction(() =>
      fanOutGroup(database, {
        organizationId: Number(group.organization_id),
        seenKey: Number(group.seen_key),
        now,
        limit,
      }),
    )
  return count
}

type Group = { readonly organizationId: number; readonly seenKey: number; readonly now: number; readonly limit: number }

/** Endpoints that have seen the same are served together: the events are read once for all of them. */
function fanOutGroup(database: Database, { organizationId, seenKey, now, limit }: Group): number {
  const endpoints = database
    .all(
      `SELECT p.id, p.assistant_id, p.types, a.inbound FROM event_endpoints p LEFT JOIN assistants a ON a.id = p.assistant_id
       WHERE p.organization_id = ? AND p.seen_key = ? AND p.disabled_at IS NULL ORDER BY p.id`,
      organizationId,
      seenKey,
    )
    .map(endpointFactsOf)
  const events = database
    .all(
      `SELECT e.key, e.type, e.occurred_at, m.conversation_key, m.assistant_id, m.keyword
       FROM events e LEFT JOIN messages m ON m.key = e.message_key
       WHERE e.organization_id = ? AND e.key > ? ORDER BY e.key LIMIT ?`,
      organizationId,
      seenKey,
      limit,
    )
    .map(eventFactsOf)
  for (const endpoint of endpoints)
    for (const event of events.filter((candidate) => wants(endpoint, candidate)))
      if (!joinPending(database, endpoint, event)) insertDelivery(database, { organizationId, endpoint, event, now })
  database.run(
    'UPDATE event_endpoints SET seen_key = ? WHERE organization_id = ? AND seen_key = ? AND disabled_at IS NULL',
    events.at(-1)?.key ?? seenKey,
    organizationId,
    seenKey,
  )
  return events.length
}

/** Only one that was never tried takes more: what may have been received once must not change. */
function joinPending(database: Database, { id, coalesceMs }: EndpointFacts, event: EventFacts): boolean {
  if (coalesceMs === 0) return false
  const row = database.get(
    `SELECT key, event_keys FROM event_deliveries
     WHERE endpoint_id = ? AND conversation_key = ? AND state = 'pending' AND tries = 0 AND last_try IS NULL
       AND next_at > ? ORDER BY key DESC LIMIT 1`,
    id,
    event.conversationKey,
    event.occurredAt,
  )
  if (row === undefined) return false
  const eventKeys = eventKeysOf(row)
  if (eventKeys.length >= coalescedEventsMax) return false
  database.run(
    'UPDATE event_deliveries SET event_keys = ? WHERE key = ?',
    JSON.stringify([...eventKeys, event.key]),
    Number(row.key),
  )
  return true
}

function insertDelivery(
  database: Database,
  params: {
    readonly organizationId: number
    readonly endpoint: EndpointFacts
    readonly event: EventFacts
    readonly now: number
  },
): void {
  const { organizationId, endpoint, event, now } = params
  database.run(
    `INSERT INTO event_deliveries (organization_id, endpoint_id, conversation_key, event_keys, state, tries, next_at,
       created_at)
     VALUES (?, ?, ?, ?, 'pending', 0, ?, ?)`,
    organizationId,
    endpoint.id,
    event.conversationKey,
    JSON.stringify([event.key]),
    endpoint.coalesceMs === 0 ? now : event.occurredAt + endpoint.coalesceMs,
    now,
  )
}

/** Nothing is written, and no commit waited for, when nothing is due. */
async function claim(
  database: Database,
  { now, tryAgainAt, limit, slotsOf }: Parameters<EventStore['claimDeliveries']>[0],
): Promise<EventDelivery[]> {
  const waiting = database
    .all(
      `SELECT p.id, p.ordered FROM event_endpoints p WHERE p.disabled_at IS NULL AND EXISTS (
         SELECT 1 FROM event_deliveries d WHERE d.endpoint_id = p.id AND d.state = 'pending' AND d.next_at <= ?)
       ORDER BY random()`,
      now,
    )
    .map((row) => ({ id: Number(row.id), ordered: Boolean(row.ordered), slots: slotsOf(Number(row.id)) }))
    .filter(({ slots }) => slots > 0)
  if (waiting.length === 0) return []
  return database.transaction(() => {
    const claimed: EventDelivery[] = []
    for (const { id, ordered, slots } of waiting) {
      const room = Math.min(slots, limit - claimed.length)
      if (room <= 0) break
      const rows = database.all(
        `UPDATE event_deliveries SET tries = tries + 1, next_at = ?, first_try_at = coalesce(first_try_at, ?)
         WHERE key IN (SELECT d.key FROM event_deliveries d
           WHERE d.endpoint_id = ? AND d.state = 'pending' AND d.next_at <= ? ${ordered ? firstOfConversation : ''}
           ORDER BY d.next_at, d.key LIMIT ?)
         RETURNING *`,
        tryAgainAt,
        now,
        id,
        now,
        room,
      )
      claimed.push(...rows.map(deliveryOf))
    }
    return claimed.sort((left, right) => left.key - right.key)
  })
}

const firstOfConversation = `AND NOT EXISTS (
  SELECT 1 FROM event_deliveries o WHERE o.endpoint_id = d.endpoint_id AND o.conversation_key = d.conversation_key
    AND o.state = 'pending' AND o.key < d.key)`
