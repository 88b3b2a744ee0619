import assert from 'node:assert/strict'
import { test } from 'node:test'
import { decideConsent } from './consent.ts'
import type { Keyword } from './keyword.ts'
import type { OptOut } from './opt-out.ts'
import { parseE164 } from './phone-number.ts'

const stop: Keyword = { kind: 'opt_out', matched: 'stop' }
const start: Keyword = { kind: 'opt_in', matched: 'start' }
const yes: Keyword = { kind: 'opt_in_if_opted_out', matched: 'yes' }
const doubt: Keyword = { kind: 'opt_out_doubt', matched: 'stop texting' }
const help: Keyword = { kind: 'help', matched: 'help' }
const whole: OptOut = {
  organizationId: 1,
  recipient: parseE164('+12025550199'),
  source: 'keyword',
  inDoubt: false,
  createdAt: 1_000,
}
const ofSender: OptOut = { ...whole, senderId: 5 }
const inDoubt: OptOut = { ...whole, inDoubt: true }

type Facts = Parameters<typeof decideConsent>[0]
const facts = (keyword: Keyword | undefined, standing: OptOut | undefined, more: Partial<Facts> = {}): Facts => ({
  keyword,
  standing,
  reach: {},
  providerAnswered: false,
  writtenAt: 2_000,
  ...more,
})

const rows: [what: string, given: Facts, ledger: string, reply: string, handled: boolean][] = [
  ['an ordinary text', facts(undefined, undefined), 'none', 'none', false],
  ['STOP', facts(stop, undefined), 'opt_out', 'opt_out_confirmation', true],
  ['STOP that the provider answered', facts(stop, undefined, { providerAnswered: true }), 'opt_out', 'none', true],
  ['STOP again', facts(stop, whole), 'none', 'none', true],
  ['STOP after a doubt', facts(stop, inDoubt), 'opt_out', 'opt_out_confirmation', true],
  ['STOP when one of this number alone stands', facts(stop, ofSender), 'opt_out', 'none', true],
  ['STOP to the same number again', facts(stop, ofSender, { reach: { senderId: 5 } }), 'none', 'none', true],
  ['doubt', facts(doubt, undefined), 'doubt', 'none', false],
  ['doubt while an opt-out stands', facts(doubt, whole), 'none', 'none', false],
  ['START', facts(start, whole), 'opt_in', 'opt_in_confirmation', true],
  ['START without an opt-out', facts(start, undefined), 'none', 'none', true],
  ['START that was written before the STOP', facts(start, whole, { writtenAt: 999 }), 'none', 'none', true],
  [
    'START after an opt-out of the API, by another clock',
    facts(start, { ...whole, source: 'api' }, { writtenAt: 999 }),
    'opt_in',
    'opt_in_confirmation',
    true,
  ],
  ['YES to a question', facts(yes, undefined), 'none', 'none', false],
  ['YES after STOP', facts(yes, whole), 'opt_in', 'opt_in_confirmation', true],
  ['HELP', facts(help, whole), 'none', 'help', true],
]
for (const [what, given, ledger, reply, handled] of rows)
  test(`${what}: ledger ${ledger}, reply ${reply}`, () => {
    assert.deepEqual(decideConsent(given), { ledger, reply, handled })
  })
