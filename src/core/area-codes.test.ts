import assert from 'node:assert/strict'
import { test } from 'node:test'
import { parsePhoneNumberFromString } from 'libphonenumber-js/max'
import { areas, tollFreeCodes } from './area-codes.ts'
import { countryOf } from './country.ts'
import { prefixesByCountry } from './country-codes.ts'

/** Every code that an area code can be: 200 to 999. */
const possibleCodes = Array.from({ length: 800 }, (_, index) => String(200 + index))

test('an area code is three digits as the plan gives them out, and stands once', () => {
  const territories = Object.values(prefixesByCountry).flatMap((prefixes) => prefixes.split(' '))
  const codes = [
    ...areas.flatMap(([, , listed]) => listed.split(' ')),
    ...tollFreeCodes.split(' '),
    ...territories.filter((prefix) => prefix.startsWith('1')).map((prefix) => prefix.slice(1)),
  ]
  for (const code of codes) assert.match(code, /^[2-9][0-8]\d$/)
  assert.equal(new Set(codes).size, codes.length)
})

test('all states, provinces and territories have an area code', () => {
  const regions = new Set(areas.map(([region]) => region))
  const [states, provinces] = ['US-', 'CA-'].map((start) => [...regions].filter((region) => region.startsWith(start)))
  assert.equal(states?.length, 51)
  // 902 and 782 are also Prince Edward Island's, and 867 is that of all three territories.
  assert.equal(provinces?.length, 13 - 3)
})

test('each area code is in the country in which an independent source has it, but for what that source lacks', () => {
  const differences = { lacking: new Set<string>(), ofNoPlace: new Set<string>() }
  for (const code of possibleCodes) {
    const number = `+1${code}2502345`
    const [ours, theirs] = [countryOf(number), parsePhoneNumberFromString(number)?.country]
    if (theirs === undefined && ours !== undefined) differences.lacking.add(code)
    else if (ours === undefined && theirs !== undefined) differences.ofNoPlace.add(code)
    else assert.equal(ours, theirs, code)
  }
  // In service by NANPA's report, and new.
  assert.deepEqual([...differences.lacking].join(' '), '357 436 457 465 471 483 621 624 679 729 837 861 924')
  // Services, not places: personal and machine numbers, Canadian services, premium.
  assert.deepEqual(
    [...differences.ofNoPlace].join(' '),
    '500 521 522 523 524 525 526 527 528 529 532 533 544 566 577 588 600 622 633 900',
  )
})
