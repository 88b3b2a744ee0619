import type { Retention } from '../core/retention.ts'

/** A step of a walk through what an organization has, from the oldest on. */
export type Walk = {
  readonly organizationId: number
  /** What the step before reached; 0 for the first. */
  readonly after: number
  /** What is not older than this (Unix ms) is kept, and ends the walk. */
  readonly before: number
}

export type WalkStep = {
  readonly removed: number
  readonly reached: number
  /** Everything that follows is too young. */
  readonly isDone: boolean
}

/**
 * Removes what is not kept any more. Each call is one short transaction that looks at a limited number of rows, which an
 * index finds: what is sent meanwhile does not wait for it. A message that has not ended is never touched (`isDue`), an
 * opt-out neither. What another process is at is passed over.
 */
export interface RetentionStore {
  /** What every organization has set, in the order of their ids. */
  listSettings(page: {
    readonly after: number
    readonly limit: number
  }): Promise<readonly { readonly organizationId: number; readonly retention: Retention }[]>
  /** Empties texts and removes media. The message says since when (`bodyRemovedAt`). */
  removeBodies(walk: Walk & { readonly now: number }): Promise<WalkStep>
  /** With attempts, receipts, events and media. */
  removeMessages(walk: Walk & { readonly now: number }): Promise<WalkStep>
  /** Those begun before, if they have no messages any more. */
  removeConversations(walk: Walk): Promise<WalkStep>
  /** Deliveries that were taken, and those given up before `deadBefore`; none that is still to be tried. */
  removeDeliveries(walk: Walk & { readonly deadBefore: number }): Promise<WalkStep>
  /**
   * Up to the first event that some endpoint has not seen yet, or still waits for. While one endpoint waits for more than
   * `pendingLookedAtMax`, none is removed.
   */
  removeEvents(walk: Walk): Promise<WalkStep>
  /** Of all organizations. @returns how many; 0 when there are no more. */
  removeIdempotencyKeys(before: number): Promise<number>
  /** Of all organizations and of none. @returns how many; 0 when there are no more. */
  removeRefusedWebhooks(before: number): Promise<number>
}

export const pendingLookedAtMax = 10_000
