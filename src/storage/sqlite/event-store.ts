import type { EventStore } from '../../ports/event-store.ts'
import type { Sealer } from '../seal.ts'
import type { Database } from './database.ts'
import { makeEventDeliveries } from './event-deliveries.ts'
import { makeEventEndpoints } from './event-endpoints.ts'
import { makeEventLog } from './event-log.ts'

export function makeEventStore(database: Database, sealer: Sealer): EventStore {
  return { ...makeEventLog(database), ...makeEventEndpoints(database, sealer), ...makeEventDeliveries(database) }
}
