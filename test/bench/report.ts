import { availableParallelism, cpus, release, totalmem, type } from 'node:os'
import { chartsSvg } from './chart.ts'
import type { Measured, Pace } from './measure.ts'
import type { Target } from './targets.ts'

export type Results = {
  readonly measured: readonly Measured[]
  readonly maxRss: readonly { readonly target: Target; readonly mb: number }[]
  readonly pace: Pace
  /** Of the last minute before the run: what else the machine was doing. */
  readonly loadBefore: number
}

/** What issue and architecture promise of the send path on SQLite. */
export const aims = { cpuRatio: 1.6, rssMb: 250 } as const

export const names = { 'pass-through': 'bare pass-through', sqlite: 'SQLite', postgres: 'PostgreSQL' } as const
const colors = { 'pass-through': '#8c959f', sqlite: '#0969da', postgres: '#8250df' } as const
const connectionsMax = 64

export function performanceTables(results: Results): string {
  return `${loadTable(results, 0)}\n${loadTable(results, 50)}\n${storedTable(results)}\n${memoryTable(results)}`
}

export function performanceDocument(results: Results): string {
  const { pace } = results
  return `# Performance

What a durable send costs, against the least that a Node process can do between the same two wires. This file and its chart are written by

\`\`\`sh
npm run bench
\`\`\`

(\`npm run bench -- --quick\` takes under two minutes and only prints.) ${machineLine(results.loadBefore)}

![CPU per message](performance.svg)

## Reading

${reading(results)}

## A provider that answers at once

${loadTable(results, 0)}
## A provider that takes 50 ms

${loadTable(results, 50)}
## With more and more messages stored

${connectionsMax} connections, a provider that answers at once. Each stored message has its attempt, two events and an idempotency key.

${storedTable(results)}
## Memory

The most each process held during the whole run.

${memoryTable(results)}
## How it is measured

- Separate processes: the program under load, the provider, the driver, and PostgreSQL with \`fsync\` on. The service is the \`serve\` command as operators run it, its
  log going to a file; SQLite commits with \`synchronous=FULL\`. All traffic stays on 127.0.0.1.
- The pass-through is \`node:http\` and undici's \`Pool\`: JSON in, form out, JSON in, JSON out; no check, no store, no log (\`test/bench/pass-through.ts\`).
- CPU is user and system time of the one process, all its threads, by its own \`resourceUsage\`, taken while no request is open, divided by the messages between. The
  CPU of PostgreSQL's processes is not in it: they may run elsewhere.
- Closed loop: each connection sends its next message when the last is answered, so latency at ${connectionsMax} connections is mostly waiting for one's turn.
  Every answer must be a 200, or the run fails. No two messages are alike; they go to 10,000 people in turn.
- ${pace.rounds} rounds of ${pace.windowMs} ms for each load, interleaved, each after a warm-up that does not count; medians. Ratios are taken within a round: trust them more than microseconds.
- The driver, the provider and PostgreSQL share the machine with the service, so messages per second are a lower bound.
`
}

const loadIdleMax = 0.3

/** When and where, and what else the machine was doing. */
export function machineLine(loadBefore: number): string {
  return `Written on ${new Date().toISOString().slice(0, 10)}; Node ${process.version}, ${availableParallelism()} cores
(${cpus()[0]?.model ?? 'unknown'}), ${Math.round(totalmem() / 2 ** 30)} GB, ${type()} ${release()}; ${loadSentence(loadBefore)}.`
}

function loadSentence(load: number): string {
  const said = `load of the machine in the minute before: ${load.toFixed(2)}`
  return load <= loadIdleMax
    ? said
    : `${said}, so **other work disturbed these figures**: ratios say more than the rest`
}

/** Sentences out of the figures, so that they can never praise what was not measured. */
function reading({ measured, maxRss }: Results): string {
  const lines: string[] = []
  const heaviest = measured.filter(
    ({ connections, latencyMs, withKeys }) => connections === connectionsMax && latencyMs === 0 && !withKeys,
  )
  for (const engine of ['sqlite', 'postgres'] as const) {
    const sizes = heaviest.filter(({ target }) => target.name === engine)
    const [smallest, largest] = [sizes[0], sizes.at(-1)]
    if (smallest === undefined || largest === undefined) continue
    const aim =
      engine === 'postgres'
        ? ''
        : ` The aim is at most ${aims.cpuRatio}: ${smallest.cpuRatio <= aims.cpuRatio ? 'met' : 'missed'}.`
    lines.push(
      `- ${names[engine]}: accepting, committing, dispatching, committing and answering one message takes ${smallest.cpuUs.toFixed(0)} µs of CPU, ${smallest.cpuRatio.toFixed(2)} times the pass-through, at ${connectionsMax} connections.${aim}`,
      `- ${names[engine]}, from ${thousands(smallest.target.storedCount)} to ${thousands(largest.target.storedCount)} stored messages: ${percentChange(smallest.cpuUs, largest.cpuUs)} CPU per message, ${percentChange(smallest.p99Ms, largest.p99Ms)} p99.`,
    )
  }
  for (const alone of measured.filter(
    ({ target, connections, latencyMs }) => target.name !== 'pass-through' && connections === 1 && latencyMs === 0,
  ))
    lines.push(
      `- One connection on ${names[alone.target.name]}: a message waits for two commits of its own, and no other shares their cost: ${alone.cpuRatio.toFixed(2)} times the CPU of the pass-through, ${alone.p50Ms.toFixed(1)} ms.`,
    )
  const highest = Math.max(...maxRss.filter(({ target }) => target.name !== 'pass-through').map(({ mb }) => mb))
  lines.push(
    `- Memory: at most ${highest.toFixed(0)} MB; the aim is ${aims.rssMb} MB: ${highest <= aims.rssMb ? 'met' : 'missed'}.`,
  )
  return lines.join('\n')
}

