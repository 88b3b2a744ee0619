import type { Message } from '../core/message.ts'
import type { MessageId } from '../core/message-id.ts'
import type { MessageStatus } from '../core/message-status.ts'
import type { Lane, LaneUse, SenderTerms } from '../core/pacing.ts'
import type { DecisionTerms, MessageRecord } from './store.ts'

/** What has a pace: a number, or a provider account. Whoever locks both locks the number first. */
export const laneKinds = ['sender', 'account'] as const
export type LaneKind = (typeof laneKinds)[number]

/** A number at which messages may be due. */
export type DueSender = { readonly senderId: number; readonly organizationId: number }

/** A message whose turn has come. Its place in the pace is taken, whether it is dispatched or not. */
export type Turn = {
  readonly key: number
  readonly senderId: number
  readonly organizationId: number
  readonly assistantId: number
  readonly providerAccountId: number
}

export type ClaimTerms = DecisionTerms & {
  /** As in `NewSend`; while another message has it, one without an idempotency key of its own stays in the queue. */
  readonly guard: string
  readonly guardExpiresAt: number
}

/**
 * Messages that wait: the rows of the messages themselves are the queue. One is dispatched in two commits. The first
 * takes turns, so that no pace is exceeded whatever dies then; the second starts the attempts. Nothing is taken from a
 * queue that is held as a whole.
 */
export interface QueueStore {
  /**
   * Numbers with queued messages that may be due, at most `limit`, those that wait longest first, the organizations in
   * turn. `nextAt`: when the next one after them may be (Unix ms). Numbers of the accounts `without` are left out.
   */
  dueSenders(params: {
    readonly now: number
    readonly limit: number
    readonly without?: readonly number[]
  }): Promise<{ readonly senders: readonly DueSender[]; readonly nextAt?: number }>
  /**
   * Takes the turns of waiting messages and keeps others off their numbers until `leasedUntil`, or their claim. Numbers
   * that another process is at are passed over.
   */
  takeTurns(params: {
    readonly now: number
    readonly day: number
    /** When the carriers' next day begins. */
    readonly nextDayAt: number
    readonly leasedUntil: number
    readonly senders: readonly SenderTerms[]
  }): Promise<Turn[]>
  /**
   * Starts the next attempt of each message, as `accept` does: the caller must now call their providers. Those that are
   * refused or held become so, with their event; those that are not queued any more are passed over. Then the numbers are
   * free for others.
   */
  claim(params: {
    readonly now: number
    readonly turns: readonly Turn[]
    /** All whose turns were taken. */
    readonly senderIds: readonly number[]
    /** Pure. */
    readonly termsOf: (message: Message) => ClaimTerms
  }): Promise<MessageRecord[]>
  /** Takes the turn of a direct send that waits for one, unless it is later than `latest`: `at` tells when it may leave. */
  takeDirectTurn(params: {
    readonly now: number
    readonly latest: number
    readonly day: number
    /** When the carriers' next day begins. */
    readonly nextDayAt: number
    readonly organizationId: number
    readonly senderId: number
    readonly dailySegments?: number
    readonly use: LaneUse
    readonly account?: { readonly id: number; readonly use: LaneUse }
  }): Promise<{ readonly at: number; readonly taken: boolean }>
  findLane(kind: LaneKind, id: number): Promise<Lane>
  /** Segments that wait in the queue of a number before one of this priority, counted up to about `countMax`. */
  segmentsAhead(params: {
    readonly senderId: number
    readonly priority: number
    readonly countMax: number
  }): Promise<number>

  /** Puts scheduled and held messages whose time has come into the queue, with their event. @returns how many; at most `limit`. */
  releaseDue(params: { readonly now: number; readonly limit: number }): Promise<number>
  /** Puts held messages into the queue whose assistant, number, account and organization are not paused (any more). */
  releaseUnpaused(params: { readonly now: number; readonly limit: number }): Promise<number>
  /** Ends waiting messages that have expired, with their event. */
  expireWaiting(params: { readonly now: number; readonly limit: number }): Promise<number>
  /** Makes sure that every number with queued messages is looked at, whatever was lost. */
  repairLanes(now: number): Promise<void>

  /**
   * Ends a waiting message, with its event. Not `canceled`: it does not wait (any more), or it was sent again and may have
   * gone out the first time. Undefined when there is no such message.
   */
  cancel(params: {
    readonly organizationId: number
    readonly messageId: MessageId
    readonly now: number
  }): Promise<{ readonly canceled: boolean; readonly previous: MessageStatus; readonly now: MessageStatus } | undefined>
  /**
   * A person lets a message go that is held for approval, or ends it (`canceled`, `not_approved`), with its event.
   * False when it is not held for approval (any more).
   */
  decideHeld(params: {
    readonly organizationId: number
    readonly messageId: MessageId
    readonly approve: boolean
    readonly by: string
    readonly now: number
    readonly note?: string
  }): Promise<boolean>
  /** Newest first. `before` is the key of the last record of the page before. */
  listHeld(organizationId: number, page: { readonly limit: number; readonly before?: number }): Promise<MessageRecord[]>
  /** Of one organization, by provider, status and reason to be held, with when the oldest of each is (or was) due. */
  stats(organizationId: number): Promise<QueueStats[]>
  /** Of all organizations, for those who operate the service: each counted up to `countMax`. */
  backlog(countMax: number): Promise<Backlog>
  /**
   * Makes past dispatches of an organization count, from when its policy gets its first limit: those since `since`,
   * newest first. @returns the key to go on from, undefined when done.
   */
  countDispatched(params: {
    readonly organizationId: number
    readonly since: number
    readonly before?: number
    readonly limit: number
  }): Promise<number | undefined>
}

export type QueueStats = {
  readonly provider: string
  readonly status: MessageStatus
  readonly holdReason?: string
  readonly count: number
  /** Absent for what is held. */
  readonly oldestAt?: number
}

/** What waits, whoever's it is. */
export type Backlog = {
  readonly queued: number
  readonly scheduled: number
  readonly held: number
  /** When the oldest queued message was due. */
  readonly oldestQueuedAt?: number
  /** Messages of which nobody knows whether they went out. */
  readonly unknown: number
  readonly pendingDeliveries: number
  readonly deadDeliveries: number
  /** When the oldest pending delivery was made. */
  readonly oldestDeliveryAt?: number
}
