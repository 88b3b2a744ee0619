import { type Static, Type } from 'typebox'
import { holdReasons } from '../../core/message.ts'
import type { Clock } from '../../ports/clock.ts'
import type { Provider } from '../../ports/provider.ts'
import type { QueueStats } from '../../ports/queue-store.ts'
import type { Store } from '../../ports/store.ts'
import { makeCountWaiting } from '../../use-cases/count-waiting.ts'
import { callerOf } from '../auth.ts'
import type { App } from '../fastify.ts'
import { timeOrNull } from '../reading.ts'
import { setupErrors, timeOf } from '../schemas/common.ts'
import { queueStatsSchema } from '../schemas/sms-queue.ts'

export type SmsQueueRouteParts = {
  readonly store: Store
  readonly clock: Clock
  readonly providers: ReadonlyMap<string, Provider>
}

export function registerSmsQueueRoutes(app: App, { store, clock, providers }: SmsQueueRouteParts): void {
  const countWaiting = makeCountWaiting({ store, clock })
  app.get(
    '/sms/queue/stats',
    {
      config: { scopes: ['read', 'manage'] },
      schema: {
        operationId: 'getSmsQueueStats',
        summary: 'How many texts wait, and for what',
        tags: ['messages'],
        querystring: Type.Object({
          provider: Type.Optional(Type.String({ maxLength: 40, description: 'Of this provider only.' })),
        }),
        response: {
          200: queueStatsSchema,
          ...setupErrors('read or manage', {
            400: ['invalid_request', 'provider must have at most 40 characters.'],
          }),
        },
      },
    },
    async (request) => {
      const stats = await countWaiting(callerOf(request).organizationId)
      const wanted = request.query.provider
      const isWanted = (provider: string) => wanted === undefined || wanted === '' || wanted === provider
      const now = clock.now()
      const names = [...providers.keys()].filter(isWanted).sort()
      const queueOf = (name: string) =>
        queueBodyOf(
          stats.filter(({ provider }) => provider === name),
          now,
        )
      return {
        timestamp: timeOf(now),
        queues: Object.fromEntries(names.map((name) => [name, queueOf(name)])),
        total: queueBodyOf(
          stats.filter(({ provider }) => isWanted(provider)),
          now,
        ),
      }
    },
  )
}

type QueueBody = Static<typeof queueStatsSchema>['total']

function queueBodyOf(stats: readonly QueueStats[], now: number): QueueBody {
  const [queued, scheduled, held] = (['queued', 'scheduled', 'held'] as const).map((wanted) =>
    stats.filter(({ status }) => status === wanted),
  )
  const oldestQueuedAt = oldestOf(queued)
  return {
    queued: countOf(queued),
    scheduled: countOf(scheduled),
    held: countOf(held),
    held_by: Object.fromEntries(
      holdReasons.map((reason) => [reason, countOf(held?.filter(({ holdReason }) => holdReason === reason))]),
    ),
    oldest_queued_seconds:
      oldestQueuedAt === undefined ? null : Math.max(0, Math.floor((now - oldestQueuedAt) / 1_000)),
    next_scheduled_at: timeOrNull(oldestOf(scheduled)),
  }
}

function countOf(stats: readonly QueueStats[] = []): number {
  return stats.reduce((sum, { count }) => sum + count, 0)
}

function oldestOf(stats: readonly QueueStats[] = []): number | undefined {
  const times = stats.flatMap(({ oldestAt }) => (oldestAt === undefined ? [] : [oldestAt]))
  return times.length === 0 ? undefined : Math.min(...times)
}
