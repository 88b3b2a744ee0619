import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo, Socket } from 'node:net'
import { errorFields } from '../core/error-fields.ts'
import { SmsError } from '../core/errors.ts'
import type { Clock } from '../ports/clock.ts'
import type { Log } from '../ports/log.ts'
import { type CarriedMessage, type InboundText, makeCarrier } from './carrier.ts'
import { ledgerPage } from './ledger-page.ts'
import { makeOwnApi } from './own-api.ts'
import { makePeople, type SendText } from './people.ts'
import { makePhone } from './phone.ts'
import { makePhonePage } from './phone-page.ts'
import { makePhoneStreams } from './phone-stream.ts'
import { makePictures } from './pictures.ts'
import { makePoster } from './poster.ts'
import { makePlayReceipts } from './receipts.ts'
import { changeSettings, makeSettings, type SettingsChange } from './settings.ts'
import { makeTelnyxApi, type TelnyxAccount } from './telnyx.ts'
import { makeTwilioApi, type TwilioAccount } from './twilio.ts'
import type { SendCall, WireAnswer, WireApi } from './wire-api.ts'

export type SimulatedAccount = TwilioAccount | TelnyxAccount

export type Simulator = {
  readonly url: string
  /** What a provider account's `base_url` must be to reach this simulator. */
  readonly baseUrls: { readonly twilio: string; readonly telnyx: string }
  /** What was accepted, newest first. */
  ledger(): readonly CarriedMessage[]
  /** Send requests with valid credentials, accepted or not. */
  requestCount(): number
  /** What people texted, newest first. */
  inbound(): readonly InboundText[]
  /** A person texts one of the numbers; undefined when no account has it. */
  text: SendText
  configure(change: SettingsChange): void
  /** Each answer is held back this long. */
  setLatency(ms: number): void
  /** Forgets the ledger, who said STOP, and what waits in the queues of the numbers. */
  clear(): void
  /** Resolves when no receipt and no text is on its way any more. */
  receiptsSent(): Promise<void>
  close(): Promise<void>
}

const bodyBytesMax = 1024 * 1024
const trickleIntervalMs = 1_000

