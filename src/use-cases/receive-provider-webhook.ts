import { SmsError } from '../core/errors.ts'
import type { InboundMessage } from '../core/inbound-message.ts'
import { findKeyword } from '../core/keyword.ts'
import { keywordDataVersion } from '../core/keyword-words.ts'
import { isMessageId } from '../core/message-id.ts'
import { optOutEvidenceLengthMax } from '../core/opt-out.ts'
import type { ProviderAccount } from '../core/organization.ts'
import { refusedWebhookBytesMax } from '../ports/inbound-store.ts'
import type { Provider, WebhookReading, WebhookRequest } from '../ports/provider.ts'
import type { MessageRecord } from '../ports/store.ts'
import type { CallbackTokens } from './callback-token.ts'
import { type LookupCache, makeLookupCache } from './lookup-cache.ts'
import { type InboundParts, receiveInboundMessage } from './receive-inbound-message.ts'
import { type ReceiptParts, recordDeliveryReceipt } from './record-delivery-receipt.ts'

/** What one call at our webhook address led to; each is counted. */
export const webhookResults = ['recorded', 'duplicate', 'refused', 'forged'] as const
export type WebhookResult = (typeof webhookResults)[number]

export type WebhookParts = ReceiptParts &
  InboundParts & {
    readonly providers: ReadonlyMap<string, Provider>
    readonly callbacks: CallbackTokens
  }

/** Webhooks of further accounts are refused. Every organization has its share, so none can shut out another. */
const accountsKnownMax = 10_000
/** A webhook that names no account we know is tried with this many all the same. */
const accountsGuessedMax = 20
/** Then other requests get their turn. */
const accountsTriedAtOnce = 10

export type ProviderWebhooks = {
  receive(providerName: string, webhook: WebhookRequest): Promise<{ result: WebhookResult; provider: Provider }>
  /** Call after a change of accounts: the next webhook sees it. */
  forgetAccounts(): void
}

/**
 * One call of a provider: verified with the secrets of its accounts, stored, and only then answered. What is signed but
 * of no use is kept for operators and answered as received, since a provider would only send the same again.
 *
 * @throws SmsError `not_found` for an unknown provider, `forbidden` when no signature fits.
 */
export function makeProviderWebhooks(parts: WebhookParts): ProviderWebhooks {
  const { store, providers, clock, log, metrics } = parts
  const accounts: LookupCache<readonly ProviderAccount[]> = makeLookupCache({
    clock,
    entriesMax: 100,
    load: (provider) => store.accounts.listByProvider(provider, accountsKnownMax),
  })

  return { receive, forgetAccounts: () => accounts.clear() }

  async function receive(providerName: string, webhook: WebhookRequest) {
    const provider = providers.get(providerName)
    if (provider === undefined) throw new SmsError('not_found', 'There is no such provider.')
    const readings = await readWith(provider, (await accounts.find(providerName)) ?? [], webhook)
    const result = await act(readings)
    metrics.providerWebhook(providerName, result)
    return { result, provider }

    async function act({ signed, forgedBecause }: Readings): Promise<WebhookResult> {
      const [first] = signed
      if (first === undefined) {
        metrics.providerWebhook(providerName, 'forged')
        log.warn('webhook.forged', { provider: providerName, detail: forgedBecause })
        throw new SmsError('forbidden', 'The signature fits no account here. Check the webhook URL and its secrets.')
      }
      switch (first.reading.kind) {
        case 'receipt':
          return recordReceipt(parts, { webhook, reading: first.reading, signed })
        case 'inbound':
          return recordInbound(parts, { webhook, message: first.reading.message, signed })
        case 'unreadable':
          return keep(parts, { webhook, signed, reason: first.reading.detail })
      }
    }
  }
}

type Signed = {
  readonly account: ProviderAccount
  readonly reading: Exclude<WebhookReading, { readonly kind: 'forged' }>
}
type Readings = { readonly signed: readonly Signed[]; readonly forgedBecause: string }

/** Several accounts may share a secret (two organizations with one provider account): all that fit count. */
async function readWith(
  provider: Provider,
  accounts: readonly ProviderAccount[],
  webhook: WebhookRequest,
): Promise<Readings> {
  const signed: Signed[] = []
  let forgedBecause = 'there is no account of this provider'
  const claimed = accounts.filter((account) => provider.claims(webhook, account))
  const tried = claimed.length > 0 ? claimed : accounts.slice(0, accountsGuessedMax)
  for (const [index, account] of tried.entries()) {
    if (index % accountsTriedAtOnce === accountsTriedAtOnce - 1) await new Promise((resolve) => setImmediate(resolve))
    const reading = provider.readWebhook(webhook, account)
    if (reading.kind === 'forged') forgedBecause = reading.detail
    else signed.push({ account, reading })
  }
  return { signed, forgedBecause }
}

