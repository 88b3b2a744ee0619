import type { Env } from '../config/env.ts'
import { commandLine } from '../use-cases/create-api-key.ts'
import { resumeQueue } from '../use-cases/resume-queue.ts'
import type { Output } from './output.ts'
import { withSession } from './session.ts'

type Parts = { readonly env: Env; readonly output: Output }

/** Looks as a starting process does, so that a database that was just restored shows as held before one has started. */
export function showQueue({ env, output }: Parts, options: { readonly json?: boolean }): Promise<void> {
  return withSession(env, async ({ store, clock }) => {
    const hold = await store.queueState.beat({ now: clock.now() })
    const since = hold === undefined ? null : new Date(hold.since).toISOString()
    if (options.json)
      return output.line(JSON.stringify({ held: hold !== undefined, held_since: since, reason: hold?.reason ?? null }))
    if (hold === undefined) return output.line('The queue is not held.')
    output.line(`The queue is held since ${since}. ${hold.reason}`)
    output.note('Look at what waits, cancel what was sent already, then say go: queue resume')
  })
}

/** Without a queue that is held there is nothing to do. */
export function resumeHeldQueue({ env, output }: Parts): Promise<void> {
  return withSession(env, async ({ store, clock }) => {
    await store.queueState.beat({ now: clock.now() })
    // On record where an operator of one installation looks: in its first organization.
    const [oldest] = await store.organizations.list(1)
    const resumed = await resumeQueue({ store, clock }, { organizationId: oldest?.id ?? 0, actor: commandLine })
    output.line(resumed ? 'The queue goes on.' : 'The queue was not held.')
  })
}
