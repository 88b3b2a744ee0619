import { createHmac, timingSafeEqual } from 'node:crypto'
import type { Message } from '../core/message.ts'
import type { Clock } from '../ports/clock.ts'
import type { Store } from '../ports/store.ts'

/** How long a link to media works. Whoever reads a message again gets new ones. */
export const mediaLinkLifetimeMs = 24 * 60 * 60 * 1_000

export type MediaLinks = {
  /** Links for a person or program that may read the message: our own for inbound media, the caller's for outbound. */
  urlsFor(message: Message): Promise<string[]>
  /** Whether the link was made here and still works. In constant time. */
  verify(link: { readonly id: string; readonly expires: string; readonly signature: string }): boolean
}

/** `keys`: derived from the secret keys, the present one first. `publicUrl`: without a trailing slash. */
export function makeMediaLinks(params: {
  readonly publicUrl: string
  readonly keys: readonly [Uint8Array, ...Uint8Array[]]
  readonly store: Store
  readonly clock: Clock
}): MediaLinks {
  const { publicUrl, keys, store, clock } = params
  const [present] = keys

  return {
    async urlsFor(message) {
      if (message.direction === 'outbound' || message.mediaUrls.length === 0) return [...message.mediaUrls]
      // Whole hours, so that a message read twice has the same links and caches can work.
      const hour = 60 * 60 * 1_000
      const expires = String(Math.ceil((clock.now() + mediaLinkLifetimeMs) / hour) * hour)
      const media = await store.inbound.mediaOf(message.organizationId, message.id)
      return media.map(
        ({ id }) =>
          `${publicUrl}/media/${id}?expires=${expires}&signature=${sign(present, id, expires).toString('base64url')}`,
      )
    },
    verify({ id, expires, signature }) {
      if (!/^\d{1,16}$/.test(expires) || clock.now() > Number(expires)) return false
      const given = Buffer.from(signature, 'base64url')
      return keys.some((key) => {
        const expected = sign(key, id, expires)
        return given.length === expected.length && timingSafeEqual(given, expected)
      })
    },
  }
}

function sign(key: Uint8Array, id: string, expires: string): Buffer {
  return createHmac('sha256', key).update(`${id} ${expires}`).digest().subarray(0, 16)
}
