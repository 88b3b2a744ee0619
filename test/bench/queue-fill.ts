import { join } from 'node:path'
import { Client } from 'pg'
import { openStore } from '../../src/app.ts'
import type { Route } from '../../src/core/organization.ts'
import { parseE164 } from '../../src/core/phone-number.ts'
import type { Store } from '../../src/ports/store.ts'
import { openDatabase } from '../../src/storage/sqlite/database.ts'
import { recordApiKey } from '../../src/use-cases/create-api-key.ts'
import type { TestServer } from '../support/postgres.ts'
import { silentMetrics } from '../support/store-builders.ts'
import { apiKey, createDatabase, type Engine } from './targets.ts'

export const organizationCount = 10
/** Numbers at which nothing waits. */
export const freshNumberCount = 20

export const secretKey = Buffer.alloc(32, 1)

/** A database with organizations, accounts, assistants and numbers, in which messages may wait. */
export type Bed = {
  readonly engine: Engine
  readonly url: string
  /** Of the numbers at which messages wait; their ids begin at 1. */
  readonly routes: readonly Route[]
  readonly fresh: readonly Route[]
}

type Server = Pick<TestServer, 'url'>

export async function makeBed(params: {
  readonly engine: Engine
  readonly name: string
  readonly folder: string
  readonly postgres: Server | undefined
  readonly providerUrl: string
  readonly numberCount?: number
}): Promise<Bed> {
  const { engine, name, folder, postgres, numberCount = 100 } = params
  const url = postgres === undefined ? `sqlite:${join(folder, `${name}.db`)}` : await createDatabase(postgres.url, name)
  const store = await openBed({ engine, url })
  try {
    const organizations = []
    for (let index = 1; index <= organizationCount; index++)
      organizations.push(await makeOrganization(store, { index, providerUrl: params.providerUrl }))
    const routes: Route[] = []
    for (const owner of organizations)
      for (let count = 0; count < numberCount / organizationCount; count++)
        routes.push(await makeNumber(store, owner, routes.length + 1))
    const fresh: Route[] = []
    const [first] = organizations
    while (fresh.length < freshNumberCount && first !== undefined)
      fresh.push(await makeNumber(store, first, numberCount + fresh.length + 1))
    return { engine, url, routes, fresh }
  } finally {
    await store.close()
  }
}

export function openBed({ engine, url }: Pick<Bed, 'engine' | 'url'>): Promise<Store> {
  return openStore({
    config: { database: engine === 'sqlite' ? { engine, path: pathOf(url) } : { engine } },
    secrets: { secretKeys: [secretKey], databaseUrl: url },
    metrics: silentMetrics,
  })
}

type Owner = Pick<Route, 'organization' | 'account' | 'assistant'>

const times = { createdAt: Date.now(), updatedAt: Date.now() }
/** So fast that no number's pace is what is measured. */
const segmentsPerSecond = 10_000

async function makeOrganization(
  store: Store,
  { index, providerUrl }: { readonly index: number; readonly providerUrl: string },
): Promise<Owner> {
  const organization = await store.organizations.create({
    name: `Organization ${index}`,
    optOutScope: 'organization',
    policy: {},
    retention: {},
    createdAt: times.createdAt,
  })
  const organizationId = organization.id
  const account = await store.accounts.create({
    organizationId,
    name: 'main',
    provider: 'twilio',
    baseUrl: providerUrl,
    settings: { account_sid: 'AC1' },
    secrets: { auth_token: 'token' },
    pacing: {},
    ...times,
  })
  const assistant = await store.assistants.create({
    organizationId,
    name: 'Bot',
    inbound: {},
    policy: {},
    customSettings: {},
    isActive: true,
    ...times,
  })
  if (index === 1)
    await recordApiKey(
      { store, clock: { now: Date.now, monotonicMs: performance.now, sleep: async () => undefined } },
      { organizationId, name: 'bench', scopes: ['send', 'read', 'manage'], key: apiKey },
    )
  return { organization, account, assistant }
}

async function makeNumber(store: Store, { organization, account, assistant }: Owner, index: number): Promise<Route> {
  const sender = await store.senders.create({
    organizationId: organization.id,
    phoneNumber: parseE164(`+1202${5_550_000 + index}`),
    assistantId: assistant.id,
    providerAccountId: account.id,
    pacing: { segmentsPerSecond },
    isActive: true,
    ...times,
  })
  return { organization, account, assistant, sender }
}

