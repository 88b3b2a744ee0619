import { hash } from 'node:crypto'
import { requestContent } from '../core/content.ts'
import { type Segments, warningsFor } from '../core/encoding.ts'
import { SmsError } from '../core/errors.ts'
import type { Message, SendRequest } from '../core/message.ts'
import type { Route } from '../core/organization.ts'
import { carriersZone } from '../core/pacing.ts'
import { dayNumberIn, midnightAfter } from '../core/send-window.ts'
import { senderBusySentence } from '../core/verdict-sentence.ts'
import type { AcceptResult, MessageRecord, NewSend } from '../ports/store.ts'
import { checkReply } from './check-reply.ts'
import { guardOf } from './content-guard.ts'
import { type DispatchParts, evidenceWindowMs, makeDispatchMessage } from './dispatch-message.ts'
import type { ExpectedWait } from './expected-wait.ts'
import { laneUses, type PreparedSend, prepareSend } from './prepare-send.ts'
import type { ResolutionWatch } from './resolution-watch.ts'
import { answerOf, isBeingSent, type SendAnswer } from './send-answer.ts'

/** An identical send waits this long for news of the message it joined. */
export const joinWaitMsMax = 5_000
/** A repeated idempotency key waits this long for the first request to end. */
export const replayWaitMsMax = 2_000
export const idempotencyKeyLifetimeMs = 30 * 24 * 60 * 60 * 1_000
/** Sends in progress in one process; more are refused before anything is stored. */
export const sendsInProgressMax = 4_000
/** A direct send from a strict number waits this long for its turn. */
export const turnWaitMsMax = 10_000

export type SendResult = {
  readonly answer: SendAnswer
  /** What the text costs or how it is carried, when that may surprise. */
  readonly warnings: readonly string[]
  /** It joined an identical message that was unresolved. */
  readonly deduplicated: boolean
  /** It repeated an idempotency key. */
  readonly replayed: boolean
  /** How long a message that waits will probably wait, from now. */
  readonly expectedWaitMs?: number
}

export type SendMessageParts = DispatchParts & {
  readonly watch: ResolutionWatch
  readonly wakeJobs: () => void
  /** The route of a number that belongs to one of the organization's active assistants. */
  readonly findRoute: (organizationId: number, sender: SendRequest['sender']) => Promise<Route | undefined>
  readonly expectedWait: ExpectedWait
}

/**
 * The one way in for a send: find the route; accept it in one commit (the idempotency key, the content guard and the
 * policy are decided there). A direct send starts its first attempt in that commit, is dispatched, and answered from what
 * is stored; others wait in the queue.
 *
 * @throws SmsError `sender_not_found`, `idempotency_key_reused`, `idempotency_in_progress`, `sender_busy`, `overloaded`,
 *   `unavailable`
 */
