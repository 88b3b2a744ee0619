import type { Clock } from '../../ports/clock.ts'
import type { Log } from '../../ports/log.ts'
import type { Store } from '../../ports/store.ts'
import { resumeQueue } from '../../use-cases/resume-queue.ts'
import { actorOf, callerOf } from '../auth.ts'
import type { App } from '../fastify.ts'
import { setupErrors } from '../schemas/common.ts'
import { queueStateBodyOf, queueStateSchema } from '../schemas/queue-state.ts'

export type QueueStateRouteParts = { readonly store: Store; readonly clock: Clock; readonly log: Log }

const path = '/api/v1/queue'
const tags = ['messages']

export function registerQueueStateRoutes(app: App, parts: QueueStateRouteParts): void {
  app.get(
    path,
    {
      config: { scopes: ['read', 'manage'] },
      schema: {
        operationId: 'getQueueState',
        summary: 'Whether the queue is held',
        description:
          'After a backup was restored, a standby took over or the service stood still for long, the queue of the whole installation waits for a person: what is in it may have been sent already.',
        tags,
        response: { 200: queueStateSchema, ...setupErrors('read or manage') },
      },
    },
    async () => queueStateBodyOf(await parts.store.queueState.findHold()),
  )

  app.post(
    `${path}/resume`,
    {
      config: { scopes: ['operate', 'manage'] },
      schema: {
        operationId: 'resumeQueue',
        summary: 'Let a held queue go on',
        description:
          'Of the whole installation. Look at what waits first, and cancel what was sent already. Who said go stands in the audit log. A queue that is not held stays as it is.',
        tags,
        response: { 200: queueStateSchema, ...setupErrors('operate or manage') },
      },
    },
    async (request) => {
      const caller = callerOf(request)
      await resumeQueue(parts, { organizationId: caller.organizationId, actor: actorOf(caller) })
      return queueStateBodyOf(await parts.store.queueState.findHold())
    },
  )
}
