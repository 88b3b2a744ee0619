import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import type { ReachedLimit } from './message.ts'
import type { OptOut } from './opt-out.ts'
import { parseE164 } from './phone-number.ts'
import { effectivePolicy, type Policy } from './policy.ts'
import { decideScheduled, decideSend, explainSend, type RefusalRule, type SendDecision } from './send-decision.ts'
import { needsOf, type SendFacts } from './send-facts.ts'
import type { SendTerms } from './send-terms.ts'

/** A Tuesday, 14:00 in New York. */
const now = Date.parse('2026-11-24T19:00:00Z')
const night = Date.parse('2026-11-25T04:00:00Z')
const nextMorning = Date.parse('2026-11-25T14:00:00Z')
const minute = 60_000
const day = 86_400_000
const person = parseE164('+12025550199')

type Given = {
  readonly policy?: Policy
  readonly own?: Policy
  readonly facts?: Partial<SendFacts>
} & Omit<Partial<SendTerms>, 'policy'>

function given({ policy = {}, own, facts, ...terms }: Given): [SendFacts, SendTerms] {
  return [
    { optOuts: [], ...facts },
    {
      counted: true,
      now,
      assistantId: 7,
      senderId: 3,
      sender: '+12125550142',
      recipient: person,
      category: 'conversation',
      approved: false,
      automatic: false,
      mandatory: false,
      ...terms,
      policy: effectivePolicy(policy, own),
    },
  ]
}

const optOut: OptOut = { organizationId: 1, recipient: person, source: 'keyword', inDoubt: false, createdAt: 1 }
const send: SendDecision = { kind: 'send' }
const refuse = (rule: RefusalRule, reached?: ReachedLimit): SendDecision => ({
  kind: 'refuse',
  rule,
  ...(reached === undefined ? {} : { reached }),
})

const dailyThree: Policy['perRecipient'] = [{ messages: 3, per: 'day' }]
const counted = (count: number, oldestAt?: number): Partial<SendFacts> => ({
  counts: [{ count, ...(oldestAt === undefined ? {} : { oldestAt }) }],
})
const contact = (lastInboundAt?: number, inboundStreak = 0): Partial<SendFacts> => ({
  contact: { inboundStreak, ...(lastInboundAt === undefined ? {} : { lastInboundAt }) },
})
const prices = { currency: 'USD', default: 0.01 }
const marketing = { category: 'marketing', policy: { quietHours: 'marketing' } } as const
const until = (at: number): SendDecision => ({ kind: 'hold', reason: 'quiet_hours', until: at })

