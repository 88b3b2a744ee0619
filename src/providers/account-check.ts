import type { AccountCheck } from '../core/account-check.ts'
import type { E164 } from '../core/phone-number.ts'
import type { Get } from './lookup.ts'
import { parseJson, storableText } from './reading.ts'

/** What one read at a provider brought, where it matters who refused. */
export type Asked =
  | { readonly kind: 'body'; readonly body: unknown }
  | { readonly kind: 'refused'; readonly status: number }
  | { readonly kind: 'unavailable'; readonly detail: string }

export async function ask(get: Get, url: string): Promise<Asked> {
  const result = await get(url)
  if (result.kind !== 'answer') return { kind: 'unavailable', detail: result.detail }
  const { status } = result
  if (status === 401 || status === 403 || status === 404) return { kind: 'refused', status }
  const body = parseJson(result.body)
  return status === 200 && typeof body === 'object' && body !== null
    ? { kind: 'body', body }
    : { kind: 'unavailable', detail: `HTTP ${status} without a usable answer` }
}

/** What the first read of an account says about its credentials. */
export function credentialsCheck(asked: Asked, fields: string): AccountCheck {
  switch (asked.kind) {
    case 'body':
      return { name: 'credentials', ok: true, detail: 'The provider takes the credentials.' }
    case 'refused':
      return {
        name: 'credentials',
        ok: false,
        detail: `The provider refuses the credentials (HTTP ${asked.status}).`,
        advice: `Set ${fields} as the provider's portal shows them.`,
      }
    case 'unavailable':
      return {
        name: 'credentials',
        ok: false,
        detail: `The provider gave no usable answer (${asked.detail}).`,
        advice:
          'Try again. If it stays so, look at the provider status page, the base_url of the account, and the network.',
      }
  }
}

/** How many items and pages of a list are read. */
export const checkedPagesMax = 5

const addressLengthMax = 300

/** Whether texts to the number are reported to one of our addresses, the first of which is the one to set. */
export function inboundWebhookCheck(params: {
  readonly phoneNumber?: E164
  readonly address: unknown
  readonly inboundUrls: readonly string[]
  /** Where to set it. */
  readonly place: string
}): AccountCheck {
  const { phoneNumber, address, inboundUrls, place } = params
  const about = { name: 'inbound_webhook', ...(phoneNumber === undefined ? {} : { phoneNumber }) } as const
  const present = typeof address === 'string' ? URL.parse(address)?.href : undefined
  if (present !== undefined && inboundUrls.some((url) => URL.parse(url)?.href === present))
    return { ...about, ok: true, detail: 'Texts of people are reported to this service.' }
  return {
    ...about,
    ok: false,
    detail:
      typeof address === 'string' && address !== ''
        ? `Texts of people are reported to ${shownAddress(address)}, which is not this service.`
        : 'Texts of people are reported nowhere.',
    advice: `Set ${place} to ${inboundUrls[0]}`,
  }
}

/** Without user, password and query, which may hold secrets of whoever set it. */
function shownAddress(address: string): string {
  const url = URL.parse(address)
  return url === null ? 'something that is no address' : storableText(`${url.origin}${url.pathname}`, addressLengthMax)
}
