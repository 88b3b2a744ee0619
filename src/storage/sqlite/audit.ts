import type { AuditEntry } from '../../core/audit.ts'
import type { AuditStore } from '../../ports/audit-store.ts'
import { auditColumns, auditRecordOf } from '../rows.ts'
import type { Database } from './database.ts'

export function makeAudit(database: Database): AuditStore {
  return {
    append: (entry) => database.transaction(() => appendAudit(database, entry)),
    list: async (organizationId, { limit, before }) =>
      database
        .all(
          'SELECT * FROM audit_log WHERE organization_id = ? AND key < ? ORDER BY key DESC LIMIT ?',
          organizationId,
          before ?? Number.MAX_SAFE_INTEGER,
          limit,
        )
        .map(auditRecordOf),
  }
}

/** Inside a transaction. */
export function appendAudit(database: Database, entry: AuditEntry | undefined): void {
  if (entry === undefined) return
  database.run(
    'INSERT INTO audit_log (organization_id, occurred_at, actor, action, subject, data) VALUES (?, ?, ?, ?, ?, ?)',
    ...auditColumns(entry),
  )
}
