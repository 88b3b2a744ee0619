import { oneAtATime, openStore, providerCatalog } from '../app.ts'
import { parseConfig } from '../config/config.ts'
import type { Env } from '../config/env.ts'
import { parseSecrets } from '../config/secrets.ts'
import { SmsError } from '../core/errors.ts'
import type { Organization } from '../core/organization.ts'
import type { Store } from '../ports/store.ts'
import { systemClock } from '../telemetry/clock.ts'
import { makeMetrics } from '../telemetry/metrics.ts'
import { systemRandom } from '../telemetry/random.ts'

/** What a command that works on the database has at hand. */
export type Session = {
  readonly store: Store
  readonly providers: ReturnType<typeof providerCatalog>
  readonly clock: typeof systemClock
  readonly random: typeof systemRandom
}

/** Opens the database of the environment for one command, and closes it after. Commands on one database take turns. */
export async function withSession<T>(env: Env, work: (session: Session) => Promise<T>): Promise<T> {
  const [config, secrets] = [parseConfig(env), parseSecrets(env)]
  return oneAtATime({ config, secrets }, async () => {
    const store = await openStore({ config, secrets, metrics: makeMetrics() })
    try {
      return await work({ store, providers: providerCatalog(), clock: systemClock, random: systemRandom })
    } finally {
      await store.close()
    }
  })
}

const organizationsShownMax = 20

/** @throws SmsError `invalid_request` when a name is needed or not known. */
export async function chooseOrganization(store: Store, name: string | undefined): Promise<Organization> {
  if (name !== undefined) {
    const found = await store.organizations.findByName(name)
    if (found === undefined) throw new SmsError('invalid_request', `There is no organization called ${name}.`)
    return found
  }
  const organizations = await store.organizations.list(organizationsShownMax)
  const [only] = organizations
  if (only === undefined)
    throw new SmsError('invalid_request', 'There is no organization yet. Describe one with `apply -f textbridge.yaml`.')
  if (organizations.length > 1)
    throw new SmsError(
      'invalid_request',
      `There are several organizations. Name one with --organization: ${organizations.map((organization) => organization.name).join(', ')}.`,
    )
  return only
}
