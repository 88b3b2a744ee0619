import { createPrivateKey, type KeyObject, randomUUID, sign } from 'node:crypto'
import { segmentsOf } from '../core/encoding.ts'
import type { CarriedStatus, InboundText } from './carrier.ts'
import type { Forgery } from './magic-recipients.ts'
import type { TelnyxAccount } from './telnyx.ts'
import type { Webhook } from './wire-api.ts'

type TelnyxEvent = { readonly type: string; readonly payload: object }

/** A JSON event, signed over time and body: https://developers.telnyx.com/docs/messaging/messages/receiving-webhooks */
export function signedEvent(
  { type, payload }: TelnyxEvent,
  by: {
    readonly account: TelnyxAccount
    readonly url: string
    readonly forged: Forgery | undefined
    readonly now: number
  },
): Webhook {
  const occurredAt = new Date(by.now).toISOString()
  const body = JSON.stringify({
    data: { record_type: 'event', event_type: type, id: randomUUID(), occurred_at: occurredAt, payload },
    meta: { attempt: 1, delivered_to: by.url },
  })
  const timestamp = String(Math.floor(by.now / 1_000))
  const { signingSeed } = by.account
  const seed = by.forged === 'wrong_key' ? signingSeed.map((byte) => byte ^ 1) : signingSeed
  const signature = sign(null, Buffer.from(`${timestamp}|${body}`), privateKeyOf(seed)).toString('base64')
  return {
    headers: {
      'content-type': 'application/json',
      ...(by.forged === 'unsigned' ? {} : { 'telnyx-timestamp': timestamp, 'telnyx-signature-ed25519': signature }),
    },
    body,
  }
}

/** `message` is the resource as reads show it. */
export function statusEvent(status: CarriedStatus, message: object): TelnyxEvent {
  return { type: status === 'sent' ? 'message.sent' : 'message.finalized', payload: message }
}

export function receivedEvent(text: InboundText, mediaAt: string): TelnyxEvent {
  const { segmentCount, encoding } = segmentsOf(text.body)
  return {
    type: 'message.received',
    payload: {
      record_type: 'message',
      direction: 'inbound',
      id: text.id,
      type: text.media.length === 0 ? 'SMS' : 'MMS',
      messaging_profile_id: text.accountId,
      from: { phone_number: text.person, carrier: 'Simulated', line_type: 'Wireless' },
      to: [{ phone_number: text.number, status: 'webhook_delivered', carrier: 'Simulated', line_type: 'Wireless' }],
      cc: [],
      text: text.body,
      media: text.media.map(({ id, contentType, content }) => ({
        url: `${mediaAt}/${id}`,
        content_type: contentType,
        size: content.length,
      })),
      encoding: encoding === 'gsm-7' ? 'GSM-7' : 'UCS-2',
      parts: Math.min(10, segmentCount),
      tags: [],
      cost: null,
      received_at: new Date(text.createdAt).toISOString(),
      sent_at: null,
      completed_at: null,
      valid_until: null,
      errors: [],
      autoresponse_type: text.answered ?? null,
    },
  }
}

/** PKCS#8 of an Ed25519 key is a fixed head and the 32 bytes (RFC 8410). */
export function privateKeyOf(seed: Uint8Array): KeyObject {
  const head = Buffer.from('302e020100300506032b657004220420', 'hex')
  return createPrivateKey({ key: Buffer.concat([head, seed]), format: 'der', type: 'pkcs8' })
}
