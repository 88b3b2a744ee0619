import { hash } from 'node:crypto'
import type { E164 } from '../core/phone-number.ts'

/** A person in the audit log: whoever has the number can find their entries; the number itself is not kept. */
export function personSubject(organizationId: number, person: E164): string {
  return `person ${hash('sha256', `${organizationId}:${person}`, 'hex').slice(0, 16)}`
}
