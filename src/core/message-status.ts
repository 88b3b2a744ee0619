import type { FailureReason } from './failure.ts'

/**
 * scheduled -> queued -> sending -> sent -> delivered | undelivered. Also terminal: failed, expired, canceled,
 * suppressed (opt-out), unknown. The status of a message that was handed to a provider is a function of the *set* of
 * evidence about it: receipts come twice, late and out of order, and any order must give the same end.
 */
export const messageStatuses = [
  'scheduled',
  'held',
  'queued',
  'sending',
  'sent',
  'delivered',
  'undelivered',
  'failed',
  'expired',
  'canceled',
  'suppressed',
  'unknown',
  'received',
] as const

export type MessageStatus = (typeof messageStatuses)[number]

/** One fact about a dispatched message: how one of its attempts ended, or what a receipt said. */
export type Evidence =
  | { readonly kind: 'accepted' }
  | { readonly kind: 'attempt_unknown' }
  /** The reconciliation window passed without any sign of acceptance. */
  | { readonly kind: 'window_passed' }
  /** The attempt did not lead to a message at the carrier, and no further attempt follows. */
  | { readonly kind: 'given_up'; readonly reason: FailureReason }
  | { readonly kind: 'receipt'; readonly status: ReceiptStatus }

/** What a provider can report about a message it accepted. `sent` covers its own queueing: it has the message. */
export const receiptStatuses = ['sent', 'delivered', 'undelivered', 'failed', 'expired', 'canceled'] as const
export type ReceiptStatus = (typeof receiptStatuses)[number]

export type DispatchedStatus = 'sending' | 'unknown' | 'suppressed' | ReceiptStatus

/** The status of a message of which at least one attempt has started. No evidence yet means `sending`. */
export function statusOf(evidence: Iterable<Evidence>): DispatchedStatus {
  let strongest: Weighed = { weight: 0, status: 'sending' }
  for (const fact of evidence) {
    const weighed = weigh(fact)
    if (weighed.weight > strongest.weight) strongest = weighed
    // Two ways of having given up weigh the same; the opt-out is the one that must not be lost.
    else if (weighed.weight === strongest.weight && weighed.status === 'suppressed') strongest = weighed
  }
  return strongest.status
}

/** Whether nothing more is expected: no attempt will start and no receipt can change what is true. */
export function isTerminal(status: MessageStatus): boolean {
  switch (status) {
    case 'delivered':
    case 'undelivered':
    case 'failed':
    case 'expired':
    case 'canceled':
    case 'suppressed':
    case 'unknown':
    case 'received':
      return true
    case 'scheduled':
    case 'held':
    case 'queued':
    case 'sending':
    case 'sent':
      return false
  }
}

/** The five words of the published wire API that `/sms/{id}/status` keeps. */
export function publicStatusOf(status: MessageStatus): 'queued' | 'sending' | 'sent' | 'failed' | 'cancelled' {
  switch (status) {
    case 'scheduled':
    case 'held':
    case 'queued':
      return 'queued'
    case 'sending':
    case 'unknown':
      return 'sending'
    case 'sent':
    case 'delivered':
    case 'received':
      return 'sent'
    case 'undelivered':
    case 'failed':
    case 'expired':
    case 'suppressed':
      return 'failed'
    case 'canceled':
      return 'cancelled'
  }
}

type Weighed = { readonly weight: number; readonly status: DispatchedStatus }

const weightByReceiptStatus = {
  sent: 4,
  canceled: 5,
  expired: 6,
  failed: 7,
  undelivered: 8,
  delivered: 9,
} as const satisfies Record<ReceiptStatus, number>

/**
 * The strongest fact decides, so order and repetition cannot matter. Any sign that the provider has the message
 * outweighs our own giving up on another attempt. A confirmed delivery outweighs every failure report: the person
 * holds the text in their hand.
 */
function weigh(fact: Evidence): Weighed {
  switch (fact.kind) {
    case 'attempt_unknown':
      return { weight: 0, status: 'sending' }
    case 'window_passed':
      return { weight: 1, status: 'unknown' }
    case 'given_up':
      return { weight: 2, status: fact.reason === 'recipient_opted_out' ? 'suppressed' : 'failed' }
    case 'accepted':
      return { weight: 3, status: 'sent' }
    case 'receipt':
      return { weight: weightByReceiptStatus[fact.status], status: fact.status }
  }
}
