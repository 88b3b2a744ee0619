import { type Cutoffs, cutoffsOf, keptForAllMs } from '../core/retention.ts'
import type { Clock } from '../ports/clock.ts'
import type { Log } from '../ports/log.ts'
import type { RetentionStore, Walk, WalkStep } from '../ports/retention-store.ts'
import { inShortSteps } from '../use-cases/in-short-steps.ts'
import { idempotencyKeyLifetimeMs } from '../use-cases/send-message.ts'
import { type Loop, startLoop } from './loop.ts'

const intervalMs = 10 * 60_000
/** What is sent beside it has nine tenths of the time. */
const restShare = 9
/** Of one walk in one round: no organization waits until another is through. */
const stepsPerRoundMax = 100
const organizationsPerReadMax = 100
/** Walks begin anew after it: some of what they passed had not ended then. */
const rewalkMs = 24 * 60 * 60 * 1_000

/** How far a walk has come. `isDone`: only what has come of age since is left. */
type Place = { readonly reached: number; readonly begunAt: number; readonly isDone: boolean }

/**
 * Removes what is not kept any more, at start and then every ten minutes, oldest first. Where each walk has come is
 * remembered here only: a process that starts walks through everything once, which costs it little where nothing is due.
 */
export function startPruneOld(parts: {
  readonly store: { readonly retention: RetentionStore }
  readonly clock: Clock
  readonly log: Log
}): Loop {
  const { clock, log } = parts
  const { retention } = parts.store
  const places = new Map<string, Place>()

  /** @returns whether it is through. */
  async function walk(organizationId: number, { kind, before, step }: NamedWalk, round: Round): Promise<boolean> {
    if (before === undefined) return true
    const name = `${kind} ${organizationId}`
    let place = places.get(name)
    if (place === undefined || (place.isDone && round.now - place.begunAt >= rewalkMs))
      place = { reached: 0, begunAt: round.now, isDone: false }
    let { reached: after } = place
    const isDone = await someSteps(round.stopping, async () => {
      const { removed, reached, isDone: isThrough } = await step({ organizationId, after, before })
      after = reached
      count(round.counts, kind, removed)
      return isThrough
    })
    places.set(name, { ...place, reached: after, isDone })
    return isDone
  }

  /** @returns whether the last step said so. */
  async function someSteps(stopping: AbortSignal, step: () => Promise<boolean>): Promise<boolean> {
    let [isDone, steps] = [false, 0]
    await inShortSteps({ clock, restShare, stopping }, async () => {
      isDone = await step()
      steps++
      return isDone || steps === stepsPerRoundMax ? 'done' : 'more'
    })
    return isDone
  }

  const loop = startLoop({
    name: 'prune-old',
    intervalMs,
    clock,
    log,
    work: async (stopping) => {
      const round: Round = { now: clock.now(), stopping, counts: {} }
      let isDone = true
      for await (const { organizationId, retention: setting } of organizations(retention))
        for (const named of walksOf(retention, cutoffsOf(setting, round.now), round.now))
          isDone = (await walk(organizationId, named, round)) && isDone
      for (const [kind, remove] of removalsOf(retention, round.now))
        isDone =
          (await someSteps(stopping, async () => {
            const removed = await remove()
            count(round.counts, kind, removed)
            return removed === 0
          })) && isDone
      if (Object.keys(round.counts).length > 0) log.info('data.pruned', round.counts)
      if (!isDone) loop.wake()
    },
  })
  return loop
}

type Round = {
  readonly now: number
  readonly stopping: AbortSignal
  /** Removed in this round, by kind. */
  readonly counts: Record<string, number>
}

function count(counts: Record<string, number>, kind: string, removed: number): void {
  if (removed > 0) counts[kind] = (counts[kind] ?? 0) + removed
}

async function* organizations(store: RetentionStore) {
  let after = 0
  for (;;) {
    const page = await store.listSettings({ after, limit: organizationsPerReadMax })
    yield* page
    const last = page.at(-1)
    if (last === undefined) return
    after = last.organizationId
  }
}

type NamedWalk = {
  readonly kind: string
  /** Absent: it is kept for ever. */
  readonly before: number | undefined
  readonly step: (walk: Walk) => Promise<WalkStep>
}

/** Deliveries go before the events that they tell of. */
function walksOf(
  store: RetentionStore,
  { bodies, messages, events, delivered, dead }: Cutoffs,
  now: number,
): NamedWalk[] {
  return [
    { kind: 'messages', before: messages, step: (walk) => store.removeMessages({ ...walk, now }) },
    { kind: 'conversations', before: messages, step: (walk) => store.removeConversations(walk) },
    { kind: 'bodies', before: bodies, step: (walk) => store.removeBodies({ ...walk, now }) },
    { kind: 'deliveries', before: delivered, step: (walk) => store.removeDeliveries({ ...walk, deadBefore: dead }) },
    { kind: 'events', before: events, step: (walk) => store.removeEvents(walk) },
  ]
}

function removalsOf(
  store: RetentionStore,
  now: number,
): readonly (readonly [kind: string, remove: () => Promise<number>])[] {
  return [
    ['idempotencyKeys', () => store.removeIdempotencyKeys(now - idempotencyKeyLifetimeMs)],
    ['refusedWebhooks', () => store.removeRefusedWebhooks(now - keptForAllMs)],
  ]
}
