import type { FailureReason } from '../core/failure.ts'
import type { HoldReason } from '../core/message.ts'
import type { MessageStatus } from '../core/message-status.ts'
import type { RefusalRule } from '../core/send-decision.ts'
import type { SendOutcome } from '../core/send-outcome.ts'
import type { SearchResult } from './provider.ts'
import type { Backlog } from './queue-store.ts'

/** What operators watch. Labels are closed lists: no id, number or text ever becomes one. */
export interface Metrics {
  /** A message took a new status. */
  messageStatus(provider: string, status: MessageStatus): void
  /** A provider call ended. */
  providerCall(provider: string, outcome: SendOutcome['kind'], durationMs: number): void
  /** A provider sent a code or status that our tables do not know. */
  unrecognizedCode(provider: string): void
  /** A provider called our webhook address. */
  providerWebhook(provider: string, result: 'recorded' | 'duplicate' | 'refused' | 'forged'): void
  /** A provider was searched for an attempt without an outcome. */
  reconciliation(provider: string, finding: SearchResult['kind']): void
  /** A durable commit of `itemCount` grouped operations. */
  commit(operation: string, itemCount: number, durationMs: number): void
  /** How far this machine's clock is ahead of the database's; negative when it is behind. */
  clockSkew(aheadMs: number): void
  /** Whether this process is told at once of what others left for it, or only finds it when it looks. */
  wakeUpsConnected(isConnected: boolean): void
  /** Whether the queue waits for a person to say go. */
  queueHeld(isHeld: boolean): void
  /** How many accounts of a provider are hardly called, because their last calls all failed. */
  openCircuits(provider: string, accountCount: number): void
  /** What waits, and since when, as of `now`; undefined while the database does not say. */
  backlog(found: Backlog | undefined, now: number): void
  /** The policy stood against a send, when it was accepted or when its turn came. */
  policyDecision(...decision: ['refused', RefusalRule] | ['held', HoldReason]): void
  /** Nothing more leaves the queue of a number for a while, because a provider did not take a text of it. */
  senderSlowed(provider: string, reason: FailureReason): void
}
