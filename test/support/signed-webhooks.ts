import { createPrivateKey, sign } from 'node:crypto'
import twilio from 'twilio'
import type { WebhookRequest } from '../../src/ports/provider.ts'

export const webhookUrl = 'https://sms.example.com/webhooks/sms/x?message_id=msg_0&token=canary-token'

/** A form post, signed by Twilio's own library. A field with several values is repeated. */
export function twilioWebhook(
  fields: Readonly<Record<string, string | readonly string[]>>,
  { url = webhookUrl, token = '0123456789abcdef0123456789abcdef' } = {},
): WebhookRequest {
  const pairs = Object.entries(fields).flatMap(([name, values]) =>
    [values].flat().map((value): [string, string] => [name, value]),
  )
  return {
    method: 'POST',
    url,
    headers: {
      'content-type': 'application/x-www-form-urlencoded',
      'x-twilio-signature': twilio.getExpectedTwilioSignature(token, url, { ...fields }),
    },
    body: Buffer.from(new URLSearchParams(pairs).toString()),
  }
}

/** A JSON event, signed as Telnyx describes it; its library only verifies. `at` is Unix milliseconds. */
export function telnyxWebhook(
  event: unknown,
  { at, seed = new Uint8Array(32).fill(7), url = webhookUrl }: { at: number; seed?: Uint8Array; url?: string },
): WebhookRequest {
  const body = Buffer.from(typeof event === 'string' ? event : JSON.stringify(event))
  const timestamp = String(Math.floor(at / 1_000))
  // PKCS#8 of an Ed25519 key is a fixed head and the 32 bytes (RFC 8410).
  const head = Buffer.from('302e020100300506032b657004220420', 'hex')
  const key = createPrivateKey({ key: Buffer.concat([head, seed]), format: 'der', type: 'pkcs8' })
  return {
    method: 'POST',
    url,
    headers: {
      'content-type': 'application/json',
      'telnyx-timestamp': timestamp,
      'telnyx-signature-ed25519': sign(null, Buffer.concat([Buffer.from(`${timestamp}|`), body]), key).toString(
        'base64',
      ),
    },
    body,
  }
}

/** Everything that differs in one bit. */
export function oneBitOff(bytes: Uint8Array): Uint8Array[] {
  return Array.from({ length: bytes.length * 8 }, (_, bit) => {
    const copy = Uint8Array.from(bytes)
    const index = bit >> 3
    copy[index] = (copy[index] ?? 0) ^ (1 << (bit & 7))
    return copy
  })
}

/** The same of text, as headers and URLs are read. */
export function textsOneBitOff(text: string): string[] {
  return oneBitOff(Buffer.from(text)).map((bytes) => Buffer.from(bytes).toString('latin1'))
}
