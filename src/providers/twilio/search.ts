import type { DeliveryReceipt } from '../../core/delivery-receipt.ts'
import type { ProviderAccount } from '../../core/organization.ts'
import type { SearchResult, SentQuery } from '../../ports/provider.ts'
import { type Get, isDefined, lookUp, notTaken, onlyOne, searchResultOf } from '../lookup.ts'
import { codeText, instantOf, memberOf, sentenceOf, shortText } from '../reading.ts'
import { twilioMessagesUrl, twilioServiceOf } from './request.ts'
import { twilioReceipt } from './webhook.ts'

const pagesMax = 3
const queryLengthMax = 2_000
/** Their clock against ours, and the full seconds of `date_created`. */
const clockSkewMs = 2 * 60_000

/** By its id, or among all messages to the recipient: https://www.twilio.com/docs/messaging/api/message-resource */
export async function findSentAtTwilio(query: SentQuery, account: ProviderAccount, get: Get): Promise<SearchResult> {
  if (query.providerMessageId !== undefined) {
    const url = `${twilioMessagesUrl(account)}/${encodeURIComponent(query.providerMessageId)}.json`
    return searchResultOf(await lookUp(get, url, isMissing), receiptOfResource)
  }
  const since = query.startedAt - clockSkewMs
  const isOurs = resourceMatcher(query, account, since)
  const fitting: unknown[] = []
  let search: string | undefined = firstPage(query, account)
  for (let page = 0; page < pagesMax && search !== undefined; page++) {
    const found = await lookUp(get, `${twilioMessagesUrl(account)}.json?${search}`, isMissing)
    if (found.kind === 'missing') return { kind: 'unavailable', detail: 'HTTP 404: no such account' }
    if (found.kind === 'unavailable') return found
    const messages = memberOf(found.body, 'messages')
    if (!Array.isArray(messages)) return { kind: 'unavailable', detail: 'HTTP 200 without a list of messages' }
    fitting.push(...messages.filter(isOurs))
    search = isPast(messages, since) ? undefined : nextPage(found.body)
  }
  const receipts = await notTaken(fitting.map(receiptOfResource).filter(isDefined), query.isTaken)
  // What was not read may be the message: "none" would be a guess.
  return receipts.length === 0 && search !== undefined
    ? { kind: 'unavailable', detail: `more than ${pagesMax} pages of messages to this recipient` }
    : onlyOne(receipts)
}

/** Not by date: that filter looks at `date_sent`, which a queued message lacks. A service has no `From` at first. */
function firstPage({ message }: SentQuery, account: ProviderAccount): string {
  return new URLSearchParams({
    To: message.recipient,
    ...(twilioServiceOf(message, account) === undefined ? { From: message.sender } : {}),
    PageSize: '100',
  }).toString()
}

/** Only its query is used, so that the next request goes nowhere else, whatever the answer says. */
function nextPage(body: unknown): string | undefined {
  const next = memberOf(body, 'next_page_uri')
  return typeof next !== 'string' || next === '' ? undefined : (next.split('?', 2)[1] ?? '').slice(0, queryLengthMax)
}

/** The page shows that the list runs back in time and has passed the attempt. */
function isPast(messages: readonly unknown[], since: number): boolean {
  const dates = messages.map((message) => instantOf(memberOf(message, 'date_created')) ?? Number.POSITIVE_INFINITY)
  const isDescending = dates.every((date, index) => date <= (dates[index - 1] ?? Number.POSITIVE_INFINITY))
  const oldest = dates.at(-1)
  return isDescending && oldest !== undefined && oldest < since && oldest < (dates[0] ?? oldest)
}

function resourceMatcher({ message }: SentQuery, account: ProviderAccount, since: number) {
  const service = twilioServiceOf(message, account)
  return (resource: unknown): boolean => {
    const createdAt = instantOf(memberOf(resource, 'date_created'))
    return (
      memberOf(resource, 'direction') === 'outbound-api' &&
      createdAt !== undefined &&
      createdAt >= since &&
      memberOf(resource, 'to') === message.recipient &&
      (service === undefined
        ? memberOf(resource, 'from') === message.sender
        : memberOf(resource, 'messaging_service_sid') === service) &&
      memberOf(resource, 'body') === message.body &&
      Number(memberOf(resource, 'num_media')) === message.mediaUrls.length
    )
  }
}

function receiptOfResource(resource: unknown): DeliveryReceipt | undefined {
  const id = shortText(memberOf(resource, 'sid'))
  const word = shortText(memberOf(resource, 'status'))
  if (id === undefined || word === undefined) return undefined
  return twilioReceipt({
    id,
    word,
    code: codeText(memberOf(resource, 'error_code')),
    sentence: sentenceOf(memberOf(resource, 'error_message')),
    occurredAt: instantOf(memberOf(resource, 'date_updated')),
  })
}

function isMissing(body: unknown): boolean {
  return codeText(memberOf(body, 'code')) === '20404'
}
