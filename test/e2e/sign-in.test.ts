import assert from 'node:assert/strict'
import { after, before, suite, test } from 'node:test'
import { addressOfLink } from '../../src/use-cases/sign-in-link.ts'
import { type Browser, openBrowser } from '../support/browser.ts'
import { apiKey, type ConsoleNodes, password, sessionHashOf, startConsoleNodes } from '../support/console-nodes.ts'
import { eventually } from '../support/manual-clock.ts'
import { type Answer, at, callService, engines } from '../support/service-client.ts'

const path = '/api/v1/session'
const hour = 60 * 60_000
/** What is promised of changes that another process made. */
const holdsWithinMs = 5_000
const wrong = 'Wrong name or password. Where several organizations share this Textbridge, name yours too.'

for (const engine of engines)
  suite(`signing in over ${engine}`, () => {
    let nodes: ConsoleNodes
    let url = ''
    let otherUrl = ''

    before(async () => {
      nodes = await startConsoleNodes(engine, { phoneUrl: 'http://localhost:3001/phone' })
      url = nodes.urls[0] ?? ''
      otherUrl = nodes.urls.at(-1) ?? ''
    })
    after(() => nodes.close())

    const signIn = (json: unknown, headers = {}) => openBrowser(url).ask('POST', path, { json, headers })

    suite('the first run', () => {
      test('nobody can sign in until a link has made the first owner, with a name and a password of their choice', async () => {
        const browser = openBrowser(url)
        const firstRun = async () => (await browser.ask('GET', `${path}/first-run`)).body
        assert.deepEqual(await firstRun(), { first_run: true })
        const [token, second] = [await nodes.link(), await nodes.link()]
        const redeem = (json: object) => browser.ask('POST', `${path}/link`, { json: { token, ...json } })
        for (const json of [{}, { name: 'Olga' }, { password }]) {
          const { status, body } = await redeem(json)
          assert.deepEqual([status, at(body, 'needs')], [400, ['name', 'password']])
        }
        for (const [json, detail] of [
          [{ name: ' ', password }, 'name must not be blank.'],
          [{ name: 'Olga\u202e', password }, 'name must not contain characters that nobody can see.'],
          [{ name: 'Olga', password: 'too short' }, 'password must have at least 12 characters.'],
          [{ name: 'olga@example.com', password: 'Olga@Example.com' }, 'password must not be the name.'],
        ] as const) {
          const { status, body } = await redeem(json)
          assert.deepEqual([status, at(body, 'detail')], [400, detail])
        }
        assert.deepEqual(await firstRun(), { first_run: true })
        const made = await redeem({ name: ' Olga ', password })
        assert.deepEqual([made.status, made.headers.get('cache-control')], [200, 'no-store'])
        assert.deepEqual(at(made.body, 'user'), { id: 1, name: 'Olga', role: 'owner' })
        assert.deepEqual(await firstRun(), { first_run: false })
        assert.equal((await browser.ask('GET', path)).status, 200)
        assert.deepEqual([(await redeem({ name: 'Eve', password })).status], [401])
        const late = await openBrowser(url).ask('POST', `${path}/link`, {
          json: { token: second, name: 'Eve', password },
        })
        assert.deepEqual([late.status, at(late.body, 'code')], [409, 'conflict'])
      })
    })

    suite('by a password', () => {
      test('the answer says who it is and what they may do, and so does the session later', async () => {
        await nodes.addUser('viewer@example.com', 'viewer')
        const browser = openBrowser(url)
        const answer = await browser.ask('POST', path, { json: { name: 'VIEWER@example.com ', password } })
        assert.equal(answer.status, 200, answer.text)
        assert.equal(
          (answer.headers.get('set-cookie') ?? '').replace(/=[\w-]{43};/, '=…;'),
          'textbridge_session=…; Max-Age=604800; Path=/; HttpOnly; SameSite=Strict',
        )
        const { body } = await browser.ask('GET', path)
        assert.deepEqual(answer.body, body)
        assert.deepEqual(
          { ...Object(body), expires_at: '', user: { ...Object(at(body, 'user')), id: 0 } },
          {
            user: { id: 0, name: 'viewer@example.com', role: 'viewer' },
            api_key: null,
            scopes: ['read'],
            organization: { id: 1, name: 'Acme' },
            expires_at: '',
            phone_url: 'http://localhost:3001/phone',
          },
        )
        assert.equal((await browser.ask('GET', '/api/v1/sms-logs', { url: otherUrl })).status, 200)
        const key = await callService(url, 'GET', path, { key: apiKey })
        assert.deepEqual([at(key.body, 'user'), at(key.body, 'api_key', 'name')], [null, apiKey])
      })

      test('a wrong password, a name that nobody has and one without a password are answered alike', async () => {
        const { id: organizationId } = (await nodes.store.organizations.findByName('Acme')) ?? { id: 0 }
        const fresh = { organizationId, name: 'invited', role: 'viewer', createdAt: 1, updatedAt: 1 } as const
        await nodes.store.users.create(fresh, () => undefined)
        await nodes.addUser('Walt', 'viewer')
        for (const json of [
          { name: 'Walt', password: `${password}!` },
          { name: 'nobody', password },
          { name: 'invited', password },
          { name: 'Walt', password, organization: 'Strangers' },
        ]) {
          const { status, body, headers } = await signIn(json)
          assert.deepEqual(
            [status, body, headers.get('set-cookie')],
            [401, { detail: wrong, code: 'unauthorized' }, null],
          )
        }
        assert.equal((await signIn({ name: 'Walt', password, organization: 'Acme' })).status, 200)
      })

      test('a cookie that was there before is never taken over, and its session ends', async () => {
        await nodes.addUser('Fay', 'viewer')
        const planted = `textbridge_session=${'A'.repeat(43)}`
        const browser = openBrowser(url, planted)
        const enter = () => browser.ask('POST', path, { json: { name: 'fay', password } })
        assert.equal((await enter()).status, 200)
        const first = browser.cookie
        assert.notEqual(first, planted)
        assert.equal((await enter()).status, 200)
        assert.notEqual(browser.cookie, first)
        assert.equal((await openBrowser(url, first).ask('GET', path)).status, 401)
        assert.equal((await browser.ask('GET', path)).status, 200)
      })

      test('where two organizations have the name, nobody is let in by luck', async () => {
        const { passwordHash } = await nodes.addUser('Twin', 'viewer')
        const times = { createdAt: 1, updatedAt: 1 }
        const other = await nodes.store.organizations.create({
          name: 'Other',
          optOutScope: 'organization',
          policy: {},
          retention: {},
          createdAt: 1,
        })
        assert.ok(passwordHash !== undefined)
        await nodes.store.users.create(
          { organizationId: other.id, name: 'twin', role: 'viewer', passwordHash, ...times },
          () => undefined,
        )
        assert.equal((await signIn({ name: 'twin', password })).status, 401)
        for (const organization of ['Acme', 'Other']) {
          const { body } = await signIn({ name: 'twin', password, organization })
          assert.equal(at(body, 'organization', 'name'), organization)
        }
      })
    })

    suite('by a link', () => {
      test('it lets its user in once, within a quarter of an hour', async () => {
        const user = await nodes.addUser('Lin', 'operator')
        const [token, late] = [await nodes.link(user), await nodes.link(user)]
        const redeem = (one: string) => openBrowser(url).ask('POST', `${path}/link`, { json: { token: one } })
        const answers = await Promise.all([token, token, token].map(redeem))
        assert.deepEqual(answers.map(({ status }) => status).sort(), [200, 401, 401])
        nodes.advance(15 * 60_000)
        for (const one of [late, 'x', 'A'.repeat(43)]) assert.equal((await redeem(one)).status, 401)
      })

      test('who was invited chooses a password; an owner can make a link that replaces it', async () => {
        const owner = await nodes.signedIn('Owner of links', 'owner')
        const created = await owner.ask('POST', '/api/v1/users', { json: { name: 'Ivy', role: 'operator' } })
        assert.equal(created.status, 201, created.text)
        const tokenOf = (answer: Answer, ...where: string[]) => {
          const link = String(at(answer.body, ...where, 'url'))
          const token = link.split('#link=')[1] ?? ''
          assert.equal(link, addressOfLink('http://localhost:0', token))
          return token
        }
        nodes.advance(23 * hour)
        const ivy = openBrowser(url)
        const redeem = (json: object) => ivy.ask('POST', `${path}/link`, { json })
        const token = tokenOf(created, 'link')
        assert.deepEqual(at((await redeem({ token })).body, 'needs'), ['password'])
        assert.equal((await redeem({ token, password })).status, 200)
        assert.equal((await signIn({ name: 'ivy', password })).status, 200)
        const again = await nodes.signedIn('Owner of links', 'owner')
        const made = await again.ask('POST', `/api/v1/users/${at(created.body, 'user', 'id')}/link`)
        assert.equal(made.status, 201, made.text)
        const second = tokenOf(made)
        assert.deepEqual(at((await redeem({ token: second })).body, 'needs'), ['password'])
        const browser = openBrowser(url)
        const replaced = { token: second, password: 'another password of hers' }
        assert.equal((await browser.ask('POST', `${path}/link`, { json: replaced })).status, 200)
        nodes.advance(holdsWithinMs)
        assert.equal((await ivy.ask('GET', path, { url: otherUrl })).status, 401)
        assert.equal((await signIn({ name: 'ivy', password })).status, 401)
        assert.equal((await signIn({ name: 'ivy', password: replaced.password })).status, 200)
      })
    })

    suite('a session', () => {
      const lastSeen = async (browser: Browser) =>
        (await nodes.store.sessions.find(sessionHashOf(browser)))?.session.lastSeenAt ?? 0

      test('ends after 12 hours in which nobody asked, and after 7 days in any case', async () => {
        const browser = await nodes.signedIn('Ida', 'viewer')
        const begun = await lastSeen(browser)
        const status = async (one: Browser) => (await one.ask('GET', path)).status
        for (let hours = 11; hours < 7 * 24; hours += 11) {
          nodes.advance(11 * hour)
          assert.equal(await status(browser), 200, `${hours} hours`)
          await eventually(async () => (await lastSeen(browser)) === begun + hours * hour)
        }
        nodes.advance(11 * hour)
        assert.equal(await status(browser), 401)
        const idle = await nodes.signedIn('Ida', 'viewer')
        nodes.advance(12 * hour - 1)
        assert.equal(await status(idle), 200)
        const other = await nodes.signedIn('Ida', 'viewer')
        nodes.advance(12 * hour)
        assert.equal(await status(other), 401)
      })

      test('says when somebody was there, to the minute', async () => {
        const browser = await nodes.signedIn('Mina', 'viewer')
        const begun = await lastSeen(browser)
        for (const [ms, seen] of [
          [60_000, 60_000],
          [59_999, 60_000],
          [1, 120_000],
          [59_000, 120_000],
          [2_000, 181_000],
        ] as const) {
          nodes.advance(ms)
          await browser.ask('GET', path)
          await eventually(async () => (await lastSeen(browser)) === begun + seen)
        }
      })

      test('ends here and everywhere, on every node within 5 s', async () => {
        const [here, there] = [await nodes.signedIn('Eva', 'viewer'), await nodes.signedIn('Eva', 'viewer')]
        const elsewhere = await nodes.signedIn('Ned', 'viewer')
        const third = await nodes.signedIn('Eva', 'viewer')
        const statuses = () =>
          Promise.all([here, there, third].map(async (one) => (await one.ask('GET', path, { url: otherUrl })).status))
        assert.deepEqual(await statuses(), [200, 200, 200])
        const kept = openBrowser(url, here.cookie)
        const out = await here.ask('DELETE', path)
        assert.deepEqual([out.status, here.cookie], [204, undefined])
        assert.equal((await kept.ask('GET', path)).status, 401, 'at once where it ended')
        assert.equal((await there.ask('DELETE', '/api/v1/sessions')).status, 204)
        nodes.advance(holdsWithinMs)
        assert.deepEqual(await statuses(), [401, 401, 401])
        assert.equal((await elsewhere.ask('GET', path)).status, 200)
      })

      test('of an event stream does not last longer for it, and ends it', async () => {
        const browser = await nodes.signedIn('Streamer', 'viewer')
        const begun = await lastSeen(browser)
        const stream = await fetch(`${url}/api/v1/events/stream`, { headers: { cookie: browser.cookie ?? '' } })
        assert.equal(stream.status, 200)
        let [text, isOver] = ['', false]
        const reading = (async () => {
          for await (const chunk of stream.body ?? []) text += Buffer.from(chunk).toString()
          isOver = true
        })()
        await eventually(() => {
          nodes.advance(500)
          return text.split(': still here').length > 5
        })
        assert.equal(await lastSeen(browser), begun)
        await browser.ask('DELETE', path)
        await eventually(() => {
          nodes.advance(1_000)
          return isOver
        })
        await reading
      })
    })

    suite('a changed user', () => {
      test('has the new role on every node within 5 s, and is out once removed', async () => {
        const owner = await nodes.signedIn('Olga', 'owner')
        const browser = await nodes.signedIn('Rob', 'operator')
        const id = at((await browser.ask('GET', path)).body, 'user', 'id')
        const pause = async () => (await browser.ask('POST', '/api/v1/organization/pause', { url: otherUrl })).status
        const change = (role: string) => owner.ask('PATCH', `/api/v1/users/${id}`, { json: { role } })
        assert.equal(await pause(), 200)
        assert.equal(at((await change('viewer')).body, 'role'), 'viewer')
        nodes.advance(holdsWithinMs)
        assert.equal(await pause(), 403)
        assert.equal((await change('operator')).status, 200)
        nodes.advance(holdsWithinMs)
        assert.equal(await pause(), 200)
        assert.equal((await owner.ask('DELETE', `/api/v1/users/${id}`)).status, 204)
        assert.equal((await browser.ask('GET', path)).status, 401)
        nodes.advance(holdsWithinMs)
        assert.equal(await pause(), 401)
        assert.equal((await owner.ask('DELETE', `/api/v1/users/${id}`)).status, 404)
      })

      test('stands in the audit log by number and name', async () => {
        const owner = await nodes.signedIn('Olga', 'owner')
        const { body } = await owner.ask('GET', '/api/v1/audit-log?limit=1000')
        const entries = at(body, 'entries')
        assert.ok(Array.isArray(entries))
        const told = entries.map((entry) => `${at(entry, 'actor')}: ${at(entry, 'action')} ${at(entry, 'subject')}`)
        for (const expected of [
          /^user 1 \(Olga\): user\.created user 1 \(Olga\)$/,
          /^user \d+ \(Owner of links\): user\.created user \d+ \(Ivy\)$/,
          /^user \d+ \(Owner of links\): user\.link_made user \d+ \(Ivy\)$/,
          /^user \d+ \(Ivy\): user\.password_set user \d+ \(Ivy\)$/,
          /^user \d+ \(Rob\): paused organization$/,
          /^user 1 \(Olga\): user\.changed user \d+ \(Rob\)$/,
          /^user 1 \(Olga\): user\.removed user \d+ \(Rob\)$/,
        ])
          assert.ok(
            told.some((line) => expected.test(line)),
            `${expected} is not among\n${told.join('\n')}`,
          )
      })
    })

    suite('the own password', () => {
      test('is changed by who knows it, which ends their other sessions', async () => {
        const browser = await nodes.signedIn('Pat', 'viewer')
        const other = await nodes.signedIn('Pat', 'viewer')
        const change = (json: object) => browser.ask('PUT', `${path}/password`, { json })
        const wanted = 'a longer one that nobody guesses'
        const refused = await change({ current_password: `${password}?`, password: wanted })
        assert.deepEqual([refused.status, at(refused.body, 'code')], [403, 'forbidden'])
        assert.equal((await change({ current_password: password, password: 'short' })).status, 400)
        assert.equal((await change({ current_password: password, password: wanted })).status, 204)
        assert.equal((await browser.ask('GET', path)).status, 200)
        nodes.advance(holdsWithinMs)
        assert.equal((await other.ask('GET', path, { url: otherUrl })).status, 401)
        assert.equal((await signIn({ name: 'pat', password })).status, 401)
        assert.equal((await signIn({ name: 'pat', password: wanted })).status, 200)
      })

      test('an API key has none, and no session to end', async () => {
        for (const [method, where, json] of [
          ['PUT', `${path}/password`, { current_password: password, password: `${password} 2` }],
          ['DELETE', path, undefined],
          ['DELETE', '/api/v1/sessions', undefined],
        ] as const) {
          const { status, body } = await callService(url, method, where, { key: apiKey, json })
          assert.deepEqual([status, at(body, 'code')], [403, 'forbidden'])
        }
      })
    })

    test('users have names that cannot be mistaken, and the last owner stays one', async () => {
      const owner = await nodes.signedIn('Olga', 'owner')
      const create = (json: object) => owner.ask('POST', '/api/v1/users', { json })
      for (const [json, status, detail] of [
        [{ name: 'OLGA', role: 'viewer' }, 409, 'This name or number is already in use. Choose another one.'],
        [{ name: 'a\u200bb', role: 'viewer' }, 400, 'name must not contain characters that nobody can see.'],
        [{ name: 'Max', role: 'admin' }, 400, 'role must be one of: viewer, operator, owner.'],
      ] as const) {
        const answer = await create(json)
        assert.deepEqual([answer.status, at(answer.body, 'detail')], [status, detail])
      }
      const users = await owner.ask('GET', '/api/v1/users')
      assert.ok(Array.isArray(users.body) && !users.text.includes('argon2id'))
      const owners = users.body.filter((user: unknown) => at(user, 'role') === 'owner' && at(user, 'name') !== 'Olga')
      for (const other of owners)
        await owner.ask('PATCH', `/api/v1/users/${at(other, 'id')}`, { json: { role: 'viewer' } })
      for (const last of [
        await owner.ask('PATCH', '/api/v1/users/1', { json: { role: 'operator' } }),
        await owner.ask('DELETE', '/api/v1/users/1'),
      ])
        assert.deepEqual(
          [last.status, at(last.body, 'detail')],
          [409, 'This is the last owner. Make somebody else an owner first.'],
        )
      assert.equal((await owner.ask('PATCH', '/api/v1/users/1', { json: { name: 'Olga B.' } })).status, 200)
    })

    test('no password, token or hash of one was logged, and nothing counted as a bug', () => {
      const log = nodes.logLines.join('')
      assert.match(log, /"session\.started"/)
      for (const canary of ['http.bug', 'canary', 'textbridge_session', 'argon2id', 'Olga', 'viewer@example.com'])
        assert.ok(!log.includes(canary), canary)
      assert.doesNotMatch(log, /[\w-]{43}/)
    })
  })
