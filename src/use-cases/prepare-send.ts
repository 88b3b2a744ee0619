import { type Segments, segmentsOf } from '../core/encoding.ts'
import { type Message, priorities, type SendRequest } from '../core/message.ts'
import { makeMessageId } from '../core/message-id.ts'
import type { Route } from '../core/organization.ts'
import { accountUse, carriersZone, senderUse } from '../core/pacing.ts'
import { costMicrosOf } from '../core/policy.ts'
import { decideScheduled, decideSend } from '../core/send-decision.ts'
import { needsOf, noNeeds } from '../core/send-facts.ts'
import { type SendSettings, settingsOf, termsOf } from '../core/send-terms.ts'
import { dayNumberIn } from '../core/send-window.ts'
import { paceOf, type SendPace } from '../core/sender-pace.ts'
import type { Clock } from '../ports/clock.ts'
import type { Provider } from '../ports/provider.ts'
import type { Random } from '../ports/random.ts'
import type { DecisionTerms, LaneDebit } from '../ports/store.ts'

export type PrepareParts = {
  readonly providers: ReadonlyMap<string, Provider>
  readonly clock: Clock
  readonly random: Random
}

export type PreparedSend = {
  readonly message: Message
  readonly segments: Segments
  readonly settings: SendSettings
  readonly terms: DecisionTerms
  readonly pace: SendPace
}

/** The message that a request becomes on its route, and how it will be decided. Nothing is read or written. */
export function prepareSend(
  { providers, clock, random }: PrepareParts,
  {
    organizationId,
    request,
    route,
  }: { readonly organizationId: number; readonly request: SendRequest; readonly route: Route },
): PreparedSend {
  const now = clock.now()
  const provider = providers.get(route.account.provider)
  const segments = segmentsOf(request.body, provider?.notCarriedAsGsm)
  const settings = settingsOf(route)
  const { idempotencyKey, queue, batch, sendAt, expiresAt, ...content } = request
  const { duplicateSeconds } = settings.policy
  const costMicros = costMicrosOf(settings.policy.prices, {
    recipient: request.recipient,
    segmentCount: segments.segmentCount,
  })
  const message: Message = {
    ...content,
    id: makeMessageId(now, random.bytes(16)),
    organizationId,
    direction: 'outbound',
    assistantId: route.assistant.id,
    senderId: route.sender.id,
    providerAccountId: route.account.id,
    provider: route.account.provider,
    encoding: segments.encoding,
    segmentCount: segments.segmentCount,
    status: sendAt !== undefined ? 'scheduled' : queue ? 'queued' : 'sending',
    priority: batch !== undefined || request.category === 'marketing' ? priorities.bulk : priorities.ordinary,
    ...(queue || sendAt !== undefined ? { queued: true } : {}),
    ...(idempotencyKey === undefined ? {} : { keyed: true }),
    ...(sendAt === undefined ? {} : { sendAt, dueAt: sendAt }),
    ...(expiresAt === undefined ? {} : { expiresAt }),
    ...(costMicros === undefined ? {} : { costMicros }),
    ...(typeof duplicateSeconds === 'number' && sendAt === undefined
      ? { duplicateUntil: now + duplicateSeconds * 1_000 }
      : {}),
    createdAt: now,
    updatedAt: now,
  }
  return {
    message,
    segments,
    settings,
    terms: decisionTerms(message, settings, now),
    pace: paceOf({ sender: route.sender, account: route.account, paces: provider?.paces }),
  }
}

/** How the message is decided about at `now`. */
export function decisionTerms(message: Message, settings: SendSettings, now: number): DecisionTerms {
  const terms = termsOf(message, settings, now)
  return {
    counted: settings.counted,
    ...(message.status === 'scheduled'
      ? { needs: noNeeds, decide: (facts) => decideScheduled(facts, terms) }
      : { needs: needsOf(terms), decide: (facts) => decideSend(facts, terms) }),
  }
}

/** What the message takes from the lanes of its number and its account when it is dispatched at `now`. */
export function laneUses(message: Message, pace: SendPace, now: number): LaneDebit[] {
  const text = { segmentCount: message.segmentCount, isMms: message.mediaUrls.length > 0 }
  const day = dayNumberIn(carriersZone, now)
  const ofAccount = accountUse(pace, text)
  return [
    { kind: 'sender', id: message.senderId, day, ...senderUse(pace, text) },
    ...(ofAccount === undefined
      ? []
      : [{ kind: 'account' as const, id: message.providerAccountId, day, ...ofAccount }]),
  ]
}
