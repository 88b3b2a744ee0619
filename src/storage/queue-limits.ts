/** A number that has used up its pace is looked at again after this, so that a round finds several texts at once. */
export const revisitMs = 100

/** A text whose identical twin is unresolved is looked at again after this. */
export const heldBackRetryMs = 15_000

/** Waiting texts of a number that a round looks at: more than it takes, since people may have one under way. */
export function waitingLookedAtMax(takeMax: number): number {
  return Math.min(takeMax * 4 + 16, 512)
}
