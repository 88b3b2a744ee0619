import type { ApiKey } from '../core/api-key.ts'
import type { DomainEvent } from '../core/event.ts'
import type { Failure } from '../core/failure.ts'
import type { Attempt, Message } from '../core/message.ts'
import type { MessageId } from '../core/message-id.ts'
import type { DispatchedStatus } from '../core/message-status.ts'
import type { OptOut } from '../core/opt-out.ts'
import type { Assistant, Organization, ProviderAccount, Route, Sender } from '../core/organization.ts'
import type { E164 } from '../core/phone-number.ts'
import type { SendDecision, SendFacts } from '../core/policy.ts'
import type { SendOutcome } from '../core/send-outcome.ts'

/**
 * What the inside needs from a database. Every promise that resolves after a write resolves after its commit is
 * durable. Every call that takes an organization id sees nothing of another organization.
 *
 * Errors: `SmsError` `conflict` when a unique name or number is taken, `not_found` from `get…` and `change…`,
 * `unavailable` when the database cannot be reached or is full. Anything else is a bug.
 */
export interface Store {
  readonly sends: SendStore
  readonly messages: MessageStore
  readonly optOuts: OptOutStore
  readonly organizations: OrganizationStore
  readonly accounts: AccountStore
  readonly assistants: AssistantStore
  readonly senders: SenderStore
  readonly apiKeys: ApiKeyStore
  /** Resolves when the database answers; throws `unavailable` otherwise. */
  ping(): Promise<void>
  /** Lets running operations end, then closes. */
  close(): Promise<void>
}

/** A message with its attempts (in order of their number) and the store's own key of the row. */
export type MessageRecord = {
  /** Grows with time; never leaves the process. */
  readonly key: number
  readonly message: Message
  readonly attempts: readonly Attempt[]
}

export type NewSend = {
  /** With status `sending`: accepting a direct send starts its first attempt in the same commit. */
  readonly message: Message
  /**
   * Hash of organization, sender, recipient, text and media, 32 hex digits. While a message is unresolved it holds
   * this guard, and a send without an idempotency key that has the same one joins it.
   */
  readonly guard: string
  /** From then on (Unix ms) the guard no longer holds others back, resolved or not. */
  readonly guardExpiresAt: number
  readonly idempotency?: {
    readonly route: string
    readonly key: string
    /** Hash of the request; another one under the same key is a reuse. */
    readonly requestHash: string
    /** Keys older than this (Unix ms, by creation) are forgotten. */
    readonly forgetBefore: number
  }
  /** Pure; called inside the transaction with what the store knows there, at most once per try of the transaction. */
  readonly decide: (facts: SendFacts) => SendDecision
}

export type AcceptResult =
  /** Committed: message, attempt 1, event, idempotency key, guard. The caller must now call the provider. */
  | { readonly kind: 'started'; readonly record: MessageRecord }
  /** Committed as `suppressed`, with its event; no attempt, no guard, no idempotency key. */
  | { readonly kind: 'refused'; readonly rule: 'recipient_opted_out'; readonly record: MessageRecord }
  /** An identical message is unresolved. Nothing was written. */
  | { readonly kind: 'joined'; readonly messageId: MessageId }
  /** The idempotency key is known. Nothing was written. */
  | { readonly kind: 'replayed'; readonly messageId: MessageId; readonly sameRequest: boolean }

export type OutcomeRecord = {
  readonly key: number
  readonly messageId: MessageId
  readonly organizationId: number
  readonly attemptNumber: number
  readonly finishedAt: number
  readonly outcome: SendOutcome
  /** The status that the evidence gives. Written only while the stored status is `sending`: receipts may be ahead. */
  readonly status: DispatchedStatus
  /** True frees the guard: the message is resolved, no identical send needs to join it. */
  readonly resolved: boolean
  readonly failure?: Failure
  /** Written when the status is. */
  readonly event?: DomainEvent
  /** An opt-out that the outcome taught; recorded (with its event) in the same commit unless one stands already. */
  readonly optOut?: OptOut
}

/** The send path. Concurrent calls share commits; each resolves when its own is durable. */
export interface SendStore {
  /**
   * In one transaction: find the idempotency key; decide; take the guard; write. Of concurrent calls with one key,
   * or (without keys) with one guard, exactly one is `started`. A send with a key of its own never joins; it takes
   * the guard if it is free. A key found is `replayed` before anything else is looked at.
   * An opt-out committed before this transaction commits is seen by `decide`.
   */
  accept(send: NewSend): Promise<AcceptResult>
  /**
   * Starts a further attempt of a message that is still `sending` and whose attempts have all ended `not_sent`, after
   * deciding again. `superseded`: it is not so any more; nothing was written and nothing may be sent. `refused`: the
   * message is now `suppressed`, with its event and its guard freed.
   */
  startAttempt(start: {
    readonly key: number
    readonly messageId: MessageId
    readonly organizationId: number
    readonly recipient: E164
    readonly attempt: Attempt
    readonly decide: (facts: SendFacts) => SendDecision
  }): Promise<'started' | 'refused' | 'superseded'>
  /** Records how an attempt ended. Recording the same attempt twice changes nothing. */
  recordOutcome(record: OutcomeRecord): Promise<void>
  /**
   * Messages that stand between two attempts (all ended `not_sent`, none is under way) since before `startedBefore`:
   * their process died while waiting to try again. Each becomes `failed` with reason `interrupted` and its event.
   * @returns how many; at most `limit`.
   */
  failInterrupted(params: {
    readonly startedBefore: number
    readonly now: number
    readonly limit: number
  }): Promise<number>
}