const rows: Readonly<Record<string, readonly [what: string, given: Given, decision: SendDecision][]>> = {
  'without a policy': [
    ['anybody may be texted', {}, send],
    ['a number of no country too', { recipient: '+999123456' }, send],
  ],
  'opt-outs': [
    ['the person has opted out', { facts: { optOuts: [optOut] } }, refuse('recipient_opted_out')],
    ['perhaps', { facts: { optOuts: [{ ...optOut, inDoubt: true }] } }, refuse('opt_out_in_doubt')],
    ['of this assistant', { facts: { optOuts: [{ ...optOut, assistantId: 7 }] } }, refuse('recipient_opted_out')],
    ['of another assistant', { facts: { optOuts: [{ ...optOut, assistantId: 8 }] } }, send],
    ['of another number', { facts: { optOuts: [{ ...optOut, senderId: 4 }] } }, send],
    ['what the law asks for goes out', { facts: { optOuts: [optOut] }, automatic: true, mandatory: true }, send],
    [
      'another reply of our own does not',
      { facts: { optOuts: [optOut] }, automatic: true },
      refuse('recipient_opted_out'),
    ],
  ],
  'answers to a text': [
    ['to the newest', { inReplyTo: 'msg_1', facts: { lastInboundId: 'msg_1' } }, send],
    ['to an older one', { inReplyTo: 'msg_1', facts: { lastInboundId: 'msg_2' } }, refuse('superseded')],
  ],
  expiry: [
    ['before', { expiresAt: now + 1 }, send],
    ['at the instant', { expiresAt: now }, refuse('expired')],
  ],
  recipients: [
    ['anyone', { policy: { recipients: { allow: 'anyone' } } }, send],
    [
      'only who wrote first: has not',
      { policy: { recipients: { allow: 'reply_only' } }, facts: contact() },
      refuse('recipient_not_allowed'),
    ],
    ['only who wrote first: has', { policy: { recipients: { allow: 'reply_only' } }, facts: contact(5) }, send],
    ['a list: is on it', { policy: { recipients: { allow: 'list', numbers: [person] } } }, send],
    [
      'a list: is not',
      { policy: { recipients: { allow: 'list', numbers: [parseE164('+12025550100')] } } },
      refuse('recipient_not_allowed'),
    ],
    [
      'set aside by the assistant',
      { policy: { recipients: { allow: 'list', numbers: [] } }, own: { recipients: 'off' } },
      send,
    ],
  ],
  countries: [
    ['the country is on the list', { policy: { countries: ['GB', 'US'] } }, send],
    ['it is not', { policy: { countries: ['GB'] } }, refuse('country_not_allowed')],
    [
      'Jamaica is not the United States',
      { policy: { countries: ['US'] }, recipient: '+18765550142' },
      refuse('country_not_allowed'),
    ],
    ['first digits', { policy: { countries: ['+1876'] }, recipient: '+18765550142' }, send],
    ['other first digits', { policy: { countries: ['+1876'] } }, refuse('country_not_allowed')],
    ['the country of the sender', { policy: { countries: ['sender'] } }, send],
    [
      'another country than that of the sender',
      { policy: { countries: ['sender'] }, recipient: '+447700900123' },
      refuse('country_not_allowed'),
    ],
    [
      'a number of no country',
      { policy: { countries: ['sender', 'US'] }, recipient: '+15005550006' },
      refuse('country_not_allowed'),
    ],
  ],
  loops: [
    ['below the limit', { policy: { loop: 4 }, facts: contact(now - 1, 3) }, send],
    [
      'at the limit',
      { policy: { loop: 4 }, facts: contact(now - 1, 4) },
      refuse('conversation_loop', { limit: 4, count: 4, per: 'conversation' }),
    ],
    ['a minute later', { policy: { loop: 4 }, facts: contact(now - minute - 1, 4) }, send],
    ['a person who never wrote', { policy: { loop: 4 }, facts: contact(undefined, 0) }, send],
  ],
  'unanswered texts': [
    ['below the limit', { policy: { unanswered: 2 }, facts: counted(1) }, send],
    [
      'at the limit, and waiting does not help',
      { policy: { unanswered: 2 }, facts: counted(2, now - day) },
      refuse('unanswered_limit', { limit: 2, count: 2, per: 'conversation' }),
    ],
  ],
  'a cap per recipient': [
    ['below the limit', { policy: { perRecipient: dailyThree }, facts: counted(2) }, send],
    [
      'at the limit, until the oldest is a day old',
      { policy: { perRecipient: dailyThree }, facts: counted(3, now - day + minute) },
      refuse('recipient_cap', { limit: 3, count: 3, per: 'day', retryAt: now + minute }),
    ],
    [
      'the second of two limits is reached',
      {
        policy: {
          perRecipient: [
            { messages: 3, per: 'day' },
            { messages: 1, per: 'minute' },
          ],
        },
        facts: { counts: [{ count: 1 }, { count: 1, oldestAt: now - 20_000 }] },
      },
      refuse('recipient_cap', { limit: 1, count: 1, per: 'minute', retryAt: now + 40_000 }),
    ],
  ],
  'a cap per assistant': [
    ['below the limit', { policy: { perAssistant: [{ messages: 3, per: 'hour' }] }, facts: counted(2) }, send],
    [
      'at the limit',
      { policy: { perAssistant: [{ messages: 3, per: 'hour' }] }, facts: counted(3, now - 30 * minute) },
      refuse('assistant_cap', { limit: 3, count: 3, per: 'hour', retryAt: now + 30 * minute }),
    ],
  ],
  'a cap of the organization': [
    ['below the limit', { policy: { perOrganization: [{ messages: 3, per: 'minute' }] }, facts: counted(2) }, send],
    [
      'at the limit, which no assistant sets aside',
      {
        policy: { perOrganization: [{ messages: 3, per: 'minute' }] },
        own: { perOrganization: 'off' },
        facts: counted(3, now - 1),
      },
      refuse('organization_cap', { limit: 3, count: 3, per: 'minute', retryAt: now + minute - 1 }),
    ],
  ],
  velocity: [
    [
      'below the limit',
      { policy: { prefixVelocity: { digits: 6, messages: 9, per: 'hour' } }, facts: counted(8) },
      send,
    ],
    [
      'at the limit',
      { policy: { prefixVelocity: { digits: 6, messages: 9, per: 'hour' } }, facts: counted(9, now - minute) },
      refuse('prefix_velocity', { limit: 9, count: 9, per: 'hour', retryAt: now + 59 * minute }),
    ],
  ],
  spending: [
    [
      'what is left is enough, to the last millionth',
      { policy: { spend: { amount: 1, per: 'day' }, prices }, costMicros: 10_000, facts: { spentMicros: 990_000 } },
      send,
    ],
    [
      'it is not, until the next day of UTC',
      { policy: { spend: { amount: 1, per: 'day' }, prices }, costMicros: 10_000, facts: { spentMicros: 990_001 } },
      refuse('spend_budget', { limit: 1, count: 0.990001, per: 'day', retryAt: Date.parse('2026-11-25') }),
    ],
    [
      'it is not, until the next month of UTC',
      { policy: { spend: { amount: 0, per: 'month' }, prices }, costMicros: 1, facts: { spentMicros: 0 } },
      refuse('spend_budget', { limit: 0, count: 0, per: 'month', retryAt: Date.parse('2026-12-01') }),
    ],
  ],
  pauses: [
    ['paused', { paused: 'assistant' }, { kind: 'hold', reason: 'paused' }],
    ['our own replies too', { paused: 'organization', automatic: true }, { kind: 'hold', reason: 'paused' }],
  ],
  approval: [
    ['nobody has approved', { policy: { approval: true } }, { kind: 'hold', reason: 'approval' }],
    ['somebody has', { policy: { approval: true }, approved: true }, send],
    ['this assistant needs none', { policy: { approval: true }, own: { approval: false } }, send],
  ],
  'quiet hours': [
    ['by day', marketing, send],
    ['by night, until the morning', { ...marketing, now: night }, until(nextMorning)],
    ['what is no marketing', { ...marketing, now: night, category: 'transactional' }, send],
    [
      'an answer in a conversation',
      { ...marketing, now: night, inReplyTo: 'msg_1', facts: { lastInboundId: 'msg_1' } },
      send,
    ],
    [
      'in the zone that the person is known to be in',
      { ...marketing, now: night, facts: { contact: { inboundStreak: 0, timeZone: 'Pacific/Honolulu' } } },
      send,
    ],
    [
      'hours of its own',
      { category: 'marketing', policy: { quietHours: { wednesday: ['08:00', '09:00'] } } },
      until(Date.parse('2026-11-25T13:00:00Z')),
    ],
  ],
  'automatic replies': [
    [
      'no rule of the operator stands in their way',
      {
        automatic: true,
        policy: {
          recipients: { allow: 'list', numbers: [] },
          countries: ['GB'],
          loop: 2,
          unanswered: 1,
          approval: true,
          spend: { amount: 0, per: 'day' },
          prices,
        },
        costMicros: 1,
        facts: { ...contact(now, 9), ...counted(9), spentMicros: 5 },
      },
      send,
    ],
  ],
}

