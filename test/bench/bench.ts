import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { loadavg } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { startPostgres } from '../support/postgres.ts'
import { startChild } from './child.ts'
import { type Cell, maxRssMbOf, measure, type Pace, warmUp } from './measure.ts'
import { queueSectionIn } from './queue-report.ts'
import { performanceChart, performanceDocument, performanceTables, type Results } from './report.ts'
import { apiKey, type Engine, engines, sender, startPassThrough, startService, type Target } from './targets.ts'

const usage = `npm run bench -- [--quick] [--store sqlite|postgres|all] [--profile <folder>]

  --quick    under two minutes, fewer stored messages; prints, and leaves docs/performance.md alone
  --store    which store to measure (default: all); with one of them, docs/performance.md is left alone
  --profile  writes a CPU profile of each process under load into the folder; leaves docs/performance.md alone
`

const connectionCounts = [1, 16, 64]
const latenciesMs = [0, 50]
const connectionsMax = 64

const fullPace = { rounds: 7, warmUpMs: 300, windowMs: 2_000 }
const quickPace = { rounds: 3, warmUpMs: 200, windowMs: 500 }

const { values: options } = parseArgs({
  options: {
    quick: { type: 'boolean', default: false },
    store: { type: 'string', default: 'all' },
    profile: { type: 'string' },
    help: { type: 'boolean', default: false },
  },
})
if (options.help) process.stdout.write(usage)
else await run(options.store === 'all' ? engines : [parseEngine(options.store)])

async function run(chosen: readonly Engine[]): Promise<void> {
  const project = new URL('../../', import.meta.url).pathname
  mkdirSync(join(project, 'data'), { recursive: true })
  // Beside the default database: the temporary folder may be in memory, where a commit costs nothing.
  const folder = mkdtempSync(join(project, 'data', 'bench-'))
  const stops: (() => Promise<void>)[] = []
  try {
    const results = await measureAll(chosen, folder, stops)
    process.stdout.write(performanceTables(results))
    if (options.quick || options.profile !== undefined || chosen.length < engines.length) return
    const path = join(project, 'docs/performance.md')
    writeFileSync(path, performanceDocument(results) + queueSectionIn(path))
    writeFileSync(join(project, 'docs/performance.svg'), performanceChart(results))
  } finally {
    for (const stop of stops.reverse()) await stop()
    rmSync(folder, { recursive: true, force: true })
  }
}

async function measureAll(chosen: readonly Engine[], folder: string, stops: (() => Promise<void>)[]): Promise<Results> {
  const loadBefore = loadavg()[0] ?? 0
  const startOne = (script: string, args: readonly string[]) => {
    const child = startChild({ script: new URL(script, import.meta.url), args, outputFile: join(folder, 'output.log') })
    stops.push(() => child.stop())
    return child
  }
  const provider = startOne('./provider.ts', [])
  const driver = startOne('./driver.ts', [apiKey, sender])
  const parts = {
    folder,
    providerUrl: `http://127.0.0.1:${await provider.port}`,
    nodeArgs: options.profile === undefined ? [] : ['--cpu-prof', `--cpu-prof-dir=${options.profile}`],
  }
  const targets: Target[] = []
  const add = (target: Target) => {
    stops.push(() => target.child.stop())
    targets.push(target)
  }
  add(startPassThrough(parts))
  const postgres = chosen.includes('postgres') ? await startPostgres({ durable: true }) : undefined
  if (postgres !== undefined) stops.push(() => postgres.stop())
  for (const engine of chosen) {
    for (const storedCount of options.quick ? [1_000, 100_000] : [1_000, 100_000, 1_000_000]) {
      note(`${engine}: storing ${storedCount} messages`)
      add(await startService(parts, { engine, storedCount, postgres: engine === 'postgres' ? postgres : undefined }))
    }
  }
  const pace: Pace = options.quick ? quickPace : fullPace
  const cells = cellsOf(targets)
  note(`measuring ${cells.length} loads in ${pace.rounds} rounds`)
  await warmUp({ driver, provider }, targets, options.quick ? 1_500 : 4_000)
  const measured = await measure({ driver, provider }, cells, pace)
  const maxRss = await Promise.all(targets.map(async (target) => ({ target, mb: await maxRssMbOf(target) })))
  return { measured, maxRss, pace, loadBefore }
}

/** All loads on the least filled store of each engine; the heaviest on all of them, with and without a key. */
function cellsOf(targets: readonly Target[]): Cell[] {
  const cells: Cell[] = []
  for (const latencyMs of latenciesMs) {
    for (const connections of connectionCounts) {
      for (const target of targets) {
        const heaviest = connections === connectionsMax && latencyMs === 0
        if (target.storedCount <= 1_000 || heaviest) cells.push({ target, connections, latencyMs, withKeys: false })
        if (target.name !== 'pass-through' && heaviest) cells.push({ target, connections, latencyMs, withKeys: true })
      }
    }
  }
  return cells
}

function parseEngine(text: string): Engine {
  const engine = engines.find((candidate) => candidate === text)
  if (engine === undefined) throw new Error(usage)
  return engine
}

function note(line: string): void {
  process.stderr.write(`${line}\n`)
}
