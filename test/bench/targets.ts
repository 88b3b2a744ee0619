import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { Client } from 'pg'
import { makeApiKey } from '../../src/core/api-key.ts'
import type { TestServer } from '../support/postgres.ts'
import { runTextbridge } from '../support/process.ts'
import { type Child, startChild } from './child.ts'
import { storeInPostgres, storeInSqlite } from './stored-messages.ts'

export const engines = ['sqlite', 'postgres'] as const
export type Engine = (typeof engines)[number]

/** A program under load: the bare pass-through, or the service with so many messages stored before. */
export type Target = {
  readonly name: 'pass-through' | Engine
  readonly storedCount: number
  readonly child: Child
}

/** Of our own form, so that checking its checksum is part of the cost. */
export const apiKey = makeApiKey(new Uint8Array(8), new Uint8Array(32))
export const sender = '+12025550142'

const observe = ['--import', new URL('./observe.ts', import.meta.url).href]

export type TargetParts = {
  readonly folder: string
  readonly providerUrl: string
  /** Node arguments for every program under load, e.g. for a CPU profile. */
  readonly nodeArgs: readonly string[]
}

export function startPassThrough({ folder, providerUrl, nodeArgs }: TargetParts): Target {
  const child = startChild({
    script: new URL('./pass-through.ts', import.meta.url),
    args: [providerUrl],
    nodeArgs: [...observe, ...nodeArgs],
    outputFile: join(folder, 'pass-through.log'),
  })
  return { name: 'pass-through', storedCount: 0, child }
}

/** The real `serve` command on a database of its own, which is filled before. */
export async function startService(
  parts: TargetParts,
  params: { readonly engine: Engine; readonly storedCount: number; readonly postgres: TestServer | undefined },
): Promise<Target> {
  const { engine, storedCount, postgres } = params
  const name = `${engine}_${storedCount}`
  const env = {
    TEXTBRIDGE_DATABASE_URL:
      postgres === undefined ? `sqlite:${join(parts.folder, `${name}.db`)}` : await createDatabase(postgres.url, name),
    TEXTBRIDGE_SECRET_KEY: Buffer.alloc(32, 1).toString('base64'),
    TEXTBRIDGE_PUBLIC_URL: 'https://sms.example.com',
    TEXTBRIDGE_API_KEY: apiKey,
    TEXTBRIDGE_PORT: '0',
    TEXTBRIDGE_CONFIG: setupFileFor(parts),
  }
  await migrated(env)
  if (postgres === undefined) await storeInSqlite(env.TEXTBRIDGE_DATABASE_URL.slice('sqlite:'.length), storedCount)
  else await storeInPostgres(env.TEXTBRIDGE_DATABASE_URL, storedCount)
  const child = startChild({
    script: new URL('../../src/main.ts', import.meta.url),
    args: ['serve'],
    nodeArgs: [...observe, ...parts.nodeArgs],
    outputFile: join(parts.folder, `${name}.log`),
    env,
  })
  return { name: engine, storedCount, child }
}

async function migrated(env: Record<string, string>): Promise<void> {
  const { code, stderr } = await runTextbridge(['migrate'], env)
  if (code !== 0) throw new Error(`migrate ended with code ${code}: ${stderr}`)
}

export async function createDatabase(serverUrl: string, name: string): Promise<string> {
  const client = new Client({ connectionString: serverUrl })
  await client.connect()
  await client.query(`CREATE DATABASE bench_${name}`)
  await client.end()
  const url = new URL(serverUrl)
  url.pathname = `/bench_${name}`
  return url.href
}

function setupFileFor({ folder, providerUrl }: TargetParts): string {
  const path = join(folder, 'textbridge.yaml')
  writeFileSync(
    path,
    `organization: Benchmark
provider_accounts:
  - { name: main, provider: twilio, account_sid: AC1, auth_token: token, base_url: "${providerUrl}" }
assistants:
  - { name: Bot, provider_account: main, phone_numbers: ["${sender}"] }
`,
  )
  return path
}
