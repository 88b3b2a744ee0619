const revisitMs = 100

/**
 * When a number is looked at again whose next text may leave `at`: if that is later than now, after a while, so that a
 * round finds several texts at once, and at the same moments as others, so that it finds many numbers.
 */
export function revisitAt({ at, now }: { readonly at: number; readonly now: number }): number {
  return at <= now ? now : Math.ceil(Math.max(at, now + revisitMs) / revisitMs) * revisitMs
}

/** A text whose identical twin is unresolved is looked at again after this. */
export const heldBackRetryMs = 15_000

/** Waiting texts of a number that a round looks at: more than it takes, since people may have one under way. */
export function waitingLookedAtMax(takeMax: number): number {
  return Math.min(takeMax * 4 + 16, 512)
}
