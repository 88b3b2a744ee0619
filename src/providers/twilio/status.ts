import type { FailureReason } from '../../core/failure.ts'
import type { ReceiptStatus } from '../../core/message-status.ts'

/** Twilio's error codes on creating a message: https://www.twilio.com/docs/api/errors */
export const reasonByTwilioCode = {
  14107: 'rate_limited',
  20003: 'authentication_failed',
  20005: 'account_suspended',
  20006: 'account_misconfigured',
  20008: 'account_misconfigured',
  20404: 'account_misconfigured',
  20429: 'rate_limited',
  21211: 'invalid_recipient',
  21212: 'sender_not_owned',
  21408: 'geo_not_enabled',
  21602: 'invalid_content',
  21603: 'sender_not_owned',
  21604: 'invalid_recipient',
  21606: 'sender_not_owned',
  21608: 'account_misconfigured',
  21609: 'account_misconfigured',
  21610: 'recipient_opted_out',
  21611: 'rate_limited',
  21612: 'sender_not_owned',
  21614: 'landline',
  21617: 'invalid_content',
  21619: 'invalid_content',
  21620: 'media_rejected',
  21621: 'media_rejected',
  21623: 'media_rejected',
  21701: 'account_misconfigured',
  21702: 'sender_unavailable',
  21703: 'account_misconfigured',
  21704: 'account_misconfigured',
  21705: 'account_misconfigured',
} as const satisfies Record<number, FailureReason>

/** Twilio's error codes on a message that it had taken: https://www.twilio.com/docs/api/errors */
export const reasonByTwilioReceiptCode = {
  30001: 'rate_limited',
  30002: 'account_suspended',
  30003: 'unreachable',
  30004: 'carrier_filtered',
  30005: 'recipient_unknown',
  30006: 'landline',
  30007: 'carrier_filtered',
  30008: 'carrier_error',
  30017: 'rate_limited',
  30019: 'media_rejected',
  30022: 'rate_limited',
  30023: 'rate_limited',
  30027: 'rate_limited',
  30032: 'sender_not_registered',
  30034: 'sender_not_registered',
  30035: 'sender_unavailable',
  30410: 'carrier_error',
  30450: 'rate_limited',
} as const satisfies Record<number, FailureReason>

/** A report may bring either kind: a Messaging Service takes a message first and is refused it later. */
export const reasonByTwilioReport = { ...reasonByTwilioCode, ...reasonByTwilioReceiptCode }

/** https://www.twilio.com/docs/messaging/api/message-resource#message-status-values */
export const statusByTwilioWord = {
  accepted: 'sent',
  scheduled: 'sent',
  queued: 'sent',
  sending: 'sent',
  sent: 'sent',
  delivered: 'delivered',
  read: 'delivered',
  undelivered: 'undelivered',
  failed: 'failed',
  canceled: 'canceled',
} as const satisfies Record<string, ReceiptStatus>
