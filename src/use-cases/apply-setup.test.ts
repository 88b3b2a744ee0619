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

test('how long what is stored is kept is set as a whole, left alone where it is not named, and on record', async () => {
  const kept = (retention?: Setup['retention']) =>
    setup({ organization: 'Keeping', assistants: [], ...(retention === undefined ? {} : { retention }) })
  const steps: [Setup, string[]][] = [
    [
      kept({ bodiesDays: 30, messagesDays: 365 }),
      [
        '+ organization Keeping',
        '~ retention of organization Keeping: bodies_days (none) -> 30, messages_days (none) -> 365',
      ],
    ],
    [kept(), []],
    [
      kept({ messagesDays: 400 }),
      ['~ retention of organization Keeping: bodies_days 30 -> (none), messages_days 365 -> 400'],
    ],
  ]
  for (const [wanted, expected] of steps) {
    const plan = await planSetup(parts(), wanted)
    const texts = plan.changes.map((change) => `${change.sign} ${change.text}`)
    assert.deepEqual(
      texts.filter((text) => !text.includes('provider account')),
      expected,
    )
    await plan.apply()
    assert.deepEqual((await planSetup(parts(), wanted)).changes, [])
  }
  const organization = await store.organizations.findByName('Keeping')
  assert.deepEqual(organization?.retention, { messagesDays: 400 })
  const [entry] = await store.audit.list(organization?.id ?? 0, { limit: 1 })
  assert.deepEqual(
    [entry?.actor, entry?.action, entry?.data],
    [
      'the set-up file',
      'retention.changed',
      { before: { bodies_days: 30, messages_days: 365 }, after: { messages_days: 400 } },
    ],
  )
})

test('policies and paces are set with what is created, changed member by member, and left alone where none are named', async () => {
  const bot = { name: 'Bot', providerAccount: 'main', phoneNumbers: [one] }
  const steer = (change: Partial<Setup> = {}) => setup({ organization: 'Steered', assistants: [bot], ...change })
  const steps: [Setup, string[]][] = [
    [
      steer({
        policy: { unanswered: 5, perOrganization: [{ messages: 100, per: 'day' }] },
        providerAccounts: [
          { name: 'main', provider: 'telnyx', fields: { api_key: 'KEY1' }, pacing: { smsPerSecond: 40 } },
        ],
        assistants: [
          { ...bot, policy: { unanswered: 'off' }, pacing: { [one]: { segmentsPerSecond: 3, strict: true } } },
        ],
      }),
      [
        '+ organization Steered',
        '~ policy of organization Steered: per_organization (none) -> [{"messages":100,"per":"day"}], unanswered (none) -> 5',
        '+ provider account main (telnyx)',
        '~ pace of provider account main: sms_per_second (none) -> 40',
        '+ assistant Bot',
        '~ policy of assistant Bot: unanswered (none) -> off',
        '+ phone number +12025550142 of Bot',
        '~ pace of phone number +12025550142: segments_per_second (none) -> 3, strict (none) -> true',
      ],
    ],
    [
      steer({
        policy: { unanswered: 7 },
        providerAccounts: [{ name: 'main', provider: 'telnyx', fields: { api_key: 'KEY1' }, pacing: {} }],
        assistants: [{ ...bot, policy: {}, pacing: { [one]: { segmentsPerSecond: 3 } } }],
      }),
      [
        '~ policy of organization Steered: per_organization [{"messages":100,"per":"day"}] -> (none), unanswered 5 -> 7',
        '~ pace of provider account main: sms_per_second 40 -> (none)',
        '~ policy of assistant Bot: unanswered off -> (none)',
        '~ pace of phone number +12025550142: strict true -> (none)',
      ],
    ],
    [steer({ providerAccounts: [{ name: 'main', provider: 'telnyx', fields: { api_key: 'KEY1' } }] }), []],
  ]
  for (const [wanted, expected] of steps) {
    const plan = await planSetup(parts(), wanted)
    assert.deepEqual(
      plan.changes.map((change) => `${change.sign} ${change.text}`),
      expected,
    )
    await plan.apply()
    assert.deepEqual((await planSetup(parts(), wanted)).changes, [])
  }
  const organization = await store.organizations.findByName('Steered')
  assert.ok(organization !== undefined)
  const route = await store.senders.findRoute(organization.id, one)
  assert.deepEqual(
    [route?.organization.policy, route?.assistant.policy, route?.account.pacing, route?.sender.pacing],
    [{ unanswered: 7 }, {}, {}, { segmentsPerSecond: 3 }],
  )
  const entries = await store.audit.list(organization.id, { limit: 100 })
  assert.deepEqual(
    entries.slice(0, 2).map(({ actor, action, subject, data }) => [actor, action, subject, data]),
    [
      [
        'the set-up file',
        'pace.changed',
        `phone number ${route?.sender.id}`,
        { before: { segments_per_second: 3, strict: true }, after: { segments_per_second: 3 } },
      ],
      [
        'the set-up file',
        'policy.changed',
        `assistant ${route?.assistant.id}`,
        { before: { unanswered: 'off' }, after: {} },
      ],
    ],
  )
})
