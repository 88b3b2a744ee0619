import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { copyFileSync, rmSync } from 'node:fs'
import { DatabaseSync } from 'node:sqlite'
import { suite, test } from 'node:test'
import { Client } from 'pg'
import { type RunningApp, startApp } from '../../src/app.ts'
import { parseConfig } from '../../src/config/config.ts'
import { parseSecrets } from '../../src/config/secrets.ts'
import { startSimulator } from '../../src/simulator/simulator.ts'
import { makeLog } from '../../src/telemetry/log.ts'
import { fastClock } from '../support/fast-clock.ts'
import { environmentOf, installOrganization, senders } from '../support/installation.ts'
import { runTextbridge } from '../support/process.ts'
import { at, type Call, callService, createDatabase, engines } from '../support/service-client.ts'
import { silentLog } from '../support/silent-log.ts'
import { telnyxAccount, twilioAccount } from '../support/simulated-accounts.ts'

const apiKey = 'restored-key-0123456789-0123456789-0123456789'
const minuteMs = 60_000
const clock = fastClock({ speed: 60 })

for (const engine of engines)
  suite(`a backup that is restored, on ${engine}`, () => {
    test('holds its queue until a person says go, while direct sends go on', async (t) => {
      const service = await startRestorable(engine)
      t.after(() => service.close())
      const { call, simulator } = service
      const sendAt = clock.now() + 2 * minuteMs
      for (let text = 0; text < 3; text++) await service.send({ message: `text ${text}`, send_at: iso(sendAt) })
      await service.backUp()
      await until(() => simulator.ledger().length === 3)
      assert.deepEqual((await call('GET', '/api/v1/queue')).body, { held: false, held_since: null, reason: null })

      await service.restore()
      const held = (await call('GET', '/api/v1/queue')).body
      assert.equal(at(held, 'held'), true)
      assert.match(String(at(held, 'reason')), /backup was (put back|restored)/)
      assert.ok(service.logLines.some((line) => line.includes('"event":"queue.held"')))
      const ready = await call('GET', '/readyz')
      assert.deepEqual([ready.status, ready.body], [200, { status: 'ok', queue: 'held' }])
      assert.match((await call('GET', '/metrics')).text, /^textbridge_queue_held 1$/m)
      await service.send({ message: 'direct' })
      await service.send({ message: 'queued', queue: true })
      // Long after everything was due.
      await clock.sleep(2 * minuteMs)
      assert.equal(simulator.ledger().length, 4)

      const resumed = await call('POST', '/api/v1/queue/resume')
      assert.deepEqual([resumed.status, at(resumed.body, 'held')], [200, false])
      await until(() => simulator.ledger().length === 8)
      assert.equal(at((await call('GET', '/readyz')).body, 'queue'), 'goes on')
      await call('POST', '/api/v1/queue/resume')
      const entries = (await call('GET', '/api/v1/audit-log')).text
      assert.equal(entries.split('queue.resumed').length - 1, 1)
      assert.match(entries, /"actor":"API key \d+ \(/)
    })

    test('is shown and let go by the command line, before the service starts on it', async (t) => {
      const service = await startRestorable(engine)
      t.after(() => service.close())
      await service.send({ message: 'later', send_at: iso(clock.now() + 2 * minuteMs) })
      await service.backUp()
      await until(() => service.simulator.ledger().length === 1)
      await service.restore(async (env) => {
        const [shown, resumed, again] = [
          await runTextbridge(['queue', '--json'], env),
          await runTextbridge(['queue', 'resume'], env),
          await runTextbridge(['queue'], env),
        ]
        assert.equal(JSON.parse(shown.stdout).held, true)
        assert.deepEqual([resumed.stdout, again.stdout], ['The queue goes on.\n', 'The queue is not held.\n'])
      })
      await until(() => service.simulator.ledger().length === 2)
      const { body } = await service.call('GET', '/api/v1/audit-log')
      assert.match(JSON.stringify(body), /the command line/)
    })
  })

const iso = (ms: number) => new Date(ms).toISOString()

async function until(check: () => boolean): Promise<void> {
  while (!check()) await clock.sleep(1_000)
}

/** A service whose database can be copied, and the copy put in its place. */
async function startRestorable(engine: (typeof engines)[number]) {
  const simulator = await startSimulator({
    host: '127.0.0.1',
    port: 0,
    accounts: [twilioAccount, telnyxAccount],
    clock,
    log: silentLog,
  })
  const database = await createDatabase(engine)
  const copies = engine === 'sqlite' ? copiesOfFile(database.url) : copiesOnServer(database.url)
  const env = environmentOf(database)
  await installOrganization(env, { name: 'Acme', apiKeys: [apiKey], baseUrls: simulator.baseUrls })
  const logLines: string[] = []
  const log = makeLog({ level: 'info', destination: { write: (line: string) => void logLines.push(line) } })
  const start = () => startApp({ config: parseConfig(env), secrets: parseSecrets(env), log, version: 'test', clock })
  let app: RunningApp = await start()
  const call: Call = (method, path, options) => callService(app.url, method, path, { key: apiKey, ...options })
  return {
    simulator,
    logLines,
    call,
    async send(fields: object) {
      const json = { from_phone_number: senders.twilio, to_phone_number: '+12025550199', ...fields }
      const { status, text } = await call('POST', '/sms/send', { json })
      assert.equal(status, 200, text)
    },
    async backUp() {
      if (copies.isLive) return copies.make()
      await app.close()
      await copies.make()
      app = await start()
    },
    /** `before` runs on the restored database while no service does. */
    async restore(before?: (env: Record<string, string>) => Promise<void>) {
      await app.close()
      env.TEXTBRIDGE_DATABASE_URL = await copies.putBack()
      await before?.(env)
      app = await start()
    },
    async close() {
      await app.close()
      await simulator.close()
      await copies.drop()
      await database.drop()
    },
  }
}

function copiesOfFile(url: string) {
  const path = url.replace('sqlite:', '')
  return {
    isLive: true,
    async make() {
      const sqlite = new DatabaseSync(path)
      sqlite.prepare('VACUUM INTO ?').run(`${path}.backup`)
      sqlite.close()
    },
    async putBack() {
      for (const end of ['', '-wal', '-shm']) rmSync(`${path}${end}`, { force: true })
      copyFileSync(`${path}.backup`, path)
      return url
    },
    drop: async () => undefined,
  }
}

function copiesOnServer(url: string) {
  const copy = new URL(url)
  copy.pathname = `/textbridge_test_${randomBytes(8).toString('hex')}`
  const name = copy.pathname.slice(1)

  async function execute(sql: string): Promise<void> {
    const server = new URL(url)
    server.pathname = '/postgres'
    const client = new Client({ connectionString: server.href })
    await client.connect()
    await client.query(sql)
    await client.end()
  }

  return {
    // A template must not be in use.
    isLive: false,
    make: () => execute(`CREATE DATABASE ${name} TEMPLATE ${new URL(url).pathname.slice(1)}`),
    putBack: async () => copy.href,
    drop: () => execute(`DROP DATABASE IF EXISTS ${name} WITH (FORCE)`),
  }
}
