import type { DeliveryReceipt, ReceiptSource } from '../core/delivery-receipt.ts'
import { learnedOptOut } from '../core/opt-out.ts'
import type { Clock } from '../ports/clock.ts'
import type { Log } from '../ports/log.ts'
import type { Metrics } from '../ports/metrics.ts'
import type { MessageRecord, Store } from '../ports/store.ts'
import type { ResolutionWatch } from './resolution-watch.ts'

export type ReceiptParts = {
  readonly store: Store
  readonly clock: Clock
  readonly log: Log
  readonly metrics: Metrics
  readonly watch: ResolutionWatch
}

/**
 * Adds one report to the evidence about a message; what the message comes to follows from all of it. Harmless when it
 * is late, out of order, a repetition, or ahead of the answer to the send itself.
 */
export function recordDeliveryReceipt(
  parts: ReceiptParts,
  record: Pick<MessageRecord, 'message'>,
  report: { readonly receipt: DeliveryReceipt; readonly source: Exclude<ReceiptSource, 'search'> },
): Promise<'recorded' | 'duplicate'>
/** Of what a search found: `taken` when it may belong to another message. */
export function recordDeliveryReceipt(
  parts: ReceiptParts,
  record: Pick<MessageRecord, 'message'>,
  report: { readonly receipt: DeliveryReceipt; readonly source: 'search' },
): Promise<'recorded' | 'duplicate' | 'taken'>
export async function recordDeliveryReceipt(
  { store, clock, log, metrics, watch }: ReceiptParts,
  { message }: Pick<MessageRecord, 'message'>,
  { receipt, source }: { readonly receipt: DeliveryReceipt; readonly source: ReceiptSource },
): Promise<'recorded' | 'duplicate' | 'taken'> {
  const receivedAt = clock.now()
  const { failure, status, providerStatus } = receipt
  const result = await store.evidence.recordReceipt({
    organizationId: message.organizationId,
    messageId: message.id,
    receipt,
    source,
    receivedAt,
    ...(failure?.reason === 'recipient_opted_out'
      ? { optOut: learnedOptOut(message, { code: failure.providerCode, at: receivedAt }) }
      : {}),
  })
  if (result !== 'recorded') return result
  watch.changed(message.id)
  if (status === undefined || failure?.reason === 'unrecognized') metrics.unrecognizedCode(message.provider)
  if (status !== undefined) metrics.messageStatus(message.provider, status)
  log.info('message.receipt', {
    messageId: message.id,
    provider: message.provider,
    providerStatus,
    status,
    reason: failure?.reason,
    providerCode: failure?.providerCode,
    source,
  })
  return result
}
