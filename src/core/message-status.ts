/**
 * scheduled -> queued -> sending -> sent -> delivered | undelivered. Also terminal: failed, expired, canceled,
 * suppressed (opt-out), unknown. Inbound: received. What a dispatched message comes to is decided in `evidence.ts`.
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

/** What a provider can report about a message it accepted. `sent` covers its own queueing: it has the message. */
export const receiptStatuses = ['sent', 'delivered', 'undelivered', 'failed', 'expired', 'canceled'] as const
export type ReceiptStatus = (typeof receiptStatuses)[number]

/** `queued`: it was not sent, and waits for its next turn. */
export type DispatchedStatus = 'queued' | 'sending' | 'unknown' | 'suppressed' | ReceiptStatus

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

/** It has not been handed over yet, and may still be canceled. */
export function isWaiting(status: MessageStatus): status is 'scheduled' | 'held' | 'queued' {
  return status === 'scheduled' || status === 'held' || status === 'queued'
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
