import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import { guardedPolicy } from '../core/policy.ts'
import { parseSetupFile } from './setup-file.ts'

const env = { TWILIO_AUTH_TOKEN: 'a: {token}, with "YAML" # in it', TELNYX_API_KEY: 'KEY1', TELNYX_PUBLIC_KEY: 'k=' }

const file = `organization: Acme
provider_accounts:
  - { name: main-twilio, provider: twilio, account_sid: ACxxxx, auth_token: \${TWILIO_AUTH_TOKEN} }
  - { name: main-telnyx, provider: telnyx, api_key: "\${TELNYX_API_KEY}", base_url: http://127.0.0.1:3001/v2/ }
assistants:
  - name: Support Bot
    provider_account: main-twilio
    phone_numbers: ["+1234567890"]
    sms_webhook_url: https://example.com/sms
`

const inbound = `opt_out_scope: assistant
${file}    inbound:
      coalesce_ms: 2500
      freed_keywords: [END, CANCEL]
      opt_out_reply: "Done: no more texts."
`

test('a file is read, and a variable becomes one value whatever stands in it', () => {
  assert.deepEqual(parseSetupFile(file, env), {
    organization: 'Acme',
    providerAccounts: [
      {
        name: 'main-twilio',
        provider: 'twilio',
        fields: { account_sid: 'ACxxxx', auth_token: env.TWILIO_AUTH_TOKEN },
      },
      {
        name: 'main-telnyx',
        provider: 'telnyx',
        baseUrl: 'http://127.0.0.1:3001/v2',
        fields: { api_key: 'KEY1' },
      },
    ],
    assistants: [
      {
        name: 'Support Bot',
        providerAccount: 'main-twilio',
        phoneNumbers: ['+1234567890'],
        smsWebhookUrl: 'https://example.com/sms',
      },
    ],
  })
})

test('how long what is stored is kept is read, and what is out of range is refused with its line', () => {
  const kept = (days: string) => parseSetupFile(`${file}retention: { ${days} }\n`, env).retention
  assert.equal(parseSetupFile(file, env).retention, undefined)
  assert.deepEqual(kept(''), {})
  assert.deepEqual(kept('bodies_days: 30, messages_days: 365'), { bodiesDays: 30, messagesDays: 365 })
  assert.deepEqual(kept('events_days: 3650'), { eventsDays: 3_650 })
  const faults: readonly [string, RegExp][] = [
    ['messages_days: 30', /^Line 10: messages_days must be a whole number from 31 to 3650\.$/],
    ['bodies_days: 0', /bodies_days must be a whole number from 1 to 3650/],
    ['events_days: 3651', /events_days must be a whole number from 1 to 3650/],
    ['bodies_days: 1.5', /bodies_days must be a whole number/],
    ['days: 3', /days is not known here/],
  ]
  for (const [days, fault] of faults)
    assert.throws(() => kept(days), { name: 'SmsError', code: 'invalid_request', message: fault })
})

test('how inbound texts are treated is read, and how far an opt-out reaches', () => {
  const { optOutScope, assistants } = parseSetupFile(inbound, env)
  assert.deepEqual(
    [optOutScope, assistants[0]?.inbound],
    ['assistant', { coalesceMs: 2500, freedKeywords: ['END', 'CANCEL'], optOutReply: 'Done: no more texts.' }],
  )
})

const steered = `policy:
  preset: guarded
  countries: [US, NO, +1876]
  per_recipient:
    - { messages: 3, per: day }
  spend: { amount: 12.5, per: month }
  prices: { currency: USD, default: 0.01, by_prefix: { +1: 0.0079 } }
  loop: off
  quiet_hours: { monday: [09:00, 20:00] }
${file.replace('phone_numbers: ["+1234567890"]', 'phone_numbers: ["+1234567890", { number: "+1234567891", pace: { segments_per_second: 0.5, strict: true } }]')}    policy: { recipients: { allow: [+1555123456] }, approval: true, loop: off }
`

test('policies and paces are read as the API takes them', () => {
  const { policy, assistants } = parseSetupFile(steered, env)
  const { loop: _off, ...guarded } = guardedPolicy
  assert.deepEqual(policy, {
    ...guarded,
    countries: ['US', 'NO', '+1876'],
    perRecipient: [{ messages: 3, per: 'day' }],
    spend: { amount: 12.5, per: 'month' },
    prices: { currency: 'USD', default: 0.01, byPrefix: { '+1': 0.0079 } },
    quietHours: { monday: ['09:00', '20:00'] },
  })
  assert.deepEqual(assistants[0]?.policy, {
    recipients: { allow: 'list', numbers: ['+1555123456'] },
    approval: true,
    loop: 'off',
  })
  assert.deepEqual(assistants[0]?.phoneNumbers, ['+1234567890', '+1234567891'])
  assert.deepEqual(assistants[0]?.pacing, { '+1234567891': { segmentsPerSecond: 0.5, strict: true } })
  const paced = file.replace('account_sid: ACxxxx,', 'account_sid: ACxxxx, pace: { mms_per_second: 5 },')
  assert.deepEqual(parseSetupFile(paced, env).providerAccounts[0]?.pacing, { mmsPerSecond: 5 })
})

