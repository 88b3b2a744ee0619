import type { OptOutScope } from './opt-out.ts'
import type { AccountPacing, SenderPacing } from './pacing.ts'
import type { E164 } from './phone-number.ts'
import type { Policy } from './policy.ts'
import type { Retention } from './retention.ts'

/** Who owns everything else. Organizations never see each other. */
export type Organization = {
  readonly id: number
  readonly name: string
  /** How far a new opt-out reaches. */
  readonly optOutScope: OptOutScope
  /** Holds for all its assistants, unless one has its own. */
  readonly policy: Policy
  /** Nothing is sent since then: what would be is held. So it is with an assistant, a number, and an account. */
  readonly pausedAt?: number
  readonly retention: Retention
  readonly createdAt: number
}

/**
 * Credentials at one provider. `settings` may be shown; `secrets` never leave the process but in a call to that
 * provider. Which names belong to either is declared by the adapter (`accountFields`).
 */
export type ProviderAccount = {
  readonly id: number
  readonly organizationId: number
  readonly name: string
  /** The adapter's name, as in the registry. */
  readonly provider: string
  /** Replaces the provider's own address; without a trailing slash. */
  readonly baseUrl?: string
  readonly settings: Readonly<Record<string, string>>
  readonly secrets: Readonly<Record<string, string>>
  readonly pacing: AccountPacing
  readonly pausedAt?: number
  readonly createdAt: number
  readonly updatedAt: number
}

export type Assistant = {
  readonly id: number
  readonly organizationId: number
  readonly name: string
  readonly description?: string
  /** Where its inbound texts go. */
  readonly smsWebhookUrl?: string
  readonly providerAccountId?: number
  /** A Twilio Messaging Service or the like: overrides the account's own setting for this assistant. */
  readonly messagingServiceId?: string
  readonly inbound: InboundSettings
  /** Each member replaces the organization's. */
  readonly policy: Policy
  readonly pausedAt?: number
  readonly customSettings: Readonly<Record<string, unknown>>
  readonly isActive: boolean
  readonly createdAt: number
  readonly updatedAt: number
}

/** How an assistant's inbound texts are treated. Absent members mean the defaults. */
export type InboundSettings = {
  /** Texts that arrive within this time after the first are delivered together; 0 delivers each at once. */
  readonly coalesceMs?: number
  /** Keywords that mean something else to this assistant, where the law does not name them. */
  readonly freedKeywords?: readonly string[]
  readonly optOutReply?: string
  readonly optInReply?: string
  readonly helpReply?: string
}

export const coalesceMsMax = 60_000
export const freedKeywordsMax = 20
export const freedKeywordLengthMax = 40
export const automaticReplyLengthMax = 320

/** A number that texts can come from. Unique within its organization. */
export type Sender = {
  readonly id: number
  readonly organizationId: number
  readonly phoneNumber: E164
  readonly friendlyName?: string
  readonly assistantId?: number
  readonly providerAccountId: number
  readonly pacing: SenderPacing
  readonly pausedAt?: number
  readonly isActive: boolean
  readonly createdAt: number
  readonly updatedAt: number
}

/** sender -> assistant -> provider account: all that a send from one number needs to know. */
export type Route = {
  readonly organization: Organization
  readonly sender: Sender
  readonly assistant: Assistant
  readonly account: ProviderAccount
}
