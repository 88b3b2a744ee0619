import { mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { loadavg } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { startPostgres } from '../support/postgres.ts'
import { startChild } from './child.ts'
import { measureEngine, type Players } from './queue-measure.ts'
import { type QueueResults, queueSection, writeQueueSection } from './queue-report.ts'
import { apiKey, type Engine, engines } from './targets.ts'

const usage = `npm run bench:queue -- [--waiting <count>] [--store sqlite|postgres|all]

  What a queue costs in which many messages wait, beside one in which few do. Takes about half an hour.

  --waiting  how many are many (default: 1000000); with fewer, it prints and leaves docs/performance.md alone
  --store    which store to measure (default: all); with one of them, docs/performance.md is left alone
`

const manyByDefault = 1_000_000

const { values: options } = parseArgs({
  options: {
    waiting: { type: 'string', default: String(manyByDefault) },
    store: { type: 'string', default: 'all' },
    help: { type: 'boolean', default: false },
  },
})
const many = Number(options.waiting)
const chosen = options.store === 'all' ? engines : engines.filter((engine) => engine === options.store)
if (options.help || chosen.length === 0 || !Number.isInteger(many)) process.stdout.write(usage)
else await run(chosen)

async function run(chosen: readonly Engine[]): Promise<void> {
  const project = new URL('../../', import.meta.url).pathname
  mkdirSync(join(project, 'data'), { recursive: true })
  // Beside the default database: the temporary folder may be in memory, where a commit costs nothing.
  const folder = mkdtempSync(join(project, 'data', 'bench-'))
  const stops: (() => Promise<void>)[] = []
  try {
    const results = await measureAll(chosen, folder, stops)
    if (many === manyByDefault && chosen.length === engines.length)
      writeQueueSection(join(project, 'docs/performance.md'), results)
  } finally {
    for (const stop of stops.reverse()) await stop()
    rmSync(folder, { recursive: true, force: true })
  }
}

async function measureAll(
  chosen: readonly Engine[],
  folder: string,
  stops: (() => Promise<void>)[],
): Promise<QueueResults> {
  const loadBefore = loadavg()[0] ?? 0
  const startOne = (script: string, args: readonly string[]) => {
    const child = startChild({ script: new URL(script, import.meta.url), args, outputFile: join(folder, 'output.log') })
    stops.push(() => child.stop())
    return child
  }
  const provider = startOne('./provider.ts', [])
  const players: Players = {
    folder,
    provider,
    providerUrl: `http://127.0.0.1:${await provider.port}`,
    // The first number of the first organization: where, of a million, nearly all may wait.
    driver: startOne('./driver.ts', [apiKey, '+12025550001']),
    many,
    note: (line) => void process.stderr.write(`${line}\n`),
  }
  const measured = []
  for (const engine of chosen) {
    const postgres = engine === 'postgres' ? await startPostgres({ durable: true }) : undefined
    if (postgres !== undefined) stops.push(() => postgres.stop())
    measured.push(await measureEngine(players, { engine, postgres }))
    players.note(queueSection({ measured, many, loadBefore }))
  }
  return { measured, many, loadBefore }
}
