import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createDatabase, engines } from '../support/service-client.ts'
import { runScheduleRaces } from './schedule-races.ts'

for (const engine of engines)
  test(`with ${engine}, a scheduled text is canceled or leaves once, at its time, whoever is faster`, async (t) => {
    const database = await createDatabase(engine)
    t.after(() => database.drop())
    const races = { engine, databaseUrl: database.url, textCount: 400, spanMs: 4_000, seed: 20_261_125 }
    const { faults, ...report } = await runScheduleRaces(races)
    t.diagnostic(JSON.stringify(report))
    assert.deepEqual(faults, [])
    assert.ok(report.closeCalls > 0, 'no cancellation came near its text, so nothing was proved')
  })