/** A local carrier that speaks the providers' wire APIs over HTTP. Nothing leaves the machine but its receipts. */
export async function startSimulator(params: {
  readonly host: string
  /** 0 takes any free port. */
  readonly port: number
  readonly accounts: readonly SimulatedAccount[]
  readonly clock: Clock
  readonly log: Log
  /** Between two moves of an accepted message (queued, sent, delivered). */
  readonly receiptDelayMs?: number
  /** The folder of the built phone page. */
  readonly phonePageFolder?: string
}): Promise<Simulator> {
  const { clock, log } = params
  const settings = makeSettings(params.accounts)
  const carrier = makeCarrier(clock, settings)
  const poster = makePoster({ clock, log, carrier })
  const playReceipts = makePlayReceipts({ carrier, poster, receiptDelayMs: params.receiptDelayMs ?? 500 })
  const stopping = new AbortController()
  let url = ''
  const shared = { carrier, clock, inboundUrls: settings.inboundUrls, origin: () => url }
  const apis = [
    makeTwilioApi({ ...shared, accounts: params.accounts.filter((account) => account.provider === 'twilio') }),
    makeTelnyxApi({ ...shared, accounts: params.accounts.filter((account) => account.provider === 'telnyx') }),
  ]
  const sendText = makePeople({ apis, carrier, settings, poster, clock })
  const pictures = makePictures()
  const numbers = params.accounts.flatMap(({ provider, numbers: own }) => own.map((number) => ({ number, provider })))
  const phone = makePhone({ carrier, numbers, pictures, origin: () => url })
  const streams = makePhoneStreams()
  carrier.watch((change) => streams.tell(phone.told(change)))
  const answerPage = makePhonePage(params.phonePageFolder)
  const answerOwn = makeOwnApi({ carrier, settings, sendText, pictures })

  async function answerRequest(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const body = await readBody(request)
    if (body === undefined) {
      json(response, { status: 413, body: { error: 'The request body is too large.' } })
      return
    }
    const target = new URL(request.url ?? '/', 'http://simulator')
    const wireRequest = {
      method: request.method ?? 'GET',
      url: target,
      authorization: request.headers.authorization ?? '',
      contentType: request.headers['content-type'] ?? '',
      body,
    }
    for (const api of apis) {
      const result = api.handle(wireRequest)
      if (result === undefined) continue
      await clock.sleep(settings.latencyMs, stopping.signal)
      if (result.kind === 'answer') json(response, result.answer)
      else await carry(api, result.call, response)
      return
    }
    const isRead = wireRequest.method === 'GET'
    if (isRead && target.pathname === '/phone/stream') {
      if (!streams.open(response)) json(response, { status: 503, body: { error: 'Too many phone pages are open.' } })
    } else if (isRead && target.pathname === '/')
      response
        .writeHead(200, { 'content-type': 'text/html; charset=utf-8' })
        .end(ledgerPage(carrier, settings.latencyMs))
    else json(response, phone.answer(wireRequest) ?? answerPage(wireRequest) ?? answerOwn(wireRequest))
  }

  /** Decides by the recipient, and plays the fault at the socket. */
  async function carry(api: WireApi, call: SendCall, response: ServerResponse): Promise<void> {
    const { accountId, sender, recipient } = call.submission
    const behaviour = carrier.treat(recipient)
    if (carrier.hasStopped(api.stopScope, { accountId, number: sender, person: recipient })) {
      json(response, call.refused('opted_out'))
      return
    }
    if (behaviour.refusal !== undefined) {
      json(response, { ...call.refused(behaviour.refusal), headers: retryAfter(behaviour.retryAfterSeconds) })
      return
    }
    const limit = settings.senderLimit
    const waitMs = behaviour.accepts ? carrier.waitFor(call.submission) : 0
    if (limit !== undefined && waitMs > 0) {
      const seconds = limit.saysRetryAfter ? Math.ceil(waitMs / 1_000) : undefined
      json(response, { ...call.refused(limit.refusal), headers: retryAfter(seconds) })
      return
    }
    const message = behaviour.accepts ? carrier.accept(call.submission) : undefined
    const played = message === undefined ? undefined : playReceipts(api, message, behaviour.receipts)
    const answer = message === undefined ? call.serverError() : call.accepted({ ...message, status: 'queued' })
    switch (behaviour.answer) {
      case 'usual':
        json(response, answer)
        break
      case 'server_error':
        json(response, call.serverError())
        break
      case 'reset':
        reset(response.socket)
        break
      case 'hang':
        break
      case 'truncated':
        truncate(response, answer)
        break
      case 'html':
        response.writeHead(200, { 'content-type': 'text/html' }).end('<html><body>Welcome</body></html>')
        break
      case 'slow':
        void trickle(response, answer)
        break
      case 'after_receipts':
        await played
        json(response, answer)
        break
      default:
        behaviour.answer satisfies never
    }
  }

  async function trickle(response: ServerResponse, answer: WireAnswer): Promise<void> {
    const text = JSON.stringify(answer.body)
    response.writeHead(answer.status, { 'content-type': 'application/json', 'content-length': Buffer.byteLength(text) })
    for (const character of text) {
      if (stopping.signal.aborted || response.destroyed) return
      response.write(character)
      await clock.sleep(trickleIntervalMs, stopping.signal)
    }
    response.end()
  }

  const server = createServer((request, response) => {
    answerRequest(request, response).catch((error: unknown) => {
      log.error('simulator.bug', errorFields(error))
      response.destroy()
    })
  })
  await listen(server, params)
  const { port } = server.address() as AddressInfo
  url = `http://${params.host}:${port}`

  return {
    url,
    baseUrls: { twilio: url, telnyx: `${url}/v2` },
    ledger: () => carrier.list(),
    requestCount: () => carrier.requestCount(),
    inbound: () => carrier.texts(),
    text: sendText,
    configure: (change) => changeSettings(settings, change),
    setLatency: (latencyMs) => changeSettings(settings, { latencyMs }),
    clear: () => carrier.clear(),
    receiptsSent: () => poster.idle(),
    async close() {
      stopping.abort()
      await poster.stop()
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}

function listen(server: ReturnType<typeof createServer>, { host, port }: { host: string; port: number }) {
  return new Promise<void>((resolve, reject) => {
    server.once('error', (error) =>
      reject(
        'code' in error && error.code === 'EADDRINUSE'
          ? new SmsError('unavailable', `Port ${port} on ${host}, for the simulator, is in use. Set TEXTBRIDGE_PORT.`)
          : error,
      ),
    )
    server.listen(port, host, resolve)
  })
}

async function readBody(request: IncomingMessage): Promise<string | undefined> {
  const chunks: Buffer[] = []
  let size = 0
  for await (const chunk of request) {
    size += chunk.length
    if (size > bodyBytesMax) return undefined
    chunks.push(chunk)
  }
  return Buffer.concat(chunks).toString('utf8')
}

function json(response: ServerResponse, { status, headers, body, content }: WireAnswer): void {
  response.writeHead(status, { 'content-type': 'application/json', ...headers })
  response.end(content ?? (body === undefined ? undefined : JSON.stringify(body)))
}

function retryAfter(seconds: number | undefined): Readonly<Record<string, string>> {
  return seconds === undefined ? {} : { 'retry-after': String(seconds) }
}

/** A TCP reset, not an orderly end. */
function reset(socket: Socket | null): void {
  socket?.resetAndDestroy()
}

/** Promises the whole answer, sends half of it, and closes. */
function truncate(response: ServerResponse, answer: WireAnswer): void {
  const text = JSON.stringify(answer.body)
  response.writeHead(answer.status, { 'content-type': 'application/json', 'content-length': Buffer.byteLength(text) })
  response.write(text.slice(0, text.length / 2), () => response.destroy())
}
