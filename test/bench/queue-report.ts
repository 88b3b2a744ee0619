import { readFileSync, writeFileSync } from 'node:fs'
import {
  type BedKind,
  bedKinds,
  type CallBedKind,
  type DrainMoment,
  drainMoments,
  few,
  type QueueFigures,
} from './queue-measure.ts'
import type { Rate } from './queue-service.ts'
import { machineLine, names, percentChange, table, thousands } from './report.ts'

export type QueueResults = {
  readonly measured: readonly QueueFigures[]
  /** How many messages wait where many do. */
  readonly many: number
  /** Of the last minute before the run: what else the machine was doing. */
  readonly loadBefore: number
}

const heading = '## Many waiting messages\n'
/** Where what was measured of the queue begins: it stands below what is measured of the send path. */
const firstHeading = '## The queue, with a million waiting\n'

/** All that the document says of the queue; empty when it says nothing. */
export function queueSectionIn(path: string): string {
  const text = readFileSync(path, 'utf8')
  const start = text.indexOf(firstHeading)
  return start === -1 ? '' : `\n${text.slice(start)}`
}

export function writeQueueSection(path: string, results: QueueResults): void {
  const text = readFileSync(path, 'utf8')
  const start = text.indexOf(heading)
  writeFileSync(path, `${(start === -1 ? text : text.slice(0, start)).trimEnd()}\n\n${queueSection(results)}`)
}

export function queueSection(results: QueueResults): string {
  const { measured, many, loadBefore } = results
  return `${heading}
What a queue costs in which ${thousands(many)} messages wait, beside one in which ${thousands(few)} do. This section is written by

\`\`\`sh
npm run bench:queue
\`\`\`

${machineLine(loadBefore)}

${reading(results)}

### Leaving the queue

Turns, claim, provider call, outcome; every number so fast that its pace is not what is measured. The lag is from the acceptance of a text at a number where
nothing waits to the start of its attempt, while all that waits leaves at one segment a second of each number.

${leavingTable(results)}
### While a million leaves

${drainTable(results)}
### Due at one instant

${measured.map((figures) => releaseSentence(figures)).join('\n')}

### Taking texts for the queue

\`POST /sms/send\` with \`queue: true\`, 16 connections, at the number where nearly all wait in "one number".

${acceptTable(results)}
### Each call of the store

Milliseconds, medians; the store alone, in one process, one call after the other. A round takes the turns of up to 64 numbers, claims up to 128 messages and records their outcomes.

${measured.map((figures) => `**${names[figures.engine]}**\n\n${callsTable(figures)}`).join('\n')}
### How it is measured

- What waits: "few" is ${thousands(few)} (up to 4,000 while the rate is measured), "even" ${thousands(many)} at 100 numbers of 10 organizations, "one number" ${thousands(many)} of which 99 in 100 wait at one of these
  numbers, "scheduled" ${thousands(many)} for next month beside the few; for the calls also "paused", ${thousands(many)} held by the pauses of 500 numbers, and "many numbers",
  ${thousands(many)} at 10,000 numbers that are all due. Each message goes to a person of its own and has its event.
- The \`serve\` command with all its roles, a provider that answers at once, and PostgreSQL with \`fsync\` on and its defaults, autovacuum among them; all on this machine.
- Rates: 5 rounds, each takes the next 3,000 messages of every queue in turn; medians. CPU is that of the service's process; PostgreSQL's is that of its sessions.
- "A snapshot held": another session has begun to read and does not end, as a dump does, so that PostgreSQL must keep every version of a row, and SQLite its whole log.
`
}

/** Further apart than this, two figures of such a run are not the same: repeated runs differ by less. */
const noise = 0.15

