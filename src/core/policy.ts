import type { E164 } from './phone-number.ts'
import type { QuietHours } from './quiet-hours.ts'

/**
 * What assistants may do, as an operator sets it: for an organization, or for one assistant, whose members replace the
 * organization's one by one. An absent member is not set; `off` at an assistant sets the organization's aside. With
 * nothing set, everything but an opt-out may be sent.
 */
export type Policy = {
  readonly recipients?: RecipientRule | 'off'
  /** Countries (`US`, `JM`), number prefixes (`+1876`), or `sender`: the country of the number that sends. */
  readonly countries?: readonly string[] | 'off'
  /** To one person. */
  readonly perRecipient?: readonly Limit[] | 'off'
  /** By one assistant, to everybody. */
  readonly perAssistant?: readonly Limit[] | 'off'
  /** By all assistants; of the organization only. */
  readonly perOrganization?: readonly Limit[] | 'off'
  /** Texts to a person who has not answered since. */
  readonly unanswered?: number | 'off'
  /** Of the organization only; needs `prices`. */
  readonly spend?: Budget | 'off'
  readonly prices?: Prices
  readonly prefixVelocity?: PrefixVelocity | 'off'
  /** Texts of a person in a row, each within `streakGapMs` of the one before: two programs talk to each other. */
  readonly loop?: number | 'off'
  /** When marketing may arrive, where the recipient is; `marketing` is the preset. */
  readonly quietHours?: QuietHours | 'marketing' | 'off'
  /** Every text waits until a person approves it. */
  readonly approval?: boolean
  /** A send without an idempotency key that repeats assistant, person and text within so many seconds joins the first. */
  readonly duplicateSeconds?: number | 'off'
}

export type RecipientRule =
  | { readonly allow: 'anyone' }
  /** Only who has written to this assistant first. */
  | { readonly allow: 'reply_only' }
  | { readonly allow: 'list'; readonly numbers: readonly E164[] }

export const periods = ['minute', 'hour', 'day'] as const
export type Period = (typeof periods)[number]

/** At most so many texts in any minute, hour or day (24 hours). */
export type Limit = { readonly messages: number; readonly per: Period }

export const budgetPeriods = ['day', 'month'] as const

/** In the currency of the prices, by days and months of UTC. */
export type Budget = { readonly amount: number; readonly per: (typeof budgetPeriods)[number] }

/** For one segment, by number prefix (the longest that fits counts) with `default` for all others. */
export type Prices = {
  readonly currency: string
  readonly default: number
  readonly byPrefix?: Readonly<Record<string, number>>
}

/** Texts to numbers that share their first digits: what fraud by premium numbers looks like. */
export type PrefixVelocity = Limit & { readonly digits: number }

export const recipientListMax = 1_000
export const countriesMax = 300
export const limitsMax = 5
export const limitMessagesMax = 10_000_000
/** Of `unanswered` and `loop`. */
export const conversationLimitMax = 1_000
/** A loop is an answer to an answer at least. */
export const loopMin = 2
/** Of a budget, in its currency. */
export const spendMax = 1_000_000_000
/** Of one segment. */
export const priceMax = 1_000
export const pricesMax = 500
export const duplicateSecondsMax = 24 * 60 * 60
export const prefixDigitsMin = 3
export const prefixDigitsMax = 14

export const periodMs = { minute: 60_000, hour: 3_600_000, day: 86_400_000 } as const satisfies Record<Period, number>
/** No limit looks back further. */
export const countedMsMax = 31 * 86_400_000

/** A text of a person that comes later than this after the one before it ends a streak. */
export const streakGapMs = 60_000

/** Sensible values for assistants that talk with people, all at once: the preset `guarded`. */
export const guardedPolicy: Policy = {
  countries: ['sender'],
  perRecipient: [
    { messages: 10, per: 'hour' },
    { messages: 30, per: 'day' },
  ],
  perAssistant: [{ messages: 2_000, per: 'day' }],
  perOrganization: [{ messages: 10_000, per: 'day' }],
  unanswered: 5,
  prefixVelocity: { digits: 8, messages: 50, per: 'hour' },
  loop: 20,
  quietHours: 'marketing',
  duplicateSeconds: 60,
}

export const presets = { guarded: guardedPolicy } as const
export const presetNames = ['guarded'] as const

/** What holds for one assistant. Limits remember whose they are: those of the organization count all its assistants. */
export type EffectivePolicy = Policy & {
  /** `perRecipient` and `prefixVelocity` are the assistant's own, and count its texts only. */
  readonly ownPerRecipient: boolean
  readonly ownPrefixVelocity: boolean
}

export function effectivePolicy(organization: Policy, assistant: Policy | undefined): EffectivePolicy {
  const { perOrganization, spend, prices, ...own } = assistant ?? {}
  return {
    ...organization,
    ...own,
    ownPerRecipient: own.perRecipient !== undefined,
    ownPrefixVelocity: own.prefixVelocity !== undefined,
  }
}

/** Whether what is dispatched must be counted: some limit of the organization may ask for it. */
export function countsDispatches(policy: Policy): boolean {
  const limits = [
    policy.perRecipient,
    policy.perAssistant,
    policy.perOrganization,
    policy.unanswered,
    policy.prefixVelocity,
  ]
  return limits.some((limit) => limit !== undefined && limit !== 'off')
}

/** Whether the rules that `textbridge doctor`, the console and `dry_run` show are set, by name. */
export const policyRules = [
  'recipients',
  'countries',
  'perRecipient',
  'perAssistant',
  'perOrganization',
  'unanswered',
  'spend',
  'prefixVelocity',
  'loop',
  'quietHours',
  'approval',
  'duplicateSeconds',
] as const satisfies readonly (keyof Policy)[]

export function isSet(policy: Policy, rule: (typeof policyRules)[number]): boolean {
  const value = policy[rule]
  return value !== undefined && value !== 'off' && value !== false
}

/** In millionths, rounded up; undefined without prices. */
export function costMicrosOf(
  prices: Prices | undefined,
  { recipient, segmentCount }: { readonly recipient: string; readonly segmentCount: number },
): number | undefined {
  if (prices === undefined) return undefined
  const byPrefix = prices.byPrefix ?? {}
  for (let length = recipient.length; length > 1; length--) {
    const price = byPrefix[recipient.slice(0, length)]
    if (price !== undefined) return microsOf(price * segmentCount)
  }
  return microsOf(prices.default * segmentCount)
}

/** Decimals are not exact in binary: 0.0079 is a trace more than 7,900 millionths, and is not 7,901. */
function microsOf(amount: number): number {
  return Math.ceil(Number((amount * 1e6).toFixed(3)))
}
