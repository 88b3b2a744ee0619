import type { ApiKey } from '../core/api-key.ts'
import type { AuditEntry } from '../core/audit.ts'
import type { DeliveryReceipt, ReceiptSource, RecordedReceipt } from '../core/delivery-receipt.ts'
import type { DomainEvent } from '../core/event.ts'
import type { Conclusion } from '../core/evidence.ts'
import type { Attempt, Message } from '../core/message.ts'
import type { MessageId } from '../core/message-id.ts'
import type { OptOut } from '../core/opt-out.ts'
import type { Assistant, Organization, ProviderAccount, Route, Sender } from '../core/organization.ts'
import type { LaneUse } from '../core/pacing.ts'
import type { E164 } from '../core/phone-number.ts'
import type { RefusalRule, SendDecision } from '../core/send-decision.ts'
import type { FactNeeds, SendFacts } from '../core/send-facts.ts'
import type { SendOutcome } from '../core/send-outcome.ts'
import type { Audit, AuditStore } from './audit-store.ts'
import type { BatchStore } from './batch-store.ts'
import type { EventStore } from './event-store.ts'
import type { InboundStore } from './inbound-store.ts'
import type { PeopleStore } from './people-store.ts'
import type { QueueStateStore } from './queue-state.ts'
import type { LaneKind, QueueStore } from './queue-store.ts'
import type { RetentionStore } from './retention-store.ts'
import type { StatisticsStore } from './statistics-store.ts'
import type { SessionStore, UserStore } from './user-store.ts'
import type { WakeUps } from './wake-ups.ts'

/**
 * What the inside needs from a database. Every promise that resolves after a write resolves after its commit is
 * durable. Every call that takes an organization id sees nothing of another organization.
 *
 * Errors: `SmsError` `conflict` when a unique name or number is taken, `not_found` from `get…` and `change…`,
 * `unavailable` when the database cannot be reached or is full. Anything else is a bug.
 */
export interface Store {
  readonly sends: SendStore
  readonly batches: BatchStore
  readonly queue: QueueStore
  readonly evidence: EvidenceStore
  readonly messages: MessageStore
  readonly inbound: InboundStore
  readonly events: EventStore
  readonly optOuts: OptOutStore
  readonly organizations: OrganizationStore
  readonly accounts: AccountStore
  readonly assistants: AssistantStore
  readonly senders: SenderStore
  readonly apiKeys: ApiKeyStore
  readonly users: UserStore
  readonly sessions: SessionStore
  readonly retention: RetentionStore
  readonly people: PeopleStore
  readonly audit: AuditStore
  readonly statistics: StatisticsStore
  readonly queueState: QueueStateStore
  readonly wakeUps: WakeUps
  /** The database's time in Unix ms, fractions too. Absent where the clock of this process is the database's. */
  readonly databaseTime?: () => Promise<number>
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
  /**
   * With status `sending`, accepting it starts its first attempt in the same commit. With `queued` or `scheduled` it
   * waits. One that `decide` holds becomes `held`, and is sent from the queue.
   */
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
  readonly terms: DecisionTerms
  /** What a direct send takes from the lanes of its number and its account, whether there is room or not. */
  readonly uses: readonly LaneDebit[]
}

/** How it is decided whether a message may go, inside the transaction that starts its attempt. */
export type DecisionTerms = {
  readonly needs: FactNeeds
  /** Its dispatch counts against limits of the policy. */
  readonly counted: boolean
  /** Pure; called inside the transaction with what the store knows there, at most once per try of the transaction. */
  readonly decide: (facts: SendFacts) => SendDecision
}

export type LaneDebit = LaneUse & { readonly kind: LaneKind; readonly id: number; readonly day: number }

