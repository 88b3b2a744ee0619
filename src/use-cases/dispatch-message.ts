import { errorFields } from '../core/error-fields.ts'
import { conclusionEvent } from '../core/event.ts'
import { conclude, keepsGuard } from '../core/evidence.ts'
import type { Attempt, Message } from '../core/message.ts'
import { learnedOptOut } from '../core/opt-out.ts'
import type { SenderPacing } from '../core/pacing.ts'
import { directRetryDelayMs, queueRetryDelayMs } from '../core/retry.ts'
import type { SendOutcome } from '../core/send-outcome.ts'
import { settingsOf } from '../core/send-terms.ts'
import { paceOf } from '../core/sender-pace.ts'
import type { Clock } from '../ports/clock.ts'
import type { Log } from '../ports/log.ts'
import type { Metrics } from '../ports/metrics.ts'
import type { OutboundMessage, Provider } from '../ports/provider.ts'
import type { Random } from '../ports/random.ts'
import type { MessageRecord, OutcomeRecord, Store } from '../ports/store.ts'
import type { CallbackTokens } from './callback-token.ts'
import { type CircuitBreakers, notSentBecauseOpen } from './circuit-breaker.ts'
import { guardOf } from './content-guard.ts'
import type { Failpoints } from './failpoints.ts'
import { decisionTerms, laneUses } from './prepare-send.ts'
import type { StandingRoute, StandingRoutes } from './standing-route.ts'

export type DispatchParts = {
  readonly store: Store
  readonly providers: ReadonlyMap<string, Provider>
  readonly callbacks: CallbackTokens
  readonly clock: Clock
  readonly random: Random
  readonly log: Log
  readonly metrics: Metrics
  readonly failpoints: Failpoints
  /** An attempt older than this is not made: `attemptFreshMs` in production. */
  readonly attemptFreshMs: number
  readonly breakers: CircuitBreakers
  readonly routes: StandingRoutes
  /** Aborts when the process is told to stop: waits between attempts end, provider calls do not. */
  readonly stopping: AbortSignal
}

/**
 * An attempt whose process was frozen this long after its commit is not made: its turn has passed, others may have decided
 * about it, and nobody expects a text of then. It is as if it had not been sent, which is so.
 */
export const attemptFreshMs = 5_000

/** How often, and how far apart, an outcome is written again when the store does not take it. */
const recordRetryDelaysMs = [100, 400, 1_500, 4_000]

/**
 * Hands a message whose first attempt is committed to its provider and records the outcome. What provably did not
 * leave is tried again, each time as a further committed attempt; nothing else ever is.
 *
 *   started -> provider call -> accepted | rejected | unknown: recorded, done
 *                            -> not_sent, from the queue: recorded, and back into the queue
 *                            -> not_sent, direct: recorded, wait, start the next attempt (or give up) -> provider call -> …
 *
 * @returns the record as committed last, so that an answer is never ahead of the store. When an outcome could not be
 * stored, the attempt is returned without one: it is unknown, and the log has what the provider said.
 */
