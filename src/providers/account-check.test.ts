import assert from 'node:assert/strict'
import { after, before, beforeEach, suite, test } from 'node:test'
import {
  answering,
  type RecordingServer,
  refusingUrl,
  startRecordingServer,
} from '../../test/support/recording-server.ts'
import type { ProviderAccount } from '../core/organization.ts'
import { parseE164 } from '../core/phone-number.ts'
import { makeHttpClient } from '../net/http-client.ts'
import { checkRequestsMax } from '../ports/provider.ts'
import { systemClock } from '../telemetry/clock.ts'
import { makeTelnyx } from './telnyx/index.ts'
import { makeTwilio } from './twilio/index.ts'

const number = parseE164('+12025550142')
const ours = 'https://sms.example.com/webhooks/sms/x'
const question = { numbers: [number], inboundUrls: [ours] }
const secret = 'canary-secret'
const http = makeHttpClient()
const parts = { http, clock: systemClock }
const [twilio, telnyx] = [makeTwilio(parts), makeTelnyx(parts)]
const profileId = '16fd2706-8baf-433b-82eb-8c7fada847da'

let server: RecordingServer
/** What the provider answers, by the last part of the path. */
let answers: Record<string, object | number>

before(async () => {
  server = await startRecordingServer()
})
after(async () => {
  await http.close()
  await server.close()
})
beforeEach(() => {
  server.requests.length = 0
  answers = {
    'AC1.json': { status: 'active', type: 'Full' },
    'IncomingPhoneNumbers.json': {
      incoming_phone_numbers: [{ phone_number: number, sms_url: ours, capabilities: { sms: true } }],
    },
    messaging: { data: [{ phone_number: number, messaging_profile_id: profileId }], meta: { total_pages: 1 } },
    [profileId]: { data: { enabled: true, webhook_url: ours } },
  }
  server.reply((response, request) => {
    const answer = answers[request.path.split('?')[0]?.split('/').at(-1) ?? ''] ?? 404
    return (typeof answer === 'number' ? answering(answer, {}) : answering(200, answer))(response, request)
  })
})

function accountOf(provider: string, differences: Partial<ProviderAccount> = {}): ProviderAccount {
  const common = {
    id: 1,
    organizationId: 1,
    name: 'a',
    provider,
    baseUrl: server.url,
    pacing: {},
    createdAt: 1,
    updatedAt: 1,
  }
  return provider === 'twilio'
    ? { ...common, settings: { account_sid: 'AC1' }, secrets: { auth_token: secret }, ...differences }
    : { ...common, settings: { public_key: 'x' }, secrets: { api_key: secret }, ...differences }
}

async function faults(provider: typeof twilio, differences: Partial<ProviderAccount> = {}): Promise<string[]> {
  const checks = await provider.check(question, accountOf(provider.name, differences))
  assert.ok(!JSON.stringify(checks).includes(secret))
  for (const { method } of server.requests) assert.equal(method, 'GET')
  assert.ok(server.requests.length <= checkRequestsMax)
  for (const { ok, advice } of checks) assert.equal(ok, advice === undefined)
  return checks.filter(({ ok }) => !ok).map(({ name, detail }) => `${name}: ${detail}`)
}

const numberWith = (differences: object) => ({
  'IncomingPhoneNumbers.json': { incoming_phone_numbers: [{ phone_number: number, sms_url: ours, ...differences }] },
})

