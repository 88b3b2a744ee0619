import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createTestDatabase } from '../support/postgres.ts'
import { runRollingRestart } from './rolling-restart.ts'

test('each node restarted in turn under load: every text leaves once, and no request fails that may not be repeated', async (t) => {
  const database = await createTestDatabase()
  t.after(() => database.drop())
  const { faults, ...report } = await runRollingRestart({ databaseUrl: database.url, rounds: 1, seed: 20_261_125 })
  t.diagnostic(JSON.stringify(report))
  assert.deepEqual(faults, [])
  assert.ok(report.messages > 100, 'there was hardly any load, so nothing was proved')
})
