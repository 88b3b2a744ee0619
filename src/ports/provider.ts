import type { AccountCheck } from '../core/account-check.ts'
import type { DeliveryReceipt } from '../core/delivery-receipt.ts'
import type { InboundMessage } from '../core/inbound-message.ts'
import type { MessageId } from '../core/message-id.ts'
import type { ProviderAccount } from '../core/organization.ts'
import type { E164 } from '../core/phone-number.ts'
import type { SendOutcome } from '../core/send-outcome.ts'
import type { ProviderPaces } from '../core/sender-pace.ts'

/** What an adapter needs to hand one message over. */
export type OutboundMessage = {
  readonly id: MessageId
  readonly sender: E164
  readonly recipient: E164
  readonly body: string
  /** Any entry makes it an MMS. At most `mediaCountMax`. */
  readonly mediaUrls: readonly string[]
  /** Where the provider reports about this message; carries our id and a signed token. */
  readonly callbackUrl: string
  /** The assistant's own messaging service, which goes before the account's. */
  readonly messagingServiceId?: string
}

/** A provider's webhook, exactly as it came. */
export type WebhookRequest = {
  readonly method: string
  /** What the provider called: the configured public URL, with path and query as they were received. */
  readonly url: string
  /** Names in lower case. */
  readonly headers: Readonly<Record<string, string | string[] | undefined>>
  readonly body: Uint8Array
}

/** Larger ones are forged: no provider sends them. */
export const webhookBytesMax = 256 * 1024

/** What a webhook says. Details are in our words, without numbers, bodies or secrets. */
export type WebhookReading =
  | {
      readonly kind: 'receipt'
      readonly receipt: DeliveryReceipt
      /** Whom the message went to, as the provider writes it. */
      readonly recipient?: string
      /** Our callback URL of the message, proven by the signature; absent where it proves none. */
      readonly callbackUrl?: string
    }
  | { readonly kind: 'inbound'; readonly message: InboundMessage }
  /** Not signed by this account's provider, or the account cannot verify it (the detail names the missing field). */
  | { readonly kind: 'forged'; readonly detail: string }
  /** Signed, and of no use: of another kind, or not understood. It will not get better by being sent again. */
  | { readonly kind: 'unreadable'; readonly detail: string }

/** An attempt without a known outcome, to be looked for at its provider. */
export type SentQuery = {
  readonly message: OutboundMessage
  /** When the attempt started, in Unix milliseconds. */
  readonly startedAt: number
  /** When it is known, nothing else is asked for. */
  readonly providerMessageId?: string
  /** Whether the provider's id belongs to another message of ours. */
  isTaken(providerMessageId: string): Promise<boolean>
}

export type SearchResult =
  /** The provider has the message; the receipt says what it has come to. */
  | { readonly kind: 'found'; readonly receipt: DeliveryReceipt }
  /** The provider answered and shows no such message, so far. */
  | { readonly kind: 'none' }
  /** Several messages fit, and nothing tells which is ours. */
  | { readonly kind: 'ambiguous'; readonly count: number }
  /** It could not be seen: no usable answer, or more than could be read. */
  | { readonly kind: 'unavailable'; readonly detail: string }

/** One credential or setting of an account, by the name it has in the API and in textbridge.yaml. */
export type AccountField = {
  readonly name: string
  /** Secret fields are sealed at rest and can be written but never read. */
  readonly secret: boolean
  readonly required: boolean
  /** What a value must match, and the words that say so. */
  readonly pattern: RegExp
  readonly expects: string
}

/** What an account is checked for. */
export type AccountQuestion = {
  readonly numbers: readonly E164[]
  /** Where the provider may report texts to them; the first is the one to set. */
  readonly inboundUrls: readonly string[]
}

export const checkRequestsMax = 30

export const searchRequestsMax = 15

/** One provider, behind one model. Adapters keep no state but connections, and never touch the store. */
export interface Provider {
  /** As in URLs, answers and configuration: lower case, one word. */
  readonly name: string
  readonly accountFields: readonly AccountField[]
  /** Characters of the GSM alphabet that it carries as UCS-2 all the same. */
  readonly notCarriedAsGsm: string
  /** How fast it lets texts out where nothing else is set. */
  readonly paces: ProviderPaces
  /** How long evidence of an unknown attempt may take to show up, in milliseconds. */
  readonly evidenceWindowMs: number
  /** Rules between fields (each alone already matched its pattern). A sentence that names the fault, or undefined. */
  checkAccountFields(fields: Readonly<Record<string, string>>): string | undefined
  /**
   * Exactly one HTTP request for one message; never retried in here. Resolves within `providerCallTimeoutMs` and does
   * not throw for anything the network or the provider does: what happened is in the outcome, told apart by what may
   * have left the process.
   */
  send(message: OutboundMessage, account: ProviderAccount): Promise<SendOutcome>
  /**
   * Whether the webhook says that it is this account's; always true where webhooks name no account. Proves nothing: it
   * spares trying the secrets of accounts whose it cannot be. Never throws.
   */
  claims(request: WebhookRequest, account: ProviderAccount): boolean
  /**
   * Verifies the signature with the account's own secret or key (and the previous one, during rotation), then parses.
   * Pure but for the clock; never throws, whatever the bytes are.
   */
  readWebhook(request: WebhookRequest, account: ProviderAccount): WebhookReading
  /** What a webhook is answered once its content is stored. */
  readonly webhookAnswer: { readonly contentType: string; readonly body: string }
  /** Looks for the message of an attempt. Reads only, at most `searchRequestsMax` requests; throws only if `isTaken` does. */
  findSent(query: SentQuery, account: ProviderAccount): Promise<SearchResult>
  /**
   * Asks what the account is and how its numbers are set up. Reads only, at most `checkRequestsMax` requests; never throws
   * for anything the network or the provider does, which is a check that is not ok.
   */
  check(question: AccountQuestion, account: ProviderAccount): Promise<readonly AccountCheck[]>
  /**
   * The headers with which to fetch an inbound medium, or undefined when the URL is not one of this provider's hosts and
   * must not be fetched. Ask again for every redirect: other hosts of the provider get no credentials.
   */
  mediaHeaders(url: string, account: ProviderAccount): Readonly<Record<string, string>> | undefined
  /** Lets running calls end, then closes idle connections. */
  close(): Promise<void>
}
