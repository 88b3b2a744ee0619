import { SmsError } from '../core/errors.ts'
import type { InboundMessage } from '../core/inbound-message.ts'
import { isMessageId } from '../core/message-id.ts'
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

/** A signature is tried with the secrets of this many accounts of a provider; more need addresses of their own. */
const accountsTriedMax = 1_000

/**
 * One call of a provider: verified with the secrets of its accounts, stored, and only then answered. What is signed but
 * of no use is kept for operators and answered as received, since a provider would only send the same again.
 *
 * @throws SmsError `not_found` for an unknown provider, `forbidden` when no signature fits.
 */
export function makeReceiveProviderWebhook(
  parts: WebhookParts,
): (providerName: string, webhook: WebhookRequest) => Promise<{ result: WebhookResult; provider: Provider }> {
  const { store, providers, clock, log, metrics } = parts
  const accounts: LookupCache<readonly ProviderAccount[]> = makeLookupCache({
    clock,
    entriesMax: 100,
    load: (provider) => store.accounts.listByProvider(provider, accountsTriedMax),
  })

  return async function receiveProviderWebhook(providerName, webhook) {
    const provider = providers.get(providerName)
    if (provider === undefined) throw new SmsError('not_found', 'There is no such provider.')
    const readings = readWith(provider, (await accounts.find(providerName)) ?? [], webhook)
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
function readWith(provider: Provider, accounts: readonly ProviderAccount[], webhook: WebhookRequest): Readings {
  const signed: Signed[] = []
  let forgedBecause = 'there is no account of this provider'
  for (const account of accounts) {
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

async function recordInbound(
  parts: WebhookParts,
  facts: {
    readonly webhook: WebhookRequest
    readonly message: InboundMessage
    readonly signed: readonly Signed[]
  },
): Promise<WebhookResult> {
  const { signed, message } = facts
  const sender = await parts.store.inbound.findSender(
    signed.map(({ account }) => account.id),
    message.number,
  )
  const owner = signed.find(({ account }) => account.id === sender?.providerAccountId)
  if (sender === undefined || owner === undefined)
    return keep(parts, { ...facts, reason: 'a text to a number that no assistant has' })
  const result = await receiveInboundMessage(parts, { sender, account: owner.account }, message)
  if (result === undefined)
    return keep(parts, { ...facts, signed: [owner], reason: 'a text to a number that no assistant has' })
  return result.kind === 'duplicate' ? 'duplicate' : 'recorded'
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
