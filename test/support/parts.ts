import type { ProviderPaces } from '../../src/core/sender-pace.ts'
import { makeHttpClient } from '../../src/net/http-client.ts'
import type { Clock } from '../../src/ports/clock.ts'
import type { Store } from '../../src/ports/store.ts'
import { makeProviders } from '../../src/providers/registry.ts'
import { makeSealer } from '../../src/storage/seal.ts'
import { openSqliteStore } from '../../src/storage/sqlite/store.ts'
import { systemClock } from '../../src/telemetry/clock.ts'
import { now, silentMetrics } from './store-builders.ts'

/** An empty SQLite store that lives as long as it is open. */
export function openMemoryStore(): Promise<Store> {
  return openSqliteStore({ path: ':memory:', sealer: makeSealer([new Uint8Array(32).fill(1)]), metrics: silentMetrics })
}

/** The real adapters; tests that use these never send. */
export const providersOffline = makeProviders({ http: makeHttpClient(), clock: systemClock })

const fast = { long_code: 1_000, toll_free: 1_000, short_code: 1_000 }
/** Of a provider that takes all that comes. */
export const testPaces: ProviderPaces = { segmentsPerSecond: { northAmerican: fast, other: fast }, account: {} }

/** A clock that moves by a millisecond each time it is read, and by `ms` for each sleep. */
export function steppedClock(): Clock {
  let time = now
  return {
    now: () => time++,
    monotonicMs: () => time++,
    async sleep(ms) {
      time += ms
    },
  }
}
