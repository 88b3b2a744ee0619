import type { AuditEntry } from '../../core/audit.ts'
import type { AuditStore } from '../../ports/audit-store.ts'
import { auditColumns, auditRecordOf } from '../rows.ts'
import type { Database, Queries } from './database.ts'

export function makeAudit(database: Database): AuditStore {
  return {
    append: (entry) => appendAudit(database, entry),
    list: async (organizationId, { limit, before }) =>
      (
        await database.all(
          'SELECT * FROM audit_log WHERE organization_id = $1 AND key < $2 ORDER BY key DESC LIMIT $3',
          organizationId,
          before ?? Number.MAX_SAFE_INTEGER,
          limit,
        )
      ).map(auditRecordOf),
  }
}

export async function appendAudit(queries: Queries, entry: AuditEntry | undefined): Promise<void> {
  if (entry === undefined) return
  await queries.run(
    `INSERT INTO audit_log (organization_id, occurred_at, actor, action, subject, data)
     VALUES ($1, $2, $3, $4, $5, $6)`,
    ...auditColumns(entry),
  )
}
