import { optOutEvent } from '../../core/event.ts'
import type { OptOut, OptOutReach } from '../../core/opt-out.ts'
import type { E164 } from '../../core/phone-number.ts'
import type { OptOutStore } from '../../ports/store.ts'
import { messageOf, optOutOf } from '../rows.ts'
import type { Database } from './database.ts'
import { insertEvent } from './events.ts'

export function makeOptOuts(database: Database): OptOutStore {
  return {
    find: async (organizationId, recipient) => selectOptOuts(database, organizationId, recipient),
    list: async (organizationId, { skip, limit }) =>
      database
        .all(
          'SELECT * FROM opt_outs WHERE organization_id = ? ORDER BY created_at DESC, recipient, assistant_id, sender_id LIMIT ? OFFSET ?',
          organizationId,
          limit,
          skip,
        )
        .map(optOutOf),
    add: (optOut) =>
      database.transaction(() => {
        const created = insertOptOut(database, optOut)
        const standing = selectOptOuts(database, optOut.organizationId, optOut.recipient)
        return { created, optOut: standing.find((candidate) => hasSameReach(candidate, optOut)) ?? optOut }
      }),
    addAll: (optOuts) => database.transaction(() => optOuts.filter((optOut) => insertOptOut(database, optOut)).length),
    remove: (organizationId, recipient, params) =>
      database.transaction(() => removeOptOuts(database, { organizationId, recipient, ...params })),
  }
}

function hasSameReach(left: OptOut, right: OptOut): boolean {
  return left.assistantId === right.assistantId && left.senderId === right.senderId
}

/** The widest first. */
export function selectOptOuts(database: Database, organizationId: number, recipient: E164): OptOut[] {
  return database
    .all(
      'SELECT * FROM opt_outs WHERE organization_id = ? AND recipient = ? ORDER BY assistant_id, sender_id',
      organizationId,
      recipient,
    )
    .map(optOutOf)
}

/** With its event, and the end of what waits for the person. False when one of this reach stands already. */
export function insertOptOut(database: Database, optOut: OptOut): boolean {
  const { organizationId, recipient, source, inDoubt, evidence, createdAt } = optOut
  const { changes } = database.run(
    `INSERT INTO opt_outs (organization_id, recipient, assistant_id, sender_id, source, in_doubt, evidence, created_at)
     VALUES (?, ?, ?, ?, ?, ?, ?, ?)
     ON CONFLICT DO UPDATE SET source = excluded.source, in_doubt = 0, evidence = excluded.evidence,
       created_at = excluded.created_at WHERE in_doubt AND NOT excluded.in_doubt`,
    organizationId,
    recipient,
    optOut.assistantId ?? 0,
    optOut.senderId ?? 0,
    source,
    inDoubt ? 1 : 0,
    evidence ?? null,
    createdAt,
  )
  if (changes === 0) return false
  insertEvent(database, optOutEvent(optOut), { recipient })
  if (!inDoubt) endWaiting(database, optOut)
  return true
}

/** With its event. @returns how many were removed. */
export function removeOptOuts(
  database: Database,
  params: {
    readonly organizationId: number
    readonly recipient: E164
    readonly removedAt: number
    readonly onlyInDoubt: boolean
    /** Only those that cover this number; all without it. */
    readonly covering?: OptOutReach
  },
): number {
  const { organizationId, recipient, removedAt, onlyInDoubt, covering } = params
  const { changes } = database.run(
    `DELETE FROM opt_outs WHERE organization_id = ? AND recipient = ? AND (in_doubt OR NOT ?)
       AND (? IS NULL OR assistant_id IN (0, ?)) AND (? IS NULL OR sender_id IN (0, ?))`,
    organizationId,
    recipient,
    onlyInDoubt ? 1 : 0,
    covering?.assistantId ?? null,
    covering?.assistantId ?? null,
    covering?.senderId ?? null,
    covering?.senderId ?? null,
  )
  if (changes > 0)
    insertEvent(database, { type: 'opt_out.removed', organizationId, occurredAt: removedAt, data: {} }, { recipient })
  return changes
}

/** It was sent again: of an attempt before, nobody knows whether it left. */
const mayHaveLeft = `EXISTS (SELECT 1 FROM attempts WHERE message_key = messages.key AND outcome = 'unknown')`

function endWaiting(database: Database, { organizationId, recipient, assistantId, senderId, createdAt }: OptOut): void {
  const rows = database.all(
    `UPDATE messages SET status = iif(${mayHaveLeft}, 'unknown', 'suppressed'),
       failure_reason = iif(${mayHaveLeft}, NULL, 'recipient_opted_out'), guard = NULL,
       hold_reason = NULL, due_at = NULL, updated_at = ?
     WHERE organization_id = ? AND recipient = ? AND status IN ('queued', 'scheduled', 'held') AND (automatic IS NULL OR automatic = 'opt_in_confirmation')
       AND (? = 0 OR assistant_id = ?) AND (? = 0 OR sender_id = ?) RETURNING *`,
    createdAt,
    organizationId,
    recipient,
    assistantId ?? 0,
    assistantId ?? 0,
    senderId ?? 0,
    senderId ?? 0,
  )
  for (const row of rows) {
    const { provider, status } = messageOf(row)
    const key = Number(row.key)
    database.run('UPDATE attempts SET closed_at = ? WHERE message_key = ? AND closed_at IS NULL', createdAt, key)
    insertEvent(
      database,
      {
        type: `message.${status}`,
        organizationId,
        occurredAt: createdAt,
        data: { provider, reason: 'recipient_opted_out' },
      },
      { messageKey: key },
    )
  }
}
