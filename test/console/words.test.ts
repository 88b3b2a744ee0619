import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { suite, test } from 'node:test'
import { apiTypesOf } from '../../console/generate-api.ts'
import { formatPhone, formatSeconds, words } from '../../console/src/format.ts'
import { ruleNames, sayRule } from '../../console/src/rule-words.ts'
import { groupCounts, stack } from '../../console/src/volume.ts'
import { guardedPolicy } from '../../src/core/policy.ts'

const read = (path: string) => readFileSync(new URL(`../../${path}`, import.meta.url), 'utf8')

test('what the console knows of the API is what the API says of itself', () => {
  assert.equal(
    read('console/src/api-types.ts'),
    apiTypesOf(read('docs/openapi.json')),
    'console/src/api-types.ts is stale: npm run generate',
  )
})

suite('spans of time are said by their two largest units', () => {
  const rows: readonly [seconds: number, said: string][] = [
    [0, '0 s'],
    [59, '59 s'],
    [95, '1 min 35 s'],
    [3_600, '1 h'],
    [90_061, '1 d 1 h'],
    [-5, '0 s'],
  ]
  for (const [seconds, said] of rows) test(`${seconds}`, () => assert.equal(formatSeconds(seconds), said))
})

suite('phone numbers are grouped for the eye', () => {
  const rows: readonly [number: string, said: string][] = [
    ['+12025550142', '+1 202 555 0142'],
    ['+442079460000', '+442079460000'],
    ['<b>', '<b>'],
  ]
  for (const [number, said] of rows)
    test(number, () => assert.equal(formatPhone(number).replaceAll('\u00a0', ' '), said))
})

suite('a rule of the policy is said in a few words', () => {
  const rows: readonly [name: (typeof ruleNames)[number], value: unknown, said: string][] = [
    ['recipients', 'reply_only', 'only who has written first'],
    ['recipients', { allow: ['+12025550142'] }, '1 number'],
    ['countries', ['US', '+1876'], 'US, +1876'],
    ['approval', true, 'every text'],
    [
      'per_recipient',
      [
        { messages: 10, per: 'hour' },
        { messages: 30, per: 'day' },
      ],
      '10 per hour, 30 per day',
    ],
    ['prefix_velocity', { digits: 8, messages: 50, per: 'hour' }, '50 per hour per 8 digits'],
    ['duplicate_seconds', 60, '60 s'],
    ['unanswered', 5, '5 texts'],
    ['spend', { amount: 20, per: 'day' }, '20 per day'],
  ]
  for (const [name, value, said] of rows) test(`${name}: ${said}`, () => assert.equal(sayRule(name, value), said))
})

test('every rule that the preset sets is on the page', () => {
  const snake = (name: string) => name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`)
  const shown: readonly string[] = ruleNames
  for (const name of Object.keys(guardedPolicy)) assert.ok(shown.includes(snake(name)), name)
})

test('a chart stacks what became of texts, and leaves out what was taken back', () => {
  const counts = groupCounts({ delivered: 5, sent: 2, failed: 1, undelivered: 1, unknown: 1, canceled: 9 })
  assert.deepEqual(counts, { delivered: 5, 'on their way': 2, failed: 2, undecided: 1 })
  const [times, ...sums] = stack([{ at: '2027-01-31T12:00:00.000Z', counts }])
  assert.deepEqual(times, [Date.parse('2027-01-31T12:00:00.000Z') / 1_000])
  assert.deepEqual(sums, [[5], [7], [9], [10]])
})

test('codes are read as words', () => assert.equal(words('recipient_opted_out'), 'recipient opted out'))
