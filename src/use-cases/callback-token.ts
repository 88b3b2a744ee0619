import { createHmac, timingSafeEqual } from 'node:crypto'
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
  const [presentKey] = params.keys
  return {
    urlFor(message) {
      const token = tokenOf(presentKey, message.id).toString('base64url')
      return `${params.publicUrl}/webhooks/sms/${message.provider}?message_id=${message.id}&token=${token}`
    },
    verify(id, token) {
      const given = Buffer.from(token, 'base64url')
      return params.keys.some((key) => {
        const expected = tokenOf(key, id)
        return given.length === expected.length && timingSafeEqual(given, expected)
      })
    },
  }
}

/** 128 bits: as hard to guess as the ids themselves, and short enough for every provider's URL limit. */
function tokenOf(key: Uint8Array, id: MessageId): Buffer {
  return createHmac('sha256', key).update(id).digest().subarray(0, 16)
}
