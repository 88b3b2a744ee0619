import type { E164 } from './phone-number.ts'

/** Where an opt-out came from. Kept as evidence, for years. */
export const optOutSources = ['keyword', 'api', 'import', 'provider', 'console'] as const
export type OptOutSource = (typeof optOutSources)[number]

/** A recipient's standing refusal. One per organization and recipient, across providers, numbers and assistants. */
export type OptOut = {
  readonly organizationId: number
  readonly recipient: E164
  readonly source: OptOutSource
  /** What shows it: the text that was sent, the provider's code, the caller's note. At most 500 characters. */
  readonly evidence?: string
  readonly createdAt: number
}

export const optOutEvidenceLengthMax = 500
