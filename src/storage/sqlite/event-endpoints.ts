import { SmsError } from '../../core/errors.ts'
import { type EventEndpoint, type EventStore, endpointsPerOrganizationMax } from '../../ports/event-store.ts'
import { endpointOf, sealedEndpointSecrets } from '../event-rows.ts'
import type { Row } from '../rows.ts'
import type { Sealer } from '../seal.ts'
import type { Database } from './database.ts'
import { newestEventKey } from './event-log.ts'

type Part = Pick<
  EventStore,
  'listEndpoints' | 'findEndpoint' | 'findAssistantEndpoint' | 'createEndpoint' | 'changeEndpoint' | 'removeEndpoint'
>

export function makeEventEndpoints(database: Database, sealer: Sealer): Part {
  const opened = (row: Row | undefined) => (row === undefined ? undefined : endpointOf(row, sealer))

  function find(organizationId: number, id: number): EventEndpoint | undefined {
    return opened(
      database.get('SELECT * FROM event_endpoints WHERE id = ? AND organization_id = ?', id, organizationId),
    )
  }

  return {
    listEndpoints: async (organizationId, { skip, limit }) =>
      database
        .all(
          'SELECT * FROM event_endpoints WHERE organization_id = ? ORDER BY id LIMIT ? OFFSET ?',
          organizationId,
          limit,
          skip,
        )
        .map((row) => endpointOf(row, sealer)),
    findEndpoint: async (organizationId, id) => find(organizationId, id),
    findAssistantEndpoint: async (organizationId, assistantId) =>
      opened(
        database.get(
          'SELECT * FROM event_endpoints WHERE assistant_id = ? AND organization_id = ?',
          assistantId,
          organizationId,
        ),
      ),
    createEndpoint: (endpoint) => database.transaction(() => insertEndpoint(database, sealer, endpoint)),
    changeEndpoint: (organizationId, id, change) =>
      database.transaction(() => {
        const before = find(organizationId, id)
        if (before === undefined) throw new SmsError('not_found', 'No event endpoint has this id.')
        const changed = { ...change(before), id, organizationId }
        updateEndpoint(database, sealer, changed)
        return changed
      }),
    removeEndpoint: (organizationId, id) =>
      database.transaction(() => {
        if (find(organizationId, id) === undefined) return false
        database.run('DELETE FROM event_deliveries WHERE endpoint_id = ?', id)
        database.run('DELETE FROM event_endpoints WHERE id = ?', id)
        return true
      }),
  }
}

function insertEndpoint(database: Database, sealer: Sealer, endpoint: Omit<EventEndpoint, 'id'>): EventEndpoint {
  const { organizationId, assistantId } = endpoint
  if (assistantId === undefined) requireRoom(database, organizationId)
  const { lastKey } = database.run(
    `INSERT INTO event_endpoints (organization_id, assistant_id, url, types, sealed_secrets, ordered, trusted, seen_key,
       created_at, updated_at)
     VALUES (?, ?, '', '[]', '[]', 0, 0, ?, ?, ?)`,
    organizationId,
    assistantId ?? null,
    newestEventKey(database, organizationId),
    endpoint.createdAt,
    endpoint.updatedAt,
  )
  const created = { ...endpoint, id: lastKey }
  // Secrets are sealed for the row that they stand in, so its id must be known.
  updateEndpoint(database, sealer, created)
  return created
}

function requireRoom(database: Database, organizationId: number): void {
  const row = database.get(
    'SELECT count(*) AS count FROM event_endpoints WHERE organization_id = ? AND assistant_id IS NULL',
    organizationId,
  )
  if (Number(row?.count) < endpointsPerOrganizationMax) return
  throw new SmsError(
    'conflict',
    `This organization has ${endpointsPerOrganizationMax} event endpoints, which is the most. Remove one.`,
  )
}

function updateEndpoint(database: Database, sealer: Sealer, endpoint: EventEndpoint): void {
  database.run(
    `UPDATE event_endpoints SET url = ?, description = ?, types = ?, sealed_secrets = ?, ordered = ?, trusted = ?,
       disabled_at = ?, updated_at = ? WHERE id = ?`,
    endpoint.url,
    endpoint.description ?? null,
    JSON.stringify(endpoint.types),
    sealedEndpointSecrets(endpoint, sealer),
    endpoint.ordered ? 1 : 0,
    endpoint.trusted ? 1 : 0,
    endpoint.disabledAt ?? null,
    endpoint.updatedAt,
    endpoint.id,
  )
}