export function percentChange(before: number, after: number): string {
  const percent = Math.round((after / before - 1) * 100)
  return `${percent >= 0 ? '+' : '−'}${Math.abs(percent)} %`
}

const columns = ['connections', 'CPU per message', 'to the pass-through', 'messages/s', 'p50', 'p99']

function loadTable({ measured }: Results, latencyMs: number): string {
  const rows = measured
    .filter((cell) => cell.latencyMs === latencyMs && !cell.withKeys && cell.target.storedCount <= 1_000)
    .map((cell) => [names[cell.target.name], String(cell.connections), ...figureCells(cell)])
  return table(['', ...columns], rows)
}

function storedTable({ measured }: Results): string {
  const rows = measured
    .filter(
      ({ connections, latencyMs, target }) =>
        connections === connectionsMax && latencyMs === 0 && target.name !== 'pass-through',
    )
    .map((cell) => [
      names[cell.target.name],
      thousands(cell.target.storedCount),
      cell.withKeys ? 'yes' : 'no',
      ...figureCells(cell),
    ])
  return table(['', 'stored', 'idempotency keys', ...columns.slice(1)], rows)
}

function memoryTable({ maxRss }: Results): string {
  const rows = maxRss.map(({ target, mb }) => [
    names[target.name],
    target.name === 'pass-through' ? '' : thousands(target.storedCount),
    `${mb.toFixed(0)} MB`,
  ])
  return table(['', 'stored', 'most memory'], rows)
}

function figureCells({ cpuUs, cpuRatio, messagesPerSecond, p50Ms, p99Ms }: Measured): string[] {
  return [
    `${cpuUs.toFixed(0)} µs`,
    cpuRatio.toFixed(2),
    thousands(Math.round(messagesPerSecond)),
    `${p50Ms.toFixed(1)} ms`,
    `${p99Ms.toFixed(1)} ms`,
  ]
}

export function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  return `${[head, head.map((_, index) => (index === 0 ? '---' : '--:')), ...rows].map((cells) => `| ${cells.join(' | ')} |`).join('\n')}\n`
}

export function thousands(value: number): string {
  return value.toLocaleString('en-US')
}

export function performanceChart({ measured }: Results): string {
  const atOnce = measured.filter(({ latencyMs, withKeys }) => latencyMs === 0 && !withKeys)
  const yardstick = atOnce.find(
    ({ target, connections }) => target.name === 'pass-through' && connections === connectionsMax,
  )
  const limit = {
    name: `${aims.cpuRatio} × pass-through at ${connectionsMax}`,
    value: aims.cpuRatio * (yardstick?.cpuUs ?? 0),
  }
  const seriesOf = (name: Target['name'], cells: readonly Measured[]) => ({
    name: names[name],
    color: colors[name],
    values: cells.filter(({ target }) => target.name === name).map(({ cpuUs }) => cpuUs),
  })
  const byConnections = atOnce.filter(({ target }) => target.storedCount <= 1_000)
  const bySize = atOnce.filter(({ connections }) => connections === connectionsMax)
  return chartsSvg([
    {
      title: 'CPU per message in µs, by connections',
      groups: distinct(byConnections.map(({ connections }) => thousands(connections))),
      groupsAre: 'connections; a provider that answers at once',
      series: (['pass-through', 'sqlite', 'postgres'] as const).map((name) => seriesOf(name, byConnections)),
      limit,
    },
    {
      title: 'CPU per message in µs, by stored messages',
      groups: distinct(
        bySize
          .filter(({ target }) => target.name !== 'pass-through')
          .map(({ target }) => thousands(target.storedCount)),
      ),
      groupsAre: `messages stored before; ${connectionsMax} connections`,
      series: (['sqlite', 'postgres'] as const).map((name) => seriesOf(name, bySize)),
      limit,
    },
  ])
}

function distinct(labels: readonly string[]): string[] {
  return [...new Set(labels)]
}
