import { type OptOut, optOutEvidenceLengthMax } from '../core/opt-out.ts'
import { isE164 } from '../core/phone-number.ts'
import type { Clock } from '../ports/clock.ts'
import type { Store } from '../ports/store.ts'

export const importedRowsMax = 20_000
const faultsShownMax = 20
/** Sends wait for the commit of each part. */
const optOutsPerCommit = 500

/** One line of a file, as it stands there. */
export type OptOutLine = {
  readonly line: number
  readonly phoneNumber: string
  readonly evidence: string
  /** Unix milliseconds; undefined when nothing is given. */
  readonly createdAt: number | 'malformed' | undefined
  readonly isOpen: boolean
}

export type OptOutImport = {
  readonly created: number
  /** They stood already, or stand twice in the file. */
  readonly existing: number
  readonly faulty: number
  /** The first of them. */
  readonly faults: readonly { readonly line: number; readonly fault: string }[]
}

/** Each good line becomes an opt-out of the whole organization; those that stand stay as they are. */
export async function importOptOuts(
  { store, clock }: { readonly store: Store; readonly clock: Clock },
  { organizationId, actor }: { readonly organizationId: number; readonly actor: string },
  lines: readonly OptOutLine[],
): Promise<OptOutImport> {
  const now = clock.now()
  const optOuts: OptOut[] = []
  const faults: { readonly line: number; readonly fault: string }[] = []
  for (const line of lines) {
    const fault = faultOf(line, now)
    if (fault !== undefined) faults.push({ line: line.line, fault })
    else if (isE164(line.phoneNumber))
      optOuts.push({
        organizationId,
        recipient: line.phoneNumber,
        source: 'import',
        inDoubt: false,
        ...(line.evidence === '' ? {} : { evidence: line.evidence }),
        createdAt: typeof line.createdAt === 'number' ? line.createdAt : now,
      })
  }
  let created = 0
  for (let start = 0; start < optOuts.length; start += optOutsPerCommit)
    created += await store.optOuts.addAll(optOuts.slice(start, start + optOutsPerCommit))
  const data = { created, existing: optOuts.length - created, faulty: faults.length }
  await store.audit.append({
    organizationId,
    occurredAt: now,
    actor,
    action: 'opt_out.imported',
    subject: 'opt-outs',
    data,
  })
  return { ...data, faults: faults.slice(0, faultsShownMax) }
}

function faultOf({ phoneNumber, evidence, createdAt, isOpen }: OptOutLine, now: number): string | undefined {
  if (isOpen) return 'A quote is not closed.'
  if (!isE164(phoneNumber)) return 'The phone number is not in E.164 format (e.g., +1234567890).'
  if (evidence.length > optOutEvidenceLengthMax)
    return `The evidence has more than ${optOutEvidenceLengthMax} characters.`
  if (!evidence.isWellFormed() || evidence.includes('\0')) return 'The evidence holds a character that no text has.'
  if (createdAt === 'malformed') return 'The time is none, as 2027-01-31T12:00:00Z is.'
  if (createdAt !== undefined && createdAt > now) return 'The time is in the future.'
  return undefined
}
