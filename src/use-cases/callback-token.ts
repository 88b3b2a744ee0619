import { hash, timingSafeEqual } from 'node:crypto'
import type { MessageId } from '../core/message-id.ts'

/**
 * The token in each callback URL. It proves that a report about a message answers a call of ours, also where the
 * provider's signature does not cover the URL.
 */
export type CallbackTokens = {
  urlFor(message: { readonly id: MessageId; readonly provider: string }): string
  /** In constant time. */
  verify(id: MessageId, token: string): boolean
}

/** `keys`: derived from the secret keys, the present one first. `publicUrl`: without a trailing slash. */
export function makeCallbackTokens(params: {
  readonly publicUrl: string
  readonly keys: readonly [Uint8Array, ...Uint8Array[]]
}): CallbackTokens {
  const [presentKey, ...olderKeys] = params.keys
  const presentToken = makeToken(presentKey)
  const tokens = [presentToken, ...olderKeys.map(makeToken)]
  return {
    urlFor(message) {
      const token = presentToken(message.id).toString('base64url')
      return `${params.publicUrl}/webhooks/sms/${message.provider}?message_id=${message.id}&token=${token}`
    },
    verify(id, token) {
      const given = Buffer.from(token, 'base64url')
      return tokens.some((tokenOf) => {
        const expected = tokenOf(id)
        return given.length === expected.length && timingSafeEqual(given, expected)
      })
    },
  }
}

const sha256BlockBytes = 64

/**
 * HMAC-SHA-256 (RFC 2104) out of two one-shot hashes: the object that `createHmac` makes for each message costs three
 * times as much. Cut to 128 bits: as hard to guess as the ids themselves, and short enough for every provider's URL
 * limit.
 */
function makeToken(key: Uint8Array): (id: MessageId) => Buffer {
  if (key.length > sha256BlockBytes) throw new Error('the key of a callback token is longer than a block of SHA-256')
  const padded = Buffer.alloc(sha256BlockBytes)
  padded.set(key)
  const inner = padded.map((byte) => byte ^ 0x36)
  const outer = padded.map((byte) => byte ^ 0x5c)
  const sha256 = (...parts: Uint8Array[]) => hash('sha256', Buffer.concat(parts), 'buffer')
  return (id) => sha256(outer, sha256(inner, Buffer.from(id))).subarray(0, 16)
}
