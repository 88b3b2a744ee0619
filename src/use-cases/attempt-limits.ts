import { SmsError } from '../core/errors.ts'
import type { Clock } from '../ports/clock.ts'

/** What attempts are counted for: whose password is tried, and from where. */
export type AttemptSource = {
  readonly name: string
  /** IP address. */
  readonly address: string
}

export type AttemptLimits = {
  /**
   * Counts an attempt as failed until it is said otherwise, so that many at once do not slip through together.
   * @throws SmsError `rate_limited`; that one is not counted.
   */
  begin(source: AttemptSource): Attempt
}

export type Attempt = {
  /** Of its name, everything before is forgiven; of its address, this attempt. */
  succeeded(): void
  /** It was neither right nor wrong: nothing was tried. */
  withdraw(): void
}

/** Failures without a delay. An address may be that of many people. */
export const freeFailures = { name: 5, address: 20 } as const
const delayMsMin = 1_000
export const delayMsMax = 15 * 60_000
/** After so long without one, failures are forgotten. */
const memoryMs = 60 * 60_000
/** Of more, those counted longest ago are forgotten. */
const entriesMax = 10_000
/** What callers send is not kept at any length: names that begin alike for so long are one. */
const keyLengthMax = 128

type Entry = { readonly failures: number; readonly until: number; readonly at: number }

/**
 * After some failures each further one doubles the wait for the next attempt. In the memory of each process: what several
 * allow together is still too little to guess a password of twelve characters, and no stranger writes to the database.
 */
export function makeAttemptLimits({ clock }: { readonly clock: Clock }): AttemptLimits {
  const entries = new Map<string, Entry>()

  function set(key: string, failures: number, free: number): void {
    const at = clock.monotonicMs()
    entries.delete(key)
    if (failures <= 0) return
    if (entries.size >= entriesMax) {
      const oldest = entries.keys().next().value
      if (oldest !== undefined) entries.delete(oldest)
    }
    entries.set(key, { failures, until: at + delayMs(failures - free), at })
  }

  function failuresOf(key: string): number {
    const entry = entries.get(key)
    return entry === undefined || clock.monotonicMs() - entry.at >= memoryMs ? 0 : entry.failures
  }

  return {
    begin({ name, address }) {
      const [byName, byAddress] = [keyOf('name', name), keyOf('address', networkOf(address))]
      const waitMs = Math.max(...[byName, byAddress].map((key) => entries.get(key)?.until ?? 0)) - clock.monotonicMs()
      if (waitMs > 0) throw tooMany(waitMs)
      set(byName, failuresOf(byName) + 1, freeFailures.name)
      set(byAddress, failuresOf(byAddress) + 1, freeFailures.address)
      const takeBack = (key: string, free: number) => set(key, failuresOf(key) - 1, free)
      return {
        succeeded() {
          entries.delete(byName)
          takeBack(byAddress, freeFailures.address)
        },
        withdraw() {
          takeBack(byName, freeFailures.name)
          takeBack(byAddress, freeFailures.address)
        },
      }
    },
  }
}

function keyOf(kind: string, text: string): string {
  return `${kind} ${text}`.slice(0, keyLengthMax)
}

function delayMs(beyondFree: number): number {
  return beyondFree < 0 ? 0 : Math.min(delayMsMin * 2 ** beyondFree, delayMsMax)
}

function tooMany(waitMs: number): SmsError {
  const seconds = Math.ceil(waitMs / 1_000)
  return new SmsError('rate_limited', `Too many attempts. Try again in ${seconds} s, or sign in by a link.`, {
    retryAfterMs: waitMs,
  })
}

/** Of IPv6 the half that names a network: who has one has all addresses in it. */
export function networkOf(address: string): string {
  const mapped = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i.exec(address)?.[1]
  if (mapped !== undefined) return mapped
  if (!address.includes(':')) return address
  const [head = [], tail = []] = address
    .toLowerCase()
    .replace(/%.*$/, '')
    .split('::')
    .map((part) => (part === '' ? [] : part.split(':')))
  const zeros = Array.from({ length: Math.max(8 - head.length - tail.length, 0) }, () => '0')
  return [...head, ...zeros, ...tail].slice(0, 4).join(':')
}
