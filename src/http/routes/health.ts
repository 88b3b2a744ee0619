import { Type } from 'typebox'
import { errorFields } from '../../core/error-fields.ts'
import { SmsError } from '../../core/errors.ts'
import type { Log } from '../../ports/log.ts'
import type { Store } from '../../ports/store.ts'
import type { App } from '../fastify.ts'
import { errorAnswers } from '../schemas/common.ts'

export type HealthParts = {
  readonly store: Store
  readonly log: Log
  /** Aborts when the process is told to stop. */
  readonly stopping: AbortSignal
  /** The Prometheus text and its content type. */
  readonly renderMetrics: () => Promise<{ readonly contentType: string; readonly text: string }>
}

const readySchema = Type.Object(
  {
    status: Type.String({ enum: ['ok'] }),
    queue: Type.String({
      enum: ['goes on', 'held'],
      description: '`held`: nothing leaves the queue until somebody says go (`/api/v1/queue`). Direct sends do.',
    }),
  },
  { examples: [{ status: 'ok', queue: 'goes on' }] },
)
const okSchema = Type.Object({ status: Type.String({ enum: ['ok'] }) }, { examples: [{ status: 'ok' }] })

export function registerHealthRoutes(app: App, { store, log, stopping, renderMetrics }: HealthParts): void {
  app.get(
    '/healthz',
    {
      schema: {
        operationId: 'getHealth',
        summary: 'The process lives',
        tags: ['health'],
        response: { 200: okSchema },
      },
    },
    () => ({ status: 'ok' }),
  )

  app.get(
    '/readyz',
    {
      schema: {
        operationId: 'getReadiness',
        summary: 'The process can take requests',
        description: 'Asks the database. 503 while it does not answer, and from the moment the process is stopping.',
        tags: ['health'],
        response: { 200: readySchema, ...errorAnswers({ 503: ['unavailable', 'Textbridge is stopping.'] }) },
      },
    },
    async () => {
      if (stopping.aborted) throw new SmsError('unavailable', 'Textbridge is stopping.')
      try {
        const hold = await store.queueState.findHold()
        return { status: 'ok', queue: hold === undefined ? 'goes on' : 'held' }
      } catch (error) {
        log.warn('readiness.failed', errorFields(error))
        throw new SmsError('unavailable', 'The database does not answer.')
      }
    },
  )

  app.get('/metrics', { schema: { hide: true } }, async (_request, reply) => {
    const { contentType, text } = await renderMetrics()
    return reply.type(contentType).serializer(String).send(text)
  })
}
