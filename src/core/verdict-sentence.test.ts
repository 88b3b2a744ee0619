import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { holdReasons } from './message.ts'
import { refusalRules } from './send-decision.ts'
import { pauseLevels } from './send-terms.ts'
import { holdClause, refusalSentence } from './verdict-sentence.ts'

const reached = { limit: 3, count: 4, per: 'day' }

/** How the limit and the count stand in the sentence of a rule that has a limit. */
const limited: Readonly<Record<string, RegExp>> = {
  conversation_loop: /at 3 quick answers in a row, and the person has given 4\./,
  unanswered_limit: /allows 3 texts to a person who does not answer, and 4 have been sent\./,
  recipient_cap: /allows 3 texts to one person per day, and 4 have been sent\./,
  assistant_cap: /allows 3 texts of one assistant per day, and 4 have been sent\./,
  organization_cap: /allows 3 texts of the organization per day, and 4 have been sent\./,
  prefix_velocity: /allows 3 texts per day to numbers that begin alike, and 4 have been sent\./,
  spend_budget: /allows to spend 3 per day\. .* 4 is spent\./,
}

suite('the sentence of a verdict', () => {
  for (const rule of refusalRules)
    test(`of ${rule} is a sentence, with limit and count where there are some`, () => {
      const sentence = refusalSentence(rule, rule in limited ? reached : undefined)
      assert.match(sentence, /^[A-Z].*\.$/)
      assert.match(sentence, limited[rule] ?? /^(?!.*\b(0|undefined)\b)/)
    })

  test('counts one as one', () => {
    assert.equal(
      refusalSentence('recipient_cap', { limit: 1, count: 1, per: 'hour' }),
      'The policy allows 1 text to one person per hour, and 1 has been sent.',
    )
  })

  test('of a hold can follow "SMS held: ", and names what is paused', () => {
    for (const reason of holdReasons) assert.match(holdClause(reason), /^[a-z].*[^.]$/)
    for (const level of pauseLevels)
      assert.equal(holdClause('paused', level), `sending is paused for the ${level.replace('_', ' ')}`)
  })
})
