import type { DeliveryReceipt } from '../../core/delivery-receipt.ts'
import type { ProviderAccount } from '../../core/organization.ts'
import type { WebhookReading, WebhookRequest } from '../../ports/provider.ts'
import { inboundReading, unreadable } from '../inbound.ts'
import { codeText, instantOf, listOf, memberOf, parseJson, sentenceOf, shortText } from '../reading.ts'
import { receiptOf } from '../receipt.ts'
import { forgeryOf } from './signature.ts'
import { reasonByTelnyxReport, statusByTelnyxWord } from './status.ts'

/** An event about a message. https://developers.telnyx.com/docs/messaging/messages/receiving-webhooks */
export function readTelnyxWebhook(request: WebhookRequest, { settings }: ProviderAccount, now: number): WebhookReading {
  const publicKeys = [settings.public_key, settings.previous_public_key].filter((key) => key !== undefined)
  const forgery = forgeryOf(request, { publicKeys, now })
  if (forgery !== undefined) return { kind: 'forged', detail: forgery }
  const event = memberOf(parseJson(Buffer.from(request.body).toString('utf8')), 'data')
  const type = shortText(memberOf(event, 'event_type'))
  const payload = memberOf(event, 'payload')
  const occurredAt = instantOf(memberOf(event, 'occurred_at'))
  switch (type) {
    case 'message.sent':
    case 'message.finalized':
      return readReceipt(payload, occurredAt)
    case 'message.received':
      return readInbound(payload, occurredAt)
    default:
      return unreadable(type === undefined ? 'not an event' : `an event of type ${type}`)
  }
}

function readReceipt(payload: unknown, occurredAt: number | undefined): WebhookReading {
  const receipt = telnyxReceipt(payload, occurredAt)
  if (receipt === undefined) return unreadable('an event without a message id or a status')
  const recipient = shortText(memberOf(firstRecipient(payload), 'phone_number'))
  const callbackUrl = telnyxCallbackUrl(payload)
  return {
    kind: 'receipt',
    receipt,
    ...(recipient === undefined ? {} : { recipient }),
    ...(callbackUrl === undefined ? {} : { callbackUrl }),
  }
}

/** One of their messages, as events and reads show it. */
export function telnyxReceipt(payload: unknown, occurredAt: number | undefined): DeliveryReceipt | undefined {
  const id = shortText(memberOf(payload, 'id'))
  const word = shortText(memberOf(firstRecipient(payload), 'status'))
  return id === undefined || word === undefined
    ? undefined
    : receiptOf(
        { id, word, ...errorOf(payload), occurredAt },
        { statusByWord: statusByTelnyxWord, reasonByCode: reasonByTelnyxReport },
      )
}

/** What we gave as `webhook_url`, which they repeat in the signed body. */
export function telnyxCallbackUrl(payload: unknown): string | undefined {
  const url = memberOf(payload, 'webhook_url')
  return typeof url === 'string' && /^https?:[\x21-\x7e]{1,2000}$/.test(url) ? url : undefined
}

function errorOf(payload: unknown): { readonly code: string | undefined; readonly sentence: string } {
  const [error] = listOf(memberOf(payload, 'errors'))
  return {
    code: codeText(memberOf(error, 'code')),
    sentence: sentenceOf(memberOf(error, 'title'), memberOf(error, 'detail')),
  }
}

function readInbound(payload: unknown, occurredAt: number | undefined): WebhookReading {
  return inboundReading({
    id: shortText(memberOf(payload, 'id')),
    from: memberOf(memberOf(payload, 'from'), 'phone_number'),
    to: memberOf(firstRecipient(payload), 'phone_number'),
    body: memberOf(payload, 'text'),
    media: listOf(memberOf(payload, 'media')).map((medium) => ({
      url: memberOf(medium, 'url'),
      contentType: memberOf(medium, 'content_type'),
    })),
    occurredAt,
    answered: memberOf(payload, 'autoresponse_type'),
  })
}

function firstRecipient(payload: unknown): unknown {
  return listOf(memberOf(payload, 'to'))[0]
}
