/** What a key may be used for. What `operate` may, `manage` may too, and changes the set-up besides; neither sends or reads texts. */
export const apiKeyScopes = ['send', 'read', 'operate', 'manage'] as const
export type ApiKeyScope = (typeof apiKeyScopes)[number]

export const rateLimitUnits = ['second', 'minute', 'hour'] as const
export type RateLimitUnit = (typeof rateLimitUnits)[number]

/** So many requests in each window. A window begins with the first request after the one before it has ended. */
export type RateLimit = { readonly requests: number; readonly per: RateLimitUnit }

export const rateLimitRequestsMax = 1_000_000
export const windowMsByUnit = {
  second: 1_000,
  minute: 60_000,
  hour: 3_600_000,
} as const satisfies Record<RateLimitUnit, number>

/** A key as it is kept: never the key itself, only its SHA-256. Times are Unix milliseconds. */
export type ApiKey = {
  readonly id: number
  readonly organizationId: number
  readonly name: string
  /** The first characters, enough to tell keys apart in a list. */
  readonly prefix: string
  /** SHA-256 of the whole key, lower-case hex. */
  readonly hash: string
  readonly scopes: readonly ApiKeyScope[]
  /** Absent: it may ask as often as it likes. */
  readonly rateLimit?: RateLimit
  readonly createdAt: number
  readonly updatedAt: number
  readonly lastUsedAt?: number
  readonly expiresAt?: number
  readonly revokedAt?: number
}

const keyPattern = /^tb_live_([0-9A-Za-z]{8})([0-9A-Za-z]{32})([0-9A-Za-z]{6})$/
const base62 = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz'

/** `first` and `second` are 8 and 32 random bytes. `tb_live_<id><secret><checksum>`, 54 characters. */
export function makeApiKey(first: Uint8Array, second: Uint8Array): string {
  const body = `tb_live_${letters(first, 8)}${letters(second, 32)}`
  return body + checksum(body)
}

/** What may stand in a list: `tb_live_` and the id part of our own keys, four characters of any other. */
export function apiKeyPrefix(key: string): string {
  return keyPattern.test(key) ? key.slice(0, 16) : key.slice(0, 4)
}

/**
 * False for a key that carries our prefix but was mistyped or cut: it is refused without a query. Keys of another
 * form (a deployment may bring its own) cannot be judged by their looks.
 */
export function mayBeApiKey(key: string): boolean {
  if (!key.startsWith('tb_live_')) return key.length >= 32 && key.length <= 256
  return keyPattern.test(key) && checksum(key.slice(0, -6)) === key.slice(-6)
}

/** CRC-32 in six base-62 letters: 62^6 is more than 2^32. */
function checksum(text: string): string {
  let rest = crc32(text)
  let out = ''
  for (let position = 0; position < 6; position++) {
    out = base62.charAt(rest % 62) + out
    rest = Math.floor(rest / 62)
  }
  return out
}

function letters(random: Uint8Array, count: number): string {
  let out = ''
  // 248 = 4 * 62: the modulo of a byte would favour the first letters by a few percent, which costs the secret
  // less than two bits of its 190.
  for (let index = 0; index < count; index++) out += base62.charAt((random[index] ?? 0) % 62)
  return out
}

function crc32(text: string): number {
  let crc = 0xffffffff
  for (let index = 0; index < text.length; index++) {
    crc ^= text.charCodeAt(index) & 0xff
    for (let bit = 0; bit < 8; bit++) crc = (crc >>> 1) ^ (crc & 1 ? 0xedb88320 : 0)
  }
  return (crc ^ 0xffffffff) >>> 0
}
