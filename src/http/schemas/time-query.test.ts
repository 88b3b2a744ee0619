import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { parsePeriod, parseTime } from './time-query.ts'

suite('a time in a query', () => {
  const rows: readonly [text: string, iso: string | undefined][] = [
    ['2027-01-31', '2027-01-31T00:00:00.000Z'],
    ['2027-01-31T12:00:00Z', '2027-01-31T12:00:00.000Z'],
    ['2027-01-31T12:00', '2027-01-31T12:00:00.000Z'],
    ['2027-01-31 12:00:00.123456', '2027-01-31T12:00:00.123Z'],
    ['2027-01-31T12:00:00+02:00', '2027-01-31T10:00:00.000Z'],
    ['2027-01-31T12:00:00 02:00', '2027-01-31T10:00:00.000Z'],
    ['2027-01-31T12:00:00-0200', '2027-01-31T14:00:00.000Z'],
    ['2027-02-30', undefined],
    ['2027-13-01', undefined],
    ['2027-01-31T25:00:00Z', undefined],
    ['yesterday', undefined],
    ['1790000000', undefined],
    ['2027-01-31T12:00:00Z; DROP', undefined],
  ]
  for (const [text, iso] of rows)
    test(text, () => {
      const at = parseTime(text)
      assert.equal(at === undefined ? undefined : new Date(at).toISOString(), iso)
    })
})

test('a day as the end of a period is included, a time is not', () => {
  const day = Date.UTC(2027, 0, 31)
  assert.deepEqual(parsePeriod({ date_from: '2027-01-31', date_to: '2027-01-31' }), { from: day, to: day + 86_400_000 })
  assert.deepEqual(parsePeriod({ date_to: '2027-01-31T00:00:00Z' }), { to: day })
  assert.deepEqual(parsePeriod({ date_from: '' }), {})
  assert.throws(() => parsePeriod({ date_to: 'soon' }), { code: 'invalid_request', message: /^date_to must be a time/ })
})
