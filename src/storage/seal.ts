import { createCipheriv, createDecipheriv, hash, randomBytes } from 'node:crypto'
import { SmsError } from '../core/errors.ts'

/** Where a secret stands. It is bound to its place: moved to another record, it no longer opens. */
export type SealedPlace = {
  readonly table: string
  readonly organizationId: number
  readonly record: string
  readonly field: string
}

export type Sealer = {
  seal(place: SealedPlace, text: string): string
  /** @throws SmsError `unavailable` when none of the keys opens it. */
  open(place: SealedPlace, sealed: string): string
}

const nonceLength = 12
const tagLength = 16

/** AES-256-GCM, `v1.<key id>.<nonce, ciphertext, tag in base64url>`. The first key seals, each opens its own. */
export function makeSealer(keys: readonly [Uint8Array, ...Uint8Array[]]): Sealer {
  const [present] = keys
  const keyById = new Map(keys.map((key) => [keyIdOf(key), key]))

  return {
    seal(place, text) {
      const keyId = keyIdOf(present)
      const nonce = randomBytes(nonceLength)
      const cipher = createCipheriv('aes-256-gcm', present, nonce)
      cipher.setAAD(associatedData(place, keyId))
      const sealed = Buffer.concat([nonce, cipher.update(text, 'utf8'), cipher.final(), cipher.getAuthTag()])
      return `v1.${keyId}.${sealed.toString('base64url')}`
    },
    open(place, sealed) {
      const [version, keyId = '', payload = ''] = sealed.split('.')
      const key = keyById.get(keyId)
      if (version !== 'v1' || key === undefined) throw cannotOpen(place)
      const bytes = Buffer.from(payload, 'base64url')
      if (bytes.length < nonceLength + tagLength) throw cannotOpen(place)
      const decipher = createDecipheriv('aes-256-gcm', key, bytes.subarray(0, nonceLength))
      decipher.setAAD(associatedData(place, keyId))
      decipher.setAuthTag(bytes.subarray(bytes.length - tagLength))
      try {
        const text = decipher.update(bytes.subarray(nonceLength, bytes.length - tagLength))
        return Buffer.concat([text, decipher.final()]).toString('utf8')
      } catch (cause) {
        throw cannotOpen(place, cause)
      }
    },
  }
}

function keyIdOf(key: Uint8Array): string {
  return hash('sha256', key, 'hex').slice(0, 8)
}

function associatedData(place: SealedPlace, keyId: string): Buffer {
  return Buffer.from([place.table, place.organizationId, place.record, place.field, keyId].join('|'))
}

function cannotOpen(place: SealedPlace, cause?: unknown): SmsError {
  return new SmsError(
    'unavailable',
    `The ${place.field} of "${place.record}" cannot be opened with TEXTBRIDGE_SECRET_KEY. Add the key it was sealed with, or set it anew.`,
    { cause },
  )
}