suite('an account at Twilio', () => {
  const rows: readonly [title: string, answer: Record<string, object | number>, faults: RegExp[]][] = [
    ['as it must be', {}, []],
    ['refused', { 'AC1.json': 401 }, [/^credentials: The provider refuses the credentials \(HTTP 401\)/]],
    ['without a usable answer', { 'AC1.json': 500 }, [/^credentials: .*no usable answer/]],
    ['suspended', { 'AC1.json': { status: 'suspended' } }, [/^account_status: The account is suspended/]],
    ['on trial', { 'AC1.json': { status: 'active', type: 'Trial' } }, [/^account_status: It is a trial/]],
    ['without the number', { 'IncomingPhoneNumbers.json': {} }, [/^number: The account does not have/]],
    ['with a number for calls only', numberWith({ capabilities: { sms: false } }), [/^number: The number cannot text/]],
    [
      'with a webhook elsewhere',
      numberWith({ sms_url: 'http://demo.twilio.com/x?y' }),
      [/reported to http:\/\/demo\.twilio\.com\/x,/],
    ],
    ['with no webhook', numberWith({ sms_url: '' }), [/^inbound_webhook: .*reported nowhere/]],
    [
      'with an application',
      numberWith({ sms_application_sid: 'AP1' }),
      [/^inbound_webhook: A TwiML application \(AP1\)/],
    ],
  ]
  for (const [title, answer, expected] of rows)
    test(title, async () => {
      Object.assign(answers, answer)
      const found = await faults(twilio)
      assert.equal(found.length, expected.length, found.join('\n'))
      for (const [row, pattern] of expected.entries()) assert.match(found[row] ?? '', pattern)
    })

  test('an API key is judged by the numbers, which it may read, and cannot verify webhooks', async () => {
    const settings = { account_sid: 'AC1', api_key_sid: 'SK1' }
    const found = await faults(twilio, { settings, secrets: { api_key_secret: secret } })
    assert.deepEqual(
      found.map((fault) => fault.split(':')[0]),
      ['webhook_signature'],
    )
    assert.ok(server.requests.every(({ path }) => !path.endsWith('/AC1.json')))
  })

  test('a list that never ends is not read to its end', async () => {
    answers['IncomingPhoneNumbers.json'] = { incoming_phone_numbers: [], next_page_uri: '//evil.example/?Page=2' }
    assert.match((await faults(twilio)).join(), /not among those that were read/)
  })
})

suite('an account at Telnyx', () => {
  const rows: readonly [title: string, answer: Record<string, object | number>, faults: RegExp[]][] = [
    ['as it must be', {}, []],
    ['refused', { messaging: 401 }, [/^credentials: .*HTTP 401/]],
    ['without the number', { messaging: { data: [] } }, [/^number: The account does not have/]],
    [
      'with a number of no profile',
      { messaging: { data: [{ phone_number: number, messaging_profile_id: null }] } },
      [/^number: The number has no messaging profile/],
    ],
    ['with a disabled profile', { [profileId]: { data: { enabled: false, webhook_url: ours } } }, [/is disabled/]],
    ['with a profile that reports elsewhere', { [profileId]: { data: { webhook_url: null } } }, [/reported nowhere/]],
    ['with a profile that is gone', { [profileId]: 404 }, [/^messaging_profile: There is no messaging profile/]],
    [
      'with a list that never ends',
      { messaging: { data: [], meta: { total_pages: 9_999 } } },
      [/not among those that were read/],
    ],
  ]
  for (const [title, answer, expected] of rows)
    test(title, async () => {
      Object.assign(answers, answer)
      const found = await faults(telnyx)
      assert.equal(found.length, expected.length, found.join('\n'))
      for (const [row, pattern] of expected.entries()) assert.match(found[row] ?? '', pattern)
    })

  test('a number of another profile than the one that sends is told', async () => {
    const other = '26fd2706-8baf-433b-82eb-8c7fada847da'
    answers[other] = { data: { enabled: true, webhook_url: ours } }
    const found = await faults(telnyx, { settings: { public_key: 'x', messaging_profile_id: other } })
    assert.match(found.join(), /^number: The number belongs to the messaging profile/)
  })
})

for (const provider of [twilio, telnyx])
  test(`${provider.name} that cannot be reached is a check that failed`, async () => {
    assert.match((await faults(provider, { baseUrl: await refusingUrl() })).join(), /^credentials: .*no usable answer/)
  })
