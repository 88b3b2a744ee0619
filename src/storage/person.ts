import type { E164 } from '../core/phone-number.ts'
import type { PersonMessage } from '../ports/people-store.ts'
import type { MessageRecord } from '../ports/store.ts'
import { eventOf, type Row, receiptOf } from './rows.ts'

/** A message that waits, or whose provider has not answered, is still needed: removing it would lose what became of it. */
export function mayBeErased({ status }: Row): boolean {
  return !['scheduled', 'held', 'queued', 'sending'].includes(String(status))
}

/** The digits of the number in what a provider sent, as JSON or as a form, and not within a longer one. */
export function numberPattern(person: E164): RegExp {
  return new RegExp(`(?:(?<!\\d)|(?<=%[\\dA-Fa-f]{2}))${person.slice(1)}(?!\\d)`)
}

/** Messages with their rows of `receipts` and `events`, which keep their order. */
export function wholeMessages(
  records: readonly MessageRecord[],
  { receipts, events }: { readonly receipts: readonly Row[]; readonly events: readonly Row[] },
): PersonMessage[] {
  const [receiptsOf, eventsOf] = [receipts, events].map((rows) => Map.groupBy(rows, (row) => Number(row.message_key)))
  return records.map((record) => ({
    ...record,
    receipts: (receiptsOf?.get(record.key) ?? []).map(receiptOf),
    events: (eventsOf?.get(record.key) ?? []).map(eventOf),
  }))
}
