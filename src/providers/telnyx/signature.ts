import { createPublicKey, type KeyObject, verify } from 'node:crypto'
import { type WebhookRequest, webhookBytesMax } from '../../ports/provider.ts'
import { oncePerRequest, oncePerSecret } from '../once-per-request.ts'

const toleranceSeconds = 300

/**
 * Is this really Telnyx? It signs the time and the raw body, not the URL. A sentence that says why not, or undefined.
 * https://developers.telnyx.com/docs/messaging/messages/receiving-webhooks
 */
export function forgeryOf(
  request: WebhookRequest,
  { publicKeys, now }: { readonly publicKeys: readonly string[]; readonly now: number },
): string | undefined {
  if (publicKeys.length === 0)
    return 'public_key is not set, so webhooks cannot be verified. Copy it from the Telnyx portal.'
  const { headers, body } = request
  if (body.length > webhookBytesMax) return 'larger than any webhook'
  const timestamp = headers['telnyx-timestamp']
  if (typeof timestamp !== 'string' || !/^\d{1,12}$/.test(timestamp)) return 'not one Telnyx-Timestamp header'
  if (Math.abs(Math.floor(now / 1_000) - Number(timestamp)) > toleranceSeconds)
    return `signed more than ${toleranceSeconds} s ago, or ahead of this clock`
  const isSignedWith = signatureOf(request)
  if (isSignedWith === undefined) return 'not one Telnyx-Signature-Ed25519 header of 64 bytes in base64'
  return publicKeys.some(isSignedWith)
    ? undefined
    : "the signature fits neither this body nor this account's public key"
}

const signatureOf = oncePerRequest(({ headers, body }) => {
  const signature = bytesOf(headers['telnyx-signature-ed25519'], 64)
  if (signature === undefined) return undefined
  const signed = Buffer.concat([Buffer.from(`${headers['telnyx-timestamp']}|`), body])
  return oncePerSecret((publicKey) => {
    const key = publicKeyOf(publicKey)
    return key !== undefined && verify(null, signed, key, signature)
  })
})

function publicKeyOf(text: string): KeyObject | undefined {
  const x = bytesOf(text, 32)?.toString('base64url')
  return x === undefined ? undefined : createPublicKey({ key: { kty: 'OKP', crv: 'Ed25519', x }, format: 'jwk' })
}

/** Standard, padded base64 in its one spelling: Node's decoder takes many more. */
function bytesOf(text: unknown, length: number): Buffer | undefined {
  if (typeof text !== 'string' || text.length > 2 * length) return undefined
  const bytes = Buffer.from(text, 'base64')
  return bytes.length === length && bytes.toString('base64') === text ? bytes : undefined
}