/** Sentences out of the figures, so that they can never praise what was not measured. */
function reading({ measured, many }: QueueResults): string {
  return measured
    .flatMap((figures) => {
      const name = names[figures.engine]
      const base = of(figures.rates, 'few')
      const lines = bedKinds
        .filter((kind) => kind !== 'few')
        .map((kind) => {
          const rate = of(figures.rates, kind)
          const [from, to] = [totalCpu(base), totalCpu(rate)]
          return `${kind} ${percentChange(from, to)} (${verdict(from, to)})`
        })
      const lags = bedKinds.map((kind) => `${kind} ${of(figures.lags, kind).p99Ms} ms`)
      return [
        `- ${name}, CPU to send a message out of ${thousands(many)}, to that out of ${thousands(few)}, the database's included: ${lines.join(', ')}.`,
        `- ${name}, lag of a fresh number at p99: ${lags.join(', ')}.`,
        `- ${name}, CPU after half of the million has left: ${percentChange(totalCpu(at(figures, 'full')), totalCpu(at(figures, 'half drained')))}; with a snapshot held for a minute: ${percentChange(totalCpu(at(figures, 'full')), totalCpu(at(figures, 'a snapshot held for a minute')))}.`,
      ]
    })
    .join('\n')
}

function verdict(from: number, to: number): string {
  return Math.abs(to / from - 1) <= noise ? 'flat' : to > from ? 'not flat' : 'less'
}

function totalCpu({ cpuUs, databaseCpuUs }: Rate): number {
  return cpuUs + databaseCpuUs
}

function of<T extends { readonly kind: BedKind }>(all: readonly T[], kind: BedKind): T {
  const found = all.find((one) => one.kind === kind)
  if (found === undefined) throw new Error(`nothing was measured beside "${kind}"`)
  return found
}

function at({ drained }: QueueFigures, moment: DrainMoment): Rate {
  const found = drained.find(({ when }) => when === moment)
  if (found === undefined) throw new Error(`nothing was measured at "${moment}"`)
  return found
}

function leavingTable({ measured }: QueueResults): string {
  const rows = measured.flatMap((figures) =>
    bedKinds.map((kind) => {
      const lag = of(figures.lags, kind)
      return [
        names[figures.engine],
        kind,
        ...rateCells(of(figures.rates, kind)),
        `${lag.p50Ms.toFixed(0)} ms`,
        `${lag.p99Ms.toFixed(0)} ms`,
      ]
    }),
  )
  return table(['', 'waiting', 'messages/s', 'CPU per message', "PostgreSQL's", 'lag p50', 'lag p99'], rows)
}

function rateCells({ messagesPerSecond, cpuUs, databaseCpuUs }: Rate): string[] {
  return [
    thousands(Math.round(messagesPerSecond)),
    `${cpuUs.toFixed(0)} µs`,
    databaseCpuUs === 0 ? '' : `${databaseCpuUs.toFixed(0)} µs`,
  ]
}

function drainTable({ measured }: QueueResults): string {
  const rows = measured.flatMap((figures) =>
    drainMoments.map((moment) => [names[figures.engine], moment, ...rateCells(at(figures, moment))]),
  )
  return table(['', '', 'messages/s', 'CPU per message', "PostgreSQL's"], rows)
}

function releaseSentence({ engine, release }: QueueFigures): string {
  return `- ${names[engine]}: ${thousands(release.count)} scheduled messages stand in the queue ${release.seconds.toFixed(1)} s after their time. Meanwhile others leave at ${thousands(Math.round(release.besideIt))} a second, without it at ${thousands(Math.round(release.before))}.`
}

function acceptTable({ measured }: QueueResults): string {
  const rows = measured.flatMap((figures) =>
    bedKinds.map((kind) => {
      const { messagesPerSecond, cpuUs, p50Ms, p99Ms } = of(figures.accepts, kind)
      return [
        names[figures.engine],
        kind,
        thousands(Math.round(messagesPerSecond)),
        `${cpuUs.toFixed(0)} µs`,
        `${p50Ms.toFixed(1)} ms`,
        `${p99Ms.toFixed(1)} ms`,
      ]
    }),
  )
  return table(['', 'waiting', 'messages/s', 'CPU per message', 'p50', 'p99'], rows)
}

function callsTable({ calls }: QueueFigures): string {
  const kinds: readonly CallBedKind[] = [...bedKinds, 'paused', 'many numbers']
  const callNames = [...new Set(calls.map(({ call }) => call))]
  const rows = callNames.map((call) => [
    call,
    ...kinds.map((kind) => {
      const found = calls.find((one) => one.call === call && one.kind === kind)
      return found === undefined ? '' : found.ms.toFixed(2)
    }),
  ])
  return table(['', ...kinds], rows)
}
