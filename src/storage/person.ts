import type { E164 } from '../core/phone-number.ts'
import type { Row } from './rows.ts'

/** A message that waits, or whose provider has not answered, is still needed: removing it would lose what became of it. */
export function mayBeErased({ status }: Row): boolean {
  return !['scheduled', 'held', 'queued', 'sending'].includes(String(status))
}

/** The digits of the number in what a provider sent, as JSON or as a form, and not within a longer one. */
export function numberPattern(person: E164): RegExp {
  return new RegExp(`(?:(?<!\\d)|(?<=%[\\dA-Fa-f]{2}))${person.slice(1)}(?!\\d)`)
}
