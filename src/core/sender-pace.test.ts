import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import type { AccountPacing, SenderPacing } from './pacing.ts'
import { parseE164 } from './phone-number.ts'
import { type ProviderPaces, paceOf } from './sender-pace.ts'

const paces: ProviderPaces = {
  segmentsPerSecond: {
    northAmerican: { long_code: 1, toll_free: 3, short_code: 100 },
    other: { long_code: 0.1, toll_free: 2, short_code: 50 },
  },
  account: { smsPerSecond: 50 },
}

function pace(phoneNumber: string, pacing: SenderPacing = {}, account: AccountPacing = {}) {
  return paceOf({ sender: { phoneNumber: parseE164(phoneNumber), pacing }, account: { pacing: account }, paces })
}

suite("where nothing is set, the provider's default counts", () => {
  const rows: readonly [what: string, phoneNumber: string, segmentsPerSecond: number][] = [
    ['a North American long code', '+12025550142', 1],
    ['a Jamaican number, which is of the North American plan', '+18765550142', 1],
    ['a toll-free number', '+18885550142', 3],
    ['a number that begins like a toll-free one, elsewhere', '+8885550142', 0.1],
    ['a long code elsewhere', '+447700900123', 0.1],
    ['a short code', '+72345', 50],
  ]
  for (const [what, phoneNumber, segmentsPerSecond] of rows)
    test(`${what}: ${segmentsPerSecond}`, () => {
      assert.deepEqual(pace(phoneNumber), { segmentsPerSecond, smsPerSecond: 50 })
    })

  test('for what the number is said to be, whatever its digits say', () => {
    assert.equal(pace('+448001234567', { type: 'toll_free' }).segmentsPerSecond, 2)
  })

  test('and 1 when the provider is not known here', () => {
    const sender = { phoneNumber: parseE164('+12025550142'), pacing: {} }
    assert.deepEqual(paceOf({ sender, account: { pacing: {} }, paces: undefined }), { segmentsPerSecond: 1 })
  })
})

test('what is set for the number and its account goes before the default, each for itself', () => {
  assert.deepEqual(pace('+12025550142', { segmentsPerSecond: 75, dailySegments: 2_000 }), {
    segmentsPerSecond: 75,
    dailySegments: 2_000,
    smsPerSecond: 50,
  })
  assert.deepEqual(pace('+12025550142', {}, { smsPerSecond: 5, mmsPerSecond: 0.5 }), {
    segmentsPerSecond: 1,
    smsPerSecond: 5,
    mmsPerSecond: 0.5,
  })
})
