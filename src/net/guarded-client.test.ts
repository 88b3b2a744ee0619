import assert from 'node:assert/strict'
import { after, before, suite, test } from 'node:test'
import { getCACertificates, setDefaultCACertificates } from 'node:tls'
import {
  answering,
  dribbling,
  type RecordingServer,
  refusingUrl,
  resetting,
  silent,
  startRecordingServer,
} from '../../test/support/recording-server.ts'
import { selfSigned } from '../../test/support/self-signed.ts'
import { makeGuardedClient, type Resolve } from './guarded-client.ts'
import { isPublicAddress } from './public-address.ts'

suite('which addresses may be dialled for others', () => {
  const rows: readonly [address: string, isPublic: boolean][] = [
    ['8.8.8.8', true],
    ['93.184.216.34', true],
    ['2606:4700::1111', true],
    ['2a00:1450:4001:81c::200e', true],
    ['0.0.0.0', false],
    ['10.1.2.3', false],
    ['100.64.0.1', false],
    ['127.0.0.1', false],
    ['127.255.255.254', false],
    ['169.254.169.254', false],
    ['172.16.0.1', false],
    ['172.31.255.255', false],
    ['192.0.0.8', false],
    ['192.0.2.1', false],
    ['192.31.196.1', false],
    ['192.52.193.1', false],
    ['192.88.99.1', false],
    ['192.168.1.1', false],
    ['192.175.48.1', false],
    ['198.18.0.1', false],
    ['198.51.100.7', false],
    ['203.0.113.7', false],
    ['224.0.0.1', false],
    ['239.255.255.250', false],
    ['240.0.0.1', false],
    ['255.255.255.255', false],
    ['::', false],
    ['::1', false],
    ['::127.0.0.1', false],
    ['::ffff:127.0.0.1', false],
    ['::ffff:8.8.8.8', false],
    ['::ffff:0:8.8.8.8', false],
    ['64:ff9b::7f00:1', false],
    ['64:ff9b:1::7f00:1', false],
    ['100::1', false],
    ['2001::1', false],
    ['2001:20::1', false],
    ['2001:db8::1', false],
    ['2002:7f00:1::', false],
    ['3fff::1', false],
    ['5f00::1', false],
    ['fc00::1', false],
    ['fd12:3456::1', false],
    ['fe80::1', false],
    ['fe80::1%eth0', false],
    ['fec0::1', false],
    ['ff02::1', false],
    ['localhost', false],
    ['', false],
  ]
  for (const [address, isPublic] of rows)
    test(`${address} ${isPublic ? 'is public' : 'is not'}`, () => assert.equal(isPublicAddress(address), isPublic))
})

