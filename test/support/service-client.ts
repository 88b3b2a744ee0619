import { hash } from 'node:crypto'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { openStore, startApp } from '../../src/app.ts'
import { parseConfig } from '../../src/config/config.ts'
import { parseSecrets } from '../../src/config/secrets.ts'
import { type ApiKeyScope, apiKeyScopes } from '../../src/core/api-key.ts'
import type { Store } from '../../src/ports/store.ts'
import { makeLog } from '../../src/telemetry/log.ts'
import { createTestDatabase, type TestDatabase } from './postgres.ts'
import { silentMetrics } from './store-builders.ts'

export type Answer = {
  readonly status: number
  readonly headers: Headers
  readonly body: unknown
  readonly text: string
}
export type Call = (
  method: string,
  path: string,
  options?: {
    readonly key?: string
    readonly json?: unknown
    readonly headers?: Readonly<Record<string, string>>
  },
) => Promise<Answer>

export type TestService = {
  readonly url: string
  readonly call: Call
  readonly logLines: readonly string[]
  close(): Promise<void>
}

export const engines = ['sqlite', 'postgres'] as const

/** The whole service over an empty database, with one organization and one key for each name. */
export async function startTestService(params: {
  readonly engine: (typeof engines)[number]
  readonly organizations: readonly {
    readonly name: string
    readonly key: string
    readonly scopes?: readonly ApiKeyScope[]
  }[]
  /** Puts in what cannot be made over HTTP, before the service starts. */
  readonly prepare?: (store: Store) => Promise<void>
  readonly env?: Readonly<Record<string, string>>
}): Promise<TestService> {
  const database = await createDatabase(params.engine)
  const env = {
    TEXTBRIDGE_DATABASE_URL: database.url,
    TEXTBRIDGE_PORT: '0',
    TEXTBRIDGE_SECRET_KEY: Buffer.alloc(32, 5).toString('base64'),
    ...params.env,
  }
  const [config, secrets] = [parseConfig(env), parseSecrets(env)]
  const store = await openStore({ config, secrets, metrics: silentMetrics })
  for (const { name, key, scopes = apiKeyScopes } of params.organizations) {
    const fresh = { name, optOutScope: 'organization', policy: {}, retention: {}, createdAt: 1 } as const
    const { id: organizationId } = await store.organizations.create(fresh)
    const times = { createdAt: 1, updatedAt: 1 }
    const [prefix, sha256] = [key.slice(0, 4), hash('sha256', key, 'hex')]
    await store.apiKeys.create({ organizationId, name: `key of ${name}`, prefix, hash: sha256, scopes, ...times })
  }
  await params.prepare?.(store)
  await store.close()
  const logLines: string[] = []
  const log = makeLog({ level: 'debug', destination: { write: (line: string) => void logLines.push(line) } })
  const app = await startApp({ config, secrets, log, version: 'test' })
  return {
    url: app.url,
    logLines,
    call: (method, path, options) => callService(app.url, method, path, options),
    async close() {
      await app.close()
      await database.drop()
    },
  }
}

/** An empty database that is gone after `drop`. */
export async function createDatabase(engine: (typeof engines)[number]): Promise<TestDatabase> {
  if (engine === 'postgres') return createTestDatabase()
  const folder = mkdtempSync(join(tmpdir(), 'textbridge-'))
  return {
    url: `sqlite:${join(folder, 'test.db')}`,
    drop: async () => rmSync(folder, { recursive: true, force: true }),
  }
}

export async function callService(url: string, ...[method, path, options]: Parameters<Call>): Promise<Answer> {
  const response = await fetch(url + path, {
    method,
    headers: {
      ...(options?.key === undefined ? {} : { authorization: `Bearer ${options.key}` }),
      ...(options?.json === undefined ? {} : { 'content-type': 'application/json' }),
      ...options?.headers,
    },
    ...(options?.json === undefined ? {} : { body: JSON.stringify(options.json) }),
  })
  const text = await response.text()
  const isJson = response.headers.get('content-type')?.includes('application/json') && text !== ''
  return { status: response.status, headers: response.headers, text, body: isJson ? JSON.parse(text) : undefined }
}

/** What stands at a path in an answer; fails the test by its `undefined` otherwise. */
export function at(value: unknown, ...path: readonly (string | number)[]): unknown {
  return path.reduce<unknown>(
    (found, step) => (typeof found === 'object' && found !== null ? Reflect.get(found, step) : undefined),
    value,
  )
}
