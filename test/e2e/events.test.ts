import assert from 'node:assert/strict'
import { after, before, suite, test } from 'node:test'
import { Webhook } from 'standardwebhooks'
import { getExpectedTwilioSignature } from 'twilio/lib/webhooks/webhooks.js'
import { parseE164 } from '../../src/core/phone-number.ts'
import { systemClock } from '../../src/telemetry/clock.ts'
import { systemRandom } from '../../src/telemetry/random.ts'
import { planSetup } from '../../src/use-cases/apply-setup.ts'
import { eventually } from '../support/manual-clock.ts'
import { providersOffline } from '../support/parts.ts'
import { startRecordingServer } from '../support/recording-server.ts'
import { at, engines, startTestService, type TestService } from '../support/service-client.ts'
import { twilioAccount } from '../support/simulated-accounts.ts'

const key = 'canary-key-of-acme-0123456789-0123456789'
const other = 'canary-key-of-other-0123456789-0123456789'
const reader = 'canary-key-of-reader-0123456789-0123456789'
const [endpointsPath, deliveriesPath, eventsPath] = [
  '/api/v1/event-endpoints',
  '/api/v1/event-deliveries',
  '/api/v1/events',
]

for (const engine of engines)
  suite(`events over the API, over ${engine}`, () => {
    let service: TestService
    before(async () => {
      service = await startTestService({
        engine,
        organizations: [
          { name: 'Acme', key },
          { name: 'Other', key: other },
          { name: 'Readers', key: reader, scopes: ['read'] },
        ],
      })
    })
    after(() => service.close())

    const call = (method: string, path: string, json?: unknown, as = key) =>
      service.call(method, path, { key: as, json })

    let made = 0
    async function optOut(as = key): Promise<void> {
      const phone_number = `+1202555${String(++made).padStart(4, '0')}`
      assert.equal((await call('POST', '/api/v1/opt-outs', { phone_number }, as)).status, 201)
    }

    async function createEndpoint(fields: object = {}): Promise<number> {
      const answer = await call('POST', endpointsPath, { url: 'https://example.com/events', ...fields })
      assert.equal(answer.status, 201, answer.text)
      return Number(at(answer.body, 'id'))
    }

    const list = (value: unknown): unknown[] => (Array.isArray(value) ? value : [])

    test('events are read page by page, each once, and none of another organization', async () => {
      for (let count = 0; count < 5; count++) await optOut()
      await optOut(other)
      const read: unknown[] = []
      let [after, hasMore] = ['', true]
      while (hasMore) {
        const { body, status } = await call('GET', `${eventsPath}?limit=2${after}`)
        assert.equal(status, 200)
        read.push(...list(at(body, 'events')))
        hasMore = at(body, 'has_more') === true
        after = `&after=${at(body, 'next')}`
      }
      assert.ok(read.every((event) => at(event, 'type') === 'opt_out.created'))
      assert.equal(new Set(read.map((event) => at(event, 'id'))).size, 5)
      assert.match(String(at(read[0], 'data', 'phone_number')), /^\+1202555/)
      const { body } = await call('GET', `${eventsPath}?${after.slice(1)}`)
      assert.deepEqual(body, { events: [], has_more: false, next: after.slice('&after='.length) })
      assert.equal(list(at((await call('GET', eventsPath, undefined, other)).body, 'events')).length, 1)
    })

    const bad: readonly [path: string, detail: RegExp][] = [
      [`${eventsPath}?after=msg_1`, /^after is malformed\.$/],
      [`${eventsPath}?after=evt_999999999`, /^after is newer than the newest event\./],
      [`${eventsPath}?limit=1001`, /^limit must be at most 1000\.$/],
      [`${deliveriesPath}?state=late`, /^state must be one of: pending, delivered, dead\.$/],
      [`${endpointsPath}/nothing`, /^endpoint_id must be a whole number\.$/],
    ]
    for (const [path, detail] of bad)
      test(`GET ${path} is refused with a sentence`, async () => {
        const answer = await call('GET', path)
        assert.equal(answer.status, 400)
        assert.match(String(at(answer.body, 'detail')), detail)
      })

    test('an endpoint is made, changed, disabled and removed', async () => {
      const id = await createEndpoint({ types: ['message'], description: 'mine' })
      const path = `${endpointsPath}/${id}`
      const changed = await call('PATCH', path, { ordered: true, description: null, types: [], disabled: true })
      assert.equal(changed.status, 200)
      assert.deepEqual(
        ['ordered', 'description', 'types', 'disabled', 'assistant_id'].map((name) => at(changed.body, name)),
        [true, null, [], true, null],
      )
      assert.deepEqual((await call('GET', path)).body, changed.body)
      assert.equal(at((await call('PATCH', path, { disabled: false })).body, 'disabled_at'), null)
      assert.equal((await call('GET', path, undefined, other)).status, 404)
      assert.equal((await call('DELETE', path)).status, 204)
      assert.equal((await call('DELETE', path)).status, 404)
    })

    for (const [fields, detail] of [
      [{ url: 'http://example.com/' }, /https/],
      [{ url: 'https://user:secret@example.com/' }, /user name/],
      [{ url: 'nonsense' }, /http/],
      [{ url: 'https://10.0.0.1/' }, /^url must be an https URL on a public address/],
      [{ url: 'https://[::1]/' }, /public/],
      [{ types: ['message.unheard'] }, /^types\[0\] must be one of: message, opt_out/],
      [{ types: 'message' }, /^types must be a JSON array\.$/],
    ] as const)
      test(`an endpoint with ${JSON.stringify(fields)} is refused`, async () => {
        const answer = await call('POST', endpointsPath, { url: 'https://example.com/', ...fields })
        assert.equal(answer.status, 400)
        assert.match(String(at(answer.body, 'detail')), detail)
      })

    test('a secret is shown to who manages, and rotated with the old one beside it, or without', async () => {
      const path = `${endpointsPath}/${await createEndpoint()}`
      const first = String(at((await call('GET', `${path}/secret`)).body, 'secret'))
      assert.ok(new Webhook(first).sign('evt_1', new Date(), '{}').startsWith('v1,'))
      const second = await call('POST', `${path}/rotate-secret`, {})
      assert.notEqual(at(second.body, 'secret'), first)
      assert.deepEqual(at(second.body, 'also_signing'), [first])
      const third = await call('POST', `${path}/rotate-secret`, { keep_old: false })
      assert.deepEqual(at(third.body, 'also_signing'), [])
      assert.deepEqual((await call('GET', `${path}/secret`)).body, third.body)
      const fourth = await call('POST', `${path}/rotate-secret`)
      assert.deepEqual(at(fourth.body, 'also_signing'), [at(third.body, 'secret')])
      assert.equal((await call('GET', `${path}/secret`, undefined, reader)).status, 403)
      assert.equal((await call('GET', eventsPath, undefined, reader)).status, 200)
    })

    test('an endpoint on a private address is never reached, and its deliveries say why and can be replayed', async () => {
      const id = await createEndpoint({ url: 'https://localhost:9/', types: ['opt_out'] })
      await optOut()
      let delivery: unknown
      await eventually(async () => {
        delivery = list((await call('GET', `${deliveriesPath}?endpoint_id=${id}`)).body)[0]
        return at(delivery, 'last_try', 'fault') === 'the address is not public'
      })
      assert.deepEqual([at(delivery, 'state'), at(delivery, 'last_try', 'status')], ['pending', null])
      assert.deepEqual(at(delivery, 'events'), [at(delivery, 'webhook_id')])
      const replayed = await call('POST', `${deliveriesPath}/${at(delivery, 'id')}/replay`)
      assert.equal(at(replayed.body, 'state'), 'pending')
      assert.equal((await call('POST', `${deliveriesPath}/${at(delivery, 'id')}/replay`, undefined, other)).status, 404)
      assert.deepEqual((await call('POST', `${endpointsPath}/${id}/replay`)).body, { replayed: 0 })
      assert.equal((await call('POST', `${endpointsPath}/999999/replay`)).status, 404)
      await call('DELETE', `${endpointsPath}/${id}`)
      assert.deepEqual((await call('GET', `${deliveriesPath}?endpoint_id=${id}`)).body, [])
    })

    test('the sms_webhook_url of an assistant is an endpoint, which goes where the assistant says', async () => {
      const assistant = await call('POST', '/api/v1/assistants', {
        name: 'Bot',
        sms_webhook_url: 'https://a.example/sms',
      })
      const id = at(assistant.body, 'id')
      const own = async () =>
        list((await call('GET', endpointsPath)).body).find((endpoint) => at(endpoint, 'assistant_id') === id)
      const endpoint = await own()
      assert.deepEqual([at(endpoint, 'url'), at(endpoint, 'ordered')], ['https://a.example/sms', true])
      const path = `${endpointsPath}/${at(endpoint, 'id')}`
      assert.match(String(at((await call('GET', `${path}/secret`)).body, 'secret')), /^whsec_/)
      assert.equal((await call('PATCH', path, { url: 'https://b.example/' })).status, 409)
      assert.equal((await call('PATCH', path, { types: ['message'] })).status, 409)
      assert.equal((await call('DELETE', path)).status, 409)
      assert.equal((await call('PATCH', path, { disabled: true })).status, 200)
      await call('PATCH', `/api/v1/assistants/${id}`, { sms_webhook_url: 'https://b.example/sms' })
      assert.deepEqual([at(await own(), 'url'), at(await own(), 'disabled')], ['https://b.example/sms', false])
      await call('PATCH', `/api/v1/assistants/${id}`, { sms_webhook_url: null })
      assert.equal(await own(), undefined)
      await call('PATCH', `/api/v1/assistants/${id}`, { sms_webhook_url: 'https://c.example/sms' })
      assert.equal((await call('DELETE', `/api/v1/assistants/${id}`)).status, 200)
      assert.equal(await own(), undefined)
    })

    for (const url of ['http://example.com/sms', 'https://192.168.0.7/', 'https://user:secret@example.com/'])
      test(`an assistant cannot be given ${url}, to which no text could ever be delivered`, async () => {
        const sentence = 'sms_webhook_url must be an https URL on a public address, without user name and password.'
        const path = '/api/v1/assistants'
        const id = at((await call('POST', path, { name: 'Bot' })).body, 'id')
        for (const [method, of] of [
          ['POST', path],
          ['PUT', `${path}/${id}`],
          ['PATCH', `${path}/${id}`],
        ] as const) {
          const answer = await call(method, of, { name: 'Bot', sms_webhook_url: url })
          assert.deepEqual([answer.status, at(answer.body, 'detail')], [400, sentence], method)
        }
      })

    test('a stream goes on from Last-Event-ID, or begins now', async () => {
      await optOut()
      await optOut()
      const { body } = await call('GET', `${eventsPath}?limit=1`)
      const first = String(at(body, 'next'))
      const leaving = new AbortController()
      const open = (path: string, headers: Record<string, string> = {}) =>
        fetch(service.url + path, {
          headers: { authorization: `Bearer ${key}`, ...headers },
          signal: leaving.signal,
        })
      const resumed = await open(eventsPath, { accept: 'text/event-stream', 'last-event-id': first })
      const fromNow = await open(`${eventsPath}/stream`)
      assert.equal((await open(`${eventsPath}/stream`, { 'last-event-id': 'nonsense' })).status, 400)
      const { body: all } = await call('GET', `${eventsPath}?limit=1000`)
      const ids = list(at(all, 'events')).map((event) => String(at(event, 'id')))
      await readUntil(
        resumed,
        ids
          .slice(1)
          .map((id) => `id: ${id}\n`)
          .join('[^]*'),
      )
      await optOut()
      const text = await readUntil(fromNow, 'event: opt_out.created\n')
      for (const id of ids) assert.ok(!text.includes(`id: ${id}\n`))
      leaving.abort()
    })

    test('an open stream does not keep Textbridge from stopping', async () => {
      const stopped = await startTestService({ engine, organizations: [{ name: 'Acme', key }] })
      const stream = await fetch(`${stopped.url}${eventsPath}/stream`, { headers: { authorization: `Bearer ${key}` } })
      await stopped.close()
      assert.match(await stream.text(), /^retry: /)
    })

    test("a text reaches its assistant once, at an address of the operator's file, signed and in the published shape", async () => {
      const customer = await startRecordingServer()
      const { accountSid, authToken } = twilioAccount
      const [number, person] = [parseE164('+12025550142'), '+12025550199']
      const served = await startTestService({
        engine,
        organizations: [{ name: 'Acme', key }],
        prepare: async (store) => {
          const parts = { store, providers: providersOffline, clock: systemClock, random: systemRandom }
          const plan = await planSetup(parts, {
            organization: 'Acme',
            providerAccounts: [
              { name: 'main', provider: 'twilio', fields: { account_sid: accountSid, auth_token: authToken } },
            ],
            assistants: [
              { name: 'Bot', providerAccount: 'main', phoneNumbers: [number], smsWebhookUrl: `${customer.url}/sms` },
            ],
          })
          await plan.apply()
        },
      })
      const [endpoint] = list((await served.call('GET', endpointsPath, { key })).body)
      const { body: secret } = await served.call('GET', `${endpointsPath}/${at(endpoint, 'id')}/secret`, { key })
      const fields = {
        MessageSid: `SM${'1'.repeat(32)}`,
        AccountSid: accountSid,
        From: person,
        To: number,
        Body: 'Hello?',
      }
      const path = '/webhooks/sms/twilio'
      for (let repeat = 0; repeat < 2; repeat++) {
        const answer = await fetch(served.url + path, {
          method: 'POST',
          headers: { 'x-twilio-signature': getExpectedTwilioSignature(authToken, `http://localhost:0${path}`, fields) },
          body: new URLSearchParams(fields),
        })
        assert.equal(answer.status, 200, await answer.text())
      }
      await eventually(() => customer.requests.length > 0)
      await served.close()
      assert.equal(customer.requests.length, 1)
      const [request] = customer.requests
      const headers = Object.fromEntries(
        Object.entries(request?.headers ?? {}).map(([name, value]) => [name, String(value)]),
      )
      const told = new Webhook(String(at(secret, 'secret'))).verify(request?.body ?? '', headers)
      assert.equal(at(told, 'id'), headers['webhook-id'])
      assert.deepEqual(
        ['type', 'untrusted', 'assistant_id'].map((name) => at(told, name)),
        ['sms_received', true, at(endpoint, 'assistant_id')],
      )
      assert.deepEqual(
        ['from', 'to', 'body', 'provider'].map((name) => at(told, 'data', name)),
        [person, number, 'Hello?', 'twilio'],
      )
      await customer.close()
    })
  })

async function readUntil(response: Response, pattern: string): Promise<string> {
  assert.equal(response.status, 200)
  assert.ok(response.body !== null)
  let text = ''
  for await (const chunk of response.body.pipeThrough(new TextDecoderStream()).values({ preventCancel: true })) {
    text += chunk
    if (new RegExp(pattern).test(text)) return text
  }
  throw new Error(`the stream ended without ${pattern}`)
}
