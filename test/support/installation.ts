import { openStore } from '../../src/app.ts'
import { parseConfig } from '../../src/config/config.ts'
import { parseSecrets } from '../../src/config/secrets.ts'
import { apiKeyScopes } from '../../src/core/api-key.ts'
import { parseE164 } from '../../src/core/phone-number.ts'
import { systemClock } from '../../src/telemetry/clock.ts'
import { systemRandom } from '../../src/telemetry/random.ts'
import { planSetup } from '../../src/use-cases/apply-setup.ts'
import { recordApiKey } from '../../src/use-cases/create-api-key.ts'
import { providersOffline } from './parts.ts'
import { telnyxAccount, twilioAccount } from './simulated-accounts.ts'
import { silentMetrics } from './store-builders.ts'

export const senders = { twilio: twilioAccount.numbers[0] ?? '', telnyx: telnyxAccount.numbers[0] ?? '' } as const

/** Nothing of these may ever be seen. */
export const providerAccountSecrets = [twilioAccount.authToken, telnyxAccount.apiKey]

/** What the process needs to know; the rest is in its database. */
export function environmentOf(database: { readonly url: string }): Record<string, string> {
  return {
    TEXTBRIDGE_DATABASE_URL: database.url,
    TEXTBRIDGE_PORT: '0',
    TEXTBRIDGE_SECRET_KEY: Buffer.alloc(32, 5).toString('base64'),
  }
}

/** An organization with its keys, an account at each provider, and a number at each: those of the simulated accounts. */
export async function installOrganization(
  env: Record<string, string>,
  params: {
    readonly name: string
    readonly apiKeys: readonly string[]
    readonly baseUrls: { readonly twilio: string; readonly telnyx: string }
    readonly numbers?: { readonly twilio: string; readonly telnyx: string }
  },
): Promise<void> {
  const { name, apiKeys, baseUrls, numbers = senders } = params
  const store = await openStore({ config: parseConfig(env), secrets: parseSecrets(env), metrics: silentMetrics })
  const parts = { store, providers: providersOffline, clock: systemClock, random: systemRandom }
  const { accountSid: account_sid, authToken: auth_token } = twilioAccount
  const plan = await planSetup(parts, {
    organization: name,
    providerAccounts: [
      { name: 'twilio', provider: 'twilio', baseUrl: baseUrls.twilio, fields: { account_sid, auth_token } },
      { name: 'telnyx', provider: 'telnyx', baseUrl: baseUrls.telnyx, fields: { api_key: telnyxAccount.apiKey } },
    ],
    assistants: [
      { name: 'Tilly', providerAccount: 'twilio', phoneNumbers: [parseE164(numbers.twilio)] },
      { name: 'Nell', providerAccount: 'telnyx', phoneNumbers: [parseE164(numbers.telnyx)] },
    ],
  })
  const { organizationId } = await plan.apply()
  for (const key of apiKeys) await recordApiKey(parts, { organizationId, name: key, scopes: apiKeyScopes, key })
  await store.close()
}
