import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import {
  costMicrosOf,
  countsDispatches,
  effectivePolicy,
  guardedPolicy,
  isSet,
  type Policy,
  type Prices,
  policyRules,
} from './policy.ts'

suite('what holds for an assistant', () => {
  const daily = [{ messages: 5, per: 'day' }] as const
  const rows: [what: string, organization: Policy, assistant: Policy | undefined, effective: Policy][] = [
    ['nothing, when nothing is set', {}, {}, {}],
    ["the organization's, when it has none of its own", { unanswered: 3 }, undefined, { unanswered: 3 }],
    ['its own, member by member', { unanswered: 3, loop: 9 }, { loop: 4 }, { unanswered: 3, loop: 4 }],
    ['none, where it sets one aside', { unanswered: 3 }, { unanswered: 'off' }, { unanswered: 'off' }],
    ['no approval, where it says so', { approval: true }, { approval: false }, { approval: false }],
    [
      'money and the cap of the organization, whatever stands at the assistant',
      {
        perOrganization: daily,
        spend: { amount: 5, per: 'day' },
        prices: { currency: 'USD', default: 1 },
      },
      { perOrganization: 'off', spend: 'off', prices: { currency: 'EUR', default: 0 } },
      {
        perOrganization: daily,
        spend: { amount: 5, per: 'day' },
        prices: { currency: 'USD', default: 1 },
      },
    ],
  ]
  for (const [what, organization, assistant, effective] of rows)
    test(what, () => {
      const own = { ownPerRecipient: false, ownPrefixVelocity: false }
      assert.deepEqual(effectivePolicy(organization, assistant), { ...effective, ...own })
    })

  test('limits remember whose they are', () => {
    const velocity = { digits: 6, messages: 5, per: 'hour' } as const
    const both = { perRecipient: daily, prefixVelocity: velocity }
    const { ownPerRecipient, ownPrefixVelocity } = effectivePolicy(both, { perRecipient: daily })
    assert.deepEqual([ownPerRecipient, ownPrefixVelocity], [true, false])
    assert.equal(effectivePolicy({}, both).ownPrefixVelocity, true)
  })
})

suite('dispatches are counted', () => {
  const rows: [what: string, policy: Policy, counts: boolean][] = [
    ['not without a policy', {}, false],
    ['not for rules that need no count', { countries: ['US'], loop: 5, approval: true, duplicateSeconds: 60 }, false],
    ['not for limits that are set aside', { perRecipient: 'off', unanswered: 'off' }, false],
    ['for a limit per recipient', { perRecipient: [{ messages: 1, per: 'day' }] }, true],
    ['for a limit per assistant', { perAssistant: [{ messages: 1, per: 'day' }] }, true],
    ['for a limit of the organization', { perOrganization: [{ messages: 1, per: 'day' }] }, true],
    ['for unanswered texts', { unanswered: 1 }, true],
    ['for velocity', { prefixVelocity: { digits: 6, messages: 1, per: 'day' } }, true],
    ['when guarded', guardedPolicy, true],
  ]
  for (const [what, policy, counts] of rows) test(what, () => assert.equal(countsDispatches(policy), counts))
})

test('guarded sets every rule but those that nobody can choose for others', () => {
  assert.deepEqual(
    policyRules.filter((rule) => !isSet(guardedPolicy, rule)),
    ['recipients', 'spend', 'approval'],
  )
})

test('a rule is set by a value, and not by off or false', () => {
  assert.deepEqual(
    policyRules.filter((rule) => isSet({ loop: 'off', approval: false, unanswered: 1, recipients: 'off' }, rule)),
    ['unanswered'],
  )
})

suite('what a text costs, in millionths', () => {
  const prices: Prices = { currency: 'USD', default: 0.05, byPrefix: { '+1': 0.0079, '+1876': 0.09 } }
  const rows: [what: string, prices: Prices | undefined, recipient: string, segmentCount: number, micros?: number][] = [
    ['unknown without prices', undefined, '+12025550142', 1],
    ['by the first digits', prices, '+12025550142', 1, 7_900],
    ['by the longest that fits', prices, '+18765550142', 1, 90_000],
    ['by the default elsewhere', prices, '+4915100000000', 1, 50_000],
    ['for each segment', prices, '+12025550142', 3, 23_700],
    ['rounded up', { currency: 'USD', default: 0.000_000_1 }, '+12025550142', 1, 1],
    ['nothing where it is free', { currency: 'USD', default: 0 }, '+12025550142', 4, 0],
  ]
  for (const [what, given, recipient, segmentCount, micros] of rows)
    test(what, () => assert.equal(costMicrosOf(given, { recipient, segmentCount }), micros))
})
