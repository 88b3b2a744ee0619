import { mediaRetryDelayMs } from '../core/retry.ts'
import type { Clock } from '../ports/clock.ts'
import type { Media } from '../ports/inbound-store.ts'
import type { Log } from '../ports/log.ts'
import type { Store } from '../ports/store.ts'
import { forEachLimited } from './for-each-limited.ts'
import { type Loop, startLoop } from './loop.ts'

const intervalMs = 2_000
const fetchesAtOnceMax = 4

/** Fetches what inbound texts carry, soon after they came: providers do not keep it for ever. */
export function startFetchMedia(parts: {
  readonly store: Store
  readonly clock: Clock
  readonly log: Log
  readonly fetchMedia: (media: Media) => Promise<void>
}): Loop {
  const { store, clock, log, fetchMedia } = parts
  const loop = startLoop({
    name: 'fetch-media',
    intervalMs,
    clock,
    log,
    work: async (stopping) => {
      const now = clock.now()
      const claimed = await store.inbound.claimMedia({
        now,
        tryAgainAt: (tries) => now + mediaRetryDelayMs(tries),
        limit: fetchesAtOnceMax,
      })
      await forEachLimited(
        { items: claimed, atOnceMax: fetchesAtOnceMax, log, name: 'fetch-media', stopping },
        fetchMedia,
      )
      if (claimed.length === fetchesAtOnceMax) loop.wake()
    },
  })
  return loop
}
