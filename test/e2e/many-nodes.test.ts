import assert from 'node:assert/strict'
import { after, before, suite, test } from 'node:test'
import { type RunningApp, startApp } from '../../src/app.ts'
import { parseConfig } from '../../src/config/config.ts'
import { parseSecrets } from '../../src/config/secrets.ts'
import type { Clock } from '../../src/ports/clock.ts'
import { type Simulator, startSimulator } from '../../src/simulator/simulator.ts'
import { systemClock } from '../../src/telemetry/clock.ts'
import { makeLog } from '../../src/telemetry/log.ts'
import { environmentOf, installOrganization, senders } from '../support/installation.ts'
import { eventually } from '../support/manual-clock.ts'
import { createTestDatabase, type TestDatabase } from '../support/postgres.ts'
import { type Answer, at, callService } from '../support/service-client.ts'
import { silentLog } from '../support/silent-log.ts'
import { telnyxAccount, twilioAccount } from '../support/simulated-accounts.ts'

const key = 'many-nodes-key-0123456789-0123456789-0123456789'
const hourMs = 3_600_000
/** No loop looks more often by itself. */
const shortestLookMs = 250

suite('several processes on one PostgreSQL', () => {
  let database: TestDatabase
  let simulator: Simulator
  let env: Record<string, string>
  before(async () => {
    database = await createTestDatabase()
    simulator = await startSimulator({
      host: '127.0.0.1',
      port: 0,
      accounts: [twilioAccount, telnyxAccount],
      clock: systemClock,
      log: silentLog,
    })
    env = environmentOf(database)
    await installOrganization(env, { name: 'Acme', apiKeys: [key], baseUrls: simulator.baseUrls })
  })
  after(async () => {
    await simulator.close()
    await database.drop()
  })

  async function startNode(options: { readonly roles: string; readonly clock?: Clock }) {
    const nodeEnv = { ...env, TEXTBRIDGE_ROLES: options.roles }
    const lines: string[] = []
    const app: RunningApp = await startApp({
      config: parseConfig(nodeEnv),
      secrets: parseSecrets(nodeEnv),
      log: makeLog({ level: 'info', destination: { write: (line: string) => void lines.push(line) } }),
      version: 'test',
      followsDatabaseClock: true,
      ...(options.clock === undefined ? {} : { clock: options.clock }),
    })
    return {
      lines,
      send: (fields: object): Promise<Answer> =>
        callService(app.url, 'POST', '/sms/send', {
          key,
          json: { from_phone_number: senders.telnyx, to_phone_number: '+12025550199', ...fields },
        }),
      metrics: async () => (await callService(app.url, 'GET', '/metrics', {})).text,
      close: () => app.close(),
    }
  }

  // First, while no number has to wait for its pace: on that clock it would wait for ever.
  test('what one process takes in wakes the jobs of another, which need not look by themselves', async (t) => {
    const jobs = await startNode({ roles: 'jobs', clock: wokenOnly })
    const api = await startNode({ roles: 'api' })
    t.after(() => Promise.all([api.close(), jobs.close()]))
    await eventually(async () => (await jobs.metrics()).includes('textbridge_wake_ups_connected 1'))
    simulator.clear()
    for (const [index, from] of Object.values(senders).entries()) {
      const { body } = await api.send({ from_phone_number: from, message: 'Hello', queue: true })
      assert.equal(at(body, 'status'), 'queued')
      const answeredAt = performance.now()
      await eventually(() => simulator.ledger().length > index)
      t.diagnostic(`${Math.round(performance.now() - answeredAt)} ms from the answer to the carrier`)
    }
  })

  test('no scheduled text leaves early or late because of a machine whose clock is wrong', async (t) => {
    const nodes = await Promise.all(
      [-2 * hourMs, 2 * hourMs].map((byMs) => startNode({ roles: 'api,jobs', clock: skewed(byMs) })),
    )
    t.after(() => Promise.all(nodes.map((node) => node.close())))
    simulator.clear()
    // Whole seconds: the time it is written in.
    const sendAt = Math.ceil(systemClock.now() / 1_000) * 1_000 + 1_000
    for (const [index, node] of nodes.entries()) {
      const { body } = await node.send({ message: `from ${index}`, send_at: new Date(sendAt).toISOString() })
      assert.equal(at(body, 'status'), 'scheduled')
    }
    await eventually(() => simulator.ledger().length > 0)
    assert.ok(systemClock.now() >= sendAt, 'it left early')
    await eventually(() => simulator.ledger().length === 2)
    assert.ok(systemClock.now() < sendAt + 30_000, 'it left late')
    for (const [index, node] of nodes.entries()) {
      assert.ok(node.lines.some((line) => line.includes('"event":"clock.skewed"')))
      assert.match(await node.metrics(), index === 0 ? /clock_skew_seconds -7\d\d\d/ : /clock_skew_seconds 7\d\d\d/)
    }
  })
})

/** This machine's clock, set wrong. */
function skewed(byMs: number): Clock {
  return { ...systemClock, now: () => systemClock.now() + byMs }
}

/**
 * Whoever sleeps by it until the next look wakes when told to, and never because time has passed. Short sleeps are real:
 * two nodes know the time to a few milliseconds, and what one took in is due for the other that much later.
 */
const wokenOnly: Clock = {
  ...systemClock,
  sleep: (ms, signal) =>
    ms < shortestLookMs
      ? systemClock.sleep(ms, signal)
      : new Promise((resolve) => {
          if (signal?.aborted) resolve()
          else signal?.addEventListener('abort', () => resolve(), { once: true })
        }),
}
