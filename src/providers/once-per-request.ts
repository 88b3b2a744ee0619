import type { WebhookRequest } from '../ports/provider.ts'

/**
 * One webhook is tried with many accounts. What does not depend on the account is found out once, and forgotten with
 * the request.
 */
export function oncePerRequest<T>(find: (request: WebhookRequest) => T): (request: WebhookRequest) => T {
  const known = new WeakMap<WebhookRequest, { readonly value: T }>()
  return (request) => {
    const found = known.get(request) ?? { value: find(request) }
    known.set(request, found)
    return found.value
  }
}

/** Accounts may share a secret: each is tried once. */
export function oncePerSecret(isSignedWith: (secret: string) => boolean): (secret: string) => boolean {
  const known = new Map<string, boolean>()
  return (secret) => {
    const found = known.get(secret) ?? isSignedWith(secret)
    known.set(secret, found)
    return found
  }
}
