import type { OptOut } from '../../core/opt-out.ts'
import type { E164 } from '../../core/phone-number.ts'
import type { OptOutStore } from '../../ports/store.ts'
import { optOutOf } from '../rows.ts'
import type { Database } from './database.ts'
import { insertEvent } from './events.ts'

export function makeOptOuts(database: Database): OptOutStore {
  return {
    find: async (organizationId, recipient) => selectOptOut(database, organizationId, recipient),
    list: async (organizationId, { skip, limit }) =>
      database
        .all(
          'SELECT * FROM opt_outs WHERE organization_id = ? ORDER BY created_at DESC, recipient LIMIT ? OFFSET ?',
          organizationId,
          limit,
          skip,
        )
        .map(optOutOf),
    add: (optOut) =>
      database.transaction(() => {
        const created = insertOptOut(database, optOut)
        const standing = selectOptOut(database, optOut.organizationId, optOut.recipient)
        return { created, optOut: standing ?? optOut }
      }),
    remove: (organizationId, recipient, removedAt) =>
      database.transaction(() => {
        const { changes } = database.run(
          'DELETE FROM opt_outs WHERE organization_id = ? AND recipient = ?',
          organizationId,
          recipient,
        )
        if (changes === 0) return false
        insertEvent(database, { type: 'opt_out.removed', organizationId, occurredAt: removedAt, data: {} }, null)
        return true
      }),
  }
}

export function selectOptOut(database: Database, organizationId: number, recipient: E164): OptOut | undefined {
  const row = database.get(
    'SELECT * FROM opt_outs WHERE organization_id = ? AND recipient = ?',
    organizationId,
    recipient,
  )
  return row === undefined ? undefined : optOutOf(row)
}

/** With its event. False when one stands already. */
export function insertOptOut(database: Database, optOut: OptOut): boolean {
  const { changes } = database.run(
    `INSERT INTO opt_outs (organization_id, recipient, source, evidence, created_at) VALUES (?, ?, ?, ?, ?)
     ON CONFLICT DO NOTHING`,
    optOut.organizationId,
    optOut.recipient,
    optOut.source,
    optOut.evidence ?? null,
    optOut.createdAt,
  )
  if (changes === 0) return false
  insertEvent(
    database,
    {
      type: 'opt_out.created',
      organizationId: optOut.organizationId,
      occurredAt: optOut.createdAt,
      data: { source: optOut.source },
    },
    null,
  )
  return true
}
