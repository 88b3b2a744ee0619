import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import fc from 'fast-check'
import { getCountries, getCountryCallingCode, parsePhoneNumberFromString } from 'libphonenumber-js/max'
import mobileExamples from 'libphonenumber-js/mobile/examples'
import { countryOf } from './country.ts'
import { prefixesByCountry } from './country-codes.ts'

/** Territories whose numbers are not told from their neighbour's. */
const toldAs: Readonly<Record<string, string>> = { BL: 'GP', MF: 'GP', CC: 'AU', CX: 'AU', EH: 'MA' }

/** Where an independent source has the number, if it finds it a valid mobile or landline. */
function countryElsewhere(number: string): string | undefined {
  // Valid there in Great Britain and on the Isle of Man, whose example it is, and found in the first of the two.
  if (number.startsWith('+447924')) return 'IM'
  const parsed = parsePhoneNumberFromString(number)
  // It forgives a trunk prefix after the calling code (+44 0…), which is not E.164.
  if (parsed?.country === undefined || parsed.number !== number || !/MOBILE|FIXED/.test(parsed.getType() ?? ''))
    return undefined
  return toldAs[parsed.country] ?? parsed.country
}

test('a prefix is digits, and stands for one country', () => {
  const prefixes = Object.values(prefixesByCountry).flatMap((listed) => listed.split(' '))
  for (const prefix of prefixes) assert.match(prefix, /^[1-9]\d{1,6}$/)
  assert.equal(new Set(prefixes).size, prefixes.length)
})

test('every country that an independent source knows has a prefix', () => {
  const missing = getCountries().filter((country) => prefixesByCountry[country] === undefined)
  assert.deepEqual(missing.sort(), ['BL', 'CA', 'CC', 'CX', 'EH', 'MF', 'US'])
})

suite("each country's own example of a mobile number is in the country in which an independent source has it", () => {
  for (const country of getCountries())
    test(country, () => {
      const number = `+${getCountryCallingCode(country)}${mobileExamples[country]}`
      assert.equal(countryOf(number), countryElsewhere(number))
    })
})

test('any mobile or landline number that an independent source finds valid is in the country in which it has it', () => {
  const callingCodes = [...new Set(getCountries().map((country) => String(getCountryCallingCode(country))))]
  const shared = ['7', '39', '44', '47', '61', '212', '262', '290', '358', '590', '599']
  const callingCode = fc.oneof(
    fc.constantFrom(...callingCodes.filter((code) => code !== '1')),
    fc.constantFrom(...shared),
  )
  const digits = fc.stringMatching(/^\d{4,11}$/)
  let compared = 0
  fc.assert(
    fc.property(callingCode, digits, (code, rest) => {
      const number = `+${code}${rest}`
      const elsewhere = countryElsewhere(number)
      if (elsewhere === undefined) return
      compared++
      assert.equal(countryOf(number), elsewhere, number)
    }),
    { numRuns: 10_000 },
  )
  assert.ok(compared > 500, `only ${compared} numbers were valid`)
})