export function makeDispatchMessage(
  parts: DispatchParts,
): (record: MessageRecord, route: StandingRoute) => Promise<MessageRecord> {
  const { store, clock, random, stopping, failpoints } = parts

  return async function dispatchMessage(started, startedOn) {
    const { key, message } = started
    let route = startedOn
    const outbound = outboundOf(message, route.assistant, parts.callbacks)
    const isQueued = message.queued === true
    let attempts = started.attempts
    const firstStartedAt = attempts.at(-1)?.startedAt ?? message.createdAt
    for (;;) {
      const attempt = attempts.at(-1)
      if (attempt === undefined) throw new Error('a message without an attempt cannot be dispatched')
      await failpoints.reach('after_dispatch_commit')
      const outcome = await attemptSend(parts, { outbound, route, attempt, isQueued })
      await failpoints.reach('after_response')
      const delayMs =
        outcome.kind === 'not_sent' && !isQueued && !stopping.aborted && !parts.breakers.isOpen(route.account.id)
          ? directRetryDelayMs({
              attemptNumber: attempt.number,
              retryAfterMs: outcome.retryAfterMs,
              elapsedMs: clock.now() - firstStartedAt,
              chance: random.chance(),
            })
          : undefined
      const finishedAt = clock.now()
      const isOver = outcome.kind !== 'unknown' && delayMs === undefined && !(isQueued && outcome.kind === 'not_sent')
      const ended = {
        ...attempt,
        finishedAt,
        outcome,
        // Of an unknown attempt evidence may still come; it is closed when its window has passed.
        ...(isOver ? { closedAt: finishedAt } : {}),
      }
      const withEnd = [...attempts.slice(0, -1), ended]
      const outcomeRecord = { ...describeOutcome(started, withEnd, ended), ...slowdownOf(ended, random.chance()) }
      if (outcome.kind === 'not_sent' && outcomeRecord.slowedUntil !== undefined)
        parts.metrics.senderSlowed(message.provider, outcome.failure.reason)
      await failpoints.reach('before_outcome_commit')
      // The answer is never ahead of the store: what it did not take has not happened, and reconciliation will find it.
      if (!(await recordOutcome(parts, outcomeRecord))) return { key, message, attempts }
      await failpoints.reach('after_outcome_commit')
      attempts = withEnd
      if (delayMs === undefined) return { key, message: withOutcome(message, outcomeRecord), attempts }

      await clock.sleep(delayMs, stopping)
      // What was set while it waited, a pause above all, holds.
      route = (await parts.routes.find(message)) ?? route
      const next = { number: attempt.number + 1, startedAt: clock.now() }
      const start = await store.sends.startAttempt({
        ...startTerms(parts, message, route),
        key,
        messageId: message.id,
        organizationId: message.organizationId,
        recipient: message.recipient,
        attempt: next,
        resend: false,
      })
      if (start !== 'started') return (await store.messages.find(message.organizationId, message.id)) ?? started
      attempts = [...attempts, next]
    }
  }
}

/** How long evidence of an attempt may take, and so how long its content stays guarded. */
export function evidenceWindowMs(
  { providers }: Pick<DispatchParts, 'providers'>,
  { provider }: Pick<Message, 'provider'>,
): number {
  return providers.get(provider)?.evidenceWindowMs ?? 0
}

/** What a further attempt of the message is decided by, and what it takes from the pace of its number. */
export function startTerms(parts: Pick<DispatchParts, 'providers' | 'clock'>, message: Message, route: StandingRoute) {
  const now = parts.clock.now()
  const pace = paceOf({
    sender: route.sender ?? { phoneNumber: message.sender, pacing: defaultPacing },
    account: route.account,
    paces: parts.providers.get(route.account.provider)?.paces,
  })
  return {
    guard: guardOf(message),
    guardExpiresAt: now + evidenceWindowMs(parts, message),
    terms: decisionTerms(message, settingsOf(route), now),
    uses: laneUses(message, pace, now),
  }
}

const defaultPacing: SenderPacing = {}

/** `assistant` as it is now; undefined when it is gone. */
export function outboundOf(
  message: Message,
  assistant: StandingRoute['assistant'],
  callbacks: CallbackTokens,
): OutboundMessage {
  return {
    id: message.id,
    sender: message.sender,
    recipient: message.recipient,
    body: message.body,
    mediaUrls: message.mediaUrls,
    callbackUrl: callbacks.urlFor(message),
    ...(assistant?.messagingServiceId === undefined ? {} : { messagingServiceId: assistant.messagingServiceId }),
  }
}

async function attemptSend(
  parts: DispatchParts,
  {
    outbound,
    route,
    attempt,
    isQueued,
  }: {
    readonly outbound: OutboundMessage
    readonly route: StandingRoute
    readonly attempt: Attempt
    readonly isQueued: boolean
  },
): Promise<SendOutcome> {
  const { breakers, clock } = parts
  const { account } = route
  if (clock.now() - attempt.startedAt > parts.attemptFreshMs)
    return { kind: 'not_sent', failure: { reason: 'interrupted' } }
  // Whether a queued message may go was asked when it was claimed.
  if (!isQueued && !breakers.mayCall(account.id)) return notSentBecauseOpen
  const outcome = await callProvider(parts, outbound, route)
  breakers.record(account, outcome)
  return outcome
}

