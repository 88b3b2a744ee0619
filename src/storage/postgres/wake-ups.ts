import { randomUUID } from 'node:crypto'
import pg from 'pg'
import { errorFields } from '../../core/error-fields.ts'
import type { Log } from '../../ports/log.ts'
import type { Metrics } from '../../ports/metrics.ts'
import { type WakeUps, type WakeUpTopic, wakeUpTopics } from '../../ports/wake-ups.ts'
import { makeListeners } from '../listeners.ts'
import { optionsFor, translated } from './connection.ts'
import type { Queries } from './database.ts'

const channel = 'textbridge'
/** A connection whose other end is gone without a word is noticed by this, and within the time a query may take. */
const probeIntervalMs = 15_000
const queryTimeoutMs = 5_000
const reconnectDelayMsMin = 100
const reconnectDelayMsMax = 5_000
/** Between two notifications of one process. */
const tellIntervalMs = 20

/**
 * Whoever listens on this database hears of it when the transaction is committed. For what happens rarely: PostgreSQL lets
 * transactions that notify commit only one after the other, each waiting for the disk alone. Else see `WakeUps.tell`.
 */
export async function notify(queries: Queries, topic: WakeUpTopic): Promise<void> {
  await queries.get('SELECT pg_notify($1, $2)', channel, topic)
}

export type PostgresWakeUps = WakeUps & {
  /** Closes the connection; nobody is called any more. */
  close(): Promise<void>
}

/**
 * Listens on one connection of its own, opened when somebody first does so, and again whenever it is lost. Tells on its
 * own too, in transactions that write nothing: those wait for no disk, and no commit waits for them long.
 */
export function makeWakeUps(params: {
  readonly url: string
  readonly queries: Queries
  readonly metrics: Pick<Metrics, 'wakeUpsConnected'>
  /** Absent in a command, which nobody watches. */
  readonly log?: Log | undefined
}): PostgresWakeUps {
  const listeners = makeListeners()
  const stopping = new AbortController()
  /** Beside the topic, so that nobody is woken by itself. */
  const self = randomUUID()
  const toTell = new Set<WakeUpTopic>()
  let running: Promise<void> | undefined
  let telling: Promise<void> | undefined

  async function tellAll(): Promise<void> {
    for (; toTell.size > 0 && !stopping.signal.aborted; await pause(tellIntervalMs, stopping.signal)) {
      const topics = [...toTell]
      toTell.clear()
      try {
        await params.queries.all(
          'SELECT pg_notify($1, topic) FROM unnest($2::text[]) AS topic',
          channel,
          topics.map((topic) => `${topic} ${self}`),
        )
      } catch (error) {
        params.log?.warn('wake_ups.not_told', errorFields(error))
      }
    }
    telling = undefined
  }

  async function run(): Promise<void> {
    let delayMs = reconnectDelayMsMin
    while (!stopping.signal.aborted) {
      delayMs = (await hear()) ? reconnectDelayMsMin : Math.min(delayMs * 2, reconnectDelayMsMax)
      params.metrics.wakeUpsConnected(false)
      await pause(delayMs, stopping.signal)
    }
  }

  /** @returns when the connection is gone, whether there was one. */
  async function hear(): Promise<boolean> {
    // In a pipeline, a query that is not answered in time breaks the connection.
    const client = new pg.Client({ ...optionsFor(params.url), query_timeout: queryTimeoutMs, pipeline: true })
    const lost = new AbortController()
    client.on('error', (error) => lost.abort(error))
    client.on('end', () => lost.abort())
    client.on('notification', ({ payload = '' }) => {
      const [name, teller] = payload.split(' ')
      const topic = wakeUpTopics.find((candidate) => candidate === name)
      if (topic !== undefined && teller !== self) listeners.call(topic)
    })
    let isConnected = false
    try {
      await client.connect()
      await client.query(`LISTEN ${channel}`)
      isConnected = true
      params.metrics.wakeUpsConnected(true)
      // What was told while nobody heard is caught up with.
      if (!stopping.signal.aborted) listeners.callAll()
      await probe(client, AbortSignal.any([lost.signal, stopping.signal]))
      if (!stopping.signal.aborted) throw lost.signal.reason
    } catch (error) {
      params.log?.warn('wake_ups.lost', errorFields(translated(error)))
    } finally {
      await client.end()
    }
    return isConnected
  }

  return {
    listen(topic, listener) {
      const stop = listeners.add(topic, listener)
      if (!stopping.signal.aborted) running ??= run()
      return stop
    },
    tell(topic) {
      toTell.add(topic)
      if (!stopping.signal.aborted) telling ??= tellAll()
    },
    async close() {
      stopping.abort()
      await Promise.all([running, telling])
    },
  }
}

/** Resolves when `ended` is, or throws when the server does not answer. */
async function probe(client: pg.Client, ended: AbortSignal): Promise<void> {
  for (;;) {
    await pause(probeIntervalMs, ended)
    if (ended.aborted) return
    await client.query('SELECT 1')
  }
}

function pause(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) return resolve()
    const wake = () => {
      clearTimeout(timer)
      signal.removeEventListener('abort', wake)
      resolve()
    }
    const timer = setTimeout(wake, ms)
    signal.addEventListener('abort', wake)
  })
}