test('the example file is valid', () => {
  const example = readFileSync(new URL('../../textbridge.example.yaml', import.meta.url), 'utf8')
  assert.equal(parseSetupFile(example, env).assistants.length, 2)
})

const faults: [what: string, text: string, sentence: RegExp][] = [
  ['an unknown key', file.replace('sms_webhook_url', 'sms_webhok_url'), /^Line 9: sms_webhok_url is not known here/],
  ['an unknown key at the top', `${file}extra: 1\n`, /^Line 10: extra is not known here/],
  ['a variable that is not set', file.replace('TELNYX_API_KEY', 'NOPE'), /^Line 4: the environment variable NOPE/],
  ['broken YAML', file.replace('["+1234567890"]', '["+1234567890"'), /^Line \d+: /],
  ['a number that is not E.164', file.replace('"+1234567890"', '12345'), /^Line 8: a phone number must be in E.164/],
  ['a number twice', file.replace('["+1234567890"]', '["+12", "+12"]'), /^Line 8: \+12 stands twice/],
  ['an account twice', file.replace('main-telnyx', 'main-twilio'), /^Line 4: main-twilio stands twice/],
  ['an unknown account', file.replace('provider_account: main-twilio', 'provider_account: x'), /^Line 7: .* called x /],
  ['a missing name', file.replace('name: Support Bot', 'description: x'), /^Line 6: name is missing/],
  ['a missing organization', file.replace('organization: Acme\n', ''), /organization is missing/],
  ['an empty value', file.replace('Support Bot', '""'), /^Line 6: name is empty/],
  ['a list in place of a text', file.replace('Support Bot', '[a]'), /^Line 6: name must be a text/],
  ['a text in place of a list', file.replace('["+1234567890"]', '"+1"'), /^Line 8: phone_numbers must be a list/],
  ['a base_url that is no URL', file.replace('http://127.0.0.1:3001/v2/', 'x'), /^Line 4: base_url must be/],
  ['an unknown scope', inbound.replace('scope: assistant', 'scope: world'), /^Line 1: opt_out_scope must be one of/],
  ['a wait that is no number', inbound.replace('2500', '2.5 s'), /^Line 12: coalesce_ms must be a whole number/],
  ['a wait over the limit', inbound.replace('2500', '60001'), /^Line 12: .* up to 60000/],
  ['a blank keyword', inbound.replace('[END', "[' '"), /^Line 13: a freed keyword must have/],
  ['a reply over the limit', inbound.replace('Done:', 'a'.repeat(321)), /^Line 14: opt_out_reply is longer/],
  ['an unknown inbound key', inbound.replace('coalesce_ms', 'coalesce'), /^Line 12: coalesce is not known here/],
  [
    'an unknown rule',
    steered.replace('  loop: off', '  loops: off'),
    /^Line 8: loops is not known here; there is: preset/,
  ],
  ['a limit of none', steered.replace('messages: 3', 'messages: 0'), /^Line 5: per_recipient\[0\]\.messages must be a/],
  ['money without prices', steered.replace(/ {2}prices: .*\n/, ''), /^Line 6: spend needs prices/],
  [
    'money of an assistant',
    steered.replace('approval: true', 'spend: {}'),
    /^Line 19: spend is of the whole organization/,
  ],
  ['a pace of none', steered.replace('0.5', '0'), /^Line 17: segments_per_second must be a number of more than 0/],
  [
    'an unknown word of a pace',
    steered.replace('strict: true', 'strict: yes'),
    /^Line 17: strict must be true or false/,
  ],
  ['an empty file', '', /must have keys and values/],
  ['an alias bomb', `organization: &a [x]\nassistants: [${Array(200).fill('*a').join(',')}]\n`, /./],
]
for (const [what, text, sentence] of faults)
  test(`${what} is refused with its line`, () => {
    assert.throws(() => parseSetupFile(text, env), { message: sentence })
  })

test('a secret is never quoted in a fault', () => {
  const bad = file.replace('"+1234567890"', `"\${TELNYX_API_KEY}"`)
  assert.throws(
    () => parseSetupFile(bad, env),
    (error: Error) => !error.message.includes('KEY1'),
  )
})