suite('a guarded client', () => {
  let server: RecordingServer
  let secure: RecordingServer

  before(async () => {
    setDefaultCACertificates([...getCACertificates(), selfSigned.cert])
    ;[server, secure] = await Promise.all([startRecordingServer(), startRecordingServer({ tls: true })])
  })
  after(() => Promise.all([server.close(), secure.close()]))

  const to = (...addresses: string[]): Resolve => {
    return async () => addresses.map((address) => ({ address, family: address.includes(':') ? 6 : 4 }))
  }
  const headers = { 'content-type': 'application/json' }

  const refused: readonly [url: string, resolve: Resolve, fault: RegExp][] = [
    ['https://hooks.example/', to('127.0.0.1'), /not public/],
    ['https://hooks.example/', to('8.8.8.8', '10.0.0.1'), /not public/],
    ['https://hooks.example/', to('::ffff:7f00:1'), /not public/],
    ['https://hooks.example/', to(), /no address/],
    ['https://127.0.0.1/', to(), /not public/],
    ['https://127.1/', to(), /not public/],
    ['https://2130706433/', to(), /not public/],
    ['https://0x7f000001/', to(), /not public/],
    ['https://0177.0.0.1/', to(), /not public/],
    ['https://１２７.0.0.1/', to(), /not public/],
    ['https://0x08080808/?8.8.8.8', to(), /not public/],
    ['https://134744072/', to(), /not public/],
    ['https://[::1]/', to(), /not public/],
    ['https://[::ffff:127.0.0.1]/', to(), /not public/],
    ['https://[64:ff9b::7f00:1]/', to(), /not public/],
    ['https://[fe80::1]/', to(), /not public/],
    ['http://hooks.example/', to('8.8.8.8'), /not https/],
    ['file:///etc/passwd', to(), /not https/],
    ['https://user:secret@hooks.example/', to('8.8.8.8'), /user name or password/],
    ['https://hooks.example:notaport/', to(), /not a URL/],
    [`https://hooks.example/${'a'.repeat(2_000)}`, to('8.8.8.8'), /not a URL/],
  ]
  for (const [url, resolve, fault] of refused)
    test(`refuses ${url.slice(0, 60)} without dialling`, async () => {
      const client = makeGuardedClient({ resolve })
      const result = await client.post({ url, headers, body: '{}' })
      assert.match(result.kind === 'fault' ? result.fault : result.kind, fault)
      await client.close()
    })

  test('refuses a private port on this machine also when a name leads there, and no connection is made', async () => {
    const client = makeGuardedClient({ resolve: to('127.0.0.1') })
    const before = secure.connectionCount()
    for (const host of ['hooks.example', '127.0.0.1', '[::ffff:7f00:1]'])
      assert.equal((await client.post({ url: `https://${host}:${secure.port}/`, headers, body: '{}' })).kind, 'fault')
    assert.equal(secure.connectionCount(), before)
    await client.close()
  })

  test('connects to the address that was checked, with the name in the certificate check and in Host', async () => {
    let asked = 0
    const client = makeGuardedClient({
      allowedNetworks: ['127.0.0.0/8'],
      // The second answer of a rebinding name is never used: the checked one is dialled.
      resolve: async () =>
        asked++ === 0 ? [{ address: '127.0.0.1', family: 4 }] : [{ address: '10.0.0.1', family: 4 }],
    })
    const url = `https://localhost:${secure.port}/sms?a=1`
    const result = await client.post({ url, headers, body: '{"a":1}' })
    assert.equal(result.kind === 'answer' && result.status, 204)
    const request = secure.requests.at(-1)
    assert.deepEqual([request?.path, request?.body], ['/sms?a=1', '{"a":1}'])
    assert.equal(request?.headers.host, `localhost:${secure.port}`)
    assert.equal(asked, 1)
    await client.close()
  })

  test('a certificate for another name is refused', async () => {
    const client = makeGuardedClient({ allowedNetworks: ['127.0.0.0/8'], resolve: to('127.0.0.1') })
    const result = await client.post({ url: `https://other.example:${secure.port}/`, headers, body: '{}' })
    assert.match(result.kind === 'fault' ? result.fault : '', /ERR_TLS_CERT_ALTNAME_INVALID/)
    await client.close()
  })

  test('what the operator named may be private and without TLS', async () => {
    const client = makeGuardedClient()
    const result = await client.post({ url: `${server.url}/own`, headers, body: '{}', trusted: true })
    assert.equal(result.kind === 'answer' && result.status, 204)
    assert.equal((await client.post({ url: `${server.url}/own`, headers, body: '{}' })).kind, 'fault')
    await client.close()
  })

  test('a redirect is an answer, and nobody follows it', async () => {
    const client = makeGuardedClient()
    server.reply(answering(302, '', { location: `${server.url}/elsewhere` }))
    const count = server.requests.length
    const result = await client.get({ url: server.url, headers: {}, trusted: true, bodyBytesMax: 10 })
    assert.equal(result.kind === 'answer' && result.status, 302)
    assert.equal(server.requests.length, count + 1)
    await client.close()
  })

  test('reads a body up to its limit, and no further', async () => {
    const client = makeGuardedClient()
    const get = (bodyBytesMax: number) => client.get({ url: server.url, headers: {}, trusted: true, bodyBytesMax })
    server.reply(answering(200, 'x'.repeat(100)))
    const whole = await get(100)
    assert.equal(whole.kind === 'answer' && Buffer.from(whole.body).toString(), 'x'.repeat(100))
    assert.deepEqual(await get(99), { kind: 'fault', fault: 'the answer was too large' })
    server.reply((response) => {
      response.writeHead(200)
      const more = () => {
        while (response.write('y'.repeat(1_000)));
        response.once('drain', more)
      }
      more()
    })
    assert.deepEqual(await get(1_000), { kind: 'fault', fault: 'the answer was too large' })
    const posted = await client.post({ url: server.url, headers, body: '{}', trusted: true })
    assert.deepEqual(posted.kind === 'answer' && [posted.status, posted.body.length], [200, 0])
    await client.close()
  })

  test('ends in time whatever the other side does, and says what happened without an address', async () => {
    const client = makeGuardedClient({ callTimeoutMs: 150 })
    const post = (url = server.url) => client.post({ url, headers, body: '{}', trusted: true })
    for (const reply of [silent, dribbling]) {
      server.reply(reply)
      assert.deepEqual(await post(), { kind: 'fault', fault: 'no answer within 0.15 s' })
    }
    server.reply(resetting)
    assert.deepEqual(await post(), { kind: 'fault', fault: 'the connection failed (ECONNRESET)' })
    assert.deepEqual(await post(await refusingUrl()), { kind: 'fault', fault: 'the connection failed (ECONNREFUSED)' })
    await client.close()
  })
})
