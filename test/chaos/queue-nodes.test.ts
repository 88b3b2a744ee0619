import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createTestDatabase } from '../support/postgres.ts'
import { runQueueCampaign } from './queue-nodes.ts'

test('three nodes, one killed, one frozen, one restarted: each queued text leaves once, in order, at its pace', async (t) => {
  const database = await createTestDatabase()
  t.after(() => database.drop())
  const { faults, ...report } = await runQueueCampaign({
    databaseUrl: database.url,
    textCount: 3_000,
    senderCount: 10,
    segmentsPerSecondMin: 12,
    freezeMs: 8_000,
    seed: 20_261_125,
    untilEmpty: false,
  })
  t.diagnostic(JSON.stringify(report))
  assert.deepEqual(faults, [])
  assert.ok(report.unknown > 0, 'the kill hit no text under way, so nothing was proved')
  assert.ok(report.suppressed > 0, 'nobody refused a text that waited')
})
