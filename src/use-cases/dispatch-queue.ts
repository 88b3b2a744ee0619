import type { Message } from '../core/message.ts'
import { carriersZone, type SenderTerms } from '../core/pacing.ts'
import type { Verdict } from '../core/send-decision.ts'
import { settingsOf } from '../core/send-terms.ts'
import { dayNumberIn, midnightAfter } from '../core/send-window.ts'
import { paceOf } from '../core/sender-pace.ts'
import type { ClaimTerms, DueSender, Turn } from '../ports/queue-store.ts'
import type { MessageRecord } from '../ports/store.ts'
import { guardOf } from './content-guard.ts'
import { evidenceWindowMs, makeDispatchMessage } from './dispatch-message.ts'
import { decisionTerms } from './prepare-send.ts'
import type { ReconcileParts } from './reconcile-attempt.ts'
import type { MessageOrigin, StandingRoute } from './standing-route.ts'

/**
 * A number is left to one process for this long, from the turns to the claim. Others look every second: five seconds
 * after a process died with it at the latest, the next one claims.
 */
const leaseMs = 3_000
const sendersPerRoundMax = 64

export type Claimed = { readonly record: MessageRecord; readonly route: StandingRoute }

export type QueueRound = {
  readonly claimed: readonly Claimed[]
  /** Some number had its turn, or kept others from theirs: another round may find more. */
  readonly tookTurns: boolean
  /** When the next number may be due; undefined when none is known of. */
  readonly nextAt?: number
}

export type DispatchQueue = {
  /** Claims what may leave now, at most `room` messages. Their attempts have started: they must be dispatched. */
  claim(room: number): Promise<QueueRound>
  /** Hands a claimed message to its provider: the one dispatch path. */
  dispatch(claimed: Claimed): Promise<void>
}

/** Takes messages out of the queue, at the pace of their numbers and as the policy of the moment allows. */
export function makeDispatchQueue(parts: ReconcileParts): DispatchQueue {
  const { store, clock, routes, breakers, watch, metrics, log } = parts
  const dispatchMessage = makeDispatchMessage(parts)

  /** A pause that is over may be remembered still: what was just let go would be held again. */
  async function findRoute(origin: MessageOrigin): Promise<StandingRoute | undefined> {
    const route = await routes.find(origin)
    return route !== undefined && settingsOf(route).paused !== undefined ? routes.findFresh(origin) : route
  }

  async function senderTerms(due: DueSender, takeMax: number): Promise<SenderTerms | undefined> {
    const sender = await store.senders.find(due.organizationId, due.senderId)
    if (sender === undefined) return undefined
    const { organizationId, senderId } = due
    const { providerAccountId, assistantId = 0 } = sender
    const route = await findRoute({ organizationId, senderId, providerAccountId, assistantId })
    if (route === undefined) return undefined
    const { account } = route
    const paces = parts.providers.get(account.provider)?.paces
    const isProbe = breakers.isOpen(account.id)
    if (isProbe && !breakers.mayCall(account.id)) return undefined
    return {
      senderId,
      organizationId,
      providerAccountId,
      ...paceOf({ sender, account, paces }),
      paused: settingsOf(route).paused !== undefined,
      takeMax: isProbe ? 1 : takeMax,
    }
  }

  async function claimTurns(turns: readonly Turn[], now: number): Promise<Claimed[]> {
    const found = new Map<string, StandingRoute>()
    for (const turn of turns) {
      const route = await findRoute(turn)
      if (route !== undefined) found.set(originOf(turn), route)
    }
    const verdicts = new Map<Message['id'], Verdict>()
    const records = await store.queue.claim({
      now,
      turns: turns.filter((turn) => found.has(originOf(turn))),
      senderIds: [...new Set(turns.map(({ senderId }) => senderId))],
      termsOf: (message) => noting(verdicts, message, claimTerms(message, found.get(originOf(message)), now)),
    })
    for (const verdict of verdicts.values())
      if (verdict.kind === 'refuse') metrics.policyDecision('refused', verdict.rule)
      else metrics.policyDecision('held', verdict.reason)
    return records.flatMap((record) => {
      const route = found.get(originOf(record.message))
      return route === undefined ? [] : [{ record, route }]
    })
  }

  function claimTerms(message: Message, route: StandingRoute | undefined, now: number): ClaimTerms {
    if (route === undefined) throw new Error('a message was claimed whose route was not looked up')
    return {
      ...decisionTerms(message, settingsOf(route), now),
      guard: guardOf(message),
      guardExpiresAt: now + evidenceWindowMs(parts, message),
    }
  }

  return {
    async claim(room) {
      const resting = breakers.resting()
      const { senders, nextAt } = await store.queue.dueSenders({
        now: clock.now(),
        limit: Math.min(room, sendersPerRoundMax),
        // They would fill round after round, and nothing would be claimed for others.
        without: resting,
      })
      const next = nextAt === undefined ? {} : { nextAt }
      if (senders.length === 0) return { claimed: [], tookTurns: false, ...next }
      const takeMax = Math.max(1, Math.floor(room / senders.length))
      const terms = await Promise.all(senders.map((due) => senderTerms(due, takeMax)))
      const now = clock.now()
      const turns = await store.queue.takeTurns({
        now,
        day: dayNumberIn(carriersZone, now),
        nextDayAt: midnightAfter(carriersZone, now),
        leasedUntil: now + leaseMs,
        senders: terms.flatMap((found) => (found === undefined ? [] : [found])),
      })
      // Where an account has begun to rest in this round, its numbers kept others from theirs.
      if (turns.length === 0) return { claimed: [], tookTurns: breakers.resting().length > resting.length, ...next }
      // A process that was frozen in between has lost its turns: others have gone on since.
      if (clock.now() - now > leaseMs) return { claimed: [], tookTurns: true, ...next }
      return { claimed: await claimTurns(turns, clock.now()), tookTurns: true, ...next }
    },

    async dispatch({ record, route }) {
      try {
        const { message, attempts } = await dispatchMessage(record, route)
        metrics.messageStatus(message.provider, message.status)
        log.info('message.dispatched', {
          messageId: message.id,
          organizationId: message.organizationId,
          assistantId: message.assistantId,
          provider: message.provider,
          status: message.status,
          providerMessageId: message.providerMessageId,
          reason: message.failure?.reason,
          automatic: message.automatic,
          attempts: attempts.length,
          waitedMs: (attempts.at(-1)?.startedAt ?? message.createdAt) - (message.sendAt ?? message.createdAt),
        })
      } finally {
        watch.changed(record.message.id)
      }
    },
  }
}

/** What is decided about the message is noted: a claim that is tried again decides again, and the last word counts. */
function noting(verdicts: Map<Message['id'], Verdict>, { id }: Message, terms: ClaimTerms): ClaimTerms {
  return {
    ...terms,
    decide(facts) {
      const decision = terms.decide(facts)
      if (decision.kind === 'send') verdicts.delete(id)
      else verdicts.set(id, decision)
      return decision
    },
  }
}

function originOf({
  assistantId,
  senderId,
  providerAccountId,
}: Pick<Turn, 'assistantId' | 'senderId' | 'providerAccountId'>) {
  return `${assistantId} ${senderId} ${providerAccountId}`
}
