import type { DeliveryReceipt } from './delivery-receipt.ts'
import type { Failure } from './failure.ts'
import type { Attempt } from './message.ts'
import type { DispatchedStatus, MessageStatus, ReceiptStatus } from './message-status.ts'

/** What to do about a message that is `unknown`. */
export const unknownAdvice =
  'The provider gave no usable answer, and no sign of the text showed up in time: it may have gone out. Decide it with POST /api/v1/unknowns/{id}/resolve.'

/** All that is known about a dispatched message. Both are sets: their order and repetition mean nothing. */
export type Evidence = {
  /** At least one. */
  readonly attempts: readonly Attempt[]
  readonly receipts: readonly DeliveryReceipt[]
  /** It goes back to the queue when it was not sent, instead of being tried again in its request. */
  readonly queued?: boolean
}

export type Conclusion = {
  readonly status: DispatchedStatus
  readonly failure?: Failure
  readonly providerMessageId?: string
}

/**
 * What a message has come to. Receipts come twice, late and out of order, so the strongest fact decides and any order
 * gives the same end:
 *
 *   any receipt > an accepted attempt > what the attempts without acceptance came to
 *
 * A signed receipt shows that the provider has the message, whatever our own call saw. A confirmed delivery outweighs
 * every failure report: the person holds the text in their hand.
 */
export function conclude({ attempts, receipts, queued = false }: Evidence): Conclusion {
  const providerMessageId = providerMessageIdOf({ attempts, receipts })
  const known = providerMessageId === undefined ? {} : { providerMessageId }
  if (receipts.length > 0) return { ...concludeReceipts(receipts), ...known }
  if (attempts.some((attempt) => attempt.outcome?.kind === 'accepted' || attempt.vouchedAt !== undefined))
    return { status: 'sent', ...known }
  return concludeRefusals(attempts, queued)
}

/**
 * Whether an identical send must still join the message instead of going out. While it is unresolved, of course. But
 * also after evidence came that it did go out, if its own call had left no answer: its caller was told 500 and may be
 * about to repeat it. Only reading what became of it, or the end of the evidence window, ends that. Where the policy
 * says so, every text that may reach its person holds back its duplicates for a while.
 */
export function keepsGuard(
  status: MessageStatus,
  attempts: readonly Attempt[],
  duplicates: { readonly duplicateUntil?: number; readonly now: number },
): boolean {
  const holdsBack = duplicates.duplicateUntil !== undefined && duplicates.duplicateUntil > duplicates.now
  switch (status) {
    case 'sending':
    case 'unknown':
      return true
    case 'sent':
    case 'delivered':
    case 'undelivered':
      return holdsBack || attempts.some(mayHaveGoneOut)
    case 'failed':
    case 'expired':
    case 'canceled':
    case 'suppressed':
    case 'scheduled':
    case 'received':
      return false
    case 'held':
    case 'queued':
      return holdsBack
  }
}

export function isUnresolved(status: MessageStatus): status is 'sending' | 'unknown' {
  return status === 'sending' || status === 'unknown'
}

/** Something is still done or awaited for the attempt. */
function isOpen({ outcome, closedAt }: Attempt): boolean {
  return closedAt === undefined && outcome?.kind !== 'rejected'
}

function mayHaveGoneOut({ outcome }: Attempt): boolean {
  return outcome === undefined || outcome.kind === 'unknown'
}

function concludeRefusals(attempts: readonly Attempt[], queued: boolean): Conclusion {
  const last = attempts.reduce((latest, attempt) => (attempt.number > latest.number ? attempt : latest))
  // An attempt that was not sent waits for the next one; when that has begun, there is nothing left to wait for.
  if (attempts.some((attempt) => isOpen(attempt) && (attempt === last || mayHaveGoneOut(attempt))))
    return { status: queued && isWaiting(attempts, last) ? 'queued' : 'sending' }
  // A later refusal says nothing about an earlier attempt that may have texted the person.
  if (attempts.some(mayHaveGoneOut)) return { status: 'unknown' }
  const failure = last.outcome !== undefined && 'failure' in last.outcome ? last.outcome.failure : undefined
  return failed('failed', failure)
}

/** The last attempt was not sent, and none before it may have been. */
function isWaiting(attempts: readonly Attempt[], last: Attempt): boolean {
  return last.outcome?.kind === 'not_sent' && !attempts.some((attempt) => isOpen(attempt) && mayHaveGoneOut(attempt))
}

const weightByStatus = {
  sent: 1,
  canceled: 2,
  expired: 3,
  failed: 4,
  undelivered: 5,
  delivered: 6,
} as const satisfies Record<ReceiptStatus, number>

function concludeReceipts(receipts: readonly DeliveryReceipt[]): Conclusion {
  let strongest: ReceiptStatus = 'sent'
  for (const { status } of receipts)
    if (status !== undefined && weightByStatus[status] > weightByStatus[strongest]) strongest = status
  if (strongest === 'sent' || strongest === 'delivered' || strongest === 'canceled') return { status: strongest }
  const failures = receipts.flatMap(({ status, failure }) =>
    failure === undefined || status === undefined ? [] : [{ failure, weight: weightByStatus[status] }],
  )
  // A late report without a code erases no earlier one's. Of several, the strongest status speaks, then the lower code.
  failures.sort((left, right) => right.weight - left.weight || compare(textOf(left.failure), textOf(right.failure)))
  return failed(strongest, failures[0]?.failure)
}

function failed(status: 'failed' | 'undelivered' | 'expired', failure: Failure | undefined): Conclusion {
  if (failure === undefined) return { status }
  return { status: failure.reason === 'recipient_opted_out' ? 'suppressed' : status, failure }
}

function providerMessageIdOf({ attempts, receipts }: Evidence): string | undefined {
  const accepted = attempts.flatMap(({ outcome }) => (outcome?.kind === 'accepted' ? [outcome.providerMessageId] : []))
  const reported = receipts.map((receipt) => receipt.providerMessageId)
  // Several only after a message was sent again; then the lowest, so that the order of arrival cannot matter.
  return [...accepted, ...reported].sort(compare)[0]
}

function textOf({ reason, providerCode, providerMessage }: Failure): string {
  return `${providerCode === undefined ? '~' : providerCode} ${reason} ${providerMessage ?? ''}`
}

function compare(left: string, right: string): number {
  return left < right ? -1 : left > right ? 1 : 0
}
