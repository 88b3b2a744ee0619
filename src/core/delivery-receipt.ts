import type { Failure } from './failure.ts'
import type { ReceiptStatus } from './message-status.ts'

/** A provider's report about one outbound message, or what a search at the provider found about it. */
export type DeliveryReceipt = {
  readonly providerMessageId: string
  /** Undefined for a word that our table does not know: then it only shows that the provider has the message. */
  readonly status?: ReceiptStatus
  /** The provider's own word, raw. */
  readonly providerStatus: string
  readonly failure?: Failure
  /** When it happened, by the provider's clock, in Unix milliseconds; not every provider says. */
  readonly occurredAt?: number
}

export const receiptSources = ['webhook', 'search'] as const
export type ReceiptSource = (typeof receiptSources)[number]

/** As it is kept: once for each provider status and code, however often it came. */
export type RecordedReceipt = DeliveryReceipt & { readonly source: ReceiptSource; readonly receivedAt: number }
