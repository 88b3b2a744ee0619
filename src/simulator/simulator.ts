import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo, Socket } from 'node:net'
import { errorFields } from '../core/error-fields.ts'
import { SmsError } from '../core/errors.ts'
import type { Clock } from '../ports/clock.ts'
import type { Log } from '../ports/log.ts'
import { type CarriedMessage, type Carrier, makeCarrier } from './carrier.ts'
import { ledgerPage } from './ledger-page.ts'
import { magicRecipients } from './magic-recipients.ts'
import { makeReceiptSender } from './receipts.ts'
import { makeTelnyxApi, type TelnyxAccount } from './telnyx.ts'
import { makeTwilioApi, type TwilioAccount } from './twilio.ts'
import type { SendCall, WireAnswer, WireApi, WireRequest } from './wire-api.ts'

export type SimulatedAccount = TwilioAccount | TelnyxAccount

export type Simulator = {
  readonly url: string
  /** What a provider account's `base_url` must be to reach this simulator. */
  readonly baseUrls: { readonly twilio: string; readonly telnyx: string }
  /** What was accepted, newest first. */
  ledger(): readonly CarriedMessage[]
  /** Send requests with valid credentials, accepted or not. */
  requestCount(): number
  /** Each answer is held back this long; 0 to `latencyMsMax`. */
  setLatency(ms: number): void
  /** Forgets the ledger. */
  clear(): void
  /** Resolves when no receipt is on its way any more. */
  receiptsSent(): Promise<void>
  close(): Promise<void>
}

export const latencyMsMax = 60_000
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
}): Promise<Simulator> {
  const { clock, log } = params
  const carrier = makeCarrier(clock)
  const receipts = makeReceiptSender({ clock, log, receiptDelayMs: params.receiptDelayMs ?? 500 })
  const apis = [
    makeTwilioApi({ accounts: params.accounts.filter((account) => account.provider === 'twilio'), carrier }),
    makeTelnyxApi({ accounts: params.accounts.filter((account) => account.provider === 'telnyx'), carrier, clock }),
  ]
  const stopping = new AbortController()
  let latencyMs = 0

  async function answerRequest(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const body = await readBody(request)
    if (body === undefined) {
      json(response, { status: 413, body: { error: 'The request body is too large.' } })
      return
    }
    const url = new URL(request.url ?? '/', 'http://simulator')
    const wireRequest = {
      method: request.method ?? 'GET',
      url,
      authorization: request.headers.authorization ?? '',
      contentType: request.headers['content-type'] ?? '',
      body,
    }
    for (const api of apis) {
      const result = api.handle(wireRequest)
      if (result === undefined) continue
      await clock.sleep(latencyMs, stopping.signal)
      if (result.kind === 'answer') json(response, result.answer)
      else carry(api, result.call, response)
      return
    }
    if (wireRequest.method === 'GET' && url.pathname === '/')
      response.writeHead(200, { 'content-type': 'text/html; charset=utf-8' }).end(ledgerPage(carrier, latencyMs))
    else json(response, answerOwn(wireRequest))
  }

  /** Decides by the recipient, and plays the fault at the socket. */
  function carry(api: WireApi, call: SendCall, response: ServerResponse): void {
    const behaviour = carrier.treat(call.submission.recipient)
    if (behaviour.refusal !== undefined) {
      const seconds = behaviour.retryAfterSeconds
      const headers = seconds === undefined ? {} : { 'retry-after': String(seconds) }
      json(response, { ...call.refused(behaviour.refusal), headers })
      return
    }
    const message = behaviour.accepts ? carrier.accept(call.submission) : undefined
    if (message !== undefined) receipts.play(api, message, behaviour.receipts)
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
      default:
        behaviour.answer satisfies never
    }
  }

  /** The simulator's own JSON, outside any provider's wire API. */
  function answerOwn({ method, url, body }: WireRequest): WireAnswer {
    switch (`${method} ${url.pathname}`) {
      case 'GET /ledger':
        return { status: 200, body: ledgerBody(carrier) }
      case 'DELETE /ledger':
        carrier.clear()
        return { status: 204 }
      case 'GET /settings':
        return { status: 200, body: { latency_ms: latencyMs, magic_recipients: magicRecipients } }
      case 'PUT /settings': {
        const wanted = latencyOf(body)
        if (wanted === undefined)
          return { status: 400, body: { error: `Send {"latency_ms": 0 to ${latencyMsMax}} as JSON.` } }
        latencyMs = wanted
        return { status: 200, body: { latency_ms: latencyMs } }
      }
      default:
        return { status: 404, body: { error: 'There is nothing at this address of the simulator.' } }
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
  const url = `http://${params.host}:${port}`

  return {
    url,
    baseUrls: { twilio: url, telnyx: `${url}/v2` },
    ledger: () => carrier.list(),
    requestCount: () => carrier.requestCount(),
    setLatency(ms) {
      latencyMs = Math.min(latencyMsMax, Math.max(0, ms))
    },
    clear: () => carrier.clear(),
    receiptsSent: () => receipts.idle(),
    async close() {
      stopping.abort()
      await receipts.stop()
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

function json(response: ServerResponse, { status, headers, body }: WireAnswer): void {
  response.writeHead(status, { 'content-type': 'application/json', ...headers })
  response.end(body === undefined ? undefined : JSON.stringify(body))
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

function ledgerBody(carrier: Carrier) {
  return {
    request_count: carrier.requestCount(),
    messages: carrier.list().map((message) => ({
      id: message.id,
      provider: message.provider,
      from: message.sender,
      to: message.recipient,
      body: message.body,
      media_urls: message.mediaUrls,
      segments: message.segmentCount,
      status: message.status,
      callback_url: message.callbackUrl ?? null,
      created_at: new Date(message.createdAt).toISOString(),
    })),
  }
}

function latencyOf(body: string): number | undefined {
  try {
    const settings: unknown = JSON.parse(body)
    const latency = typeof settings === 'object' && settings !== null && 'latency_ms' in settings && settings.latency_ms
    return typeof latency === 'number' && latency >= 0 && latency <= latencyMsMax ? latency : undefined
  } catch {
    // Not JSON: answered as any other wrong value.
    return undefined
  }
}
