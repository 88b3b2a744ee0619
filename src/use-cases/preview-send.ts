import type { Segments } from '../core/encoding.ts'
import { SmsError } from '../core/errors.ts'
import type { Message, SendRequest } from '../core/message.ts'
import type { MessageId } from '../core/message-id.ts'
import { findCovering, type OptOut } from '../core/opt-out.ts'
import type { Route } from '../core/organization.ts'
import { carriersZone, directTurnAt, type Lane } from '../core/pacing.ts'
import { explainSend, type SendDecision, type Verdict } from '../core/send-decision.ts'
import { needsOf } from '../core/send-facts.ts'
import { type SendSettings, termsOf } from '../core/send-terms.ts'
import { dayNumberIn, midnightAfter } from '../core/send-window.ts'
import type { SendPace } from '../core/sender-pace.ts'
import type { Store } from '../ports/store.ts'
import { checkReply } from './check-reply.ts'
import { guardOf } from './content-guard.ts'
import type { ExpectedWait } from './expected-wait.ts'
import { laneUses, type PreparedSend, type PrepareParts, prepareSend } from './prepare-send.ts'
import { turnWaitMsMax } from './send-message.ts'

export type SendPreview = {
  /** As it would be stored. */
  readonly message: Message
  readonly segments: Segments
  readonly settings: SendSettings
  /** What would become of it when it is handed in. */
  readonly decision: SendDecision
  /** Everything that stands against it at the time when it would leave, refusals first. */
  readonly verdicts: readonly Verdict[]
  /** The one that covers it. */
  readonly optOut?: OptOut
  readonly pace: SendPace
  readonly isStrict: boolean
  /** Until it leaves, where nothing stands against it. For a direct send more than 0 only from a strict number. */
  readonly waitMs: number
  /** The number's next turn is too far away for a direct send, which would be refused. */
  readonly isSenderBusy: boolean
  /** The identical message that it would join. */
  readonly duplicateOf?: MessageId
}

export type PreviewParts = PrepareParts & {
  readonly store: Store
  /** The route of a number that belongs to one of the organization's active assistants. */
  readonly findRoute: (organizationId: number, sender: SendRequest['sender']) => Promise<Route | undefined>
  readonly expectedWait: ExpectedWait
}

/**
 * What a send would come to, by the same steps and in the same order as the send. Nothing is written, locked or counted;
 * an idempotency key is not looked up.
 *
 * @throws SmsError `sender_not_found`, `invalid_request`
 */
export function makePreviewSend(
  parts: PreviewParts,
): (organizationId: number, request: SendRequest) => Promise<SendPreview> {
  const { store, findRoute } = parts

  return async function previewSend(organizationId, request) {
    const route = await findRoute(organizationId, request.sender)
    if (route === undefined)
      throw new SmsError('sender_not_found', `No assistant found for phone number ${request.sender}`)
    await checkReply(store, organizationId, request)
    const prepared = prepareSend(parts, { organizationId, request, route })
    const { message, segments, settings, pace } = prepared
    const leavesAt = Math.max(message.createdAt, message.sendAt ?? 0)
    const terms = termsOf(message, settings, leavesAt)
    const [facts, wait, duplicateOf] = await Promise.all([
      store.sends.facts(message, needsOf(terms)),
      waitOf(parts, route, prepared),
      store.sends.findJoined(message, guardOf(message)),
    ])
    const optOut = findCovering(facts.optOuts, terms)
    return {
      message,
      segments,
      settings,
      decision: prepared.terms.decide(facts),
      verdicts: explainSend(facts, terms),
      ...(optOut === undefined ? {} : { optOut }),
      pace,
      isStrict: isStrict(route),
      ...wait,
      ...(duplicateOf === undefined ? {} : { duplicateOf }),
    }
  }
}

function isStrict({ sender }: Route): boolean {
  return sender.pacing.strict === true
}

async function waitOf(
  { store, expectedWait }: PreviewParts,
  route: Route,
  { message, pace }: PreparedSend,
): Promise<Pick<SendPreview, 'waitMs' | 'isSenderBusy'>> {
  const now = message.createdAt
  if (message.queued === true) {
    const untilSendAt = Math.max(0, (message.sendAt ?? now) - now)
    return { waitMs: untilSendAt + (await expectedWait.find(message, pace.segmentsPerSecond)), isSenderBusy: false }
  }
  if (!isStrict(route)) return { waitMs: 0, isSenderBusy: false }
  const lanes: { sender?: Lane; account?: Lane } = {}
  for (const { kind, id } of laneUses(message, pace, now)) lanes[kind] = await store.queue.findLane(kind, id)
  const { sender, account } = lanes
  if (sender === undefined) return { waitMs: 0, isSenderBusy: false }
  const at = directTurnAt(
    { sender, ...(account && { account }) },
    {
      dailySegments: pace.dailySegments,
      segmentCount: message.segmentCount,
      time: { now, day: dayNumberIn(carriersZone, now) },
      nextDayAt: midnightAfter(carriersZone, now),
    },
  )
  const waitMs = at - now
  return { waitMs, isSenderBusy: waitMs > turnWaitMsMax }
}
