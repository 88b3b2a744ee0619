import { createHmac } from 'node:crypto'
import { segmentsOf } from '../core/encoding.ts'
import type { CarriedMessage, CarriedStatus, InboundText } from './carrier.ts'
import type { Forgery } from './magic-recipients.ts'
import type { TwilioAccount } from './twilio.ts'
import type { Webhook } from './wire-api.ts'

type Fields = Readonly<Record<string, string>>

export const wordByStatus: Readonly<Record<CarriedStatus, string>> = {
  queued: 'queued',
  sent: 'sent',
  delivered: 'delivered',
  unreachable: 'undelivered',
  filtered: 'undelivered',
}
export const errorCodeByStatus: Readonly<Partial<Record<CarriedStatus, number>>> = {
  unreachable: 30003,
  filtered: 30007,
}

/** A form post, signed over URL and fields: https://www.twilio.com/docs/usage/webhooks/webhooks-security */
export function signedForm(
  fields: Fields,
  { account, url, forged }: { account: TwilioAccount; url: string; forged: Forgery | undefined },
): Webhook {
  const signed = Object.keys(fields)
    .sort()
    .reduce((text, name) => text + name + fields[name], url)
  const token = forged === 'wrong_key' ? `not ${account.authToken}` : account.authToken
  const signature = createHmac('sha1', token).update(signed).digest('base64')
  return {
    headers: {
      'content-type': 'application/x-www-form-urlencoded',
      ...(forged === 'unsigned' ? {} : { 'x-twilio-signature': signature }),
    },
    body: new URLSearchParams(fields).toString(),
  }
}

export function statusForm(message: CarriedMessage): Fields {
  const word = wordByStatus[message.status]
  const errorCode = errorCodeByStatus[message.status]
  return {
    AccountSid: message.accountId,
    ApiVersion: '2010-04-01',
    ...(errorCode === undefined ? {} : { ErrorCode: String(errorCode) }),
    From: message.sender,
    MessageSid: message.id,
    MessageStatus: word,
    ...(message.messagingServiceId === undefined ? {} : { MessagingServiceSid: message.messagingServiceId }),
    SmsSid: message.id,
    SmsStatus: word,
    To: message.recipient,
  }
}

export function inboundForm(text: InboundText, mediaAt: string): Fields {
  return {
    ToCountry: 'US',
    FromCountry: 'US',
    SmsMessageSid: text.id,
    NumMedia: String(text.media.length),
    SmsSid: text.id,
    SmsStatus: 'received',
    Body: text.body,
    To: text.number,
    NumSegments: String(segmentsOf(text.body).segmentCount),
    MessageSid: text.id,
    AccountSid: text.accountId,
    From: text.person,
    ApiVersion: '2010-04-01',
    ...(text.answered === undefined ? {} : { OptOutType: text.answered }),
    ...Object.fromEntries(
      text.media.flatMap(({ id, contentType }, index) => [
        [`MediaUrl${index}`, `${mediaAt}/${id}`],
        [`MediaContentType${index}`, contentType],
      ]),
    ),
  }
}
