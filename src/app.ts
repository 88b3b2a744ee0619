import { hkdfSync } from 'node:crypto'
import type { Config } from './config/config.ts'
import type { Secrets } from './config/secrets.ts'
import { SmsError } from './core/errors.ts'
import { startEvents } from './events.ts'
import { makeAuthenticator } from './http/auth.ts'
import { makeLogIds } from './http/log-id.ts'
import { buildServer, type ServerLimits } from './http/server.ts'
import { makeSessionCookie } from './http/session.ts'
import { startFetchMedia } from './jobs/fetch-media.ts'
import type { Loop } from './jobs/loop.ts'
import { startPruneOld } from './jobs/prune-old.ts'
import { startWatchQueueState } from './jobs/watch-queue-state.ts'
import { isDiallable, makeGuardedClient } from './net/guarded-client.ts'
import { makeHttpClient } from './net/http-client.ts'
import type { Clock } from './ports/clock.ts'
import type { JudgeAddress } from './ports/event-sender.ts'
import type { Log } from './ports/log.ts'
import type { Metrics } from './ports/metrics.ts'
import type { Provider } from './ports/provider.ts'
import type { Store } from './ports/store.ts'
import { type WakeUpTopic, wakeUpTopics } from './ports/wake-ups.ts'
import { makeProviders } from './providers/registry.ts'
import { makeSending } from './sending.ts'
import { withSetupLock } from './storage/postgres/setup-lock.ts'
import { migratePostgres, openPostgresStore } from './storage/postgres/store.ts'
import { makeSealer } from './storage/seal.ts'
import { migrateSqlite, openSqliteStore } from './storage/sqlite/store.ts'
import { systemClock } from './telemetry/clock.ts'
import { type DatabaseClock, startDatabaseClock } from './telemetry/database-clock.ts'
import { makeMetrics } from './telemetry/metrics.ts'
import { systemRandom } from './telemetry/random.ts'
import { makeAttemptLimits } from './use-cases/attempt-limits.ts'
import { makeCallbackTokens } from './use-cases/callback-token.ts'
import { attemptFreshMs } from './use-cases/dispatch-message.ts'
import { type Failpoints, noFailpoints } from './use-cases/failpoints.ts'
import { makeFetchMedia } from './use-cases/fetch-media.ts'
import { makeMediaLinks } from './use-cases/media-link.ts'
import { makePasswords } from './use-cases/passwords.ts'
import { makeProviderWebhooks } from './use-cases/receive-provider-webhook.ts'
import { makeWatchBacklog } from './use-cases/watch-backlog.ts'

export type RunningApp = {
  /** Where it listens, e.g. `http://127.0.0.1:3000`. */
  readonly url: string
  /** Not ready any more, jobs begin nothing new; requests and provider calls under way end, the store closes. */
  close(): Promise<void>
}

