import assert from 'node:assert/strict'
import { hash } from 'node:crypto'
import { openStore, type RunningApp, startApp } from '../../src/app.ts'
import { parseConfig } from '../../src/config/config.ts'
import { parseSecrets } from '../../src/config/secrets.ts'
import { nameKeyOf, type User, type UserRole } from '../../src/core/user.ts'
import type { Store } from '../../src/ports/store.ts'
import { makeLog } from '../../src/telemetry/log.ts'
import { systemRandom } from '../../src/telemetry/random.ts'
import { makePasswords } from '../../src/use-cases/passwords.ts'
import { makeSignInLink } from '../../src/use-cases/sign-in-link.ts'
import { type Browser, openBrowser } from './browser.ts'
import { environmentOf, installOrganization } from './installation.ts'
import { type ManualClock, manualClock } from './manual-clock.ts'
import { createDatabase, type engines } from './service-client.ts'
import { silentMetrics } from './store-builders.ts'

export const password = 'canary correct horse battery'
/** Of the organization Acme, with all scopes. */
export const apiKey = 'canary-key-of-acme-0123456789-0123456789'

export type ConsoleNodes = {
  readonly urls: readonly string[]
  readonly logLines: readonly string[]
  readonly store: Store
  /** Of all processes together. */
  advance(ms: number): void
  /** A link for a user of Acme, or for its first owner. @returns its token */
  link(user?: User): Promise<string>
  /** A user of Acme whose password is `password`. */
  addUser(name: string, role: UserRole): Promise<User>
  /** A browser in which that user has signed in. */
  signedIn(name: string, role: UserRole): Promise<Browser>
  close(): Promise<void>
}

/** The service over an empty database, in several processes where the engine allows it; time stands still in all. */
export async function startConsoleNodes(
  engine: (typeof engines)[number],
  more: { readonly baseUrl?: string; readonly env?: Readonly<Record<string, string>>; readonly phoneUrl?: string } = {},
): Promise<ConsoleNodes> {
  const database = await createDatabase(engine)
  const env = { ...environmentOf(database), TEXTBRIDGE_ROLES: 'api', ...more.env }
  const baseUrl = more.baseUrl ?? 'http://127.0.0.1:9'
  await installOrganization(env, { name: 'Acme', apiKeys: [apiKey], baseUrls: { twilio: baseUrl, telnyx: baseUrl } })
  const [config, secrets] = [parseConfig(env), parseSecrets(env)]
  const logLines: string[] = []
  const log = makeLog({ level: 'debug', destination: { write: (line: string) => void logLines.push(line) } })
  const clocks: ManualClock[] = []
  const apps: RunningApp[] = []
  const startedAt = Date.now()
  for (let node = 0; node < (engine === 'postgres' ? 2 : 1); node++) {
    const clock = manualClock(startedAt)
    clocks.push(clock)
    const phone = more.phoneUrl === undefined ? {} : { phoneUrl: more.phoneUrl }
    apps.push(await startApp({ config, secrets, log, version: 'test', clock, ...phone }))
  }
  const store = await openStore({ config, secrets, metrics: silentMetrics })
  const acme = await store.organizations.findByName('Acme')
  const [clock] = clocks
  assert.ok(acme !== undefined && clock !== undefined)
  const organizationId = acme.id
  const passwordHash = await makePasswords({ random: systemRandom }).hash(password)

  async function addUser(name: string, role: UserRole): Promise<User> {
    const times = { createdAt: startedAt, updatedAt: startedAt }
    return store.users.create({ organizationId, name, role, passwordHash, ...times }, () => undefined)
  }

  async function link(user?: User): Promise<string> {
    const parts = { store, clock: clock ?? manualClock(startedAt), random: systemRandom }
    const whom = { organizationId, ...(user === undefined ? {} : { user }) }
    return (await makeSignInLink(parts, { ...whom, setsPassword: false, actor: 'a test' })).token
  }

  return {
    urls: apps.map(({ url }) => url),
    logLines,
    store,
    advance(ms) {
      for (const one of clocks) one.advance(ms)
    },
    link,
    addUser,
    async signedIn(name, role) {
      const [known] = await store.users.findByName({ nameKey: nameKeyOf(name), organization: 'Acme', limit: 1 })
      const browser = openBrowser(apps[0]?.url ?? '')
      const token = await link(known ?? (await addUser(name, role)))
      const answer = await browser.ask('POST', '/api/v1/session/link', { json: { token } })
      assert.equal(answer.status, 200, answer.text)
      return browser
    },
    async close() {
      await Promise.all(apps.map((app) => app.close()))
      await store.close()
      await database.drop()
    },
  }
}

/** As the store knows it. */
export function sessionHashOf(browser: Browser): string {
  return hash('sha256', browser.cookie?.split('=')[1] ?? '', 'hex')
}
