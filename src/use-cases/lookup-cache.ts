import type { Clock } from '../ports/clock.ts'

/** Changes made by other processes (keys revoked, numbers moved) hold here after at most this long. */
export const lookupLifetimeMs = 2_000

export type LookupCache<V> = {
  /** The cached value, or what `load` finds. Concurrent misses of one key load once; a failed load is not kept. */
  find(key: string): Promise<V | undefined>
  /** Forgets everything: after a change made by this process. */
  clear(): void
}

/**
 * Remembers what rarely changes and every request needs. Absence is remembered too, so that guessing costs no
 * queries; at `entriesMax` the oldest entry makes room.
 */
export function makeLookupCache<V>(params: {
  readonly clock: Clock
  readonly entriesMax: number
  readonly load: (key: string) => Promise<V | undefined>
}): LookupCache<V> {
  const entries = new Map<string, { readonly value: Promise<V | undefined>; readonly expiresAt: number }>()

  function store(key: string): Promise<V | undefined> {
    const value = params.load(key)
    const entry = { value, expiresAt: params.clock.monotonicMs() + lookupLifetimeMs }
    entries.delete(key)
    if (entries.size >= params.entriesMax) {
      const oldest = entries.keys().next().value
      if (oldest !== undefined) entries.delete(oldest)
    }
    entries.set(key, entry)
    value.catch(() => {
      if (entries.get(key) === entry) entries.delete(key)
    })
    return value
  }

  return {
    find(key) {
      const entry = entries.get(key)
      return entry !== undefined && params.clock.monotonicMs() < entry.expiresAt ? entry.value : store(key)
    },
    clear() {
      entries.clear()
    },
  }
}