/** The composition root: checked configuration in, running service out. `close` undoes it in reverse. */
export async function startApp(params: {
  readonly config: Config
  readonly secrets: Secrets
  readonly log: Log
  readonly version: string
  /** For crash tests; nothing in production. */
  readonly failpoints?: Failpoints
  /** For tests that cannot wait; the system's in production. */
  readonly clock?: Clock
  /** For tests whose clock is a machine's, which may be wrong: the database's is followed all the same. */
  readonly followsDatabaseClock?: boolean
  /** For tests; `standstillMsMax` in production. */
  readonly standstillMs?: number
  readonly callTimeoutMs?: number
  readonly attemptFreshMs?: number
  /** For tests; `serverLimits` in production. */
  readonly limits?: Partial<ServerLimits>
  /** For the demo: over the API too, programs on this machine may be named as those to be called. */
  readonly trustsLocalhost?: boolean
  /** For the demo: where the simulated carrier shows its phone. */
  readonly phoneUrl?: string
}): Promise<RunningApp> {
  const { config, secrets, log } = params
  const random = systemRandom
  const metrics = makeMetrics()
  const store = await openStore({ config, secrets, metrics, log })
  await store.accounts.checkSecrets()
  const clock = await startClock(params, { store, metrics })
  const providers = providerCatalog({ clock, callTimeoutMs: params.callTimeoutMs })
  const stopping = new AbortController()
  const cookie = makeSessionCookie(config.publicUrl)
  const authenticator = makeAuthenticator({ store, clock, log, cookie })
  const callbacks = makeCallbackTokens({
    publicUrl: config.publicUrl,
    keys: deriveKeys(secrets, 'textbridge callback token v1'),
  })
  const media = makeMediaLinks({
    publicUrl: config.publicUrl,
    keys: deriveKeys(secrets, 'textbridge media link v1'),
    store,
    clock,
  })
  const loops: Loop[] = []
  /** Those that have work then. A queued text, of which there may be hundreds a second, gives it to one of them only. */
  const loopsOf: Readonly<Record<WakeUpTopic, Loop[]>> = { queue: [], inbound: [] }
  const wakeOwn = (topic: WakeUpTopic) => () => {
    for (const loop of loopsOf[topic]) loop.wake()
  }
  const wakeAll = (topic: WakeUpTopic) => () => {
    wakeOwn(topic)()
    store.wakeUps.tell(topic)
  }
  const parts = {
    store,
    providers,
    callbacks,
    clock,
    random,
    log,
    metrics,
    failpoints: params.failpoints ?? noFailpoints,
    attemptFreshMs: params.attemptFreshMs ?? attemptFreshMs,
    stopping: stopping.signal,
    wakeJobs: wakeAll('queue'),
  }
  const sending = makeSending(parts)
  const watchBacklog = makeWatchBacklog(parts)
  const webhooks = makeProviderWebhooks({ ...parts, watch: sending.watch, wakeJobs: wakeAll('inbound') })
  const server = await buildServer({
    ...parts,
    ...sending,
    authenticator,
    cookie,
    passwords: makePasswords({ random }),
    attempts: makeAttemptLimits({ clock }),
    judgeAddress: (url) => judgeAddress(url, params.trustsLocalhost ?? false),
    receiveProviderWebhook: webhooks.receive,
    mediaLinks: media,
    mediaUrls: media.urlsFor,
    logIds: makeLogIds(deriveKeys(secrets, 'textbridge log id v1')[0]),
    publicUrl: config.publicUrl,
    version: params.version,
    ...(params.limits === undefined ? {} : { limits: params.limits }),
    ...(params.phoneUrl === undefined ? {} : { phoneUrl: params.phoneUrl }),
    async renderMetrics() {
      await watchBacklog()
      return { contentType: metrics.contentType, text: await metrics.render() }
    },
    changed: () => {
      authenticator.clear()
      sending.forgetRoutes()
      webhooks.forgetAccounts()
    },
  })
  const guarded = makeGuardedClient()
  loops.push(await startWatchQueueState({ store, clock, log, metrics, standstillMs: params.standstillMs }))
  if (config.roles.includes('jobs')) {
    const { dispatch, others } = sending.startLoops()
    loopsOf.queue.push(dispatch)
    loopsOf.inbound.push(
      dispatch,
      startFetchMedia({
        store,
        clock,
        log,
        fetchMedia: makeFetchMedia({ store, providers, source: guarded, clock, log }),
      }),
      startEvents({ store, client: guarded, clock, random, log, mediaUrls: media.urlsFor }),
    )
    loops.push(...loopsOf.inbound, ...others, startPruneOld({ store, clock, log }))
    for (const topic of wakeUpTopics) store.wakeUps.listen(topic, wakeOwn(topic))
  }
  const url = await server.listen({ host: config.host, port: config.port }).catch(async (error: unknown) => {
    await Promise.all([...loops, clock].map((running) => running.stop()))
    await store.close()
    throw listenError(error, config)
  })

  return {
    url,
    async close() {
      stopping.abort()
      // Told first, so that no round begins while requests drain.
      await Promise.all([...loops.map((loop) => loop.stop()), server.close()])
      await Promise.all([...[...providers.values(), guarded].map((connections) => connections.close()), clock.stop()])
      await store.close()
    },
  }
}

