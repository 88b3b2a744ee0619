import { errorFields } from '../core/error-fields.ts'
import type { Clock } from '../ports/clock.ts'
import type { Log } from '../ports/log.ts'
import type { Metrics } from '../ports/metrics.ts'

export const sampleIntervalMs = 5_000
/** The most that ntpd or chrony slew a clock by, and far more than quartz is off: 500 parts in a million. */
const driftMax = 0.0005
/** A correction of the database's clock up to this is no news; backwards, time stands still until it has caught up. */
export const correctionMsMax = 100
/** Leases and pages of logs of several machines are hard to read with clocks further apart than this. */
export const skewMsMax = 1_000

export type DatabaseClock = Clock & {
  /** Resolves when no sample is under way; the time goes on by the last one. */
  stop(): Promise<void>
}

/** What is known of the database's time at a moment of this machine's monotonic clock: it is from `least` to `most`. */
type Interval = { readonly least: number; readonly most: number; readonly atMs: number }

/**
 * The clock of a database, as a lower bound: it is never ahead of it. What several machines lease, schedule and pace by
 * it holds whatever their own clocks say.
 *
 *   a sample: asked at a, told V, heard at h   -> at h the database's time is from V to V + (h - a)
 *   time passes                                -> both ends move on by this machine's monotonic clock, and apart by drift
 *   another sample, overlapping                -> what both allow: a slow answer takes nothing from a quick one
 *   another sample, apart                      -> the database's clock was set: it is followed, however far
 *
 * `now` is the lower end, and never goes back but where the database's clock went back by more than `correctionMsMax`.
 * `base` is this machine's clock; only its monotonic side counts. @throws what `readTime` throws the first time.
 */
export async function startDatabaseClock(params: {
  readonly base: Clock
  /** The database's time in Unix milliseconds, fractions too. */
  readonly readTime: () => Promise<number>
  readonly log: Log
  readonly metrics: Pick<Metrics, 'clockSkew'>
}): Promise<DatabaseClock> {
  const { base, readTime, log } = params
  const stopping = new AbortController()
  let known = await sample()
  let toldMs = 0
  const noteSkew = makeSkewNote(params)
  noteSkew(known)

  function now(): number {
    toldMs = Math.max(toldMs, Math.floor(at(known, base.monotonicMs()).least))
    return toldMs
  }

  async function sample(): Promise<Interval> {
    const askedAtMs = base.monotonicMs()
    const least = await readTime()
    const atMs = base.monotonicMs()
    return { least, most: least + (atMs - askedAtMs), atMs }
  }

  function learn(heard: Interval): void {
    const expected = at(known, heard.atMs)
    const jumpMs = distance(expected, heard)
    known = jumpMs === 0 ? meet(expected, heard) : heard
    if (Math.abs(jumpMs) <= correctionMsMax) return
    toldMs = Math.floor(known.least)
    log.warn('clock.jumped', { byMs: Math.round(jumpMs) })
  }

  async function run(): Promise<void> {
    for (;;) {
      await base.sleep(sampleIntervalMs, stopping.signal)
      if (stopping.signal.aborted) return
      try {
        learn(await sample())
        noteSkew(known)
      } catch (error) {
        log.warn('clock.not_sampled', errorFields(error))
      }
    }
  }

  const done = run()
  return {
    now,
    monotonicMs: () => base.monotonicMs(),
    sleep: (ms, signal) => base.sleep(ms, signal),
    stop() {
      stopping.abort()
      return done
    },
  }
}

function at({ least, most, atMs }: Interval, laterMs: number): Interval {
  const passedMs = laterMs - atMs
  return { least: least + passedMs * (1 - driftMax), most: most + passedMs * (1 + driftMax), atMs: laterMs }
}

function meet(one: Interval, other: Interval): Interval {
  return { least: Math.max(one.least, other.least), most: Math.min(one.most, other.most), atMs: other.atMs }
}

/** How far the second lies after the first (or before it: negative); 0 where they overlap. */
function distance(first: Interval, second: Interval): number {
  if (second.least > first.most) return second.least - first.most
  if (second.most < first.least) return second.most - first.least
  return 0
}

/** Says once when this machine's own clock is far from the database's, and once when it is near again. */
function makeSkewNote(params: {
  readonly base: Clock
  readonly log: Log
  readonly metrics: Pick<Metrics, 'clockSkew'>
}): (known: Interval) => void {
  const { base, log, metrics } = params
  let isSkewed = false
  return (known) => {
    const { least, most } = at(known, base.monotonicMs())
    const skewMs = Math.round(base.now() - (least + most) / 2)
    metrics.clockSkew(skewMs)
    const wasSkewed = isSkewed
    isSkewed = Math.abs(skewMs) > skewMsMax
    if (isSkewed && !wasSkewed)
      log.warn('clock.skewed', {
        aheadMs: skewMs,
        hint: "This machine's clock is not the database's, which is used. Set it, so that logs can be compared.",
      })
    if (wasSkewed && !isSkewed) log.info('clock.in_step', { aheadMs: skewMs })
  }
}
