import type { HttpClient } from '../net/http-client.ts'
import type { Clock } from '../ports/clock.ts'
import type { Provider } from '../ports/provider.ts'
import { makeTelnyx } from './telnyx/index.ts'
import { makeTwilio } from './twilio/index.ts'

/** The only list of providers. */
export function makeProviders(parts: {
  readonly http: HttpClient
  readonly clock: Clock
}): ReadonlyMap<string, Provider> {
  return new Map([makeTwilio(parts), makeTelnyx(parts)].map((provider) => [provider.name, provider]))
}