type ReceiptFacts = {
  readonly webhook: WebhookRequest
  readonly reading: WebhookReading & { readonly kind: 'receipt' }
  readonly signed: readonly Signed[]
}

async function recordReceipt(parts: WebhookParts, facts: ReceiptFacts): Promise<WebhookResult> {
  const record = await findMessage(parts, facts)
  if (record === undefined) return keep(parts, { ...facts, reason: 'a receipt for a message that is not known here' })
  return recordDeliveryReceipt(parts, record, { receipt: facts.reading.receipt, source: 'webhook' })
}

/**
 * By the id in the callback URL when its token is ours, which also works before the provider's own id is known here;
 * else by the provider's id, among the organizations whose secrets fit.
 */
async function findMessage(
  { store, callbacks }: WebhookParts,
  { webhook, reading, signed }: ReceiptFacts,
): Promise<MessageRecord | undefined> {
  const { receipt, recipient, callbackUrl } = reading
  const query = URL.parse(callbackUrl ?? webhook.url)?.searchParams
  const [id, token] = [query?.get('message_id') ?? '', query?.get('token') ?? '']
  for (const { account } of signed) {
    const found =
      isMessageId(id) && callbacks.verify(id, token)
        ? await store.messages.find(account.organizationId, id)
        : await store.messages.findByProviderId(account.organizationId, receipt.providerMessageId)
    const fits =
      found?.message.direction === 'outbound' &&
      found.message.provider === account.provider &&
      (recipient === undefined || recipient === found.message.recipient)
    if (fits) return found
  }
  return undefined
}

type InboundFacts = {
  readonly webhook: WebhookRequest
  readonly message: InboundMessage
  readonly signed: readonly Signed[]
}

/**
 * In every organization that has the number at an account whose signature fits: a key that verifies may be known to
 * strangers (Telnyx publishes them), so whoever came first must not take the texts of the others.
 */
async function recordInbound(parts: WebhookParts, facts: InboundFacts): Promise<WebhookResult> {
  const { signed, message } = facts
  const senders = await parts.store.inbound.findSenders(
    signed.map(({ account }) => account.id),
    message.number,
  )
  const results: WebhookResult[] = []
  const heard = new Set<number>()
  for (const sender of senders) {
    const owner = signed.find(({ account }) => account.id === sender.providerAccountId)
    const result =
      owner === undefined ? undefined : await receiveInboundMessage(parts, { sender, account: owner.account }, message)
    if (result === undefined) continue
    results.push(result.kind === 'duplicate' ? 'duplicate' : 'recorded')
    heard.add(sender.organizationId)
  }
  const addressed = senders.length > 0 ? senders : signed.map(({ account }) => account)
  const deaf = new Set(addressed.map(({ organizationId }) => organizationId)).difference(heard)
  await recordRefusal(parts, message, deaf)
  if (results.length === 0) {
    const inDeaf = signed.filter(({ account }) => deaf.has(account.organizationId))
    return keep(parts, { ...facts, signed: inDeaf, reason: 'a text to a number that no assistant has' })
  }
  return results.includes('recorded') ? 'recorded' : 'duplicate'
}

/** STOP holds for the whole organization when no assistant has the number: nobody else would ever see it. */
async function recordRefusal(
  { store, clock }: WebhookParts,
  message: InboundMessage,
  organizationIds: ReadonlySet<number>,
): Promise<void> {
  const { body, number, person, providerKeyword, providerMessageId } = message
  const keyword = providerKeyword === undefined ? findKeyword(body, { sender: number }) : undefined
  if ((providerKeyword ?? keyword?.kind) !== 'opt_out') return
  const matched =
    keyword === undefined ? 'the provider says so' : `"${keyword.matched}" of the words of ${keywordDataVersion}`
  const evidence = `${providerMessageId} to ${number}, ${matched}: ${body}`.slice(0, optOutEvidenceLengthMax)
  for (const organizationId of organizationIds)
    await store.optOuts.add({
      organizationId,
      recipient: person,
      source: 'keyword',
      inDoubt: false,
      evidence: evidence.toWellFormed(),
      createdAt: clock.now(),
    })
}

async function keep(
  { store, clock, log }: WebhookParts,
  {
    webhook,
    signed,
    reason,
  }: { readonly webhook: WebhookRequest; readonly signed: readonly Signed[]; readonly reason: string },
): Promise<WebhookResult> {
  const [only, ...others] = new Set(signed.map(({ account }) => account.organizationId))
  const provider = signed[0]?.account.provider ?? ''
  await store.inbound.recordRefusedWebhook({
    provider,
    reason,
    body: Buffer.from(webhook.body).toString('utf8').replaceAll('\0', '\ufffd').slice(0, refusedWebhookBytesMax),
    receivedAt: clock.now(),
    ...(only !== undefined && others.length === 0 ? { organizationId: only } : {}),
  })
  log.warn('webhook.refused', { provider, reason })
  return 'refused'
}
