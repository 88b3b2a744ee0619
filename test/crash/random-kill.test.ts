import assert from 'node:assert/strict'
import { test } from 'node:test'
import { engines } from '../support/service-client.ts'
import { killAtRandom } from './random-kill.ts'

for (const engine of engines)
  test(`ten kills at random under load with ${engine} lose no text and send none twice`, async (t) => {
    const report = await killAtRandom({ engine, kills: 10, seed: 20_261_124 })
    t.diagnostic(`${report.messages} messages, ${report.sent} sent, ${report.unknown} unknown`)
    assert.deepEqual(report.faults, [])
    assert.equal(report.sent + report.unknown, report.messages)
    assert.ok(report.unknown > 0, 'no kill hit a send under way, so nothing was proved')
  })