/** The database's clock where processes share one, this machine's otherwise. */
async function startClock(
  params: Pick<Parameters<typeof startApp>[0], 'clock' | 'followsDatabaseClock' | 'log'>,
  { store, metrics }: { readonly store: Store; readonly metrics: Metrics },
): Promise<DatabaseClock> {
  const { clock: base = systemClock, followsDatabaseClock = params.clock === undefined, log } = params
  if (store.databaseTime === undefined || !followsDatabaseClock) return { ...base, stop: async () => undefined }
  return startDatabaseClock({ base, readTime: store.databaseTime, log, metrics })
}

/** @throws SmsError `unavailable` when the database cannot be opened or its schema is newer than this version. */
export function openStore(params: {
  readonly config: Pick<Config, 'database'>
  readonly secrets: Pick<Secrets, 'secretKeys' | 'databaseUrl'>
  readonly metrics: Metrics
  readonly log?: Log
}): Promise<Store> {
  const { metrics, log } = params
  const { database } = params.config
  const sealer = makeSealer(deriveKeys(params.secrets, 'textbridge seal v1'))
  switch (database.engine) {
    case 'sqlite':
      return openSqliteStore({ path: database.path, sealer, metrics, log })
    case 'postgres':
      return openPostgresStore({ url: params.secrets.databaseUrl ?? '', sealer, metrics, log })
  }
}

/** Of several processes that set up one database, one does its `work` at a time: what each finds missing, each would make. */
export function oneAtATime<T>(
  params: { readonly config: Pick<Config, 'database'>; readonly secrets: Pick<Secrets, 'databaseUrl'> },
  work: () => Promise<T>,
): Promise<T> {
  const { database } = params.config
  return database.engine === 'postgres' ? withSetupLock(params.secrets.databaseUrl ?? '', work) : work()
}

/** Brings the schema up to date. @returns the titles of what was applied, in order. */
export function migrate(params: {
  readonly config: Pick<Config, 'database'>
  readonly secrets: Pick<Secrets, 'databaseUrl'>
}): Promise<readonly string[]> {
  const { database } = params.config
  switch (database.engine) {
    case 'sqlite':
      return migrateSqlite({ path: database.path })
    case 'postgres':
      return migratePostgres({ url: params.secrets.databaseUrl ?? '' })
  }
}

export function providerCatalog({
  clock = systemClock,
  callTimeoutMs,
}: {
  readonly clock?: Clock
  readonly callTimeoutMs?: number | undefined
} = {}): ReadonlyMap<string, Provider> {
  return makeProviders({ http: makeHttpClient({ callTimeoutMs }), clock })
}

function judgeAddress(text: string, trustsLocalhost: boolean): ReturnType<JudgeAddress> {
  if (trustsLocalhost && /^https?:\/\/(localhost|127\.0\.0\.1)(:\d+)?(\/|$)/.test(text)) return 'trusted'
  return isDiallable(text) ? 'public' : 'refused'
}

/** One secret key, a key of its own for each purpose. */
function deriveKeys({ secretKeys }: Pick<Secrets, 'secretKeys'>, purpose: string): [Uint8Array, ...Uint8Array[]] {
  const [present, ...older] = secretKeys
  const derive = (key: Uint8Array) => new Uint8Array(hkdfSync('sha256', key, '', purpose, 32))
  return [derive(present), ...older.map(derive)]
}

function listenError(error: unknown, { host, port }: Config): unknown {
  const code = error instanceof Error && 'code' in error ? error.code : undefined
  if (code === 'EADDRINUSE')
    return new SmsError('unavailable', `Port ${port} on ${host} is in use. Stop what uses it, or set TEXTBRIDGE_PORT.`)
  if (code === 'EACCES')
    return new SmsError(
      'unavailable',
      `Port ${port} may not be opened by this user. Set TEXTBRIDGE_PORT to 1024 or more.`,
    )
  if (code === 'EADDRNOTAVAIL')
    return new SmsError('unavailable', `${host} is no address of this machine. Correct TEXTBRIDGE_HOST.`)
  return error
}
