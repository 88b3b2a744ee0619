import type { BatchStore } from '../../ports/batch-store.ts'
import { wholeBatchRoute } from '../whole-batch.ts'
import type { Database } from './database.ts'

export function makeBatches(database: Database): BatchStore {
  return {
    takeKey: ({ organizationId, key, requestHash, now, forgetBefore }) =>
      database.transaction(() => {
        const known = database.get(
          `SELECT request_hash FROM idempotency_keys
           WHERE organization_id = ? AND route = ? AND key = ? AND created_at >= ?`,
          organizationId,
          wholeBatchRoute,
          key,
          forgetBefore,
        )
        if (known !== undefined) return known.request_hash === requestHash ? 'same' : 'other'
        database.run(
          `INSERT OR REPLACE INTO idempotency_keys (organization_id, route, key, request_hash, message_id, created_at)
           VALUES (?, ?, ?, ?, '', ?)`,
          organizationId,
          wholeBatchRoute,
          key,
          requestHash,
          now,
        )
        return 'taken'
      }),
  }
}
