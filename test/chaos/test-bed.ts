import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { findFreePort } from '../support/postgres.ts'
import { temporaryFolder } from '../support/process.ts'
import { type Books, openBooks } from './books.ts'
import { startChild } from './child-process.ts'
import { type CarriedText, type DatedEntry, type History, openHistory, parseHistory, parseLedger } from './history.ts'
import type { PlannedSender } from './plan.ts'
import { type ServiceNode, startServiceNode } from './service-node.ts'

/** A carrier, a database and nodes of the service over it, each a process of its own, and the records of what happens. */
export type TestBed = {
  readonly history: History
  readonly books: Books
  /** By name, those that died too. */
  readonly nodes: ReadonlyMap<string, ServiceNode>
  /** Texts that the carrier has taken so far. */
  carried(): Promise<number>
  /** As soon as the carrier has a text of it in hand. */
  kill(name: string): Promise<void>
  freeze(name: string): void
  thaw(name: string): void
  /** SIGTERM, and a process of the same name and port after it. */
  restart(name: string): Promise<void>
  /** Of all nodes since they were ready, in microseconds. */
  cpuUs(): Promise<number>
  /** Stops the nodes that live, and reads what was recorded. */
  end(): Promise<{ readonly history: readonly DatedEntry[]; readonly ledger: readonly CarriedText[] }>
  /** Ends whatever still runs. */
  close(): Promise<void>
}

export const apiKey = 'the-key-of-the-campaigns-0123456789-0123456789'

export async function startTestBed(params: {
  readonly databaseUrl: string
  readonly senders: readonly PlannedSender[]
  readonly nodeCount: number
  /** The carrier answers after this. */
  readonly latencyMs: number
}): Promise<TestBed> {
  const folder = temporaryFolder()
  const at = (name: string) => join(folder.path, name)
  const carrier = await startChild({
    script: new URL('./carrier.ts', import.meta.url),
    args: [at('ledger'), String(params.latencyMs)],
    outputFile: at('carrier.log'),
  })
  writeFileSync(at('textbridge.yaml'), setupFileFor(params.senders, `http://127.0.0.1:${carrier.port}`))
  const history = openHistory(at('history'))
  const env = {
    TEXTBRIDGE_DATABASE_URL: params.databaseUrl,
    TEXTBRIDGE_SECRET_KEY: Buffer.alloc(32, 5).toString('base64'),
    TEXTBRIDGE_API_KEY: apiKey,
    TEXTBRIDGE_CONFIG: at('textbridge.yaml'),
  }
  const ports = new Map<string, number>()
  const nodes = new Map<string, ServiceNode>()
  const living = new Set<string>()
  let spentUs = 0

  async function start(name: string): Promise<void> {
    const port = ports.get(name) ?? (await findFreePort())
    ports.set(name, port)
    nodes.set(name, await startServiceNode({ name, port, env, logFile: at(`${name}.log`) }))
    living.add(name)
  }

  function nodeOf(name: string): ServiceNode {
    const node = nodes.get(name)
    if (node === undefined) throw new Error(`there is no node ${name}`)
    return node
  }

  async function terminate(name: string): Promise<void> {
    const node = nodeOf(name)
    spentUs += await node.cpuUs()
    living.delete(name)
    history.append({ kind: 'terminated', node: name })
    history.append({ kind: 'ended', node: name, exitCode: await node.terminate() })
  }

  for (let place = 0; place < params.nodeCount; place++) await start(`node ${place + 1}`)
  const books = await openBooks(params.databaseUrl)
  return {
    history,
    books,
    nodes,
    carried: () => carrier.ask('accepted'),
    async kill(name) {
      const node = nodeOf(name)
      spentUs += await node.cpuUs()
      living.delete(name)
      while ((await carrier.ask('open', { url: node.url })) === 0);
      history.append({ kind: 'killed', node: name })
      await node.kill()
    },
    freeze(name) {
      history.append({ kind: 'frozen', node: name })
      nodeOf(name).freeze()
    },
    thaw(name) {
      history.append({ kind: 'thawed', node: name })
      nodeOf(name).thaw()
    },
    async restart(name) {
      await terminate(name)
      await start(name)
      history.append({ kind: 'restarted', node: name })
    },
    async cpuUs() {
      let sumUs = spentUs
      for (const name of living) sumUs += await nodeOf(name).cpuUs()
      return sumUs
    },
    async end() {
      for (const name of [...living]) await terminate(name)
      return { history: parseHistory(at('history')), ledger: parseLedger(at('ledger')) }
    },
    async close() {
      await Promise.all([...living].map((name) => nodeOf(name).kill()))
      await books.close()
      carrier.signal('SIGTERM')
      await carrier.ended
      history.close()
      folder.remove()
    },
  }
}

/** No account is slower than its numbers. */
const accountPace = 10_000

function setupFileFor(senders: readonly PlannedSender[], carrierUrl: string): string {
  const numbers = (provider: PlannedSender['provider']) =>
    senders
      .filter((sender) => sender.provider === provider)
      .map(({ phoneNumber, segmentsPerSecond }) => ({
        number: phoneNumber,
        pace: { segments_per_second: String(segmentsPerSecond) },
      }))
  const pace = { sms_per_second: String(accountPace) }
  // JSON is YAML.
  return JSON.stringify({
    organization: 'Campaign',
    provider_accounts: [
      { name: 'main-twilio', provider: 'twilio', account_sid: 'AC1', auth_token: 'token', base_url: carrierUrl, pace },
      { name: 'main-telnyx', provider: 'telnyx', api_key: 'KEY1', base_url: `${carrierUrl}/v2`, pace },
    ],
    assistants: (['twilio', 'telnyx'] as const).map((provider) => ({
      name: `Assistant on ${provider}`,
      provider_account: `main-${provider}`,
      phone_numbers: numbers(provider),
    })),
  })
}
