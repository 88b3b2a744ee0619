import { parseArgs } from 'node:util'
import { engines } from '../support/service-client.ts'
import { runDay } from './day.ts'

// The long form of day.test.ts: node test/day/long-day.ts --texts 5000 --engine postgres --seed 7

const { values } = parseArgs({
  options: {
    texts: { type: 'string', default: '3000' },
    engine: { type: 'string', default: 'sqlite' },
    seed: { type: 'string', default: String(Date.now() % 1_000_000) },
  },
})
const engine = engines.find((candidate) => candidate === values.engine)
if (engine === undefined) throw new Error(`--engine must be one of: ${engines.join(', ')}`)
const { totals, faults } = await runDay({ engine, textCount: Number(values.texts), seed: Number(values.seed) })
process.stdout.write(`seed ${values.seed}, ${engine}\n`)
for (const [name, count] of Object.entries(totals).sort()) process.stdout.write(`${name}: ${count}\n`)
for (const fault of faults) process.stdout.write(`FAULT ${fault}\n`)
process.exitCode = faults.length === 0 ? 0 : 1
