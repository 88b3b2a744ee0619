import { segmentsOf } from '../core/encoding.ts'
import type { Clock } from '../ports/clock.ts'
import { type Behaviour, behaviourFor, ordinary } from './magic-recipients.ts'

/** One text that the carrier accepted. Times are Unix milliseconds. */
export type CarriedMessage = {
  readonly id: string
  readonly provider: string
  /** The account's public id, as in the provider's URLs. */
  readonly accountId: string
  readonly sender: string
  readonly recipient: string
  readonly body: string
  readonly mediaUrls: readonly string[]
  readonly segmentCount: number
  readonly callbackUrl?: string
  readonly messagingServiceId?: string
  readonly createdAt: number
  status: CarriedStatus
}

/** The carrier's own words; each wire API has its own for them. */
export type CarriedStatus = 'queued' | 'sent' | 'delivered' | 'unreachable' | 'filtered'

export type Submission = Omit<CarriedMessage, 'segmentCount' | 'createdAt' | 'status'>

/** Oldest go first; a simulator that runs for weeks must not fill the memory. */
export const ledgerLengthMax = 10_000

/** What went out, whichever wire API it came in by. The ledger is the truth that duplicates are counted against. */
export type Carrier = ReturnType<typeof makeCarrier>

export function makeCarrier(clock: Clock) {
  const byId = new Map<string, CarriedMessage>()
  const refusedBefore = new Set<string>()
  let requestCount = 0

  return {
    /** What to do with one send request to this recipient; counts it. */
    treat(recipient: string): Behaviour {
      requestCount++
      const behaviour = behaviourFor(recipient)
      if (behaviour.alternates === undefined) return behaviour
      if (refusedBefore.delete(recipient)) return ordinary
      refusedBefore.add(recipient)
      return behaviour
    },
    accept(submission: Submission): CarriedMessage {
      const message: CarriedMessage = {
        ...submission,
        segmentCount: segmentsOf(submission.body).segmentCount,
        createdAt: clock.now(),
        status: 'queued',
      }
      byId.set(message.id, message)
      const [oldest] = byId.keys()
      if (byId.size > ledgerLengthMax && oldest !== undefined) byId.delete(oldest)
      return message
    },
    find: (id: string): CarriedMessage | undefined => byId.get(id),
    /** Newest first. */
    list: (): CarriedMessage[] => [...byId.values()].reverse(),
    /** Send requests that reached a wire API with valid credentials, accepted or not. */
    requestCount: () => requestCount,
    clear(): void {
      byId.clear()
      refusedBefore.clear()
      requestCount = 0
    },
  }
}
