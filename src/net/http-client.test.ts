import assert from 'node:assert/strict'
import { once } from 'node:events'
import { createSecureServer } from 'node:http2'
import { type AddressInfo, connect, createServer as createTcpServer, type Socket } from 'node:net'
import { after, afterEach, before, beforeEach, suite, test } from 'node:test'
import { createServer as createTlsServer, getCACertificates, setDefaultCACertificates } from 'node:tls'
import {
  answering,
  cutting,
  dribbling,
  hangingUp,
  type RecordingServer,
  refusingUrl,
  resetting,
  silent,
  startRecordingServer,
} from '../../test/support/recording-server.ts'
import { selfSigned } from '../../test/support/self-signed.ts'
import { type HttpClient, makeHttpClient } from './http-client.ts'

const trusted = getCACertificates('default')
let server: RecordingServer
let http: HttpClient

beforeEach(async () => {
  server = await startRecordingServer()
  http = makeHttpClient({ callTimeoutMs: 5_000 })
})
afterEach(async () => {
  await http.close()
  await server.close()
})

const post = (url = server.url, client = http) =>
  client.post({ url: `${url}/send?a=1`, headers: { 'content-type': 'text/plain' }, body: 'Olá 👋' })

/** For what must end by a time limit. */
function withShortTimeouts(timeouts: { callTimeoutMs: number; connectTimeoutMs?: number }): HttpClient {
  const client = makeHttpClient(timeouts)
  cleanUps.push(() => client.close())
  return client
}
const cleanUps: (() => Promise<unknown>)[] = []
afterEach(async () => {
  for (const cleanUp of cleanUps.splice(0)) await cleanUp()
})

suite('an answer', () => {
  test('comes back as it is, whatever its status; a redirect is not followed', async () => {
    for (const status of [200, 201, 302, 307, 400, 429, 500]) {
      server.reply(answering(status, '{"é":1}', { location: '/elsewhere', 'retry-after': '3' }))
      const result = await post()
      assert.ok(result.kind === 'answer')
      assert.deepEqual([result.status, result.body, result.headers['retry-after']], [status, '{"é":1}', '3'])
    }
    assert.equal(server.requests.length, 7)
    assert.deepEqual([server.requests[0]?.path, server.requests[0]?.body], ['/send?a=1', 'Olá 👋'])
  })

  test('is the final one: informational answers before it are passed over', async () => {
    server.reply((response, request) => {
      response.writeEarlyHints({ link: '</x>; rel=preload' })
      answering(201, 'done')(response, request)
    })
    const result = await post()
    assert.ok(result.kind === 'answer' && result.status === 201 && result.body === 'done')
  })

  test('is read up to 64 kB and no further', async () => {
    server.reply(answering(200, 'x'.repeat(64 * 1024)))
    assert.equal((await post()).kind, 'answer')
    server.reply(answering(200, 'x'.repeat(64 * 1024 + 1)))
    assert.deepEqual(await post(), { kind: 'unknown', detail: 'the answer was larger than 64 kB' })
    server.reply((response) => {
      response.writeHead(200)
      const flood = () => {
        while (!response.destroyed && response.write('x'.repeat(16_384)));
      }
      response.on('drain', flood)
      flood()
    })
    assert.deepEqual(await post(), { kind: 'unknown', detail: 'the answer was larger than 64 kB' })
  })
})

suite('a GET', () => {
  const get = (client = http) => client.get(`${server.url}/list?a=1`, { accept: 'application/json' })

  test('is one request without a body, and its answer comes back as it is', async () => {
    server.reply(answering(404, '{"é":1}'))
    const result = await get()
    assert.ok(result.kind === 'answer' && result.status === 404 && result.body === '{"é":1}')
    const [request] = server.requests
    assert.deepEqual([request?.method, request?.path, request?.body], ['GET', '/list?a=1', ''])
    assert.deepEqual([request?.headers['content-length'], request?.headers.accept], [undefined, 'application/json'])
  })

  test('has its answer read up to 1 MB and no further', async () => {
    server.reply(answering(200, 'x'.repeat(1024 * 1024)))
    assert.equal((await get()).kind, 'answer')
    server.reply(answering(200, 'x'.repeat(1024 * 1024 + 1)))
    assert.deepEqual(await get(), { kind: 'unknown', detail: 'the answer was larger than 1024 kB' })
  })

  test('is not repeated after a reset, is not followed elsewhere, and ends by its deadline', async () => {
    server.reply(resetting)
    assert.equal((await get()).kind, 'unknown')
    server.reply(answering(307, '', { location: '/elsewhere' }))
    const redirect = await get()
    assert.ok(redirect.kind === 'answer' && redirect.status === 307)
    server.reply(silent)
    const late = await get(withShortTimeouts({ callTimeoutMs: 500 }))
    assert.deepEqual(late, { kind: 'unknown', detail: 'no answer within 0.5 s' })
    assert.equal(server.requests.length, 3)
  })
})

