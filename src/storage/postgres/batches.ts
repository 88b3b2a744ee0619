import type { BatchStore } from '../../ports/batch-store.ts'
import { wholeBatchRoute } from '../whole-batch.ts'
import type { Database } from './database.ts'

export function makeBatches(database: Database): BatchStore {
  return {
    takeKey: ({ organizationId, key, requestHash, now, forgetBefore }) =>
      database.transaction(async (queries) => {
        const taken = await queries.get(
          `INSERT INTO idempotency_keys AS k (organization_id, route, key, request_hash, message_id, created_at)
           VALUES ($1, $2, $3, $4, '', $5)
           ON CONFLICT (organization_id, route, key) DO UPDATE SET request_hash = excluded.request_hash,
             created_at = excluded.created_at WHERE k.created_at < $6
           RETURNING 1`,
          organizationId,
          wholeBatchRoute,
          key,
          requestHash,
          now,
          forgetBefore,
        )
        if (taken !== undefined) return 'taken'
        const known = await queries.get(
          'SELECT request_hash FROM idempotency_keys WHERE organization_id = $1 AND route = $2 AND key = $3',
          organizationId,
          wholeBatchRoute,
          key,
        )
        return known?.request_hash === requestHash ? 'same' : 'other'
      }),
  }
}
