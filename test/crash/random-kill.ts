/**
 * Kills the service at random moments under load, and compares what callers were told, what is stored and what the
 * carrier took. By hand: `node test/crash/random-kill.ts --kills 1000 --engine postgres --seed 7`.
 */
import { parseArgs } from 'node:util'
import { type Simulator, startSimulator } from '../../src/simulator/simulator.ts'
import { systemClock } from '../../src/telemetry/clock.ts'
import { environmentOf, installOrganization, senders } from '../support/installation.ts'
import { at, createDatabase, engines } from '../support/service-client.ts'
import { pastLeaseMs, type ServiceProcess, startServiceProcess } from '../support/service-process.ts'
import { silentLog } from '../support/silent-log.ts'
import { telnyxAccount, twilioAccount } from '../support/simulated-accounts.ts'

const apiKey = 'the-key-of-the-crash-tests-0123456789'
const callers = 16
/** The ledger is compared and emptied after so many kills, because a simulator keeps a bounded one. */
const killsPerRound = 20

/** One text and everything its caller was told about it. It is asked for with an idempotency key, so repeating is safe. */
type Sending = { readonly text: string; readonly provider: keyof typeof senders; readonly answers: Answer[] }
type Answer = { readonly status: number; readonly body: unknown }

export type Report = {
  readonly kills: number
  readonly messages: number
  readonly sent: number
  /** Their process died between the attempt and its outcome. */
  readonly unknown: number
  /** What must not be: a sentence each. */
  readonly faults: readonly string[]
}

export async function killAtRandom(params: {
  readonly engine: (typeof engines)[number]
  readonly kills: number
  readonly seed: number
}): Promise<Report> {
  const random = seededRandom(params.seed)
  const database = await createDatabase(params.engine)
  const accounts = [twilioAccount, telnyxAccount]
  const simulator = await startSimulator({ host: '127.0.0.1', port: 0, accounts, clock: systemClock, log: silentLog })
  try {
    simulator.setLatency(3)
    const env = environmentOf(database)
    await installOrganization(env, { name: 'Acme', apiKeys: [apiKey], baseUrls: simulator.baseUrls })
    let report: Report = { kills: 0, messages: 0, sent: 0, unknown: 0, faults: [] }
    while (report.kills < params.kills) {
      const kills = Math.min(killsPerRound, params.kills - report.kills)
      report = sum(report, await runRound({ env, simulator, kills, random, firstText: report.messages }))
      simulator.clear()
    }
    return report
  } finally {
    await simulator.close()
    await database.drop()
  }
}

type Round = {
  readonly env: Record<string, string>
  readonly simulator: Simulator
  readonly kills: number
  readonly random: () => number
  readonly firstText: number
}

async function runRound({ env, simulator, kills, random, firstText }: Round): Promise<Report> {
  const sendings: Sending[] = []
  for (let kill = 0; kill < kills; kill++) {
    const service = await startServiceProcess({ env })
    const load = Promise.all(Array.from({ length: callers }, () => sendUntilCut(service, sendings, firstText)))
    // No state is awaited here: the moment of the kill is what is random.
    await systemClock.sleep(20 + 300 * random())
    await service.kill()
    await load
  }
  const service = await startServiceProcess({ env, aheadMs: pastLeaseMs })
  try {
    for (let start = 0; start < sendings.length; start += callers)
      await Promise.all(sendings.slice(start, start + callers).map((sending) => ask(service, sending)))
    const faults = [
      ...sendings.flatMap((sending) => faultsOf(sending, simulator)),
      ...(await notStored(service, simulator)),
    ]
    const ended = (status: number) => sendings.filter(({ answers }) => answers.at(-1)?.status === status).length
    return { kills, messages: sendings.length, sent: ended(200), unknown: ended(500), faults }
  } finally {
    await service.kill()
  }
}

async function sendUntilCut(service: ServiceProcess, sendings: Sending[], firstText: number): Promise<void> {
  for (;;) {
    const number = firstText + sendings.length
    const sending: Sending = { text: `text ${number}`, provider: number % 2 === 0 ? 'twilio' : 'telnyx', answers: [] }
    sendings.push(sending)
    if (!(await ask(service, sending))) return
  }
}

/** @returns false when the connection broke, which tells a caller nothing. */
async function ask(service: ServiceProcess, { text, provider, answers }: Sending): Promise<boolean> {
  try {
    const response = await fetch(`${service.url}/sms/send`, {
      method: 'POST',
      headers: { ...authorized, 'content-type': 'application/json', 'idempotency-key': text },
      body: JSON.stringify({ from_phone_number: senders[provider], to_phone_number: '+12025550199', message: text }),
    })
    answers.push({ status: response.status, body: await response.json() })
    return true
  } catch (error) {
    if (error instanceof TypeError) return false
    throw error
  }
}

const authorized = { authorization: `Bearer ${apiKey}` }

function faultsOf({ text, answers }: Sending, simulator: Simulator): string[] {
  const carried = simulator.ledger().filter((message) => message.body === text)
  const told = answers.filter(({ status }) => status === 200).map(({ body }) => at(body, 'message_id'))
  const last = answers.at(-1)
  const end = `${last?.status} ${at(last?.body, 'code') ?? at(last?.body, 'status')}`
  return [
    ...(carried.length > 1 ? [`${text} went out ${carried.length} times`] : []),
    ...(told.some((id) => id !== carried[0]?.id) ? [`${text} was answered with 200 and is not in the ledger`] : []),
    ...(told.length > 0 && last?.status !== 200 ? [`${text} was answered with 200 and then with ${end}`] : []),
    ...(['200 sent', '500 outcome_unknown'].includes(end) ? [] : [`${text} ended with ${end}`]),
    ...(new Set(answers.flatMap(({ body }) => at(body, 'id') ?? [])).size > 1 ? [`${text} has two ids`] : []),
  ]
}

/** Each text that went out carries the id of its message, and that message must be stored. */
async function notStored(service: ServiceProcess, simulator: Simulator): Promise<string[]> {
  const faults: string[] = []
  for (const { body, callbackUrl } of simulator.ledger()) {
    const id = URL.parse(callbackUrl ?? '')?.searchParams.get('message_id')
    const response = await fetch(`${service.url}/sms/${id}/status`, { headers: authorized })
    await response.arrayBuffer()
    if (response.status !== 200) faults.push(`${body} went out and is not stored`)
  }
  return faults
}

function sum(left: Report, right: Report): Report {
  return {
    kills: left.kills + right.kills,
    messages: left.messages + right.messages,
    sent: left.sent + right.sent,
    unknown: left.unknown + right.unknown,
    faults: [...left.faults, ...right.faults],
  }
}

/** Mulberry32. */
function seededRandom(seed: number): () => number {
  let state = seed
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
}

if (import.meta.main) {
  const { values } = parseArgs({
    options: {
      kills: { type: 'string', default: '100' },
      engine: { type: 'string', default: 'sqlite' },
      seed: { type: 'string', default: '1' },
    },
  })
  const engine = engines.find((name) => name === values.engine)
  if (engine === undefined) throw new Error(`--engine must be one of: ${engines.join(', ')}`)
  const report = await killAtRandom({ engine, kills: Number(values.kills), seed: Number(values.seed) })
  process.stdout.write(`${JSON.stringify({ engine, seed: values.seed, ...report }, undefined, 2)}\n`)
  process.exitCode = report.faults.length === 0 ? 0 : 1
}
