import type { FailureReason } from '../../core/failure.ts'
import type { ReceiptStatus } from '../../core/message-status.ts'

/** Telnyx's error codes on sending: https://developers.telnyx.com/docs/messaging/messages/error-codes */
export const reasonByTelnyxCode = {
  10002: 'invalid_recipient',
  10003: 'invalid_content',
  10004: 'invalid_content',
  10005: 'account_misconfigured',
  10006: 'account_misconfigured',
  10009: 'authentication_failed',
  10010: 'account_misconfigured',
  10011: 'rate_limited',
  10015: 'invalid_content',
  10016: 'invalid_recipient',
  20002: 'authentication_failed',
  20006: 'authentication_failed',
  20012: 'account_suspended',
  20013: 'account_suspended',
  20014: 'account_suspended',
  20015: 'account_suspended',
  20016: 'account_suspended',
  20017: 'account_suspended',
  20100: 'insufficient_funds',
  40100: 'sender_not_registered',
  40150: 'sender_not_registered',
  40151: 'sender_unavailable',
  40300: 'recipient_opted_out',
  40301: 'landline',
  40302: 'invalid_content',
  40304: 'invalid_content',
  40305: 'sender_not_owned',
  40306: 'account_misconfigured',
  40308: 'media_rejected',
  40309: 'geo_not_enabled',
  40310: 'invalid_recipient',
  40311: 'account_misconfigured',
  40312: 'account_misconfigured',
  40313: 'account_misconfigured',
  40314: 'account_misconfigured',
  40315: 'sender_unavailable',
  40316: 'invalid_content',
  40317: 'media_rejected',
  40318: 'rate_limited',
  40319: 'landline',
  40320: 'sender_unavailable',
  40321: 'sender_not_owned',
  40322: 'content_rejected',
  40328: 'invalid_content',
  40329: 'sender_not_registered',
  40333: 'account_misconfigured',
} as const satisfies Record<number, FailureReason>

/** Telnyx's error codes on a message that it had taken: https://developers.telnyx.com/docs/messaging/messages/error-codes */
export const reasonByTelnyxReceiptCode = {
  40001: 'landline',
  40002: 'carrier_filtered',
  40003: 'carrier_filtered',
  40004: 'carrier_error',
  40005: 'expired',
  40006: 'unreachable',
  40007: 'carrier_error',
  40008: 'carrier_error',
  40009: 'content_rejected',
  40010: 'sender_not_registered',
  40011: 'rate_limited',
  40012: 'invalid_recipient',
  40013: 'sender_not_owned',
  40014: 'expired',
  40015: 'carrier_filtered',
  40016: 'rate_limited',
  40017: 'carrier_filtered',
  40018: 'rate_limited',
} as const satisfies Record<number, FailureReason>

/** A report may bring either kind: 40300, for one, comes in events too. */
export const reasonByTelnyxReport = { ...reasonByTelnyxCode, ...reasonByTelnyxReceiptCode }

/** Of `to[].status`. `delivery_unconfirmed` is the last word where carriers send no receipts, and no failure. */
export const statusByTelnyxWord = {
  scheduled: 'sent',
  queued: 'sent',
  sending: 'sent',
  sent: 'sent',
  delivery_unconfirmed: 'sent',
  delivered: 'delivered',
  read: 'delivered',
  delivery_failed: 'undelivered',
  sending_failed: 'failed',
  expired: 'expired',
  cancelled: 'canceled',
} as const satisfies Record<string, ReceiptStatus>

/** Detail records have words of their own. `gw_timeout` is left raw: whether the message went on is not said. */
export const statusByTelnyxRecordWord = {
  delivered: 'delivered',
  dlr_unconfirmed: 'sent',
  dlr_timeout: 'sent',
  failed: 'failed',
  gw_reject: 'failed',
} as const satisfies Record<string, ReceiptStatus>
