import { hash } from 'node:crypto'
import { type ApiKey, type ApiKeyScope, apiKeyPrefix, makeApiKey, type RateLimit } from '../core/api-key.ts'
import type { Clock } from '../ports/clock.ts'
import type { Random } from '../ports/random.ts'
import type { Store } from '../ports/store.ts'
import { keyEntry } from './change-api-key.ts'

export const apiKeyNameLengthMax = 100
/** Who acts without an API key, as the audit log says. */
export const commandLine = 'the command line'

type Wanted = {
  readonly organizationId: number
  readonly name: string
  readonly scopes: readonly ApiKeyScope[]
  readonly expiresAt?: number
  readonly rateLimit?: RateLimit
  /** Who makes it, as the audit log says. */
  readonly actor?: string
}

/** Makes a key and stores its hash. `key` is shown once: nothing can bring it back. */
export async function createApiKey(
  { store, clock, random }: { readonly store: Store; readonly clock: Clock; readonly random: Random },
  wanted: Wanted,
): Promise<{ readonly key: string; readonly apiKey: ApiKey }> {
  const key = makeApiKey(random.bytes(8), random.bytes(32))
  return { key, apiKey: await recordApiKey({ store, clock }, { ...wanted, key }) }
}

/** Stores the hash of a key that exists already, e.g. one that a deployment brings. */
export function recordApiKey(
  { store, clock }: { readonly store: Store; readonly clock: Clock },
  { key, actor = commandLine, ...wanted }: Wanted & { readonly key: string },
): Promise<ApiKey> {
  const now = clock.now()
  const prefix = apiKeyPrefix(key)
  return store.apiKeys.create(
    { ...wanted, prefix, hash: hash('sha256', key, 'hex'), createdAt: now, updatedAt: now },
    (made) => keyEntry('api_key.created', made, { actor, now }),
  )
}
