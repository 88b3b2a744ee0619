import type { EventStore } from '../../ports/event-store.ts'
import type { Sealer } from '../seal.ts'
import type { Database } from './database.ts'
import { makeEventDeliveries } from './event-deliveries.ts'
import { makeEventEndpoints } from './event-endpoints.ts'
import { makeEventLog, makeVisibleKey } from './event-log.ts'

export function makeEventStore(database: Database, sealer: Sealer): EventStore {
  const visibleKey = makeVisibleKey(database)
  return {
    ...makeEventLog(database, visibleKey),
    ...makeEventEndpoints(database, sealer, visibleKey),
    ...makeEventDeliveries(database, visibleKey),
  }
}
