import type { ConsentChange } from '../core/consent.ts'
import type { Conversation } from '../core/conversation.ts'
import type { InboundMessage } from '../core/inbound-message.ts'
import type { Keyword } from '../core/keyword.ts'
import type { Message } from '../core/message.ts'
import type { MessageId } from '../core/message-id.ts'
import type { OptOut } from '../core/opt-out.ts'
import type { Sender } from '../core/organization.ts'
import type { E164 } from '../core/phone-number.ts'
import type { MessageRecord, Page } from './store.ts'

export type NewInbound = {
  /** With status `received`. */
  readonly message: Message
  readonly inbound: InboundMessage
  readonly keyword?: Keyword
  /** One for each of its media. */
  readonly mediaIds: readonly string[]
  /** Pure; called inside the transaction with the opt-outs of the person. */
  readonly consent: (optOuts: readonly OptOut[]) => {
    readonly change: ConsentChange
    /** Recorded when the change says `opt_out` or `doubt`. */
    readonly optOut: OptOut
    /** Queued when the change asks for a reply. */
    readonly reply?: Message
  }
}

export type InboundResult =
  | { readonly kind: 'received'; readonly record: MessageRecord; readonly change: ConsentChange }
  /** The provider had reported this message before. Nothing was written. */
  | { readonly kind: 'duplicate' }

/** A webhook that could not be used: kept, so that nothing a provider said is lost without a word. */
export type RefusedWebhook = {
  readonly provider: string
  /** Why, in our words: without numbers, bodies or secrets. */
  readonly reason: string
  /** Raw, cut to `refusedWebhookBytesMax`. May hold anything, so it is shown to operators only. */
  readonly body: string
  readonly receivedAt: number
  /** Known when a signature fitted an account of it. */
  readonly organizationId?: number
}

export const refusedWebhookBytesMax = 16 * 1024

export const mediaStates = ['pending', 'stored', 'failed'] as const
export type MediaState = (typeof mediaStates)[number]

/** What an inbound MMS carries. */
export type Media = {
  /** Random, so that it cannot be guessed: `med_…`. */
  readonly id: string
  readonly organizationId: number
  readonly messageKey: number
  readonly providerAccountId: number
  readonly url: string
  readonly contentType: string
  readonly state: MediaState
  /** Bytes; only when stored. */
  readonly size?: number
  /** SHA-256 of the content, lower-case hex; only when stored. */
  readonly sha256?: string
  /** Tries so far. */
  readonly tries: number
  readonly fault?: string
}

export type ConversationFilter = {
  readonly assistantId?: number
  readonly person?: E164
  readonly archived?: boolean
  readonly from?: number
  readonly to?: number
}

/** A conversation as lists show it. */
export type ConversationSummary = Conversation & {
  readonly key: number
  readonly messageCount: number
  readonly lastMessageAt: number
  readonly isArchived: boolean
}

/** What people send to us. Each call that writes is one transaction. */
export interface InboundStore {
  /**
   * Records a text once (by account and provider id), with its conversation, media, events, the change of the consent
   * ledger and the automatic reply. What waits to be sent to somebody who opts out ends.
   */
  receive(inbound: NewInbound): Promise<InboundResult>
  /**
   * The number in each organization that has it with one of these accounts, whose signatures fit. It may be several:
   * whose number it truly is nobody here can tell.
   */
  findSenders(providerAccountIds: readonly number[], number: E164): Promise<Sender[]>
  recordRefusedWebhook(webhook: RefusedWebhook): Promise<void>
  /** Newest first; those of the organization and those that fit no account. */
  listRefusedWebhooks(organizationId: number, page: Page): Promise<RefusedWebhook[]>

  findConversation(organizationId: number, id: string): Promise<ConversationSummary | undefined>
  /** Of a message. */
  conversationOf(organizationId: number, messageKey: number): Promise<Conversation | undefined>
  /** The one with the newest message first. */
  listConversations(organizationId: number, filter: ConversationFilter, page: Page): Promise<ConversationSummary[]>
  /** Oldest first. */
  listMessages(organizationId: number, conversationKey: number, page: Page): Promise<MessageRecord[]>
  /** Hidden from lists until a new message comes. False when there is none. */
  archiveConversation(organizationId: number, id: string): Promise<boolean>

  /** Pending media whose next try is due. Each is returned once until `tryAgainAt` of its tries, this one included. */
  claimMedia(params: {
    readonly now: number
    readonly tryAgainAt: (tries: number) => number
    readonly limit: number
  }): Promise<Media[]>
  recordMedia(
    id: string,
    result:
      | { readonly kind: 'stored'; readonly content: Uint8Array; readonly contentType: string; readonly sha256: string }
      /** `final`: no further try. */
      | { readonly kind: 'failed'; readonly fault: string; readonly final: boolean },
  ): Promise<void>
  findMedia(id: string): Promise<(Media & { readonly content?: Uint8Array }) | undefined>
  mediaOf(organizationId: number, messageId: MessageId): Promise<Media[]>
}