export function makeSendMessage(
  parts: SendMessageParts,
): (organizationId: number, request: SendRequest) => Promise<SendResult> {
  const { store, clock, watch, failpoints, findRoute } = parts
  const dispatchMessage = makeDispatchMessage(parts)
  let inProgress = 0

  async function send(organizationId: number, request: SendRequest): Promise<SendResult> {
    const found = await getRoute(organizationId, request.sender)
    await checkReply(store, organizationId, request)
    const turnTaken = await awaitTurn(organizationId, request, found)
    // A turn is up to ten seconds away: what was set meanwhile, a pause above all, holds.
    const route = turnTaken ? await getRoute(organizationId, request.sender) : found
    const prepared = prepareSend(parts, { organizationId, request, route })
    const { segments } = prepared
    const newSend = newSendOf(parts, request, prepared)
    const startedAt = clock.monotonicMs()
    await failpoints.reach('before_accept_commit')
    const accepted = await store.sends.accept(turnTaken ? { ...newSend, uses: [] } : newSend)
    await failpoints.reach('after_accept_commit')
    switch (accepted.kind) {
      case 'started': {
        try {
          const record = await dispatchMessage(accepted.record, route)
          logMessage(parts, record, clock.monotonicMs() - startedAt)
          return resultOf(record, segments)
        } finally {
          watch.changed(accepted.record.message.id)
        }
      }
      case 'waiting': {
        logMessage(parts, accepted.record, clock.monotonicMs() - startedAt)
        parts.wakeJobs()
        return { ...resultOf(accepted.record, segments), ...(await waitOf(prepared, accepted.record)) }
      }
      case 'refused':
        parts.metrics.policyDecision('refused', accepted.rule)
        logMessage(parts, accepted.record, clock.monotonicMs() - startedAt)
        return { ...resultOf(accepted.record, segments), answer: { kind: 'refused', message: accepted.record.message } }
      case 'joined':
        return { ...resultOf(await awaitResolution(organizationId, accepted), segments), deduplicated: true }
      case 'replayed':
        return { ...resultOf(await awaitFirstAnswer(organizationId, accepted), segments), replayed: true }
      default:
        return accepted satisfies never
    }
  }

  async function getRoute(organizationId: number, sender: SendRequest['sender']): Promise<Route> {
    const route = await findRoute(organizationId, sender)
    if (route === undefined) throw new SmsError('sender_not_found', `No assistant found for phone number ${sender}`)
    return route
  }

  /**
   * Before anything is stored: whoever waits can be told to come back, and a turn that is not used after all (a repetition,
   * a refusal) only makes room.
   */
  async function awaitTurn(organizationId: number, request: SendRequest, route: Route): Promise<boolean> {
    const isDirect = !request.queue && request.sendAt === undefined
    if (!isDirect || route.sender.pacing.strict !== true) return false
    const { message, pace } = prepareSend(parts, { organizationId, request, route })
    const now = clock.now()
    const [use, account] = laneUses(message, pace, now)
    if (use === undefined) return false
    const turn = await store.queue.takeDirectTurn({
      now,
      latest: now + turnWaitMsMax,
      day: dayNumberIn(carriersZone, now),
      nextDayAt: midnightAfter(carriersZone, now),
      organizationId,
      senderId: route.sender.id,
      ...(pace.dailySegments === undefined ? {} : { dailySegments: pace.dailySegments }),
      use,
      ...(account === undefined ? {} : { account: { id: account.id, use: account } }),
    })
    if (!turn.taken) throw new SmsError('sender_busy', senderBusySentence, { retryAfterMs: turn.at - now })
    if (turn.at > now) await clock.sleep(turn.at - now, parts.stopping)
    // All that wait are woken at once then: together they would be far too fast.
    if (parts.stopping.aborted && clock.now() < turn.at)
      throw new SmsError('unavailable', 'Textbridge is stopping. Nothing was sent; try again.', { retryAfterMs: 1_000 })
    return true
  }

  async function waitOf({ pace }: PreparedSend, { message }: MessageRecord) {
    if (message.status === 'held') return {}
    const fromMs = Math.max(0, (message.sendAt ?? 0) - clock.now())
    return { expectedWaitMs: fromMs + (await parts.expectedWait.find(message, pace.segmentsPerSecond)) }
  }

  async function awaitResolution(organizationId: number, { messageId }: { messageId: Message['id'] }) {
    return getRecord(
      await watch.until({
        organizationId,
        messageId,
        waitMsMax: joinWaitMsMax,
        done: ({ message }) => message.queued === true || message.status !== 'sending',
      }),
    )
  }

  async function awaitFirstAnswer(organizationId: number, replay: AcceptResult & { kind: 'replayed' }) {
    if (!replay.sameRequest)
      throw new SmsError(
        'idempotency_key_reused',
        'This idempotency key was used with a different request. Use a new key for a new message.',
      )
    const record = getRecord(
      await watch.until({
        organizationId,
        messageId: replay.messageId,
        waitMsMax: replayWaitMsMax,
        done: (candidate) => candidate.message.queued === true || !isBeingSent(candidate, clock.now()),
      }),
    )
    if (record.message.queued !== true && isBeingSent(record, clock.now()))
      throw new SmsError(
        'idempotency_in_progress',
        'The first request with this idempotency key is still being sent. Ask again in a moment.',
        { retryAfterMs: replayWaitMsMax },
      )
    return record
  }

  return async function sendMessage(organizationId, request) {
    if (inProgress >= sendsInProgressMax)
      throw new SmsError('overloaded', 'Too many sends are in progress. Nothing was sent; try again in a second.', {
        retryAfterMs: 1_000,
      })
    inProgress++
    try {
      return await send(organizationId, request)
    } finally {
      inProgress--
    }
  }
}

function newSendOf(parts: SendMessageParts, request: SendRequest, { message, terms, pace }: PreparedSend): NewSend {
  const { idempotencyKey, batch } = request
  const now = message.createdAt
  return {
    message,
    guard: guardOf(message),
    guardExpiresAt: now + evidenceWindowMs(parts, message),
    ...(idempotencyKey === undefined
      ? {}
      : {
          idempotency: {
            route: batch === undefined ? 'sms.send' : 'sms.batch',
            key: batch === undefined ? idempotencyKey : `${idempotencyKey} ${batch.index}`,
            requestHash: hash('sha256', requestContent(request), 'hex'),
            forgetBefore: now - idempotencyKeyLifetimeMs,
          },
        }),
    terms,
    uses: laneUses(message, pace, now),
  }
}

/** `segments`: of the request, whose text is that of the message, also where it joined or repeated another. */
function resultOf(record: MessageRecord, segments: Segments): SendResult {
  return { answer: answerOf(record), warnings: warningsFor(segments), deduplicated: false, replayed: false }
}

function getRecord(record: MessageRecord | undefined): MessageRecord {
  if (record === undefined)
    throw new SmsError(
      'unavailable',
      'The first message of this request is no longer stored. Use a new idempotency key.',
    )
  return record
}

function logMessage(
  { log, metrics }: SendMessageParts,
  { message, attempts }: MessageRecord,
  durationMs: number,
): void {
  metrics.messageStatus(message.provider, message.status)
  if (message.holdReason !== undefined) metrics.policyDecision('held', message.holdReason)
  log.info('message.dispatched', {
    messageId: message.id,
    organizationId: message.organizationId,
    assistantId: message.assistantId,
    provider: message.provider,
    status: message.status,
    providerMessageId: message.providerMessageId,
    reason: message.failure?.reason,
    providerCode: message.failure?.providerCode,
    segmentCount: message.segmentCount,
    attempts: attempts.length,
    durationMs: Math.round(durationMs),
  })
}
