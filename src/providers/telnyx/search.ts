import type { DeliveryReceipt } from '../../core/delivery-receipt.ts'
import type { ProviderAccount } from '../../core/organization.ts'
import type { OutboundMessage, SearchResult, SentQuery } from '../../ports/provider.ts'
import { type Get, isDefined, lookUp, notTaken, onlyOne, searchResultOf } from '../lookup.ts'
import { codeText, instantOf, listOf, memberOf, shortText } from '../reading.ts'
import { receiptOf } from '../receipt.ts'
import { telnyxUrl } from './request.ts'
import { reasonByTelnyxReport, statusByTelnyxRecordWord } from './status.ts'
import { telnyxCallbackUrl, telnyxReceipt } from './webhook.ts'

/** A record holds no text, so only its time tells: of our attempt, by two clocks that may differ a little. */
const recordWindow = { beforeMs: 5_000, afterMs: 60_000 }
const pageSize = 50
/** Each costs a request. */
const candidatesMax = 10

/**
 * By its id; or by a webhook that they recorded, which repeats our callback URL; or among the detail records.
 * https://developers.telnyx.com/api/messaging/get-message, https://developers.telnyx.com/api/webhooks/get-webhook-deliveries
 */
export async function findSentAtTelnyx(query: SentQuery, account: ProviderAccount, get: Get): Promise<SearchResult> {
  const base = telnyxUrl(account)
  if (query.providerMessageId !== undefined) return findById(query.providerMessageId, base, get)
  const reported = await findReported(query, base, get)
  if (reported === undefined) return findRecorded(query, base, get)
  const present = await findById(reported.providerMessageId, base, get)
  return present.kind === 'found' ? present : { kind: 'found', receipt: reported }
}

async function findById(id: string, base: string, get: Get): Promise<SearchResult> {
  return searchResultOf(await lookUpMessage(id, base, get), (body) => receiptOfMessage(memberOf(body, 'data')))
}

function lookUpMessage(id: string, base: string, get: Get) {
  return lookUp(get, `${base}/messages/${encodeURIComponent(id)}`, isMissing)
}

/** Not every account may read them, and none has any before the first webhook: nothing found here means nothing. */
async function findReported({ message }: SentQuery, base: string, get: Get): Promise<DeliveryReceipt | undefined> {
  const filter = new URLSearchParams({ 'filter[webhook][contains]': message.id, 'page[size]': String(pageSize) })
  const found = await lookUp(get, `${base}/webhook_deliveries?${filter}`, isMissing)
  if (found.kind !== 'body') return undefined
  return listOf(memberOf(found.body, 'data'))
    .map((delivery) => memberOf(memberOf(delivery, 'webhook'), 'payload'))
    .filter((payload) => namesUs(payload, message))
    .map(receiptOfMessage)
    .find(isDefined)
}

async function findRecorded(query: SentQuery, base: string, get: Get): Promise<SearchResult> {
  const found = await lookUp(get, `${base}/detail_records?${recordFilter(query)}`, isMissing)
  if (found.kind === 'missing') return { kind: 'unavailable', detail: 'HTTP 404: no detail records' }
  if (found.kind === 'unavailable') return found
  const records = memberOf(found.body, 'data')
  if (!Array.isArray(records)) return { kind: 'unavailable', detail: 'HTTP 200 without a list of records' }
  // The newest come first: those of the attempt may stand on a page that was not read.
  if (records.length >= pageSize) return { kind: 'unavailable', detail: 'more records of this recipient than one page' }
  const fitting = records.filter((record) => isOfAttempt(record, query)).map(receiptOfRecord)
  const candidates = await notTaken(fitting.filter(isDefined), query.isTaken)
  if (candidates.length > candidatesMax) return onlyOne(candidates)
  const plausible: DeliveryReceipt[] = []
  let hidden: SearchResult | undefined
  for (const candidate of candidates) {
    const shown = await lookUpMessage(candidate.providerMessageId, base, get)
    // Not shown today, it may be anybody's; only one that is gone leaves its record as all there is.
    if (shown.kind === 'unavailable') {
      hidden ??= shown
      continue
    }
    const message = shown.kind === 'body' ? memberOf(shown.body, 'data') : undefined
    const receipt = receiptOfMessage(message) ?? candidate
    if (namesUs(message, query.message)) return { kind: 'found', receipt }
    if (mayBe(message, query.message)) plausible.push(receipt)
  }
  return hidden ?? onlyOne(plausible)
}

function recordFilter({ message, startedAt }: SentQuery): URLSearchParams {
  return new URLSearchParams({
    'filter[record_type]': 'messaging',
    'filter[direction]': 'outbound',
    'filter[cld]': message.recipient,
    'filter[cli]': message.sender,
    'filter[created_at][gte]': new Date(startedAt - recordWindow.beforeMs).toISOString(),
    sort: '-created_at',
    'page[size]': String(pageSize),
  })
}

function isOfAttempt(record: unknown, { message, startedAt }: SentQuery): boolean {
  const createdAt = instantOf(memberOf(record, 'created_at'))
  return (
    createdAt !== undefined &&
    createdAt >= startedAt - recordWindow.beforeMs &&
    createdAt <= startedAt + recordWindow.afterMs &&
    memberOf(record, 'cld') === message.recipient &&
    memberOf(record, 'cli') === message.sender
  )
}

/** Our ids cannot be guessed, and only the callback URL of the message itself carries this one. */
function namesUs(shown: unknown, { id }: OutboundMessage): boolean {
  return telnyxCallbackUrl(shown)?.includes(id) ?? false
}

/** Nothing that is shown speaks against it; the text may be hidden, or the message not to be had. */
function mayBe(shown: unknown, message: OutboundMessage): boolean {
  const text = memberOf(shown, 'text')
  return (
    telnyxCallbackUrl(shown) === undefined &&
    (typeof text !== 'string' || (text === message.body && mediaCountOf(shown) === message.mediaUrls.length))
  )
}

function mediaCountOf(payload: unknown): number {
  return listOf(memberOf(payload, 'media')).length
}

function receiptOfMessage(message: unknown): DeliveryReceipt | undefined {
  const at = memberOf(message, 'completed_at') ?? memberOf(message, 'sent_at')
  return telnyxReceipt(message, instantOf(at))
}

function receiptOfRecord(record: unknown): DeliveryReceipt | undefined {
  const id = shortText(memberOf(record, 'uuid'))
  if (id === undefined) return undefined
  const [error] = listOf(memberOf(record, 'errors'))
  return receiptOf(
    {
      id,
      // A record of a message on its way has no word yet.
      word: shortText(memberOf(record, 'status')) ?? 'recorded',
      code: codeText(memberOf(error, 'code') ?? error),
      sentence: '',
      occurredAt: instantOf(memberOf(record, 'completed_at')),
    },
    { statusByWord: statusByTelnyxRecordWord, reasonByCode: reasonByTelnyxReport },
  )
}

function isMissing(body: unknown): boolean {
  return codeText(memberOf(listOf(memberOf(body, 'errors'))[0], 'code')) === '10005'
}
