import { hash, randomBytes } from 'node:crypto'
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { type RunningApp, startApp } from '../app.ts'
import { parseConfig } from '../config/config.ts'
import type { Env } from '../config/env.ts'
import { parseSecrets } from '../config/secrets.ts'
import { apiKeyScopes, makeApiKey } from '../core/api-key.ts'
import { SmsError } from '../core/errors.ts'
import { parseE164 } from '../core/phone-number.ts'
import { type SimulatedAccount, type Simulator, startSimulator } from '../simulator/simulator.ts'
import { telnyxPublicKey } from '../simulator/telnyx.ts'
import { systemClock } from '../telemetry/clock.ts'
import { makeLog } from '../telemetry/log.ts'
import { planSetup, type Setup } from '../use-cases/apply-setup.ts'
import { commandLine, recordApiKey } from '../use-cases/create-api-key.ts'
import { addressOfLink, type MadeLink, makeSignInLink } from '../use-cases/sign-in-link.ts'
import type { Output } from './output.ts'
import { type Session, withSession } from './session.ts'

const numbers = { twilio: '+12025550142', telnyx: '+12025550143' } as const
const exampleRecipient = '+12025550199'
const messagingProfileId = '16fd2706-8baf-433b-82eb-8c7fada847da'
const accountSid = 'AC7e57b71d9e00000000000000000000de'

/** Textbridge and a local carrier, with everything set up so that a text can be sent at once. */
export async function startDemo(params: {
  readonly env: Env
  readonly output: Output
  readonly version: string
}): Promise<RunningApp> {
  const { output, version } = params
  const first = parseConfig(params.env)
  const folder = first.database.engine === 'sqlite' ? dirname(first.database.path) : './data'
  const demo = loadDemoSecrets(folder)
  const env: Env = { TEXTBRIDGE_SECRET_KEY: demo.secretKey, ...definedOnly(params.env) }
  const [config, secrets] = [parseConfig(env), parseSecrets(env)]
  const apiKey = secrets.firstApiKey ?? demo.apiKey
  const log = makeLog({ level: config.logLevel })
  const simulator = await startSimulator({
    host: '127.0.0.1',
    port: config.port === 0 ? 0 : config.port + 1,
    accounts: simulatedAccounts(demo),
    clock: systemClock,
    log,
    phonePageFolder: fileURLToPath(new URL('../../console/phone/dist', import.meta.url)),
  })
  try {
    const { token } = await withSession(env, (session) => setUp(session, { demo, simulator, apiKey }))
    const carrierUrl = simulator.url.replace('127.0.0.1', 'localhost')
    const phoneUrl = `${carrierUrl}/phone`
    const app = await startApp({ config, secrets, log, version, trustsLocalhost: true, phoneUrl })
    const url = config.port === 0 ? app.url : config.publicUrl
    simulator.configure({
      inboundUrls: {
        [numbers.twilio]: `${url}/webhooks/sms/twilio`,
        [numbers.telnyx]: `${url}/webhooks/sms/telnyx`,
      },
    })
    output.line(welcome({ url, consoleUrl: addressOfLink(url, token), apiKey, carrierUrl }))
    return {
      url: app.url,
      async close() {
        await app.close()
        await simulator.close()
      },
    }
  } catch (error) {
    await simulator.close()
    throw error
  }
}

type DemoSecrets = {
  readonly secretKey: string
  readonly apiKey: string
  readonly twilioAuthToken: string
  readonly telnyxApiKey: string
  readonly telnyxSigningSeed: string
}

/** Made once and kept beside the database, readable for this user only. */
function loadDemoSecrets(folder: string): DemoSecrets {
  const path = join(folder, 'demo.json')
  if (existsSync(path)) {
    try {
      return parseDemoSecrets(JSON.parse(readFileSync(path, 'utf8')))
    } catch (cause) {
      throw new SmsError('invalid_request', `${path} cannot be read. Remove the folder ${folder} to start afresh.`, {
        cause,
      })
    }
  }
  const made: DemoSecrets = {
    secretKey: randomBytes(32).toString('base64'),
    apiKey: makeApiKey(randomBytes(8), randomBytes(32)),
    twilioAuthToken: randomBytes(16).toString('hex'),
    telnyxApiKey: `KEY${randomBytes(16).toString('hex').toUpperCase()}`,
    telnyxSigningSeed: randomBytes(32).toString('base64'),
  }
  mkdirSync(folder, { recursive: true, mode: 0o700 })
  writeFileSync(path, `${JSON.stringify(made, undefined, 2)}\n`, { mode: 0o600, flag: 'wx' })
  return made
}

