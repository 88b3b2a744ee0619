import { SmsError } from '../../core/errors.ts'
import { type EventEndpoint, type EventStore, endpointsPerOrganizationMax } from '../../ports/event-store.ts'
import { endpointOf, sealedEndpointSecrets } from '../event-rows.ts'
import type { Row } from '../rows.ts'
import type { Sealer } from '../seal.ts'
import type { Database, Queries } from './database.ts'
import { newestEventKey, type VisibleKey } from './event-log.ts'

type Part = Pick<
  EventStore,
  'listEndpoints' | 'findEndpoint' | 'findAssistantEndpoint' | 'createEndpoint' | 'changeEndpoint' | 'removeEndpoint'
>

export function makeEventEndpoints(database: Database, sealer: Sealer, visibleKey: VisibleKey): Part {
  const opened = (row: Row | undefined) => (row === undefined ? undefined : endpointOf(row, sealer))

  async function find(
    queries: Queries,
    organizationId: number,
    id: number,
    lock: '' | 'FOR UPDATE' = '',
  ): Promise<EventEndpoint | undefined> {
    return opened(
      await queries.get(
        `SELECT * FROM event_endpoints WHERE id = $1 AND organization_id = $2 ${lock}`,
        id,
        organizationId,
      ),
    )
  }

  return {
    listEndpoints: async (organizationId, { skip, limit }) =>
      (
        await database.all(
          'SELECT * FROM event_endpoints WHERE organization_id = $1 ORDER BY id LIMIT $2 OFFSET $3',
          organizationId,
          limit,
          skip,
        )
      ).map((row) => endpointOf(row, sealer)),
    findEndpoint: (organizationId, id) => find(database, organizationId, id),
    findAssistantEndpoint: async (organizationId, assistantId) =>
      opened(
        await database.get(
          'SELECT * FROM event_endpoints WHERE assistant_id = $1 AND organization_id = $2',
          assistantId,
          organizationId,
        ),
      ),
    async createEndpoint(endpoint) {
      const visible = await visibleKey()
      return database.transaction((queries) => insertEndpoint(queries, sealer, { endpoint, visible }))
    },
    changeEndpoint: (organizationId, id, change) =>
      database.transaction(async (queries) => {
        const before = await find(queries, organizationId, id, 'FOR UPDATE')
        if (before === undefined) throw new SmsError('not_found', 'No event endpoint has this id.')
        const changed = { ...change(before), id, organizationId }
        await updateEndpoint(queries, sealer, changed)
        return changed
      }),
    removeEndpoint: (organizationId, id) =>
      database.transaction(async (queries) => {
        // Under its lock no fan-out makes a delivery that would stay behind.
        if ((await find(queries, organizationId, id, 'FOR UPDATE')) === undefined) return false
        await queries.run('DELETE FROM event_deliveries WHERE endpoint_id = $1', id)
        await queries.run('DELETE FROM event_endpoints WHERE id = $1', id)
        return true
      }),
  }
}

async function insertEndpoint(
  queries: Queries,
  sealer: Sealer,
  { endpoint, visible }: { readonly endpoint: Omit<EventEndpoint, 'id'>; readonly visible: number },
): Promise<EventEndpoint> {
  const { organizationId, assistantId } = endpoint
  if (assistantId === undefined) await requireRoom(queries, organizationId)
  const row = await queries.get(
    `INSERT INTO event_endpoints (organization_id, assistant_id, url, types, sealed_secrets, ordered, trusted, seen_key,
       created_at, updated_at)
     VALUES ($1, $2, '', '[]', '[]', false, false, $3, $4, $5) RETURNING id`,
    organizationId,
    assistantId ?? null,
    await newestEventKey(queries, organizationId, visible),
    endpoint.createdAt,
    endpoint.updatedAt,
  )
  const created = { ...endpoint, id: Number(row?.id) }
  // Secrets are sealed for the row that they stand in, so its id must be known.
  await updateEndpoint(queries, sealer, created)
  return created
}

async function requireRoom(queries: Queries, organizationId: number): Promise<void> {
  // Of two at once, the second counts the first.
  await queries.get('SELECT id FROM organizations WHERE id = $1 FOR UPDATE', organizationId)
  const row = await queries.get(
    'SELECT count(*) AS count FROM event_endpoints WHERE organization_id = $1 AND assistant_id IS NULL',
    organizationId,
  )
  if (Number(row?.count) < endpointsPerOrganizationMax) return
  throw new SmsError(
    'conflict',
    `This organization has ${endpointsPerOrganizationMax} event endpoints, which is the most. Remove one.`,
  )
}

async function updateEndpoint(queries: Queries, sealer: Sealer, endpoint: EventEndpoint): Promise<void> {
  await queries.run(
    `UPDATE event_endpoints SET url = $1, description = $2, types = $3, sealed_secrets = $4, ordered = $5, trusted = $6,
       disabled_at = $7, updated_at = $8 WHERE id = $9`,
    endpoint.url,
    endpoint.description ?? null,
    JSON.stringify(endpoint.types),
    sealedEndpointSecrets(endpoint, sealer),
    endpoint.ordered,
    endpoint.trusted,
    endpoint.disabledAt ?? null,
    endpoint.updatedAt,
    endpoint.id,
  )
}