for (const [rule, cases] of Object.entries(rows))
  suite(rule, () => {
    for (const [what, terms, decision] of cases)
      test(what, () => assert.deepEqual(decideSend(...given(terms)), decision))
  })

suite('several rules at once', () => {
  const all: Given = {
    paused: 'number',
    policy: { approval: true, countries: ['GB'], perRecipient: dailyThree },
    facts: { optOuts: [optOut], counts: [{ count: 3, oldestAt: now }] },
  }

  test('a refusal goes before a hold, and consent before everything', () => {
    assert.deepEqual(decideSend(...given(all)), refuse('recipient_opted_out'))
    assert.deepEqual(
      decideSend(...given({ ...all, facts: { counts: [{ count: 3, oldestAt: now }] } })),
      refuse('country_not_allowed'),
    )
    assert.deepEqual(decideSend(...given({ ...all, policy: { approval: true }, facts: {} })), {
      kind: 'hold',
      reason: 'paused',
    })
  })

  test('all are explained, refusals first', () => {
    assert.deepEqual(
      explainSend(...given(all)).map((verdict) => (verdict.kind === 'refuse' ? verdict.rule : verdict.reason)),
      ['recipient_opted_out', 'country_not_allowed', 'recipient_cap', 'paused', 'approval'],
    )
  })

  test('of a scheduled send only what will be so then is decided now', () => {
    assert.deepEqual(decideScheduled(...given({ ...all, facts: {} })), refuse('country_not_allowed'))
    const later: Given = { ...all, policy: { ...all.policy, countries: 'off', approval: false } }
    assert.deepEqual(decideScheduled(...given({ ...later, facts: { counts: [{ count: 3 }] } })), send)
    assert.deepEqual(decideScheduled(...given({ policy: { approval: true } })), { kind: 'hold', reason: 'approval' })
  })
})

