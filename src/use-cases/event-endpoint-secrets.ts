import { type EndpointSecret, type EventEndpoint, endpointSecretsMax } from '../ports/event-store.ts'
import type { Random } from '../ports/random.ts'

/** Of the format's 24 to 64 bytes. */
const secretBytes = 32
/** So long a replaced secret signs beside its successor. */
export const secretOverlapMs = 24 * 3_600_000

export function makeEndpointSecret(random: Random): EndpointSecret {
  return { value: `whsec_${Buffer.from(random.bytes(secretBytes)).toString('base64')}` }
}

/** The newest first. */
export function signingSecrets({ secrets }: Pick<EventEndpoint, 'secrets'>, now: number): string[] {
  return secrets.filter(({ signsUntil }) => signsUntil === undefined || now < signsUntil).map(({ value }) => value)
}

/** `keepsOld`: those that still sign go on beside the new one; of too many, the oldest goes. */
export function rotatedSecrets(
  secrets: readonly EndpointSecret[],
  params: { readonly made: EndpointSecret; readonly now: number; readonly keepsOld: boolean },
): EndpointSecret[] {
  const { made, now, keepsOld } = params
  const old = keepsOld ? secrets.filter(({ signsUntil }) => signsUntil === undefined || now < signsUntil) : []
  const ending = old.map(({ value, signsUntil }) => ({ value, signsUntil: signsUntil ?? now + secretOverlapMs }))
  return [made, ...ending].slice(0, endpointSecretsMax)
}
