import type { E164 } from './phone-number.ts'

export const accountCheckNames = [
  'credentials',
  'account_status',
  'webhook_signature',
  'messaging_profile',
  'number',
  'inbound_webhook',
] as const

/** One thing that was asked of a provider about an account, and what to do where it is not as it must be. */
export type AccountCheck = {
  readonly name: (typeof accountCheckNames)[number]
  readonly ok: boolean
  /** The number that it is about. */
  readonly phoneNumber?: E164
  /** Without secrets. */
  readonly detail: string
  /** Only where it is not ok. */
  readonly advice?: string
}