suite('what is read for a decision', () => {
  const needs = (terms: Given) => needsOf(given(terms)[1])

  test('nothing without a policy, or for a reply of our own', () => {
    const nothing = { contact: false, counts: [] }
    assert.deepEqual(needs({}), nothing)
    assert.deepEqual(needs({ automatic: true, policy: { perRecipient: dailyThree, loop: 2 } }), nothing)
    assert.deepEqual(needs({ policy: { countries: ['US'], recipients: { allow: 'list', numbers: [] } } }), nothing)
    assert.deepEqual(needs({ policy: { quietHours: 'marketing' } }), nothing)
  })

  test('what the person did, for the rules about conversations', () => {
    for (const policy of [{ loop: 2 }, { unanswered: 2 }, { recipients: { allow: 'reply_only' } }] as const)
      assert.equal(needs({ policy }).contact, true)
    assert.equal(needs(marketing).contact, true)
  })

  test("one count for each limit; the organization's count all assistants, an assistant's own its texts only", () => {
    const velocity = { digits: 6, messages: 9, per: 'hour' } as const
    const policy: Policy = { perRecipient: dailyThree, prefixVelocity: velocity }
    const [ofRecipient, ofPrefix] = [
      { of: 'recipient', since: now - day, periodMs: day, upTo: 3 },
      { of: 'prefix', since: now - 60 * minute, periodMs: 60 * minute, upTo: 9, prefix: '+120255' },
    ]
    assert.deepEqual(needs({ policy }).counts, [ofRecipient, ofPrefix])
    assert.deepEqual(needs({ policy, own: policy }).counts, [
      { ...ofRecipient, assistantId: 7 },
      { ...ofPrefix, assistantId: 7 },
    ])
    assert.deepEqual(needs({ policy: { perOrganization: dailyThree, perAssistant: dailyThree } }).counts, [
      { of: 'assistant', since: now - day, periodMs: day, upTo: 3, assistantId: 7 },
      { of: 'organization', since: now - day, periodMs: day, upTo: 3 },
    ])
  })

  test('what was spent in the day or month of UTC', () => {
    const spentBetween = (per: 'day' | 'month') => needs({ policy: { spend: { amount: 1, per }, prices } }).spentBetween
    assert.deepEqual(spentBetween('day'), { from: '2026-11-24', to: '2026-11-25' })
    assert.deepEqual(spentBetween('month'), { from: '2026-11-01', to: '2026-12-01' })
  })
})