export type Waiting = {
  readonly count: number
  readonly status: 'queued' | 'scheduled' | 'held'
  /** Over all numbers alike, or nearly all (99 of 100) at the first one. */
  readonly spread: 'even' | 'one number'
  readonly dueAt?: number
  readonly expiresAt?: number
  readonly holdReason?: 'paused' | 'approval'
}

const perTransaction = 50_000

/** Messages to as many people, as if they had been accepted over the last hour; each with its event. */
export async function fill(bed: Bed, waiting: Waiting): Promise<void> {
  const run = await openSql(bed)
  try {
    const [row] = await run('SELECT coalesce(max(key), 0) AS key FROM messages')
    const before = Number(row?.key)
    for (let done = 0; done < waiting.count; done += perTransaction) {
      const [first, last] = [before + done + 1, before + Math.min(waiting.count, done + perTransaction)]
      for (const statement of [
        'BEGIN',
        ...statementsFor({ ...waiting, numberCount: bed.routes.length }, first, last),
        'COMMIT',
      ])
        await run(statement)
    }
    await run(
      `INSERT INTO lanes (kind, id, organization_id, next_at)
       SELECT 'sender', s.id, s.organization_id, 0 FROM senders s WHERE s.id <= ${bed.routes.length}
         AND EXISTS (SELECT 1 FROM messages m WHERE m.status = 'queued' AND m.sender_id = s.id)
       ON CONFLICT (kind, id) DO UPDATE SET next_at = 0`,
    )
  } finally {
    await run.close()
  }
}

function statementsFor(
  waiting: Waiting & { readonly numberCount: number },
  first: number,
  last: number,
): readonly string[] {
  const { numberCount, status, spread, dueAt, expiresAt, holdReason } = waiting
  const numbers = `(WITH RECURSIVE numbers (n) AS (SELECT ${first} UNION ALL SELECT n + 1 FROM numbers WHERE n < ${last})
    SELECT n FROM numbers) AS numbers`
  const number = `1 + n % ${numberCount}`
  const senderId =
    spread === 'even'
      ? number
      : `CASE WHEN n % ${numberCount} = 0 THEN 1 + (n / ${numberCount}) % ${numberCount} ELSE 1 END`
  const at = `${Date.now() - 3_600_000 - first} + n`
  return [
    `INSERT INTO messages (id, organization_id, assistant_id, sender_id, provider_account_id, provider, sender,
       recipient, body, media_urls, encoding, segment_count, category, on_unknown, metadata, status, queued, due_at,
       send_at, expires_at, hold_reason, created_at, updated_at)
     SELECT 'msg_0000000' || (1000000000000000000 + n), s.organization_id, s.assistant_id, s.id, s.provider_account_id,
       'twilio', s.phone_number, '+1' || (2000000000 + n),
       'Your table for two at 19:30 is confirmed, booking ' || n || '. Reply C to cancel it.', '[]', 'gsm-7', 1,
       'conversation', 'hold', '{}', '${status}', (1 = 1), ${dueAt ?? 'NULL'}, ${dueAt ?? 'NULL'},
       ${expiresAt ?? 'NULL'}, ${holdReason === undefined ? 'NULL' : `'${holdReason}'`}, ${at}, ${at}
     FROM ${numbers} JOIN senders s ON s.id = ${senderId} ORDER BY n`,
    `INSERT INTO events (organization_id, message_key, type, occurred_at, data)
     SELECT organization_id, key, 'message.${status}', created_at, '{"provider":"twilio"}'
     FROM messages WHERE key BETWEEN ${first} AND ${last} ORDER BY key`,
  ]
}

type Row = Readonly<Record<string, unknown>>
export type Sql = ((statement: string) => Promise<readonly Row[]>) & { close(): Promise<void> }

/** Statements beside the service, on a connection of their own. */
export async function openSql({ engine, url }: Pick<Bed, 'engine' | 'url'>): Promise<Sql> {
  if (engine === 'sqlite') {
    const database = openDatabase({ path: pathOf(url), metrics: silentMetrics })
    return Object.assign(async (statement: string) => database.all(statement), { close: () => database.close() })
  }
  const client = new Client({ connectionString: url })
  await client.connect()
  return Object.assign(async (statement: string): Promise<readonly Row[]> => (await client.query(statement)).rows, {
    close: () => client.end(),
  })
}

function pathOf(url: string): string {
  return url.slice('sqlite:'.length)
}