async function callProvider(
  parts: DispatchParts,
  outbound: OutboundMessage,
  route: StandingRoute,
): Promise<SendOutcome> {
  const { providers, clock, log, metrics } = parts
  const provider = providers.get(route.account.provider)
  if (provider === undefined)
    return { kind: 'not_sent', failure: { reason: 'account_misconfigured', providerMessage: 'no such provider here' } }
  const startedAt = clock.monotonicMs()
  let outcome: SendOutcome
  try {
    outcome = await provider.send(outbound, route.account)
  } catch (error) {
    // A bug in an adapter. The request may be on its way, so this is as unknown as a lost answer.
    log.error('provider.bug', { messageId: outbound.id, provider: provider.name, ...errorFields(error) })
    outcome = { kind: 'unknown', detail: 'internal error while calling the provider' }
  }
  metrics.providerCall(provider.name, outcome.kind, clock.monotonicMs() - startedAt)
  if ('failure' in outcome && outcome.failure.reason === 'unrecognized') metrics.unrecognizedCode(provider.name)
  return outcome
}

function describeOutcome(
  { key, message }: MessageRecord,
  attempts: readonly Attempt[],
  attempt: Attempt & { readonly finishedAt: number; readonly outcome: SendOutcome },
): OutcomeRecord {
  const { finishedAt, outcome } = attempt
  const conclusion = conclude({ attempts, receipts: [], queued: message.queued === true })
  const optOut =
    conclusion.failure?.reason === 'recipient_opted_out'
      ? learnedOptOut(message, { code: conclusion.failure.providerCode, at: finishedAt })
      : undefined
  return {
    key,
    messageId: message.id,
    organizationId: message.organizationId,
    attempt,
    conclusion,
    keepsGuard: keepsGuard(conclusion.status, attempts, { ...message, now: finishedAt }),
    ...(conclusion.status === 'sending'
      ? {}
      : {
          event: conclusionEvent(message, conclusion, {
            at: finishedAt,
            attempt: attempt.number,
            ...(outcome.kind === 'accepted' ? { provider_status: outcome.providerStatus } : {}),
          }),
        }),
    ...(optOut === undefined ? {} : { optOut }),
  }
}

/** @returns whether the store took it. */
async function recordOutcome({ store, clock, log }: DispatchParts, record: OutcomeRecord): Promise<boolean> {
  for (let round = 0; ; round++) {
    try {
      await store.sends.recordOutcome(record)
      return true
    } catch (error) {
      const delayMs = recordRetryDelaysMs[round]
      const { outcome } = record.attempt
      // The provider's word must survive a store that takes nothing: then the log is the only place left for it.
      log.error('outcome.not_stored', {
        messageId: record.messageId,
        attempt: record.attempt.number,
        outcome: outcome.kind,
        providerMessageId: outcome.kind === 'accepted' ? outcome.providerMessageId : undefined,
        willRetry: delayMs !== undefined,
        ...errorFields(error),
      })
      if (delayMs === undefined) return false
      await clock.sleep(delayMs)
    }
  }
}

/** Its provider has said that the number is too fast, or could not be reached: others of the number wait too. */
function slowdownOf(
  { number, finishedAt, outcome }: OutcomeRecord['attempt'],
  chance: number,
): Pick<OutcomeRecord, 'slowedUntil'> {
  if (outcome.kind !== 'not_sent' || outcome.failure.reason === 'interrupted') return {}
  return {
    slowedUntil: finishedAt + queueRetryDelayMs({ attemptNumber: number, retryAfterMs: outcome.retryAfterMs, chance }),
  }
}

function withOutcome(message: Message, { conclusion, attempt }: OutcomeRecord): Message {
  return { ...message, ...conclusion, updatedAt: attempt.finishedAt }
}
