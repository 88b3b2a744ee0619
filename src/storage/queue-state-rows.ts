import type { QueueFacts, QueueHold } from '../core/queue-hold.ts'
import type { Row } from './rows.ts'

/**
 * Something would be sent without a person. SQL of both engines; each part looks into an index of what waits alone. The
 * orders are those of the indexes: without them PostgreSQL reads the whole table, once it believes that nearly all waits.
 */
export const somethingWaits = `(
  (SELECT key FROM messages WHERE status = 'queued' ORDER BY sender_id, priority, key LIMIT 1) IS NOT NULL
  OR (SELECT key FROM messages WHERE status IN ('scheduled', 'held') AND due_at IS NOT NULL ORDER BY due_at LIMIT 1)
    IS NOT NULL
  OR EXISTS (SELECT 1 FROM messages WHERE status = 'sending' AND on_unknown = 'resend'))`

export function queueHoldOf(row: Row | undefined): QueueHold | undefined {
  if (row?.held_at === null || row?.held_at === undefined) return undefined
  return { since: Number(row.held_at), reason: String(row.held_reason) }
}

/** Of a row with `beat_at`, and `somethingWaits` as `waits`. */
export function queueFactsOf(row: Row | undefined, witness: QueueFacts['witness']): QueueFacts {
  return {
    beatAt: row?.beat_at === null || row?.beat_at === undefined ? undefined : Number(row.beat_at),
    witness,
    waits: Boolean(row?.waits),
  }
}
