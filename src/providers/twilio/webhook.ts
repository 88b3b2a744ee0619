import type { DeliveryReceipt } from '../../core/delivery-receipt.ts'
import { mediaCountMax } from '../../core/message.ts'
import type { ProviderAccount } from '../../core/organization.ts'
import type { WebhookReading, WebhookRequest } from '../../ports/provider.ts'
import { inboundReading, unreadable } from '../inbound.ts'
import { codeText, sentenceOf, shortText } from '../reading.ts'
import { receiptOf, type SaidOfMessage } from '../receipt.ts'
import { verifyTwilio } from './signature.ts'
import { reasonByTwilioReport, statusByTwilioWord } from './status.ts'

/**
 * A status callback, or a text that a person sent.
 * https://www.twilio.com/docs/messaging/guides/webhook-request, https://www.twilio.com/docs/messaging/guides/track-outbound-message-status
 */
export function readTwilioWebhook(request: WebhookRequest, { secrets }: ProviderAccount): WebhookReading {
  const tokens = [secrets.auth_token, secrets.previous_auth_token].filter((token) => token !== undefined)
  const verdict = verifyTwilio(request, tokens)
  if (verdict.kind === 'forged') return verdict
  const field = (name: string) => verdict.fields.get(name)?.[0]
  const id = shortText(field('MessageSid') ?? field('SmsSid'))
  const word = field('MessageStatus') ?? field('SmsStatus')
  if (field('Body') !== undefined && (word === undefined || inboundWords.has(word))) return readInbound(field, id)
  if (word === undefined) return unreadable('neither a status callback nor an inbound text')
  const printable = shortText(word)
  if (id === undefined || printable === undefined)
    return unreadable('a status callback without a message id or a status')
  const recipient = shortText(field('To'))
  return {
    kind: 'receipt',
    receipt: twilioReceipt({
      id,
      word: printable,
      code: codeText(field('ErrorCode') || undefined),
      sentence: sentenceOf(field('ErrorMessage')),
      occurredAt: undefined,
    }),
    callbackUrl: request.url,
    ...(recipient === undefined ? {} : { recipient }),
  }
}

const inboundWords: ReadonlySet<string> = new Set(['receiving', 'received'])

export function twilioReceipt(said: SaidOfMessage): DeliveryReceipt {
  return receiptOf(said, { statusByWord: statusByTwilioWord, reasonByCode: reasonByTwilioReport })
}

function readInbound(field: (name: string) => string | undefined, id: string | undefined): WebhookReading {
  return inboundReading({
    id,
    from: field('From'),
    to: field('To'),
    body: field('Body'),
    media: Array.from({ length: mediaCountMax }, (_, index) => ({
      url: field(`MediaUrl${index}`),
      contentType: field(`MediaContentType${index}`),
    })),
    occurredAt: undefined,
    answered: field('OptOutType'),
  })
}
