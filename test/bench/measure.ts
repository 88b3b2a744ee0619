import { type Child, numberIn } from './child.ts'
import type { Target } from './targets.ts'

/** One way of loading one target. */
export type Cell = {
  readonly target: Target
  readonly connections: number
  readonly latencyMs: number
  readonly withKeys: boolean
}

export type Figures = {
  readonly cpuUs: number
  /** To the pass-through under the same load, in the same round. */
  readonly cpuRatio: number
  readonly messagesPerSecond: number
  readonly p50Ms: number
  readonly p99Ms: number
}

/** Medians over the rounds. */
export type Measured = Cell & Figures

export type Pace = { readonly rounds: number; readonly warmUpMs: number; readonly windowMs: number }

type Players = { readonly driver: Child; readonly provider: Child }

/** Long enough for the hot code to be compiled; nothing of it counts. */
export async function warmUp({ driver }: Players, targets: readonly Target[], durationMs: number): Promise<void> {
  for (const target of targets)
    await drive(driver, { target, connections: 64, withKeys: false, latencyMs: 0 }, durationMs)
}

/**
 * Every round takes every cell once, so that a disturbance of the machine meets all of them alike. Loads with the same
 * latency follow each other, and the ratio is taken within a round.
 */
export async function measure(players: Players, cells: readonly Cell[], pace: Pace): Promise<Measured[]> {
  const rounds: Figures[][] = []
  for (let round = 0; round < pace.rounds; round++) rounds.push(await measureRound(players, cells, pace))
  return cells.map((cell, index) => ({ ...cell, ...medians(rounds.flatMap((round) => round[index] ?? [])) }))
}

async function measureRound({ driver, provider }: Players, cells: readonly Cell[], pace: Pace): Promise<Figures[]> {
  const figures: Omit<Figures, 'cpuRatio'>[] = []
  for (const cell of cells) {
    await provider.ask({ latencyMs: cell.latencyMs })
    await drive(driver, cell, pace.warmUpMs)
    const before = await cpuUsOf(cell.target)
    const answered = await drive(driver, cell, pace.windowMs)
    const cpuUs = (await cpuUsOf(cell.target)) - before
    const count = numberIn(answered, 'count')
    figures.push({
      cpuUs: cpuUs / count,
      messagesPerSecond: (count / numberIn(answered, 'elapsedMs')) * 1_000,
      p50Ms: numberIn(answered, 'p50Ms'),
      p99Ms: numberIn(answered, 'p99Ms'),
    })
  }
  return figures.map((figure, index) => {
    const yardstick = figures[cells.findIndex((cell) => isYardstickOf(cell, cells[index]))]
    return { ...figure, cpuRatio: figure.cpuUs / (yardstick?.cpuUs ?? Number.NaN) }
  })
}

function isYardstickOf(candidate: Cell, cell: Cell | undefined): boolean {
  return (
    candidate.target.name === 'pass-through' &&
    candidate.connections === cell?.connections &&
    candidate.latencyMs === cell.latencyMs
  )
}

/** All of it lies between two moments without a request, so the CPU between them belongs to the counted messages. */
async function drive(driver: Child, { target, connections, withKeys }: Cell, durationMs: number): Promise<unknown> {
  return driver.ask({ port: await target.child.port, connections, durationMs, withKeys: withKeys ? 1 : 0, queued: 0 })
}

async function cpuUsOf({ child }: Target): Promise<number> {
  return numberIn(await child.ask({}), 'cpuUs')
}

export async function maxRssMbOf({ child }: Target): Promise<number> {
  return numberIn(await child.ask({}), 'maxRssKb') / 1_024
}

function medians(figures: readonly Figures[]): Figures {
  const of = (name: keyof Figures) => medianOf(figures.map((figure) => figure[name]))
  return {
    cpuUs: of('cpuUs'),
    cpuRatio: of('cpuRatio'),
    messagesPerSecond: of('messagesPerSecond'),
    p50Ms: of('p50Ms'),
    p99Ms: of('p99Ms'),
  }
}

export function medianOf(values: readonly number[]): number {
  const sorted = [...values].sort((left, right) => left - right)
  const [low, high] = [sorted[Math.floor((sorted.length - 1) / 2)], sorted[Math.ceil((sorted.length - 1) / 2)]]
  return ((low ?? Number.NaN) + (high ?? Number.NaN)) / 2
}
