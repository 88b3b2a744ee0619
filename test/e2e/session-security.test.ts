import assert from 'node:assert/strict'
import { after, before, suite, test } from 'node:test'
import { type Browser, openBrowser } from '../support/browser.ts'
import { apiKey, type ConsoleNodes, password, startConsoleNodes } from '../support/console-nodes.ts'
import { senders } from '../support/installation.ts'
import { type RecordingServer, startRecordingServer } from '../support/recording-server.ts'
import { accepting } from '../support/send-service.ts'
import { at, callService, engines } from '../support/service-client.ts'

const path = '/api/v1/session'
const pause = '/api/v1/organization/pause'
const oursOrigin = 'http://localhost:0'

for (const engine of engines)
  suite(`a session is for our own pages, over ${engine}`, () => {
    let nodes: ConsoleNodes
    let url = ''
    let cookie = ''

    before(async () => {
      nodes = await startConsoleNodes(engine)
      url = nodes.urls[0] ?? ''
      cookie = (await nodes.signedIn('Ann', 'owner')).cookie ?? ''
    })
    after(() => nodes.close())

    /** What a browser says, or leaves out, of who made it ask. */
    type Said = Readonly<Record<string, string>>
    const sites = ['same-origin', 'same-site', 'cross-site', 'none'] as const
    const origins = [undefined, oursOrigin, 'http://localhost:1', 'https://localhost:0', 'https://evil.example', 'null']
    const said: readonly Said[] = [undefined, ...sites].flatMap((site) =>
      origins.map((origin) => ({
        ...(site === undefined ? {} : { 'sec-fetch-site': site }),
        ...(origin === undefined ? {} : { origin }),
      })),
    )
    const titleOf = (one: Said) => JSON.stringify(one).replaceAll('"', '')
    const isOurs = ({ 'sec-fetch-site': site, origin }: Said) =>
      site === undefined ? origin === oursOrigin : site === 'same-origin'

    async function statusOf(method: string, address: string, headers: Said, body?: string): Promise<number> {
      const init = { method, headers: { cookie, ...headers }, ...(body === undefined ? {} : { body }) }
      const response = await fetch(url + address, init)
      await response.arrayBuffer()
      return response.status
    }

    for (const one of said)
      test(`asked with ${titleOf(one)}`, async () => {
        const [write, read] = [isOurs(one) ? 200 : 403, one['sec-fetch-site'] === 'cross-site' ? 403 : 200]
        const json = { ...one, 'content-type': 'application/json' }
        assert.equal(await statusOf('POST', pause, one), write)
        assert.equal(await statusOf('POST', pause, json, '{}'), write)
        assert.equal(await statusOf('PATCH', '/api/v1/policy', json, '{}'), write)
        assert.equal(await statusOf('DELETE', '/sms/nothing', one), write === 200 ? 404 : 403)
        assert.equal(await statusOf('GET', '/api/v1/sms-logs', one), read)
        assert.equal(await statusOf('HEAD', '/api/v1/sms-logs', one), read)
        const key = { ...one, authorization: `Bearer ${apiKey}` }
        assert.equal(await statusOf('POST', pause, key), 200, 'a key needs no page of ours')
        const entry = await statusOf('POST', path, json, JSON.stringify({ name: 'Ann', password: 'wrong' }))
        assert.equal(entry === 403, !isOurs(one) && Object.keys(one).length > 0, `signing in: ${entry}`)
        // Nobody is kept out for what these tests have tried.
        nodes.advance(60 * 60_000 * 2)
        cookie = (await nodes.signedIn('Ann', 'owner')).cookie ?? ''
      })

    test('what a form of another site can send is refused before it is read', async () => {
      const ours = { 'sec-fetch-site': 'same-origin' }
      for (const [type, status] of [
        ['application/json', 200],
        ['application/json; charset=utf-8', 200],
        ['text/plain', 403],
        ['application/x-www-form-urlencoded', 403],
        ['multipart/form-data; boundary=x', 403],
        ['application/jsonx', 403],
      ] as const)
        assert.equal(await statusOf('POST', pause, { ...ours, 'content-type': type }, '{}'), status, type)
      const csv = { ...ours, 'content-type': 'text/csv' }
      assert.equal(await statusOf('POST', '/api/v1/opt-outs/import', csv, '+12025550111\n'), 200)
    })

    test('a key that is given counts alone, also when it is none', async () => {
      const ask = async (authorization: string) => (await fetchOwn({ authorization })).status
      const fetchOwn = (headers: Said) =>
        callService(url, 'GET', path, { headers: { cookie, 'sec-fetch-site': 'same-origin', ...headers } })
      assert.equal(at((await fetchOwn({ authorization: `Bearer ${apiKey}` })).body, 'user'), null)
      for (const authorization of ['', 'Bearer', 'Basic YTpi', `Bearer ${'x'.repeat(40)}`, `Bearer ${apiKey}x`])
        assert.equal(await ask(authorization), 401, authorization)
      assert.equal(at((await fetchOwn({})).body, 'user', 'name'), 'Ann')
    })

    test('a cookie counts under its own name and whole', async () => {
      const token = cookie.split('=')[1] ?? ''
      const status = async (header: string) =>
        (await callService(url, 'GET', path, { headers: { cookie: header } })).status
      assert.equal(await status(`a=b; ${cookie}; c=d`), 200)
      for (const header of [
        `__Host-textbridge=${token}`,
        `xtextbridge_session=${token}`,
        `textbridge_session=${token}x`,
        `textbridge_session=${token.slice(1)}`,
        `textbridge_session=`,
        `textbridge_session`,
        ';;=;',
      ])
        assert.equal(await status(header), 401, header)
    })
  })

