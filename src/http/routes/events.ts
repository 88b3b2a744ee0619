import type { FastifyRequest } from 'fastify'
import { Type } from 'typebox'
import { SmsError } from '../../core/errors.ts'
import { eventBodyOf, eventIdOf, eventKeyOf } from '../../core/event-body.ts'
import { toldEvents } from '../../use-cases/told-events.ts'
import { callerOf } from '../auth.ts'
import { type EventStreamParts, makeEventStreams } from '../event-stream.ts'
import type { App } from '../fastify.ts'
import { setupErrors } from '../schemas/common.ts'
import { eventsQuery, eventsSchema } from '../schemas/events.ts'

export type EventRouteParts = EventStreamParts

const read = { scopes: ['read', 'manage'] } as const
const path = '/api/v1/events'
const eventStreamType = 'text/event-stream'

export function registerEventRoutes(app: App, parts: EventRouteParts): void {
  const { store, mediaUrls } = parts
  const streams = makeEventStreams(parts)

  app.get(
    path,
    {
      config: read,
      schema: {
        operationId: 'listEvents',
        summary: 'What happened, oldest first, by pull or as a stream',
        description:
          'With `Accept: text/event-stream` (or at `/api/v1/events/stream`) it goes on as server-sent events, from `Last-Event-ID`, `after`, or now.',
        tags: ['events'],
        headers: Type.Object({ 'last-event-id': Type.Optional(Type.String({ description: 'Of a stream alone.' })) }),
        querystring: eventsQuery,
        response: {
          200: eventsSchema,
          ...setupErrors('read or manage', {
            400: ['invalid_request', 'limit must be at most 1000.'],
            429: ['rate_limited', 'This API key has 10 event streams open, which is the most. Close one.'],
            503: ['overloaded', 'Too many event streams are open: at most 200 of all callers. Try again in a moment.'],
          }),
        },
      },
    },
    async (request, reply) => {
      const after = keyOf(request.query.after)
      if (request.method === 'GET' && request.headers.accept?.includes(eventStreamType))
        return streams.serve(request, reply, resumedFrom(request) ?? after)
      const { organizationId } = callerOf(request)
      const { limit } = request.query
      if (after !== undefined) await refuseUnheard(store, { organizationId, after })
      const found = await store.events.after({ organizationId, key: after ?? 0, limit: limit + 1 })
      const events = found.slice(0, limit)
      const lastKey = events.at(-1)?.key ?? after
      return {
        events: (await toldEvents(events, mediaUrls)).map(eventBodyOf),
        has_more: found.length > limit,
        next: lastKey === undefined ? null : eventIdOf(lastKey),
      }
    },
  )

  app.get(
    `${path}/stream`,
    // Described with the route above. A HEAD would wait for an end that does not come.
    { config: read, exposeHeadRoute: false, schema: { hide: true, querystring: eventsQuery } },
    (request, reply) => streams.serve(request, reply, resumedFrom(request) ?? keyOf(request.query.after)),
  )
}

/** A reader that goes on from an id of another installation would wait in silence for what it has missed. */
async function refuseUnheard(
  store: EventRouteParts['store'],
  { organizationId, after }: { readonly organizationId: number; readonly after: number },
): Promise<void> {
  if (after > 0 && after > (await store.events.newestKey(organizationId)))
    throw new SmsError(
      'invalid_request',
      'after is newer than the newest event. Give the id of an event that was read.',
    )
}

function keyOf(id: string | undefined): number | undefined {
  return id === undefined ? undefined : eventKeyOf(id)
}

/** What a browser, or another reader of the format, sends by itself when it comes back. */
function resumedFrom(request: FastifyRequest): number | undefined {
  const given = request.headers['last-event-id']
  if (given === undefined || given === '') return undefined
  const key = eventKeyOf(String(given))
  if (key === undefined) throw new SmsError('invalid_request', 'Last-Event-ID must be the id of an event, as evt_42.')
  return key
}