export type AcceptResult =
  /** Committed: message, attempt 1, event, idempotency key, guard. The caller must now call the provider. */
  | { readonly kind: 'started'; readonly record: MessageRecord }
  /** Committed as `queued`, `scheduled` or `held`, with its event and idempotency key; no attempt. */
  | { readonly kind: 'waiting'; readonly record: MessageRecord }
  /** Committed with the status of its rule, with its event; no attempt, no guard, no idempotency key. */
  | { readonly kind: 'refused'; readonly rule: RefusalRule; readonly record: MessageRecord }
  /** An identical message is unresolved. Nothing was written. */
  | { readonly kind: 'joined'; readonly messageId: MessageId }
  /** The idempotency key is known. Nothing was written. */
  | { readonly kind: 'replayed'; readonly messageId: MessageId; readonly sameRequest: boolean }

export type OutcomeRecord = {
  readonly key: number
  readonly messageId: MessageId
  readonly organizationId: number
  readonly attempt: Attempt & { readonly finishedAt: number; readonly outcome: SendOutcome }
  /** What the attempts alone give; `queued` puts it back into the queue. Written while the message is still `sending`; otherwise all evidence is weighed anew. */
  readonly conclusion: Conclusion
  readonly keepsGuard: boolean
  /** Written when the conclusion is. */
  readonly event?: DomainEvent
  /** Nothing queued leaves from its number before. */
  readonly slowedUntil?: number
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
   * Starts a further attempt, after deciding again, of a message whose attempts all ended `not_sent`, or unknown and
   * closed. It is `sending`, its last attempt to be tried again; or, with `resend`, it is `unknown`. The message becomes
   * `sending`. `superseded`: it is not so (any more); nothing was written and nothing may be sent. `refused`: the
   * message has ended with the rule as its reason, with its event and its guard freed; one that has an unknown attempt
   * is unknown instead, since that may have gone out.
   */
  startAttempt(start: {
    readonly key: number
    readonly messageId: MessageId
    readonly organizationId: number
    readonly recipient: E164
    readonly attempt: Attempt
    readonly resend: boolean
    /** As in `NewSend`. With `resend` it is taken again, unless an identical message has it by now: `superseded`. */
    readonly guard: string
    /** The guard of the message, if it still has it, holds until then again. */
    readonly guardExpiresAt: number
    /** What would hold the message refuses the attempt: it stays as it is, and `superseded` is returned. */
    readonly terms: DecisionTerms
    readonly uses: readonly LaneDebit[]
    /** The person who asked for it; stands in the event. */
    readonly by?: string
    readonly note?: string
  }): Promise<'started' | 'refused' | 'superseded'>
  /**
   * Records how an attempt ended. Recording the same attempt twice changes nothing, but a definite outcome replaces
   * `unknown`: a process that was thought dead may still bring its provider's answer.
   */
  recordOutcome(record: OutcomeRecord): Promise<void>
  /**
   * A caller has read what became of a resolved message: an identical send is a new one from now on, unless the message
   * holds back its duplicates.
   */
  releaseGuard(organizationId: number, messageId: MessageId, now: number): Promise<void>
  /** What a decision about the message would be made from now. Nothing is locked or written. */
  facts(message: Message, needs: FactNeeds): Promise<SendFacts>
  /** The message that this one would join, were it accepted now. Nothing is locked or written. */
  findJoined(message: Message, guard: string): Promise<MessageId | undefined>
  /**
   * Messages that stand between two attempts (the last ended `not_sent`, none is under way) since before
   * `startedBefore`: their process died while waiting to try again. Each becomes `failed` with reason `interrupted`, or
   * unknown when an earlier attempt is, with its event.
   * @returns how many; at most `limit`.
   */
  failInterrupted(params: {
    readonly startedBefore: number
    readonly now: number
    readonly limit: number
  }): Promise<number>
}

