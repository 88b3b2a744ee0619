import { createServer, type IncomingMessage, type RequestListener, type ServerResponse } from 'node:http'
import { createServer as createTlsServer } from 'node:https'
import type { AddressInfo } from 'node:net'
import { selfSigned } from './self-signed.ts'

export type RecordedRequest = {
  readonly method: string
  /** Path and query, as they came. */
  readonly path: string
  readonly headers: IncomingMessage['headers']
  readonly body: string
}

export type Reply = (response: ServerResponse, request: RecordedRequest) => void

export type RecordingServer = {
  readonly url: string
  readonly port: number
  /** Everything that arrived whole, in order. */
  readonly requests: RecordedRequest[]
  /** Connections accepted so far. */
  connectionCount(): number
  /** How each request from now on is answered; 204 until then. */
  reply(reply: Reply): void
  close(): Promise<void>
}

/** A real HTTP server on a free port that keeps what it is sent and answers as told. */
export async function startRecordingServer({ tls = false } = {}): Promise<RecordingServer> {
  const requests: RecordedRequest[] = []
  let connectionCount = 0
  let reply: Reply = (response) => response.writeHead(204).end()

  const listener: RequestListener = (request, response) => {
    const chunks: Buffer[] = []
    request.on('data', (chunk: Buffer) => chunks.push(chunk))
    request.on('end', () => {
      const recorded = {
        method: request.method ?? '',
        path: request.url ?? '',
        headers: request.headers,
        body: Buffer.concat(chunks).toString('utf8'),
      }
      requests.push(recorded)
      reply(response, recorded)
    })
  }
  const server = tls ? createTlsServer(selfSigned, listener) : createServer(listener)
  server.on(tls ? 'secureConnection' : 'connection', () => {
    connectionCount++
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  return {
    url: `http${tls ? 's' : ''}://127.0.0.1:${port}`,
    port,
    requests,
    connectionCount: () => connectionCount,
    reply(next) {
      reply = next
    },
    async close() {
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}

export function answering(status: number, body: unknown, headers: Record<string, string> = {}): Reply {
  const text = typeof body === 'string' ? body : JSON.stringify(body)
  return (response) => response.writeHead(status, { 'content-type': 'application/json', ...headers }).end(text)
}

/** A TCP reset instead of an answer. */
export const resetting: Reply = (response) => response.socket?.resetAndDestroy()

/** An orderly end of the connection instead of an answer. */
export const hangingUp: Reply = (response) => response.socket?.end()

export const silent: Reply = () => undefined

/** Promises the whole body, sends half of it, and closes. */
export function cutting(status: number, body: unknown): Reply {
  const text = JSON.stringify(body)
  return (response) => {
    response.writeHead(status, { 'content-type': 'application/json', 'content-length': Buffer.byteLength(text) })
    response.write(text.slice(0, text.length / 2), () => response.destroy())
  }
}

/** A byte at a time, for ever: each one would start a timeout between bytes anew. */
export const dribbling: Reply = (response) => {
  response.writeHead(200, { 'content-type': 'application/json' })
  const timer = setInterval(() => response.write(' '), 5)
  response.on('close', () => clearInterval(timer))
}

/** The address of a port on which nobody listens any more. */
export async function refusingUrl(): Promise<string> {
  const server = await startRecordingServer()
  await server.close()
  return server.url
}