suite('unknown: the request was written and no whole answer came', () => {
  const faults = {
    'a reset': [resetting, /^the connection failed \((ECONNRESET|UND_ERR_SOCKET)\)$/],
    'an orderly end': [hangingUp, /^the connection failed \(UND_ERR_SOCKET\)$/],
    'half an answer': [cutting(200, { id: 'x'.repeat(100) }), /^the connection failed/],
    'something that is not HTTP': [(response) => response.socket?.end('SSH-2.0-x\r\n'), /^the connection failed/],
  } as const satisfies Record<string, readonly [Parameters<RecordingServer['reply']>[0], RegExp]>
  for (const [what, [reply, detail]] of Object.entries(faults))
    test(`${what}, on a fresh connection and on a reused one, with one request each`, async () => {
      server.reply(reply)
      const fresh = await post()
      server.reply(answering(200, ''))
      await post()
      server.reply(reply)
      const reused = await post()
      for (const result of [fresh, reused]) {
        assert.ok(result.kind === 'unknown', JSON.stringify(result))
        assert.match(result.detail, detail)
      }
      // Closing lets everything end that may still be under way, a hidden repeat too.
      await http.close()
      assert.equal(server.requests.length, 3)
    })

  test('no answer in time, and an answer that dribbles on past it', async () => {
    const client = withShortTimeouts({ callTimeoutMs: 500 })
    for (const reply of [silent, dribbling]) {
      server.reply(reply)
      assert.deepEqual(await post(server.url, client), { kind: 'unknown', detail: 'no answer within 0.5 s' })
    }
    assert.equal(server.requests.length, 2)
  })
})

suite('not sent: nothing was written', () => {
  test('a refused connection, on one address and on several', async () => {
    const url = await refusingUrl()
    assert.deepEqual(await post(url), { kind: 'not_sent', detail: 'could not connect (ECONNREFUSED)' })
    // localhost is ::1 and 127.0.0.1 where both exist: then an AggregateError.
    const result = await post(url.replace('127.0.0.1', 'localhost'))
    assert.deepEqual(result, { kind: 'not_sent', detail: 'could not connect (ECONNREFUSED)' })
  })

  test('a name that does not resolve', async () => {
    assert.equal((await post('http://nowhere.invalid')).kind, 'not_sent')
  })

  test('an address that is no http URL, or a header that HTTP cannot carry', async () => {
    for (const url of ['', 'nonsense', 'ftp://127.0.0.1']) assert.equal((await post(url)).kind, 'not_sent')
    const result = await http.post({ url: server.url, headers: { authorization: 'a\r\nb' }, body: '' })
    assert.equal(result.kind, 'not_sent')
    assert.equal(server.requests.length, 0)
  })
})

