import type { OutgoingHttpHeader, ServerResponse } from 'node:http'
import type { FastifyReply, FastifyRequest } from 'fastify'
import { errorFields } from '../core/error-fields.ts'
import { SmsError } from '../core/errors.ts'
import { type EventBody, eventBodyOf } from '../core/event-body.ts'
import type { Clock } from '../ports/clock.ts'
import type { Log } from '../ports/log.ts'
import type { Store } from '../ports/store.ts'
import { type MediaUrls, toldEvents } from '../use-cases/told-events.ts'
import { type Authenticator, actorOf, callerOf } from './auth.ts'
import { streamHttpStatus } from './errors.ts'

export type EventStreamParts = {
  readonly store: Pick<Store, 'events'>
  readonly clock: Clock
  readonly log: Log
  readonly authenticator: Pick<Authenticator, 'authenticateAgain'>
  readonly mediaUrls: MediaUrls
  /** Streams end when it aborts. */
  readonly stopping: AbortSignal
}

export type EventStreams = {
  /**
   * Sends the events after the key, or from now on, until the caller leaves. @throws SmsError `rate_limited` or
   * `overloaded` before anything was answered.
   */
  serve(request: FastifyRequest, reply: FastifyReply, after: number | undefined): Promise<void>
}

/** Of one API key, or of one user in all browsers and tabs. */
export const streamsPerCallerMax = 10
export const streamsMax = 200
const eventsPerReadMax = 100
const pollMs = 500
const heartbeatMs = 15_000
/** How often the key or session is looked at again: a stream must not outlive it. */
const authenticateMs = 2_000
/** A reader that takes nothing for so long is cut off. It can resume where it was. */
const drainMsMax = 30_000
const reconnectMs = 2_000

export function makeEventStreams(parts: EventStreamParts): EventStreams {
  const openByCaller = new Map<string, number>()
  let open = 0

  function count(caller: string, change: 1 | -1): void {
    open += change
    const own = (openByCaller.get(caller) ?? 0) + change
    if (own === 0) openByCaller.delete(caller)
    else openByCaller.set(caller, own)
  }

  return {
    async serve(request, reply, after) {
      const caller = callerOf(request)
      const { organizationId } = caller
      const name = actorOf(caller)
      if ((openByCaller.get(name) ?? 0) >= streamsPerCallerMax)
        throw new SmsError(
          'rate_limited',
          `${caller.kind === 'user' ? 'You have' : 'This API key has'} ${streamsPerCallerMax} event streams open, which is the most. Close one.`,
          { retryAfterMs: reconnectMs },
        )
      if (open >= streamsMax)
        throw new SmsError(
          'overloaded',
          `Too many event streams are open: at most ${streamsMax} of all callers. Try again in a moment.`,
          { retryAfterMs: reconnectMs },
        )
      count(name, 1)
      try {
        const key = after ?? (await parts.store.events.newestKey(organizationId))
        reply.hijack()
        await run(parts, { request, response: reply.raw, headers: reply.getHeaders(), organizationId, key })
      } finally {
        count(name, -1)
      }
    },
  }
}

type Stream = {
  readonly request: FastifyRequest
  readonly response: ServerResponse
  /** What was set before the stream took over. */
  readonly headers: Readonly<Record<string, OutgoingHttpHeader | undefined>>
  readonly organizationId: number
  readonly key: number
}

async function run(parts: EventStreamParts, stream: Stream): Promise<void> {
  const { request, response } = stream
  const left = new AbortController()
  response.once('close', () => left.abort())
  const ended = AbortSignal.any([left.signal, parts.stopping])
  response.writeHead(streamHttpStatus, {
    ...stream.headers,
    'content-type': 'text/event-stream; charset=utf-8',
    'cache-control': 'no-store',
    // A connection that falls idle while the server closes would keep it waiting.
    connection: 'close',
    // nginx would else collect the stream before passing it on.
    'x-accel-buffering': 'no',
  })
  try {
    await write(parts.clock, response, { text: `retry: ${reconnectMs}\n\n`, ended })
    await pump(parts, stream, ended)
  } catch (error) {
    // The answer has begun, so an error can only end it; the reader comes back and is told why.
    if (!(error instanceof SmsError))
      parts.log.error('event_stream.failed', { route: request.routeOptions.url, ...errorFields(error) })
  } finally {
    response.end()
  }
}

async function pump({ store, clock, authenticator, mediaUrls }: EventStreamParts, stream: Stream, ended: AbortSignal) {
  const { request, response, organizationId } = stream
  let { key } = stream
  let [writtenAt, authenticatedAt] = [clock.monotonicMs(), clock.monotonicMs()]
  while (!ended.aborted) {
    const events = await store.events.after({ organizationId, key, limit: eventsPerReadMax })
    for (const event of await toldEvents(events, mediaUrls)) {
      await write(clock, response, { text: frameOf(eventBodyOf(event)), ended })
      key = event.key
    }
    const now = clock.monotonicMs()
    if (events.length > 0) writtenAt = now
    else if (now - writtenAt >= heartbeatMs) {
      await write(clock, response, { text: ': still here\n\n', ended })
      writtenAt = now
    }
    if (now - authenticatedAt >= authenticateMs) {
      await authenticator.authenticateAgain(request)
      authenticatedAt = now
    }
    if (events.length < eventsPerReadMax) await clock.sleep(pollMs, ended)
  }
}

function frameOf(body: EventBody): string {
  return `id: ${body.id}\nevent: ${body.type}\ndata: ${JSON.stringify(body)}\n\n`
}

/** Waits while the reader is slower than we are; nothing is gathered for it. */
async function write(
  clock: Clock,
  response: ServerResponse,
  { text, ended }: { readonly text: string; readonly ended: AbortSignal },
): Promise<void> {
  if (ended.aborted || response.write(text)) return
  const drained = new AbortController()
  const wake = () => drained.abort()
  response.once('drain', wake)
  await clock.sleep(drainMsMax, AbortSignal.any([drained.signal, ended]))
  response.off('drain', wake)
  if (!drained.signal.aborted) response.destroy()
}
