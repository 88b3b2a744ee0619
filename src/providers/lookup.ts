import type { DeliveryReceipt } from '../core/delivery-receipt.ts'
import type { HttpResult } from '../net/http-client.ts'
import type { SearchResult, SentQuery } from '../ports/provider.ts'
import { parseJson } from './reading.ts'

export type Get = (url: string) => Promise<HttpResult>

/** What one read at a provider brought. */
export type Found =
  | { readonly kind: 'body'; readonly body: unknown }
  /** The provider itself says that there is no such thing. */
  | { readonly kind: 'missing' }
  | { readonly kind: 'unavailable'; readonly detail: string }

/** `isMissing` reads the error body of a 404: a proxy's 404 says nothing about a message. */
export async function lookUp(get: Get, url: string, isMissing: (body: unknown) => boolean): Promise<Found> {
  const result = await get(url)
  if (result.kind !== 'answer') return { kind: 'unavailable', detail: result.detail }
  const body = parseJson(result.body)
  if (result.status === 404 && isMissing(body)) return { kind: 'missing' }
  if (result.status !== 200 || typeof body !== 'object' || body === null)
    return { kind: 'unavailable', detail: `HTTP ${result.status} without a usable answer` }
  return { kind: 'body', body }
}

/** Of one message that was asked for by its id. */
export function searchResultOf(found: Found, read: (body: unknown) => DeliveryReceipt | undefined): SearchResult {
  if (found.kind === 'missing') return { kind: 'none' }
  if (found.kind === 'unavailable') return found
  const receipt = read(found.body)
  return receipt === undefined
    ? { kind: 'unavailable', detail: 'HTTP 200 without a message' }
    : { kind: 'found', receipt }
}

/** Of the messages that fit: exactly one is evidence. */
export function onlyOne(receipts: readonly DeliveryReceipt[]): SearchResult {
  const [receipt] = receipts
  if (receipt === undefined) return { kind: 'none' }
  return receipts.length === 1 ? { kind: 'found', receipt } : { kind: 'ambiguous', count: receipts.length }
}

/** One receipt for each message, without those of other messages of ours. */
export async function notTaken(
  receipts: readonly DeliveryReceipt[],
  isTaken: SentQuery['isTaken'],
): Promise<DeliveryReceipt[]> {
  const byId = new Map(receipts.map((receipt) => [receipt.providerMessageId, receipt]))
  const free: DeliveryReceipt[] = []
  for (const [id, receipt] of byId) if (!(await isTaken(id))) free.push(receipt)
  return free
}

export function isDefined<T>(value: T | undefined): value is T {
  return value !== undefined
}
