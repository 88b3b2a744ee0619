import { startPostgres, type TestServer, testServerVariable } from './postgres.ts'

let server: TestServer | undefined

/** One PostgreSQL for all test files; each file makes databases of its own in it. */
export async function globalSetup(): Promise<void> {
  if (process.env[testServerVariable] !== undefined) return
  server = await startPostgres({ durable: false })
  process.env[testServerVariable] = server.url
}

export async function globalTeardown(): Promise<void> {
  await server?.stop()
}