/** What becomes of messages after they were handed over. Each change weighs all evidence anew, with its event. */
export interface EvidenceStore {
  /**
   * Records a report about a message, once for each provider status and code. A failure that is an opt-out is learned
   * by the ledger (`optOut`). `duplicate`: it was known. `taken`, of what a search found only: it may belong to another
   * message of the organization, which has the provider's id already, or is identical and still in its own call, so that
   * its id is not known yet; nothing was written. Of concurrent searches that found the same, one is recorded.
   */
  recordReceipt(params: {
    readonly organizationId: number
    readonly messageId: MessageId
    readonly receipt: DeliveryReceipt
    readonly source: ReceiptSource
    readonly receivedAt: number
    readonly optOut?: OptOut
  }): Promise<'recorded' | 'duplicate' | 'taken'>
  /** Oldest first. */
  receipts(organizationId: number, id: MessageId): Promise<RecordedReceipt[]>
  /**
   * Messages that are `sending` and whose last attempt ended unknown, or started before `startedBefore` and has no
   * outcome (its process died: it gets the outcome unknown here). Each is returned once until `checkAgainAt`; those
   * that were never returned come first, then those that wait longest.
   */
  claimUnresolved(params: {
    readonly now: number
    readonly startedBefore: number
    readonly checkAgainAt: number
    readonly limit: number
  }): Promise<MessageRecord[]>
  /**
   * Nothing more is awaited for the unknown attempt: its evidence window has passed, or a person (`by`) decided so.
   * Once; an attempt that got an outcome meanwhile stays as it is.
   */
  closeAttempt(params: AttemptMark & { readonly by?: string; readonly note?: string }): Promise<void>
  /** A person says that the attempt was sent. Its event carries who said so. False when it is no unknown attempt. */
  vouch(params: AttemptMark & { readonly by: string; readonly note?: string }): Promise<boolean>
  /** Messages of which an attempt is unknown and unresolved, newest first: `sending` after the call, or `unknown`. */
  listUnknown(organizationId: number, page: Page): Promise<MessageRecord[]>
}

export type AttemptMark = {
  readonly organizationId: number
  readonly messageId: MessageId
  readonly attemptNumber: number
  readonly at: number
}

/** Which messages a list shows; absent members filter nothing. Times are Unix milliseconds, from included, to not. */
export type MessageFilter = {
  readonly direction?: Message['direction']
  readonly status?: Message['status']
  readonly provider?: string
  readonly assistantId?: number
  readonly sender?: string
  readonly recipient?: string
  readonly from?: number
  readonly to?: number
  /** Part of the body, letters of either case. */
  readonly search?: string
}

export type MessageCounts = {
  readonly total: number
  readonly byStatus: Readonly<Record<string, number>>
  readonly byDirection: Readonly<Record<string, number>>
  readonly byProvider: Readonly<Record<string, number>>
}

export interface MessageStore {
  /** Newest first. `before` is the key of the last record of the page before. */
  list(
    organizationId: number,
    filter: MessageFilter,
    page: Page & { readonly before?: number },
  ): Promise<MessageRecord[]>
  /** At most `countMax`: a count of everything would read everything. */
  count(organizationId: number, filter: MessageFilter, countMax: number): Promise<number>
  counts(organizationId: number, period: { readonly from?: number; readonly to?: number }): Promise<MessageCounts>
  findByKey(organizationId: number, key: number): Promise<MessageRecord | undefined>
  find(organizationId: number, id: MessageId): Promise<MessageRecord | undefined>
  /** By the provider's own id. The newest, should a provider repeat one. */
  findByProviderId(organizationId: number, providerMessageId: string): Promise<MessageRecord | undefined>
  /** Oldest first. */
  events(organizationId: number, id: MessageId): Promise<DomainEvent[]>
}

/** `skip` and `limit` as the published API has them. */
export type Page = { readonly skip: number; readonly limit: number }

export interface OptOutStore {
  /** All of one person, the widest first. */
  find(organizationId: number, recipient: E164): Promise<OptOut[]>
  /** Newest first. */
  list(organizationId: number, page: Page): Promise<OptOut[]>
  /**
   * Records it with its event, and ends what waits to be sent to the person and is covered by it (`suppressed`).
   * One of the same reach that stands already stays as it is (`created: false`), but a certain one replaces one in
   * doubt. Once this resolves, no attempt for the recipient can commit any more.
   */
  add(optOut: OptOut): Promise<{ readonly created: boolean; readonly optOut: OptOut }>
  /** Many in one commit, as `add` does. @returns how many are new. */
  addAll(optOuts: readonly OptOut[]): Promise<number>
  /** All of the person, or those in doubt alone; each with its event. @returns how many. */
  remove(
    organizationId: number,
    recipient: E164,
    params: { readonly removedAt: number; readonly onlyInDoubt: boolean },
  ): Promise<number>
}

