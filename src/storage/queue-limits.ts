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

/**
 * To find them it passes over texts to people who have one under way; no more than this, or a hundred thousand texts to a
 * few people would be read again and again. Whoever stands behind so many waits for one of them.
 */
export const waitingPassedOverMax = 1_000
