import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { guardedPolicy, type Policy } from '../core/policy.ts'
import {
  changedPolicy,
  type Fail,
  type PolicyOwner,
  policyDocumentOf,
  readPolicyDocument,
  rulesOff,
} from './policy-document.ts'

const fail: Fail = (_path, sentence) => {
  throw new Error(sentence)
}
const read = (document: unknown, { owner = 'organization', base = {} }: { owner?: PolicyOwner; base?: Policy } = {}) =>
  changedPolicy(base, readPolicyDocument(document, { owner, fail }), { fail })

suite('a policy is read, and written as it was', () => {
  const rows: [what: string, document: Record<string, unknown>, policy: Policy][] = [
    ['nothing', {}, {}],
    ['anyone', { recipients: 'anyone' }, { recipients: { allow: 'anyone' } }],
    ['only who wrote first', { recipients: 'reply_only' }, { recipients: { allow: 'reply_only' } }],
    ['countries', { countries: ['US', 'XK', '+1876', 'sender'] }, { countries: ['US', 'XK', '+1876', 'sender'] }],
    [
      'limits',
      { per_recipient: [{ messages: 3, per: 'day' }], per_assistant: [{ messages: 9, per: 'minute' }], unanswered: 5 },
      { perRecipient: [{ messages: 3, per: 'day' }], perAssistant: [{ messages: 9, per: 'minute' }], unanswered: 5 },
    ],
    [
      'money',
      {
        spend: { amount: 12.5, per: 'month' },
        prices: { currency: 'USD', default: 0.01, by_prefix: { '+1': 0.0079 } },
      },
      {
        spend: { amount: 12.5, per: 'month' },
        prices: { currency: 'USD', default: 0.01, byPrefix: { '+1': 0.0079 } },
      },
    ],
    [
      'the rest',
      {
        prefix_velocity: { digits: 8, messages: 50, per: 'hour' },
        loop: 20,
        quiet_hours: { monday: ['09:00', '24:00'], sunday: ['12:00', '20:00'] },
        approval: true,
        duplicate_seconds: 60,
      },
      {
        prefixVelocity: { digits: 8, messages: 50, per: 'hour' },
        loop: 20,
        quietHours: { monday: ['09:00', '24:00'], sunday: ['12:00', '20:00'] },
        approval: true,
        duplicateSeconds: 60,
      },
    ],
  ]
  for (const [what, document, policy] of rows)
    test(what, () => {
      assert.deepEqual(read(document), policy)
      assert.deepEqual(policyDocumentOf(policy), document)
    })

  test('a list of people', () => {
    const document = { recipients: { allow: ['+1555123456'] } }
    assert.deepEqual(policyDocumentOf(read(document)), document)
  })

  test('what is off at an assistant', () => {
    const document = { recipients: 'off', per_recipient: 'off', quiet_hours: 'off', approval: false }
    const policy = read(document, { owner: 'assistant' })
    assert.deepEqual(policyDocumentOf(policy), document)
    assert.equal(rulesOff(policy).length, 12)
  })
})

suite('what is taken away', () => {
  const base: Policy = { unanswered: 5, loop: 9, approval: true }
  const rows: [what: string, document: unknown, policy: Policy][] = [
    ['nothing, when nothing is given', {}, base],
    ['a member that is null', { loop: null, approval: null }, { unanswered: 5 }],
    [
      'a member that is off, where there is nothing it could set aside',
      { loop: 'off' },
      { unanswered: 5, approval: true },
    ],
    ['the old value of one that is given', { unanswered: 6 }, { ...base, unanswered: 6 }],
  ]
  for (const [what, document, policy] of rows) test(what, () => assert.deepEqual(read(document, { base }), policy))
})

suite('a preset', () => {
  test('gives its values', () => assert.deepEqual(read({ preset: 'guarded' }), guardedPolicy))

  test('gives way to what stands beside it', () => {
    const { loop: _without, ...rest } = guardedPolicy
    assert.deepEqual(read({ preset: 'guarded', loop: null, unanswered: 8 }), { ...rest, unanswered: 8 })
  })

  test("leaves out what is the organization's at an assistant", () => {
    const { perOrganization: _without, ...rest } = guardedPolicy
    assert.deepEqual(read({ preset: 'guarded' }, { owner: 'assistant' }), rest)
  })
})