export interface MessageStore {
  find(organizationId: number, id: MessageId): Promise<MessageRecord | undefined>
  /** By the provider's own id. The newest, should a provider repeat one. */
  findByProviderId(organizationId: number, providerMessageId: string): Promise<MessageRecord | undefined>
  /** Oldest first. */
  events(organizationId: number, id: MessageId): Promise<DomainEvent[]>
}

export type Page = { readonly skip: number; readonly limit: number }

export interface OptOutStore {
  find(organizationId: number, recipient: E164): Promise<OptOut | undefined>
  /** Newest first. */
  list(organizationId: number, page: Page): Promise<OptOut[]>
  /**
   * Records it with its event, unless one stands: then that one is returned with `created: false`. Once this
   * resolves, no attempt for the recipient can commit any more.
   */
  add(optOut: OptOut): Promise<{ readonly created: boolean; readonly optOut: OptOut }>
  /** With its event. False when there is none. */
  remove(organizationId: number, recipient: E164, removedAt: number): Promise<boolean>
}

type Fresh<T> = Omit<T, 'id'>

export interface OrganizationStore {
  /** At most `limit`, oldest first. */
  list(limit: number): Promise<Organization[]>
  findByName(name: string): Promise<Organization | undefined>
  create(organization: Fresh<Organization>): Promise<Organization>
}

/** Secrets are sealed on the way in and opened on the way out. */
export interface AccountStore {
  list(organizationId: number): Promise<ProviderAccount[]>
  find(organizationId: number, id: number): Promise<ProviderAccount | undefined>
  create(account: Fresh<ProviderAccount>): Promise<ProviderAccount>
  /** `change` is pure and runs inside the transaction. */
  change(
    organizationId: number,
    id: number,
    change: (now: ProviderAccount) => ProviderAccount,
  ): Promise<ProviderAccount>
  /** @throws SmsError `conflict` while senders or assistants use it. False when there is none. */
  remove(organizationId: number, id: number): Promise<boolean>
  /**
   * Opens every sealed secret of every organization once.
   * @throws SmsError `unavailable` naming the account that the present secret keys cannot open.
   */
  checkSecrets(): Promise<void>
}

export interface AssistantStore {
  /** In order of their ids. */
  list(organizationId: number, page: Page & { readonly activeOnly: boolean }): Promise<Assistant[]>
  count(organizationId: number, activeOnly: boolean): Promise<number>
  find(organizationId: number, id: number): Promise<Assistant | undefined>
  create(assistant: Fresh<Assistant>): Promise<Assistant>
  /** `change` is pure and runs inside the transaction. */
  change(organizationId: number, id: number, change: (now: Assistant) => Assistant): Promise<Assistant>
  /** Its senders become unassigned; it disappears from all lists, its messages stay. False when there is none. */
  remove(organizationId: number, id: number, removedAt: number): Promise<boolean>
}

export interface SenderStore {
  /** In order of their ids. */
  list(organizationId: number): Promise<Sender[]>
  find(organizationId: number, id: number): Promise<Sender | undefined>
  findByNumber(organizationId: number, phoneNumber: E164): Promise<Sender | undefined>
  create(sender: Fresh<Sender>): Promise<Sender>
  /** `change` is pure and runs inside the transaction. */
  change(organizationId: number, id: number, change: (now: Sender) => Sender): Promise<Sender>
  /** The route of an active sender with an active assistant. */
  findRoute(organizationId: number, phoneNumber: E164): Promise<Route | undefined>
}

export interface ApiKeyStore {
  /** By the SHA-256 of the whole key, revoked and expired ones included. */
  findByHash(hash: string): Promise<ApiKey | undefined>
  /** Without revoked ones. */
  list(organizationId: number): Promise<ApiKey[]>
  count(): Promise<number>
  create(apiKey: Fresh<ApiKey>): Promise<ApiKey>
  /** `change` is pure and runs inside the transaction. */
  change(organizationId: number, id: number, change: (now: ApiKey) => ApiKey): Promise<ApiKey>
  /** Records uses; not durable at once, and never on the way of a request. */
  touch(id: number, usedAt: number): Promise<void>
}
