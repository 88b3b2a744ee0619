import { connect, type Socket } from 'node:net'
import { numberIn } from './child.ts'
import { makeFrameReader } from './http-frames.ts'

/** Assistants mostly text people whom they know: a conversation begins once for each. */
const peopleMax = 10_000

/**
 * Load in a closed loop: each connection sends, waits for the answer, and sends again, until the time is over. No two
 * messages are alike, so none joins another.
 */
const [apiKey = '', sender = ''] = process.argv.slice(2)
let sent = 0

type Load = {
  readonly port: number
  readonly connections: number
  readonly durationMs: number
  /** Each message carries an idempotency key of its own. */
  readonly withKeys: boolean
  /** Each message waits for its turn in the queue. */
  readonly queued: boolean
}

function requestText({ port, withKeys, queued }: Load): string {
  sent++
  const body = JSON.stringify({
    from_phone_number: sender,
    to_phone_number: `+1${2_000_000_000 + (sent % peopleMax)}`,
    message: `Your table for two at 19:30 is confirmed, booking ${sent}. Reply C to cancel it.`,
    ...(withKeys ? { idempotency_key: crypto.randomUUID() } : {}),
    ...(queued ? { queue: true } : {}),
  })
  return `POST /sms/send HTTP/1.1\r\nHost: 127.0.0.1:${port}\r\nAuthorization: Bearer ${apiKey}\r\nContent-Type: application/json\r\nContent-Length: ${body.length}\r\n\r\n${body}`
}

/** @returns how long each answer took, in milliseconds. */
function drive(socket: Socket, load: Load, deadline: number): Promise<number[]> {
  return new Promise((resolve, reject) => {
    const latencies: number[] = []
    let startedAt = performance.now()
    const send = () => {
      startedAt = performance.now()
      socket.write(requestText(load))
    }
    socket.on(
      'data',
      makeFrameReader(({ head, body }) => {
        const now = performance.now()
        latencies.push(now - startedAt)
        if (!head.startsWith('HTTP/1.1 200 ')) reject(new Error(`a message was not sent: ${head}\n${body}`))
        else if (now < deadline) send()
        else {
          resolve(latencies)
          socket.destroy()
        }
      }),
    )
    socket.on('error', reject)
    socket.on('end', () => reject(new Error('the service closed a connection')))
    send()
  })
}

async function run(load: Load) {
  const sockets = await Promise.all(Array.from({ length: load.connections }, () => opened(load.port)))
  const startedAt = performance.now()
  const deadline = startedAt + load.durationMs
  const latencies = (await Promise.all(sockets.map((socket) => drive(socket, load, deadline)))).flat()
  const elapsedMs = performance.now() - startedAt
  latencies.sort((left, right) => left - right)
  const quantile = (part: number) => latencies[Math.floor(part * (latencies.length - 1))] ?? 0
  return { count: latencies.length, elapsedMs, p50Ms: quantile(0.5), p99Ms: quantile(0.99) }
}

function opened(port: number): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const socket = connect({ port, host: '127.0.0.1', noDelay: true }, () => resolve(socket))
    socket.once('error', reject)
  })
}

process.on('message', async (question) => {
  const load: Load = {
    port: numberIn(question, 'port'),
    connections: numberIn(question, 'connections'),
    durationMs: numberIn(question, 'durationMs'),
    withKeys: numberIn(question, 'withKeys') === 1,
    queued: numberIn(question, 'queued') === 1,
  }
  process.send?.(await run(load))
})
