import { type RunningApp, startApp } from '../../src/app.ts'
import { parseConfig } from '../../src/config/config.ts'
import { parseSecrets } from '../../src/config/secrets.ts'
import { makeLog } from '../../src/telemetry/log.ts'
import { fastClock } from './fast-clock.ts'
import { environmentOf, installOrganization, type senders } from './installation.ts'
import { answering, type RecordedRequest, type Reply, refusingUrl, startRecordingServer } from './recording-server.ts'
import { createDatabase, type engines } from './service-client.ts'

export type ProviderName = keyof typeof senders
export const providerNames = ['twilio', 'telnyx'] as const

export const keys = {
  ours: 'canary-key-0123456789-0123456789-0123456789',
  /** Of the same organization. */
  second: 'second-key-0123456789-0123456789-0123456789',
  /** Of an organization with numbers of its own. */
  strangers: 'strangers-key-0123456789-0123456789-012345',
} as const
export const strangersNumbers = { twilio: '+12025550150', telnyx: '+12025550151' } as const

export type SendAnswer = { readonly status: number; readonly headers: Headers; readonly body: Record<string, unknown> }
export type SendOptions = { readonly key?: string; readonly headers?: Readonly<Record<string, string>> }

export type SendService = {
  /** What was sent to a provider, in order, since the last `reply`; reconciliation only looks, and is not in here. */
  sent(): RecordedRequest[]
  readonly logLines: readonly string[]
  /** How both providers answer from now on. */
  reply(reply: Reply): void
  /** Resolves when so many sends have been taken in (begun, joined or replayed) since the last `reply`. */
  takenIn(count: number): Promise<void>
  send(fields: unknown, options?: SendOptions): Promise<SendAnswer>
  status(id: unknown): Promise<SendAnswer>
  optOut(recipient: string): Promise<SendAnswer>
  restart(): Promise<void>
  close(): Promise<void>
}

/** The whole service over an empty database, its provider accounts pointing at a recording server; waits pass fast. */
export async function startSendService(
  engine: (typeof engines)[number],
  { providersAreDown = false } = {},
): Promise<SendService> {
  const provider = await startRecordingServer()
  const database = await createDatabase(engine)
  const env = environmentOf(database)
  const baseUrl = providersAreDown ? await refusingUrl() : provider.url
  const baseUrls = { twilio: baseUrl, telnyx: baseUrl }
  await installOrganization(env, { name: 'Acme', apiKeys: [keys.ours, keys.second], baseUrls })
  await installOrganization(env, {
    name: 'Strangers',
    apiKeys: [keys.strangers],
    baseUrls,
    numbers: strangersNumbers,
  })
  const logLines: string[] = []
  const log = makeLog({ level: 'debug', destination: { write: (line: string) => void logLines.push(line) } })
  let takenIn = 0
  let wake = () => {}
  const start = () =>
    startApp({
      config: parseConfig(env),
      secrets: parseSecrets(env),
      log,
      version: 'test',
      clock: fastClock({ speed: 20 }),
      failpoints: {
        reach(name) {
          if (name !== 'after_accept_commit') return
          takenIn++
          wake()
        },
      },
      callTimeoutMs: 1_000,
    })
  let app: RunningApp = await start()

  async function call(path: string, init: RequestInit, { key = keys.ours, headers }: SendOptions): Promise<SendAnswer> {
    const response = await fetch(app.url + path, {
      ...init,
      headers: { authorization: `Bearer ${key}`, 'content-type': 'application/json', ...headers },
    })
    return {
      status: response.status,
      headers: response.headers,
      body: (await response.json()) as Record<string, unknown>,
    }
  }

  return {
    sent: () => provider.requests.filter(({ method }) => method === 'POST'),
    logLines,
    reply(reply) {
      provider.requests.length = 0
      takenIn = 0
      provider.reply(reply)
    },
    takenIn: (count) =>
      new Promise((resolve) => {
        wake = () => {
          if (takenIn >= count) resolve()
        }
        wake()
      }),
    send: (fields, options = {}) => call('/sms/send', { method: 'POST', body: JSON.stringify(fields) }, options),
    status: (id) => call(`/sms/${id}/status`, {}, {}),
    optOut: (recipient) =>
      call('/api/v1/opt-outs', { method: 'POST', body: JSON.stringify({ phone_number: recipient }) }, {}),
    async restart() {
      await app.close()
      app = await start()
    },
    async close() {
      await app.close()
      await provider.close()
      await database.drop()
    },
  }
}

let accepted = 0
/** As the provider that is asked accepts a text; every one has an id of its own. */
export const accepting: Reply = (response, request) => {
  accepted++
  const id = `SM${String(accepted).padStart(32, '0')}`
  if (request.path.endsWith('.json')) answering(201, { sid: id, status: 'queued' })(response, request)
  else answering(200, { data: { id, to: [{ status: 'queued' }] } })(response, request)
}

let people = 0
/** A number that no other test has texted. */
export function freshRecipient(): string {
  people++
  return `+1303555${String(people).padStart(4, '0')}`
}
