import type { MessageId } from '../core/message-id.ts'
import type { ProviderAccount } from '../core/organization.ts'
import type { E164 } from '../core/phone-number.ts'
import type { SendOutcome } from '../core/send-outcome.ts'

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

/** One provider, behind one model. Adapters keep no state but connections, and never touch the store. */
export interface Provider {
  /** As in URLs, answers and configuration: lower case, one word. */
  readonly name: string
  readonly accountFields: readonly AccountField[]
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
  /** Lets running calls end, then closes idle connections. */
  close(): Promise<void>
}
