import type { DeliveryReceipt } from '../core/delivery-receipt.ts'
import type { FailureReason } from '../core/failure.ts'
import type { ReceiptStatus } from '../core/message-status.ts'
import { quietSentence, saidBy } from './reading.ts'

/** What a provider said of one message, in its own words. */
export type SaidOfMessage = {
  readonly id: string
  readonly word: string
  readonly code: string | undefined
  readonly sentence: string
  readonly occurredAt: number | undefined
}

/** What its words mean. Those that are missing here stay raw. */
export type ReceiptTables = {
  readonly statusByWord: Readonly<Record<string, ReceiptStatus>>
  readonly reasonByCode: Readonly<Record<string, FailureReason>>
}

export function receiptOf(said: SaidOfMessage, tables: ReceiptTables): DeliveryReceipt {
  const { id, word, code, sentence, occurredAt } = said
  const status = entryOf(tables.statusByWord, word)
  return {
    providerMessageId: id,
    providerStatus: word,
    ...(status === undefined ? {} : { status }),
    ...(code === undefined
      ? {}
      : {
          failure: {
            reason: entryOf(tables.reasonByCode, code) ?? 'unrecognized',
            providerCode: code,
            ...saidBy(quietSentence(sentence, [])),
          },
        }),
    ...(occurredAt === undefined ? {} : { occurredAt }),
  }
}

function entryOf<T>(table: Readonly<Record<string, T>>, key: string): T | undefined {
  return Object.hasOwn(table, key) ? table[key] : undefined
}
