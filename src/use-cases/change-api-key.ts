import type { ApiKey } from '../core/api-key.ts'
import type { AuditEntry } from '../core/audit.ts'
import { SmsError } from '../core/errors.ts'
import type { Clock } from '../ports/clock.ts'
import type { Store } from '../ports/store.ts'

type Parts = { readonly store: Store; readonly clock: Clock }
type Target = { readonly organizationId: number; readonly id: number; readonly actor: string }

/** A revoked key is gone for its owner; only its record stays. @throws SmsError `not_found` */
export function changeApiKey(
  { store, clock }: Parts,
  { organizationId, id, actor }: Target,
  change: (present: ApiKey) => ApiKey,
): Promise<ApiKey> {
  const now = clock.now()
  return store.apiKeys.change(
    organizationId,
    id,
    (present) => {
      if (present.revokedAt !== undefined) throw new SmsError('not_found', 'No API key has this id.')
      return { ...change(present), updatedAt: now }
    },
    (before, after) => keyEntry('api_key.changed', after, { actor, now, before }),
  )
}

/** It is refused from now on; by other processes within `lookupLifetimeMs`. @throws SmsError `not_found` */
export function revokeApiKey({ store, clock }: Parts, { organizationId, id, actor }: Target): Promise<ApiKey> {
  const now = clock.now()
  return store.apiKeys.change(
    organizationId,
    id,
    (present) => {
      if (present.revokedAt !== undefined) throw new SmsError('not_found', 'No API key has this id.')
      return { ...present, revokedAt: now, updatedAt: now }
    },
    (_before, after) => keyEntry('api_key.revoked', after, { actor, now }),
  )
}

/** Undefined when nothing that is told has changed. */
export function keyEntry(
  action: 'api_key.created' | 'api_key.changed' | 'api_key.revoked',
  apiKey: ApiKey,
  { actor, now, before }: { readonly actor: string; readonly now: number; readonly before?: ApiKey },
): AuditEntry | undefined {
  const [was, is] = [before && told(before), told(apiKey)]
  if (JSON.stringify(was) === JSON.stringify(is)) return undefined
  return {
    organizationId: apiKey.organizationId,
    occurredAt: now,
    actor,
    action,
    subject: `API key ${apiKey.id} (${apiKey.name})`,
    data: was === undefined ? is : { before: was, after: is },
  }
}

function told({ name, scopes, rateLimit, expiresAt }: ApiKey) {
  return {
    name,
    scopes,
    ...(rateLimit === undefined ? {} : { rate_limit: rateLimit }),
    ...(expiresAt === undefined ? {} : { expires_at: new Date(expiresAt).toISOString() }),
  }
}