suite('TLS', () => {
  before(() => setDefaultCACertificates([...trusted, selfSigned.cert]))
  after(() => setDefaultCACertificates(trusted))

  async function listen(listener: { listen: (port: number, host: string, ready: () => void) => Listener }) {
    const listening = await new Promise<Listener>((resolve) => {
      const it = listener.listen(0, '127.0.0.1', () => resolve(it))
    })
    cleanUps.push(async () => listening.close())
    return `https://127.0.0.1:${(listening.address() as AddressInfo).port}`
  }
  type Listener = { close(): unknown; address(): AddressInfo | string | null }

  test('a certificate that is not trusted is not sent', async () => {
    setDefaultCACertificates(trusted)
    const secure = await startRecordingServer({ tls: true })
    cleanUps.push(() => secure.close())
    const result = await post(secure.url)
    setDefaultCACertificates([...trusted, selfSigned.cert])
    assert.deepEqual(result, { kind: 'not_sent', detail: 'could not connect (DEPTH_ZERO_SELF_SIGNED_CERT)' })
    assert.equal(secure.requests.length, 0)
  })

  test('a peer that speaks no TLS, has no common cipher, or resets during the handshake is not sent', async () => {
    const plain = await post(server.url.replace('http:', 'https:'))
    const noCipher = await post(await listen(createTlsServer({ ciphers: 'PSK', pskCallback: () => null })))
    const reset = await post(
      await listen(createTcpServer((socket) => socket.once('data', () => socket.resetAndDestroy()))),
    )
    for (const result of [plain, noCipher, reset]) assert.equal(result.kind, 'not_sent', JSON.stringify(result))
  })

  test('a handshake that does not end is not sent, by the connect timeout or by the deadline', async () => {
    const sockets: Socket[] = []
    const url = await listen(createTcpServer((socket) => void sockets.push(socket)))
    const byConnect = await post(url, withShortTimeouts({ callTimeoutMs: 5_000, connectTimeoutMs: 50 }))
    const byDeadline = await post(url, withShortTimeouts({ callTimeoutMs: 50 }))
    assert.deepEqual(byConnect, { kind: 'not_sent', detail: 'could not connect (UND_ERR_CONNECT_TIMEOUT)' })
    assert.deepEqual(byDeadline, { kind: 'not_sent', detail: 'no connection within 0.05 s' })
    for (const socket of sockets) socket.destroy()
  })

  test('a connection that comes about after the deadline of the call is not written to', async () => {
    const secure = await startRecordingServer({ tls: true })
    cleanUps.push(() => secure.close())
    const held: Socket[] = []
    const url = await listen(createTcpServer((socket) => void held.push(socket)))
    const client = makeHttpClient({ callTimeoutMs: 100 })
    assert.equal((await post(url, client)).kind, 'not_sent')
    const ends = held.map((socket) => once(socket.pipe(connect(secure.port, '127.0.0.1')).pipe(socket), 'close'))
    await client.close()
    await Promise.all(ends)
    assert.equal(secure.requests.length, 0)
  })

  test('a reset after the handshake, with the request written, is unknown', async () => {
    const secure = await startRecordingServer({ tls: true })
    cleanUps.push(() => secure.close())
    secure.reply((response) => response.socket?.destroy())
    assert.equal((await post(secure.url)).kind, 'unknown')
    assert.equal(secure.requests.length, 1)
  })

  test('HTTP/1.1 is spoken to a server that would rather have HTTP/2', async () => {
    const protocols: string[] = []
    const url = await listen(
      createSecureServer({ ...selfSigned, allowHTTP1: true }, (request, response) => {
        protocols.push(request.httpVersion)
        response.writeHead(200, { connection: 'close' }).end()
      }),
    )
    assert.equal((await post(url)).kind, 'answer')
    assert.deepEqual(protocols, ['1.1'])
  })
})

suite('keep-alive', () => {
  test('a connection is used again', async () => {
    for (let count = 0; count < 20; count++) await post()
    // Two, since a connection rests for one turn of the event loop between two calls.
    assert.ok(server.connectionCount() <= 2)
  })

  test('a connection that the server closes right after its answer costs no call', async () => {
    server.reply((response) => {
      const { socket } = response
      response.on('finish', () => socket?.end())
      response.writeHead(200, { 'content-length': 2 }).end('ok')
    })
    for (let count = 0; count < 50; count++) assert.equal((await post()).kind, 'answer')
    assert.deepEqual([server.requests.length, server.connectionCount()], [50, 50])
  })

  test('a connection that the server resets right after its answer never makes an unknown', async () => {
    server.reply((response) => {
      const { socket } = response
      response.on('finish', () => setImmediate(() => socket?.resetAndDestroy()))
      response.writeHead(200, { 'content-length': 2 }).end('ok')
    })
    let answerCount = 0
    for (let count = 0; count < 50; count++) {
      const result = await post()
      assert.notEqual(result.kind, 'unknown')
      if (result.kind === 'answer') answerCount++
    }
    assert.equal(server.requests.length, answerCount)
  })

  test('a connection is not used again when the server says it closes it, or keeps it for less than 3 s', async () => {
    for (const headers of [{ connection: 'close' }, { connection: 'keep-alive', 'keep-alive': 'timeout=2' }]) {
      const before = server.connectionCount()
      server.reply(answering(200, '', headers))
      await post()
      await post()
      assert.equal(server.connectionCount() - before, 2, JSON.stringify(headers))
    }
  })

  test('an idle connection is closed from this side, earlier than the server said', async () => {
    let closed = Promise.resolve<unknown>(undefined)
    server.reply((response) => {
      if (response.socket !== null) closed = once(response.socket, 'close')
      response.writeHead(200, { connection: 'keep-alive', 'keep-alive': 'timeout=3' }).end()
    })
    await post()
    const idleSince = performance.now()
    await closed
    assert.ok(performance.now() - idleSince < 2_500)
  })
})

test('closing lets a running call end', async () => {
  let finish = () => {}
  const arrived = new Promise<void>((resolve) => {
    server.reply((response) => {
      finish = () => response.writeHead(200).end('late')
      resolve()
    })
  })
  const call = post()
  await arrived
  const closed = http.close()
  finish()
  const result = await call
  await closed
  assert.ok(result.kind === 'answer' && result.body === 'late')
})
