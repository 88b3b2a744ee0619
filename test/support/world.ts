import { openStore, type RunningApp, startApp } from '../../src/app.ts'
import { parseConfig } from '../../src/config/config.ts'
import { parseSecrets } from '../../src/config/secrets.ts'
import { apiKeyScopes } from '../../src/core/api-key.ts'
import { parseE164 } from '../../src/core/phone-number.ts'
import { type Simulator, startSimulator } from '../../src/simulator/simulator.ts'
import { telnyxPublicKey } from '../../src/simulator/telnyx.ts'
import { makeLog } from '../../src/telemetry/log.ts'
import { systemRandom } from '../../src/telemetry/random.ts'
import { planSetup } from '../../src/use-cases/apply-setup.ts'
import { recordApiKey } from '../../src/use-cases/create-api-key.ts'
import { fastClock } from './fast-clock.ts'
import { senders } from './installation.ts'
import { providersOffline } from './parts.ts'
import { findFreePort } from './postgres.ts'
import { type Call, callService, createDatabase, type engines } from './service-client.ts'
import { silentLog } from './silent-log.ts'
import { telnyxAccount, twilioAccount } from './simulated-accounts.ts'
import { silentMetrics } from './store-builders.ts'

export const worldKey = 'the-key-of-the-world-0123456789-0123456789'

export type World = {
  readonly url: string
  readonly databaseUrl: string
  readonly simulator: Simulator
  readonly logLines: readonly string[]
  /** With the key of its one organization. */
  readonly call: Call
  /** Asks again until it holds; the time in there passes fast. */
  until<T>(what: string, look: () => Promise<T | undefined>): Promise<T>
  close(): Promise<void>
}

/**
 * The whole service and the whole carrier over HTTP, with a number at each provider; receipts and texts of people reach
 * the service as the providers' would. One clock for both, `speed` times as fast.
 */
export async function startWorld(params: {
  readonly engine: (typeof engines)[number]
  readonly speed?: number
  readonly smsWebhookUrl?: string
  readonly handlesKeywords?: boolean
}): Promise<World> {
  const { engine, speed = 120, smsWebhookUrl } = params
  const database = await createDatabase(engine)
  const clock = fastClock({ speed })
  const port = await findFreePort()
  const publicUrl = `http://127.0.0.1:${port}`
  const simulator = await startSimulator({
    host: '127.0.0.1',
    port: 0,
    accounts: [
      { ...twilioAccount, inboundUrl: `${publicUrl}/webhooks/sms/twilio` },
      { ...telnyxAccount, inboundUrl: `${publicUrl}/telnyx-sms-webhook` },
    ],
    clock,
    log: silentLog,
  })
  simulator.configure({ handlesKeywords: params.handlesKeywords ?? false })
  const env = {
    TEXTBRIDGE_DATABASE_URL: database.url,
    TEXTBRIDGE_PORT: String(port),
    TEXTBRIDGE_PUBLIC_URL: publicUrl,
    TEXTBRIDGE_SECRET_KEY: Buffer.alloc(32, 5).toString('base64'),
  }
  const [config, secrets] = [parseConfig(env), parseSecrets(env)]
  const store = await openStore({ config, secrets, metrics: silentMetrics })
  const parts = { store, providers: providersOffline, clock, random: systemRandom }
  const plan = await planSetup(parts, {
    organization: 'Acme',
    providerAccounts: [
      {
        name: 'twilio',
        provider: 'twilio',
        baseUrl: simulator.baseUrls.twilio,
        fields: { account_sid: twilioAccount.accountSid, auth_token: twilioAccount.authToken },
      },
      {
        name: 'telnyx',
        provider: 'telnyx',
        baseUrl: simulator.baseUrls.telnyx,
        fields: { api_key: telnyxAccount.apiKey, public_key: telnyxPublicKey(telnyxAccount.signingSeed) },
      },
    ],
    assistants: (['twilio', 'telnyx'] as const).map((name) => ({
      name: `${name} assistant`,
      providerAccount: name,
      phoneNumbers: [parseE164(senders[name])],
      ...(smsWebhookUrl === undefined ? {} : { smsWebhookUrl }),
    })),
  })
  const { organizationId } = await plan.apply()
  await recordApiKey(parts, { organizationId, name: 'world', scopes: apiKeyScopes, key: worldKey })
  await store.close()
  const logLines: string[] = []
  const log = makeLog({ level: 'debug', destination: { write: (line: string) => void logLines.push(line) } })
  // A few milliseconds of this machine are seconds on that clock.
  const patience = { callTimeoutMs: 1_000, attemptFreshMs: 5_000 * speed }
  const app: RunningApp = await startApp({ config, secrets, log, version: 'test', clock, ...patience })
  return {
    url: app.url,
    databaseUrl: database.url,
    simulator,
    logLines,
    call: (method, path, options) => callService(app.url, method, path, { key: worldKey, ...options }),
    async until(what, look) {
      const deadline = performance.now() + 30_000
      for (;;) {
        const found = await look()
        if (found !== undefined) return found
        if (performance.now() > deadline)
          throw new Error(`it never came to this: ${what}\n${logLines.slice(-20).join('')}`)
        await clock.sleep(1_000)
      }
    },
    async close() {
      await app.close()
      await simulator.close()
      await database.drop()
    },
  }
}