function parseDemoSecrets(value: unknown): DemoSecrets {
  const read = (name: keyof DemoSecrets) => {
    const found = typeof value === 'object' && value !== null ? Reflect.get(value, name) : undefined
    if (typeof found !== 'string') throw new Error(`${name} is missing`)
    return found
  }
  return {
    secretKey: read('secretKey'),
    apiKey: read('apiKey'),
    twilioAuthToken: read('twilioAuthToken'),
    telnyxApiKey: read('telnyxApiKey'),
    telnyxSigningSeed: read('telnyxSigningSeed'),
  }
}

function definedOnly(env: Env): Env {
  return Object.fromEntries(Object.entries(env).filter(([, value]) => value !== undefined && value !== ''))
}

function simulatedAccounts(demo: DemoSecrets): SimulatedAccount[] {
  return [
    { provider: 'twilio', accountSid, authToken: demo.twilioAuthToken, numbers: [numbers.twilio] },
    {
      provider: 'telnyx',
      apiKey: demo.telnyxApiKey,
      signingSeed: Buffer.from(demo.telnyxSigningSeed, 'base64'),
      messagingProfileId,
      numbers: [numbers.telnyx],
    },
  ]
}

/** @returns the link that makes the first owner, or lets the oldest in. */
async function setUp(
  session: Session,
  { demo, simulator, apiKey }: { demo: DemoSecrets; simulator: Simulator; apiKey: string },
): Promise<MadeLink> {
  const plan = await planSetup(session, setupOf(demo, simulator))
  const { organizationId } = await plan.apply()
  if ((await session.store.apiKeys.findByHash(hash('sha256', apiKey, 'hex'))) === undefined)
    await recordApiKey(session, { organizationId, name: 'demo', scopes: apiKeyScopes, key: apiKey })
  const user = (await session.store.users.list(organizationId)).find(({ role }) => role === 'owner')
  const whom = { organizationId, ...(user === undefined ? {} : { user }) }
  return makeSignInLink(session, { ...whom, setsPassword: false, actor: commandLine })
}

function setupOf(demo: DemoSecrets, { baseUrls }: Simulator): Setup {
  return {
    organization: 'Demo',
    providerAccounts: [
      {
        name: 'demo-twilio',
        provider: 'twilio',
        baseUrl: baseUrls.twilio,
        fields: { account_sid: accountSid, auth_token: demo.twilioAuthToken },
      },
      {
        name: 'demo-telnyx',
        provider: 'telnyx',
        baseUrl: baseUrls.telnyx,
        fields: {
          api_key: demo.telnyxApiKey,
          public_key: telnyxPublicKey(Buffer.from(demo.telnyxSigningSeed, 'base64')),
          messaging_profile_id: messagingProfileId,
        },
      },
    ],
    assistants: [
      { name: 'Tilly (Twilio)', providerAccount: 'demo-twilio', phoneNumbers: [parseE164(numbers.twilio)] },
      { name: 'Nell (Telnyx)', providerAccount: 'demo-telnyx', phoneNumbers: [parseE164(numbers.telnyx)] },
    ],
  }
}

function welcome(addresses: { url: string; consoleUrl: string; carrierUrl: string; apiKey: string }): string {
  const { url, consoleUrl, carrierUrl, apiKey } = addresses
  const curl = (from: string) =>
    `curl -sS ${url}/sms/send -H 'Authorization: Bearer ${apiKey}' -H 'Content-Type: application/json' -d '${JSON.stringify(
      { from_phone_number: from, to_phone_number: exampleRecipient, message: 'Hello from Textbridge' },
    )}'`
  return `
  Textbridge   ${url}        API reference: ${url}/docs
  Console      ${consoleUrl}
               signs you in, once and within 15 minutes; each start prints another
  Phone        ${carrierUrl}/phone/#${exampleRecipient}/${numbers.twilio}
               reads the texts as the person who gets them, and answers
  Carrier      ${carrierUrl}        what was sent, and the magic recipients
  API key      ${apiKey}
  Numbers      ${numbers.twilio}  through Twilio
               ${numbers.telnyx}  through Telnyx

Send a text through each (nothing leaves this machine):

${curl(numbers.twilio)}

${curl(numbers.telnyx)}

Text back as that person, and read the conversation:

curl -sS ${carrierUrl}/inbound -d '${JSON.stringify({ from: exampleRecipient, to: numbers.twilio, body: 'Hello back' })}'

curl -sS ${url}/api/v1/sms-conversations -H 'Authorization: Bearer ${apiKey}'
`
}
