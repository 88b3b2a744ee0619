import { type Category, type HoldReason, type Message, sendLateMsMax } from './message.ts'
import type { OptOutReach } from './opt-out.ts'
import type { Route } from './organization.ts'
import { countsDispatches, type EffectivePolicy, effectivePolicy } from './policy.ts'

/** What decides about sends besides facts of the moment: settings, as they are now. */
export type SendSettings = {
  readonly policy: EffectivePolicy
  /** The widest pause that holds. */
  readonly paused?: PauseLevel
  /** Dispatches count against limits, here or elsewhere in the organization. */
  readonly counted: boolean
}

export const pauseLevels = ['organization', 'provider_account', 'assistant', 'number'] as const
export type PauseLevel = (typeof pauseLevels)[number]

/** The settings along a route; parts of it may be gone by now. */
export function settingsOf(
  route: Pick<Route, 'organization'> & Partial<Pick<Route, 'account' | 'assistant' | 'sender'>>,
): SendSettings {
  const pausedAt = {
    organization: route.organization.pausedAt,
    provider_account: route.account?.pausedAt,
    assistant: route.assistant?.pausedAt,
    number: route.sender?.pausedAt,
  } as const satisfies Record<PauseLevel, number | undefined>
  const paused = pauseLevels.find((level) => pausedAt[level] !== undefined)
  const policy = effectivePolicy(route.organization.policy, route.assistant?.policy)
  return {
    policy,
    counted: countsDispatches(policy) || countsDispatches(route.organization.policy),
    ...(paused === undefined ? {} : { paused }),
  }
}

/** Of one send: what the message says, and the settings it is under. */
export type SendTerms = OptOutReach &
  SendSettings & {
    readonly now: number
    readonly sender: string
    readonly recipient: string
    readonly category: Category
    /** The inbound message that this send answers. */
    readonly inReplyTo?: string
    readonly expiresAt?: number
    readonly approved: boolean
    readonly costMicros?: number
    /** A reply of Textbridge itself to a keyword: no policy of the operator stands in its way. */
    readonly automatic: boolean
    /** One that the law asks for: the one confirmation of an opt-out, and HELP. It goes out to who opted out. */
    readonly mandatory: boolean
  }

export function termsOf(message: Message, settings: SendSettings, now: number): SendTerms {
  const { assistantId, senderId, sender, recipient, category, inReplyTo, automatic, approvedAt, costMicros } = message
  const expiresAt = automatic === undefined ? latestAt(message) : message.createdAt + automaticReplyLatestMs
  return {
    ...settings,
    now,
    assistantId,
    senderId,
    sender,
    recipient,
    category,
    ...(inReplyTo === undefined ? {} : { inReplyTo }),
    ...(expiresAt === undefined ? {} : { expiresAt }),
    approved: approvedAt !== undefined,
    ...(costMicros === undefined ? {} : { costMicros }),
    automatic: automatic !== undefined,
    mandatory: automatic === 'opt_out_confirmation' || automatic === 'help',
  }
}

/** What was handed in after its own time is late from the start: its caller meant that time. */
function latestAt({ sendAt, expiresAt, createdAt }: Message): number | undefined {
  return sendAt !== undefined && createdAt > sendAt + sendLateMsMax ? sendAt : expiresAt
}

/** 47 CFR 64.1200(a)(12): the confirmation of an opt-out is sent within five minutes, or not at all. */
export const automaticReplyLatestMs = 5 * 60_000

export type Hold = {
  readonly reason: HoldReason
  /** It goes to the queue by itself then (Unix ms); absent when a person, or the end of a pause, lets it go. */
  readonly until?: number
}
