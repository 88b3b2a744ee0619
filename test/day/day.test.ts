import assert from 'node:assert/strict'
import { test } from 'node:test'
import { engines } from '../support/service-client.ts'
import { runDay } from './day.ts'

for (const engine of engines)
  test(`after a day of every fault the books agree, on ${engine}`, async (context) => {
    const { totals, faults } = await runDay({ engine, textCount: 300, seed: 20_261_124 })
    for (const [name, count] of Object.entries(totals).sort()) context.diagnostic(`${name}: ${count}`)
    assert.deepEqual(faults, [])
  })