type Fresh<T> = Omit<T, 'id'>

export interface OrganizationStore {
  /** At most `limit`, oldest first. */
  list(limit: number): Promise<Organization[]>
  findByName(name: string): Promise<Organization | undefined>
  create(organization: Fresh<Organization>): Promise<Organization>
  find(id: number): Promise<Organization | undefined>
  /** `change` is pure and runs inside the transaction, as `audit` does. */
  change(id: number, change: (now: Organization) => Organization, audit?: Audit<Organization>): Promise<Organization>
}

/** Secrets are sealed on the way in and opened on the way out. */
export interface AccountStore {
  list(organizationId: number): Promise<ProviderAccount[]>
  find(organizationId: number, id: number): Promise<ProviderAccount | undefined>
  /** Of every organization: a provider's webhook does not say whose it is. At most `limit`. */
  listByProvider(provider: string, limit: number): Promise<ProviderAccount[]>
  create(account: Fresh<ProviderAccount>): Promise<ProviderAccount>
  /** `change` is pure and runs inside the transaction. */
  change(
    organizationId: number,
    id: number,
    change: (now: ProviderAccount) => ProviderAccount,
    audit?: Audit<ProviderAccount>,
  ): Promise<ProviderAccount>
  /** @throws SmsError `conflict` while senders or assistants use it, or texts wait for it. False when there is none. */
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
  /** One that was removed, too: what it has left waiting is sent by its settings. */
  findEver(organizationId: number, id: number): Promise<Assistant | undefined>
  create(assistant: Fresh<Assistant>): Promise<Assistant>
  /** `change` is pure and runs inside the transaction. */
  change(
    organizationId: number,
    id: number,
    change: (now: Assistant) => Assistant,
    audit?: Audit<Assistant>,
  ): Promise<Assistant>
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
  change(organizationId: number, id: number, change: (now: Sender) => Sender, audit?: Audit<Sender>): Promise<Sender>
  /** The route of an active sender with an active assistant. */
  findRoute(organizationId: number, phoneNumber: E164): Promise<Route | undefined>
}

export interface ApiKeyStore {
  /** By the SHA-256 of the whole key, revoked and expired ones included. */
  findByHash(hash: string): Promise<ApiKey | undefined>
  /** Without revoked ones. */
  list(organizationId: number): Promise<ApiKey[]>
  count(): Promise<number>
  /** `audit` is pure and runs inside the transaction, as `change` does. */
  create(apiKey: Fresh<ApiKey>, audit?: (made: ApiKey) => AuditEntry | undefined): Promise<ApiKey>
  change(organizationId: number, id: number, change: (now: ApiKey) => ApiKey, audit?: Audit<ApiKey>): Promise<ApiKey>
  /** Records uses; not durable at once, and never on the way of a request. */
  touch(id: number, usedAt: number): Promise<void>
  /**
   * Takes up to `wanted` requests from what a key may still make in its present window, which the first one begins;
   * windows of another length are others. Exact over all processes that share the store. A crash or a restart of the
   * engine may begin all windows anew.
   */
  takeRequests(params: {
    readonly apiKeyId: number
    readonly windowMs: number
    readonly requestsMax: number
    readonly wanted: number
    /** Milliseconds that only grow. An engine that processes share goes by its own clock instead. */
    readonly now: number
  }): Promise<TakenRequests>
}

export type TakenRequests = {
  readonly granted: number
  /** Taken in the window so far, these included. */
  readonly total: number
  /** Until the window ends, at least 0. */
  readonly leftMs: number
}
