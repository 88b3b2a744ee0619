import { hash } from 'node:crypto'
import { type RunningApp, startApp } from '../app.ts'
import { type Config, parseConfig, unknownVariables } from '../config/config.ts'
import type { Env } from '../config/env.ts'
import { parseSecrets, type Secrets } from '../config/secrets.ts'
import { apiKeyPrefix, apiKeyScopes } from '../core/api-key.ts'
import type { Log } from '../ports/log.ts'
import { makeLog } from '../telemetry/log.ts'
import { commandLine, createApiKey, recordApiKey } from '../use-cases/create-api-key.ts'
import { addressOfLink, makeSignInLink } from '../use-cases/sign-in-link.ts'
import { planFromFile } from './apply.ts'
import type { Output } from './output.ts'
import { type Session, withSession } from './session.ts'

/** Prepares the database (schema, set-up file, first API key), then serves until told to stop. */
export async function startServe(params: {
  readonly env: Env
  readonly output: Output
  readonly version: string
}): Promise<RunningApp> {
  const { env, output, version } = params
  const [config, secrets] = [parseConfig(env), parseSecrets(env)]
  const log = makeLog({ level: config.logLevel })
  for (const variable of unknownVariables(env)) log.warn('config.unknown_variable', { variable })
  if (!env.TEXTBRIDGE_PUBLIC_URL)
    log.warn('config.public_url_missing', {
      hint: 'Providers cannot report to localhost. Set TEXTBRIDGE_PUBLIC_URL to the address they reach this service at.',
    })
  await withSession(env, (session) => prepare(session, { config, secrets, env, log, output }))
  const app = await startApp({ config, secrets, log, version })
  log.info('serving', { url: app.url, database: config.database.engine, roles: config.roles.join(','), version })
  return app
}

const defaultOrganization = 'Default'

async function prepare(
  session: Session,
  params: {
    readonly config: Config
    readonly secrets: Secrets
    readonly env: Env
    readonly log: Log
    readonly output: Output
  },
): Promise<void> {
  const { config, secrets, env, log, output } = params
  const { store, clock } = session
  let organizationName: string | undefined
  if (config.setupFile !== undefined) {
    const plan = await planFromFile(session, { file: config.setupFile, env })
    await plan.apply()
    organizationName = plan.organization
    log.info('setup.applied', { file: config.setupFile, changes: plan.changes.length })
  }
  const [oldest] = await store.organizations.list(1)
  const organization =
    (organizationName === undefined ? oldest : await store.organizations.findByName(organizationName)) ??
    (await store.organizations.create({
      name: defaultOrganization,
      optOutScope: 'organization',
      policy: {},
      retention: {},
      createdAt: clock.now(),
    }))
  await ensureFirstKey(session, { organizationId: organization.id, secrets, output, log })
  await inviteFirstOwner(session, { organizationId: organization.id, config, output, log })
}

/** A link is a secret: it is printed for a person who looks, and never to where logs are kept. */
async function inviteFirstOwner(
  session: Session,
  params: { readonly organizationId: number; readonly config: Config; readonly output: Output; readonly log: Log },
): Promise<void> {
  const { organizationId, config, output, log } = params
  if (await session.store.users.hasAny()) return
  if (!output.isTerminal) {
    log.info('console.no_user', { hint: '`textbridge users link` prints a link that makes the first owner.' })
    return
  }
  const { token } = await makeSignInLink(session, { organizationId, setsPassword: false, actor: commandLine })
  output.note(`Console, for its first owner, once and within 15 minutes: ${addressOfLink(config.publicUrl, token)}`)
}

async function ensureFirstKey(
  session: Session,
  params: {
    readonly organizationId: number
    readonly secrets: Secrets
    readonly output: Output
    readonly log: Log
  },
): Promise<void> {
  const { organizationId, secrets, output, log } = params
  const wanted = { organizationId, name: 'first key', scopes: apiKeyScopes }
  const brought = secrets.firstApiKey
  if (brought === undefined) {
    if ((await session.store.apiKeys.count()) > 0) return
    const { key } = await createApiKey(session, wanted)
    output.note(`First API key, shown this once: ${key}`)
    return
  }
  const known = await session.store.apiKeys.findByHash(hash('sha256', brought, 'hex'))
  if (known === undefined) await recordApiKey(session, { ...wanted, key: brought })
  else if (known.revokedAt !== undefined)
    log.warn('api_key.first_is_revoked', { prefix: apiKeyPrefix(brought), hint: 'TEXTBRIDGE_API_KEY was revoked.' })
}
