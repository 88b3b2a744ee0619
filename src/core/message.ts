import type { Encoding } from './encoding.ts'
import type { Failure } from './failure.ts'
import type { KeywordKind } from './keyword.ts'
import type { MessageId } from './message-id.ts'
import type { MessageStatus } from './message-status.ts'
import type { E164 } from './phone-number.ts'
import type { SendOutcome } from './send-outcome.ts'

export const bodyLengthMax = 1600
export const mediaCountMax = 10
export const mediaUrlLengthMax = 2000
export const metadataPairsMax = 20
export const metadataKeyLengthMax = 40
export const metadataValueLengthMax = 500
export const idempotencyKeyLengthMax = 256

export const categories = ['conversation', 'transactional', 'marketing'] as const
export type Category = (typeof categories)[number]

/** What reconciliation may do when an unknown attempt leaves no evidence. */
export const onUnknownChoices = ['hold', 'resend'] as const
export type OnUnknown = (typeof onUnknownChoices)[number]

/** What a caller asks for, parsed and within all limits. */
export type SendRequest = {
  readonly sender: E164
  readonly recipient: E164
  readonly body: string
  readonly mediaUrls: readonly string[]
  readonly category: Category
  readonly onUnknown: OnUnknown
  readonly metadata: Readonly<Record<string, string>>
  /** Our id of the inbound message that it answers; refused when a newer one has arrived. */
  readonly inReplyTo?: MessageId
  readonly idempotencyKey?: string
  /** Send it when its turn comes, and answer at once. */
  readonly queue: boolean
  /** One of many that were handed over together: it makes room for others. The hash is of all of them. */
  readonly batch?: { readonly hash: string; readonly index: number }
  /** Unix milliseconds; implies the queue. */
  readonly sendAt?: number
  /** It is not dispatched from then on (Unix ms). */
  readonly expiresAt?: number
}

/** `send_at` lies at most this far ahead, `expires_at` a day more. */
export const sendAheadMsMax = 366 * 24 * 60 * 60 * 1_000
/** A `send_at` that passed at most so long ago counts as now: clocks differ, and requests take time. */
export const sendLateMsMax = 60_000
export const messagesPerBatchMax = 1_000

/** What leaves first when several wait at one number: lower before higher. */
export const priorities = { automatic: 0, ordinary: 1, bulk: 2 } as const

export const holdReasons = ['paused', 'approval', 'quiet_hours'] as const
export type HoldReason = (typeof holdReasons)[number]

/** The limit that refused a message, as it stood then. */
export type ReachedLimit = {
  readonly limit: number
  readonly count: number
  /** What the limit is for: `minute`, `hour`, `day`, `month`, or a conversation. */
  readonly per: string
  /** Sending may be allowed again from then on (Unix ms), if waiting helps. */
  readonly retryAt?: number
}

export const directions = ['outbound', 'inbound'] as const
export type Direction = (typeof directions)[number]

/** One text to one recipient, as it is kept. Times are Unix milliseconds. */
export type Message = {
  readonly id: MessageId
  readonly organizationId: number
  readonly direction: Direction
  readonly assistantId: number
  /** Our number: what an outbound message comes from, what an inbound one went to. */
  readonly senderId: number
  readonly providerAccountId: number
  /** The adapter's name, as in the registry. */
  readonly provider: string
  readonly sender: E164
  readonly recipient: E164
  readonly body: string
  readonly mediaUrls: readonly string[]
  readonly encoding: Encoding
  readonly segmentCount: number
  readonly category: Category
  readonly onUnknown: OnUnknown
  readonly metadata: Readonly<Record<string, string>>
  readonly inReplyTo?: MessageId
  /** A reply of Textbridge itself, to a keyword. */
  readonly automatic?: AutomaticReply
  /** Of an inbound message that was one: it was handled here, and its assistant has not seen it. */
  readonly keyword?: KeywordKind
  readonly status: MessageStatus
  readonly providerMessageId?: string
  /** Why it ended badly; only with `failed`, `suppressed`, `undelivered` or `expired`. */
  readonly failure?: Failure
  /** Only with a failure that a limit of the policy was the reason for. */
  readonly reachedLimit?: ReachedLimit
  /** It leaves when its turn comes, not in the request that brought it. */
  readonly queued?: boolean
  /** Its caller gave it an idempotency key: it is meant, however alike another one is. */
  readonly keyed?: boolean
  /** Of `priorities`. */
  readonly priority: number
  readonly sendAt?: number
  readonly expiresAt?: number
  /** When one that is scheduled or held goes to the queue by itself; absent when a person must decide. */
  readonly dueAt?: number
  /** Only with `held`. */
  readonly holdReason?: HoldReason
  readonly approvedAt?: number
  /** When it was dispatched, where that counts against a limit of the policy. */
  readonly countedAt?: number
  /** In millionths of the currency of the organization's prices, if it has any. */
  readonly costMicros?: number
  /** An identical send joins it until then, although it is known what became of it. */
  readonly duplicateUntil?: number
  /** Its text and media are not kept any more: `body` and `mediaUrls` are empty since then. */
  readonly bodyRemovedAt?: number
  readonly createdAt: number
  readonly updatedAt: number
}

/** One hand-over of a message to its provider. It is committed before a socket is opened. */
export type Attempt = {
  /** 1 for the first. Unique within its message. */
  readonly number: number
  readonly startedAt: number
  /** Absent while the call is under way, and for ever when the process died during it. */
  readonly finishedAt?: number
  readonly outcome?: SendOutcome
  /** Nothing more is done or awaited for it: refused, given up, or its evidence window has passed. */
  readonly closedAt?: number
  /** A person said that it was sent, although its provider never did. */
  readonly vouchedAt?: number
}

export const automaticReplies = ['opt_out_confirmation', 'opt_in_confirmation', 'help'] as const
export type AutomaticReply = (typeof automaticReplies)[number]

/** A provider call ends within this time, whatever the provider does. */
export const providerCallTimeoutMs = 30_000

/**
 * How long after its start an attempt without an outcome may still be under way in some process. Past it, the process
 * died or is frozen, and the attempt is as unknown as one that timed out.
 */
export const attemptLeaseMs = providerCallTimeoutMs + 15_000

export function isUnderWay(attempt: Attempt, now: number): boolean {
  return attempt.outcome === undefined && now < attempt.startedAt + attemptLeaseMs
}

/** The text; null since it was removed. */
export function keptBodyOf({ body, bodyRemovedAt }: Message): string | null {
  return bodyRemovedAt === undefined ? body : null
}

/** Who talks: our number and the person, whichever way the message goes. */
export function partiesOf({ direction, sender, recipient }: Message) {
  return direction === 'inbound' ? { number: recipient, person: sender } : { number: sender, person: recipient }
}

/** A conversation is named after its first message: as unique, as hard to guess, and in the same order of time. */
export function conversationIdOf({ id }: Message): string {
  return id.replace(/^msg_/, 'cnv_')
}
