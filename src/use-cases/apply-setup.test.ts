import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { openMemoryStore, providersOffline, steppedClock } from '../../test/support/parts.ts'
import { parseE164 } from '../core/phone-number.ts'
import type { Store } from '../ports/store.ts'
import { systemRandom } from '../telemetry/random.ts'
import { planSetup, type Setup } from './apply-setup.ts'

let store: Store
before(async () => {
  store = await openMemoryStore()
})
after(() => store.close())

const parts = () => ({ store, providers: providersOffline, clock: steppedClock(), random: systemRandom })
const one = parseE164('+12025550142')
const two = parseE164('+12025550143')

function setup(change: Partial<Setup> = {}): Setup {
  return {
    organization: 'Acme',
    providerAccounts: [
      { name: 'main', provider: 'twilio', fields: { account_sid: 'AC1', auth_token: 'top-secret' } },
      { name: 'second', provider: 'telnyx', fields: { api_key: 'KEY1' } },
    ],
    assistants: [{ name: 'Bot', providerAccount: 'main', phoneNumbers: [one, two], smsWebhookUrl: 'https://x.test/' }],
    ...change,
  }
}

test('a set-up is created, moved and taken back, each time with nothing left to do', async () => {
  const steps: [Setup, string[]][] = [
    [
      setup(),
      [
        '+ organization Acme',
        '+ provider account main (twilio)',
        '+ provider account second (telnyx)',
        '+ assistant Bot',
        '+ phone number +12025550142 of Bot',
        '+ phone number +12025550143 of Bot',
      ],
    ],
    [
      setup({
        providerAccounts: [
          {
            name: 'main',
            provider: 'twilio',
            baseUrl: 'http://x.test',
            fields: { account_sid: 'AC2', auth_token: 'new' },
          },
          { name: 'second', provider: 'telnyx', fields: { api_key: 'KEY1' } },
        ],
        optOutScope: 'sender',
        assistants: [
          {
            name: 'Bot',
            providerAccount: 'second',
            phoneNumbers: [one],
            inbound: { coalesceMs: 500, freedKeywords: ['END'], helpReply: 'Ask' },
          },
          { name: 'Other', providerAccount: 'second', phoneNumbers: [two] },
        ],
      }),
      [
        '~ organization Acme: opt_out_scope organization -> sender',
        '~ provider account main: base_url (none) -> http://x.test, account_sid AC1 -> AC2, auth_token (secret)',
        '~ assistant Bot: provider_account main -> second, sms_webhook_url https://x.test/ -> (none), coalesce_ms (none) -> 500, freed_keywords (none) -> END, help_reply (none) -> Ask',
        '~ phone number +12025550142: Bot -> Bot through second',
        '+ assistant Other',
        '~ phone number +12025550143: Bot -> Other through second',
      ],
    ],
    [
      setup({ assistants: [{ name: 'Bot', providerAccount: 'main', phoneNumbers: [] }] }),
      [
        '~ provider account main: base_url http://x.test -> (none), account_sid AC2 -> AC1, auth_token (secret)',
        '~ assistant Bot: provider_account second -> main, coalesce_ms 500 -> (none), freed_keywords END -> (none), help_reply Ask -> (none)',
        '- phone number +12025550142 of Bot: unassigned',
      ],
    ],
  ]
  for (const [wanted, expected] of steps) {
    const plan = await planSetup(parts(), wanted)
    assert.deepEqual(
      plan.changes.map((change) => `${change.sign} ${change.text}`),
      expected,
    )
    const { organizationId } = await plan.apply()
    assert.deepEqual((await planSetup(parts(), wanted)).changes, [])
    const accounts = await store.accounts.list(organizationId)
    assert.deepEqual(accounts[0]?.secrets, { auth_token: wanted.providerAccounts[0]?.fields.auth_token })
  }
})

test('what cannot be is refused before anything changes', async () => {
  const account = { name: 'main', provider: 'twilio', fields: { account_sid: 'AC1', auth_token: 'x' } }
  const faults: [Setup, RegExp][] = [
    [setup({ providerAccounts: [{ ...account, provider: 'nexmo' }] }), /provider must be one of: twilio, telnyx/],
    [setup({ providerAccounts: [{ ...account, fields: { account_sid: 'AC1' } }] }), /main: auth_token is missing/],
    [
      setup({ providerAccounts: [{ ...account, fields: { ...account.fields, colour: 'red' } }] }),
      /colour is not a field/,
    ],
    [
      setup({ providerAccounts: [{ ...account, provider: 'telnyx', fields: { api_key: 'K' } }] }),
      /main is a twilio account/,
    ],
  ]
  await (await planSetup(parts(), setup())).apply()
  for (const [wanted, sentence] of faults) await assert.rejects(planSetup(parts(), wanted), sentence)
  assert.deepEqual((await planSetup(parts(), setup())).changes, [])
})
