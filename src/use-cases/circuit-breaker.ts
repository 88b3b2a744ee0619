import type { ProviderAccount } from '../core/organization.ts'
import type { SendOutcome } from '../core/send-outcome.ts'
import type { Clock } from '../ports/clock.ts'
import type { Log } from '../ports/log.ts'
import type { Metrics } from '../ports/metrics.ts'

/** Late on purpose: a few lost answers are no outage, and each text that is not tried is one that is not sent. */
export const failuresInARowMax = 20
const probeIntervalMs = 1_000
const accountsMax = 10_000

/** What a direct send comes to when its account may not be called. */
export const notSentBecauseOpen = {
  kind: 'not_sent',
  failure: {
    reason: 'provider_unavailable',
    providerMessage: `not asked: its last ${failuresInARowMax} calls failed`,
  },
} as const satisfies SendOutcome

export type CircuitBreakers = {
  /**
   * Whether the account's provider may be called now. While it is down, once a second: who is told yes must then send
   * one message, which probes it.
   */
  mayCall(accountId: number): boolean
  /** What became of a call. What was not asked for is not told. */
  record(account: Pick<ProviderAccount, 'id' | 'provider'>, outcome: SendOutcome): void
  isOpen(accountId: number): boolean
  /** Accounts that may not be called before their next probe. */
  resting(): readonly number[]
}

/** Of an account whose last call failed; of all others nothing is kept. */
type Failing = {
  readonly provider: string
  readonly failuresInARow: number
  /** When it may be called again (monotonic ms); absent while it is closed. */
  probeAt?: number
}

/**
 * closed -> 20 calls in a row without an answer of the provider -> open -> any answer -> closed
 *
 * Kept by each process for itself: each has seen an outage for itself within 20 calls, and to share it would put a write, or
 * a read that may be stale, on the way of every send. So an outage costs 20 calls per process and then one a second.
 */
export function makeCircuitBreakers({
  clock,
  log,
  metrics,
}: {
  readonly clock: Pick<Clock, 'monotonicMs'>
  readonly log: Log
  readonly metrics?: Pick<Metrics, 'openCircuits'>
}): CircuitBreakers {
  /** Those that failed last stand last. */
  const failing = new Map<number, Failing>()
  const isOpen = (accountId: number) => failing.get(accountId)?.probeAt !== undefined

  function recordFailure({ id, provider }: Pick<ProviderAccount, 'id' | 'provider'>): void {
    const before = failing.get(id)
    const failuresInARow = (before?.failuresInARow ?? 0) + 1
    const opens = before?.probeAt === undefined && failuresInARow >= failuresInARowMax
    const probeAt = opens ? clock.monotonicMs() + probeIntervalMs : before?.probeAt
    failing.delete(id)
    failing.set(id, { provider, failuresInARow, ...(probeAt === undefined ? {} : { probeAt }) })
    if (opens) {
      log.warn('circuit.opened', { providerAccountId: id, provider, failuresInARow })
      count(provider)
    }
    forgetOldest()
  }

  function recordAnswer(id: number): void {
    const before = failing.get(id)
    failing.delete(id)
    if (before?.probeAt === undefined) return
    log.info('circuit.closed', {
      providerAccountId: id,
      provider: before.provider,
      failuresInARow: before.failuresInARow,
    })
    count(before.provider)
  }

  /** It is then called as one that answers, until it has failed as often again. */
  function forgetOldest(): void {
    const [oldest] = failing
    if (failing.size <= accountsMax || oldest === undefined) return
    const [id, { provider, probeAt }] = oldest
    failing.delete(id)
    if (probeAt !== undefined) count(provider)
  }

  function count(provider: string): void {
    const open = [...failing.values()].filter((state) => state.provider === provider && state.probeAt !== undefined)
    metrics?.openCircuits(provider, open.length)
  }

  return {
    mayCall(accountId) {
      const state = failing.get(accountId)
      if (state?.probeAt === undefined) return true
      const now = clock.monotonicMs()
      if (now < state.probeAt) return false
      state.probeAt = now + probeIntervalMs
      return true
    },
    record(account, outcome) {
      if (isWithoutAnswer(outcome)) recordFailure(account)
      else recordAnswer(account.id)
    },
    isOpen,
    resting() {
      const now = clock.monotonicMs()
      return [...failing].flatMap(([id, { probeAt = 0 }]) => (now < probeAt ? [id] : []))
    },
  }
}

/** A refusal, and a 429 too, is an answer: the provider is there. */
function isWithoutAnswer(outcome: SendOutcome): boolean {
  switch (outcome.kind) {
    case 'accepted':
    case 'rejected':
      return false
    case 'not_sent':
      return outcome.failure.reason === 'provider_unavailable'
    case 'unknown':
      return true
    default:
      return outcome satisfies never
  }
}
