import type { MessageStatus } from '../core/message-status.ts'
import type { RefusalRule } from '../core/policy.ts'

/** Why a message ends of which nothing left. */
export type EndingRule = RefusalRule | 'interrupted'

export const statusByRule = {
  recipient_opted_out: 'suppressed',
  opt_out_in_doubt: 'suppressed',
  superseded: 'canceled',
  expired: 'expired',
  interrupted: 'failed',
} as const satisfies Record<EndingRule, MessageStatus>
