import type { Clock } from '../ports/clock.ts'

const lifetimeMsMin = 3_000
/** What took long to make holds for longer, so that making it never takes more than a part of the time. */
const lifetimePerMakingMs = 20

/**
 * Answers that are expensive and may be some seconds old: made once for all who ask meanwhile. What failed is not kept;
 * at `entriesMax` the oldest makes room.
 */
export function makeBriefCache<V>(params: { readonly clock: Clock; readonly entriesMax: number }) {
  const { clock, entriesMax } = params
  const entries = new Map<string, { readonly value: Promise<V>; expiresAt: number }>()

  return (key: string, make: () => Promise<V>): Promise<V> => {
    const startedAt = clock.monotonicMs()
    const known = entries.get(key)
    if (known !== undefined && startedAt < known.expiresAt) return known.value
    const entry = { value: make(), expiresAt: Number.POSITIVE_INFINITY }
    entries.delete(key)
    const [oldest] = entries.keys()
    if (entries.size >= entriesMax && oldest !== undefined) entries.delete(oldest)
    entries.set(key, entry)
    entry.value.then(
      () => {
        const endedAt = clock.monotonicMs()
        entry.expiresAt = endedAt + Math.max(lifetimeMsMin, (endedAt - startedAt) * lifetimePerMakingMs)
      },
      () => {
        if (entries.get(key) === entry) entries.delete(key)
      },
    )
    return entry.value
  }
}