suite('guessing over HTTP', () => {
  let nodes: ConsoleNodes
  before(async () => {
    nodes = await startConsoleNodes('sqlite')
    await nodes.addUser('Ann', 'owner')
  })
  after(() => nodes.close())

  const attempt = (name: string, headers = {}, given = 'a wrong password') =>
    openBrowser(nodes.urls[0] ?? '').ask('POST', path, { json: { name, password: given }, headers })

  test('is slowed down by name, with the time to wait, and not for the name alone that exists', async () => {
    for (const name of ['ann', 'nobody']) {
      for (let failure = 0; failure < 5; failure++) assert.equal((await attempt(name)).status, 401)
      const { status, headers, body } = await attempt(name, {}, password)
      assert.deepEqual(
        [status, headers.get('retry-after'), body],
        [
          429,
          '1',
          {
            detail: 'Too many attempts. Try again in 1 s, or sign in by a link.',
            code: 'rate_limited',
            retryable: true,
          },
        ],
      )
    }
    nodes.advance(1_000)
    assert.equal((await attempt('ann', {}, password)).status, 200)
  })

  test('is slowed down by the address that the nearest proxy names, not by what a caller claims to be', async () => {
    const from = (address: string) => ({ 'x-forwarded-for': `198.51.100.1, ${address}` })
    for (let failure = 0; failure < 20; failure++)
      assert.equal((await attempt(`name ${failure}`, from('203.0.113.7'))).status, 401)
    const claims = { 'x-forwarded-for': '198.51.100.99, 203.0.113.7' }
    assert.equal((await attempt('one more', claims)).status, 429)
    assert.equal((await attempt('one more', from('203.0.113.8'))).status, 401)
  })

  test('the present password, by who holds a session, is slowed down too', async () => {
    const browser = await nodes.signedIn('Ann', 'owner')
    const change = () =>
      browser.ask('PUT', `${path}/password`, { json: { current_password: 'a guess', password: 'twelve characters' } })
    nodes.advance(2 * 60 * 60_000)
    for (let failure = 0; failure < 5; failure++) assert.equal((await change()).status, 403)
    assert.equal((await change()).status, 429)
  })
})