suite('what is wrong is said with its place and the cure', () => {
  const limit = 'must be a whole number from 1 to 10000000'
  const rows: [document: unknown, sentence: string, owner?: PolicyOwner][] = [
    [null, 'The policy must have members: preset, recipients, countries, '],
    [[], 'The policy must have members'],
    [{ recipient: 'anyone' }, 'recipient is not known here; there is: preset, recipients'],
    [{ preset: 'strict' }, 'preset must be guarded'],
    [{ recipients: 'nobody' }, 'recipients must be anyone, reply_only, or a list of numbers'],
    [{ recipients: { allow: [] } }, 'recipients.allow must be a list of 1 to 1000 entries'],
    [{ recipients: { allow: ['12'] } }, 'recipients.allow[0] must be a phone number in E.164 format'],
    [{ recipients: { deny: [] } }, 'recipients.deny is not known here; there is: allow'],
    [{ countries: 'US' }, 'countries must be a list of 1 to 300 entries'],
    [{ countries: ['US', 'UK'] }, 'countries[1] must be a country of ISO 3166-1 in capitals'],
    [{ countries: ['us'] }, 'countries[0] must be a country of ISO 3166-1 in capitals'],
    [{ countries: ['+0'] }, 'countries[0] must be a country'],
    [{ per_recipient: { messages: 3, per: 'day' } }, 'per_recipient must be a list of 1 to 5 entries'],
    [{ per_recipient: [{ messages: 0, per: 'day' }] }, `per_recipient[0].messages ${limit}`],
    [{ per_recipient: [{ messages: '3', per: 'day' }] }, `per_recipient[0].messages ${limit}`],
    [{ per_recipient: [{ messages: 3, per: 'week' }] }, 'per_recipient[0].per must be minute or hour or day'],
    [{ per_recipient: [{ messages: 3, per: 'day', of: 1 }] }, 'per_recipient[0].of is not known here'],
    [{ per_recipient: Array(6).fill({ messages: 1, per: 'day' }) }, 'per_recipient must be a list of 1 to 5 entries'],
    [{ unanswered: 1.5 }, 'unanswered must be a whole number from 1 to 1000'],
    [{ loop: 1 }, 'loop must be a whole number from 2 to 1000'],
    [{ spend: { amount: 5, per: 'day' } }, 'spend needs prices: '],
    [{ spend: { amount: -1, per: 'day' } }, 'spend.amount must be a number from 0 to 1000000000'],
    [{ spend: { amount: Number.NaN, per: 'day' } }, 'spend.amount must be a number'],
    [{ prices: { currency: 'usd', default: 1 } }, 'prices.currency must be a currency of ISO 4217 in capitals'],
    [{ prices: { currency: 'USD' } }, 'prices.default must be a number from 0 to 1000'],
    [{ prices: { currency: 'USD', default: 1, by_prefix: { 1: 1 } } }, 'prices.by_prefix.1 is not the first digits'],
    [
      { prefix_velocity: { digits: 2, messages: 1, per: 'day' } },
      'prefix_velocity.digits must be a whole number from 3',
    ],
    [{ quiet_hours: 'always' }, 'quiet_hours must be marketing, or the hours'],
    [{ quiet_hours: {} }, 'quiet_hours must have a window on one day at least'],
    [{ quiet_hours: { monday: ['20:00', '09:00'] } }, 'quiet_hours.monday must be two times of one day'],
    [{ quiet_hours: { mon: ['09:00', '20:00'] } }, 'quiet_hours.mon is not known here; there is: monday'],
    [{ approval: 'yes' }, 'approval must be true or false'],
    [{ duplicate_seconds: 86_401 }, 'duplicate_seconds must be a whole number from 1 to 86400'],
    [
      { per_organization: null },
      "per_organization is of the whole organization. Set it in the organization's policy",
      'assistant',
    ],
    [{ prices: {} }, 'prices is of the whole organization', 'assistant'],
    [{ spend: 'off' }, 'spend is of the whole organization', 'assistant'],
  ]
  for (const [document, sentence, owner] of rows)
    test(`${JSON.stringify(document)?.slice(0, 90)}${owner === undefined ? '' : ` at an ${owner}`}`, () => {
      assert.throws(
        () => read(document, owner === undefined ? {} : { owner }),
        (error: Error) => error.message.startsWith(sentence) || assert.fail(error.message),
      )
    })

  test('prices cannot go while they are needed', () => {
    const base: Policy = { spend: { amount: 1, per: 'day' }, prices: { currency: 'USD', default: 1 } }
    assert.throws(() => read({ prices: null }, { base }), /^Error: spend needs prices/)
    assert.deepEqual(read({ prices: null, spend: null }, { base }), {})
  })
})