suite('the cookie', () => {
  async function signedInAt(publicUrl: string) {
    const nodes = await startConsoleNodes('sqlite', { env: { TEXTBRIDGE_PUBLIC_URL: publicUrl } })
    try {
      const browser: Browser = openBrowser(nodes.urls[0] ?? '')
      const user = await nodes.addUser('Ann', 'owner')
      const answer = await browser.ask('POST', path, { json: { name: 'Ann', password } })
      const link = await browser.ask('POST', `${path}/link`, { json: { token: await nodes.link(user) } })
      const own = await browser.ask('GET', path)
      const out = await browser.ask('DELETE', path)
      return { answer, link, own, out }
    } finally {
      await nodes.close()
    }
  }
  const shape = (header: string | null) => header?.replace(/=[\w-]{43};/, '=…;')

  test('over https is bound to this host and travels encrypted only', async () => {
    const { answer, own, out } = await signedInAt('https://sms.example.com/textbridge')
    const attributes = 'Path=/; HttpOnly; SameSite=Strict; Secure'
    assert.equal(shape(answer.headers.get('set-cookie')), `__Host-textbridge=…; Max-Age=604800; ${attributes}`)
    assert.equal(own.status, 200)
    assert.equal(out.headers.get('set-cookie'), `__Host-textbridge=; Max-Age=0; ${attributes}`)
  })

  test('is not handed out over plain http but on the machine itself', async () => {
    for (const publicUrl of ['http://127.0.0.1:3000', 'http://[::1]:3000'])
      assert.match((await signedInAt(publicUrl)).answer.headers.get('set-cookie') ?? '', /^textbridge_session=/)
    const { answer, link, own } = await signedInAt('http://sms.example.com')
    for (const refused of [answer, link]) {
      assert.deepEqual([refused.status, refused.headers.get('set-cookie')], [403, null])
      assert.match(String(at(refused.body, 'detail')), /^Signing in needs https\./)
    }
    assert.equal(own.status, 401)
  })
})

suite('a flood of sign-ins', () => {
  let provider: RecordingServer
  let nodes: ConsoleNodes
  before(async () => {
    provider = await startRecordingServer()
    provider.reply(accepting)
    nodes = await startConsoleNodes('sqlite', { baseUrl: provider.url })
  })
  after(async () => {
    await nodes.close()
    await provider.close()
  })

  test('is computed beside sending, which goes on, and is refused where it is too much', async (t) => {
    const url = nodes.urls[0] ?? ''
    const done: string[] = []
    const flood = Promise.all(
      Array.from({ length: 60 }, async (_, index) => {
        const headers = { 'x-forwarded-for': `203.0.113.${index}` }
        const json = { name: `name ${index}`, password: 'a wrong password' }
        const { status } = await openBrowser(url).ask('POST', path, { json, headers })
        if (status === 401) done.push('sign-in')
        return status
      }),
    )
    const sent = Array.from({ length: 20 }, async (_, index) => {
      const json = {
        from_phone_number: senders.twilio,
        to_phone_number: '+12025550199',
        message: `in the flood ${index}`,
      }
      const answer = await callService(url, 'POST', '/sms/send', { key: apiKey, json })
      done.push('send')
      return answer.status
    })
    assert.deepEqual(await Promise.all(sent), Array(20).fill(200))
    const before = done.filter((one) => one === 'sign-in').length
    t.diagnostic(`${before} of 52 or more sign-ins were answered before the last of 20 sends`)
    assert.ok(before < 40, `sends waited for ${before} sign-ins`)
    const statuses = await flood
    const answered = statuses.filter((status) => status === 401).length
    assert.ok(answered >= 52, `${answered} were computed`)
    assert.equal(statuses.filter((status) => status === 503).length, 60 - answered)
  })
})
