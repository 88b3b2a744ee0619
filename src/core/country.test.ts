/// <reference lib="esnext.intl" />
import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { areas } from './area-codes.ts'
import { countryOf, isTollFree, zonesOf } from './country.ts'
import { prefixesByCountry } from './country-codes.ts'

suite('the country of', () => {
  const rows: readonly [number: string, country: string | undefined, why: string][] = [
    ['+12125550123', 'US', 'an area code of New York'],
    ['+1234567890', 'US', 'an area code, whatever follows'],
    ['+14165550123', 'CA', 'an area code of Toronto'],
    ['+18765550123', 'JM', 'Jamaica has +1 too'],
    ['+16585550123', 'JM', 'and a second area code'],
    ['+18095550123', 'DO', 'a first'],
    ['+18295550123', 'DO', 'second'],
    ['+18495550123', 'DO', 'and third area code'],
    ['+12425550123', 'BS', 'the Bahamas'],
    ['+17875550123', 'PR', 'territories of the United States are not it'],
    ['+13405550123', 'VI', 'so here'],
    ['+16715550123', 'GU', 'here'],
    ['+16845550123', 'AS', 'here'],
    ['+16705550123', 'MP', 'and here'],
    ['+18005550123', 'US', 'toll-free numbers reach all of it'],
    ['+1555123456', undefined, '555 is no area code'],
    ['+15005550006', undefined, 'personal numbers are of no place'],
    ['+19005550123', undefined, 'nor are premium ones'],
    ['+12', undefined, 'nothing is known yet'],
    ['+79161234567', 'RU', '+7 9'],
    ['+77011234567', 'KZ', '+7 7'],
    ['+447400123456', 'GB', 'mobiles'],
    ['+441481250000', 'GG', 'Guernsey'],
    ['+447911123456', 'GG', 'and its mobiles, five digits into the number'],
    ['+447911223456', 'GB', 'which their neighbours are not'],
    ['+441534250000', 'JE', 'Jersey'],
    ['+447624250000', 'IM', 'Man'],
    ['+491701234567', 'DE', 'one calling code, one country'],
    ['+390669812345', 'VA', 'the Vatican within Rome'],
    ['+393123456789', 'IT', 'Italy'],
    ['+383431234567', 'XK', 'Kosovo, which has no code of ISO'],
    ['+262639123456', 'YT', 'Mayotte within Réunion'],
    ['+881612345678', undefined, 'satellites'],
    ['+80012345678', undefined, 'international freephone'],
    ['+210123456789', undefined, 'not assigned'],
    ['', undefined, 'no number'],
  ]
  for (const [number, country, why] of rows)
    test(`${number} is ${country}: ${why}`, () => assert.equal(countryOf(number), country))
})

test('toll-free are seven area codes of +1', () => {
  for (const code of ['800', '833', '844', '855', '866', '877', '888']) assert.ok(isTollFree(`+1${code}5550123`), code)
  for (const number of ['+12125550123', '+18115550123', '+18225550123', '+19005550123', '+8005550123'])
    assert.ok(!isTollFree(number), number)
})

suite('the zones of', () => {
  const [eastern, central, mountain, pacific] = [
    'America/New_York',
    'America/Chicago',
    'America/Denver',
    'America/Los_Angeles',
  ]
  const rows: readonly [numbers: string, zones: readonly string[]][] = [
    ['+1212 +1305 +1313 +1317 +1502 +1865', [eastern]],
    ['+1312 +1205 +1402 +1615 +1713 +1901', [central]],
    ['+1303 +1406 +1505 +1801', [mountain]],
    ['+1415 +1503 +1206 +1702', [pacific]],
    ['+1602', ['America/Phoenix']],
    ['+1928', ['America/Phoenix', mountain]],
    ['+1808', ['Pacific/Honolulu']],
    ['+1907', ['America/Anchorage', 'America/Adak']],
    ['+1850 +1448 +1219 +1574 +1812 +1930 +1270 +1364 +1606 +1906 +1423 +1729 +1931', [central, eastern]],
    ['+1308 +1605 +1701 +1620 +1785 +1915', [central, mountain]],
    ['+1208 +1986 +1541 +1458 +1775', [mountain, pacific]],
    ['+1416', ['America/Toronto']],
    ['+1604', ['America/Vancouver']],
    ['+1250', ['America/Vancouver', 'America/Edmonton']],
    ['+1306', ['America/Regina', 'America/Edmonton']],
    ['+1902', ['America/Halifax']],
    ['+1709', ['America/St_Johns', 'America/Goose_Bay']],
    ['+1876', ['America/Bogota']],
    ['+1787', ['America/Puerto_Rico']],
    ['+44', ['Europe/London']],
    ['+49', ['Europe/Berlin']],
    ['+34', ['Atlantic/Canary', 'Europe/Berlin']],
    ['+351', ['Atlantic/Azores', 'Europe/Lisbon']],
    ['+91', ['Asia/Kolkata']],
    ['+243', ['Africa/Johannesburg', 'Africa/Lagos']],
    ['+1555 +1900 +1500 +881 +800', []],
  ]
  for (const [numbers, zones] of rows)
    for (const start of numbers.split(' '))
      test(`${start}… are ${zones.join(', ') || 'unknown'}`, () =>
        assert.deepEqual([...zonesOf(`${start}5550123`)].sort(), [...zones].sort()))

  test('countries with many zones are all of them', () => {
    const counts = ['+791', '+61', '+55', '+52', '+62', '+56', '+976', '+593'].map((start) => zonesOf(start).length)
    assert.deepEqual(counts, [11, 7, 4, 6, 3, 3, 2, 2])
  })

  test('a toll-free number are all of the United States', () => {
    assert.deepEqual(clockRules(zonesOf('+18005550123')), clockRulesOfRegion('US'))
  })
})

suite('clocks: the zones of a country go, for two years, like all those that Node knows for it, and no others', () => {
  // What ISO has no code for, or the tz database no row.
  const unknown = ['AC', 'TA', 'XK']
  for (const [country, prefixes] of Object.entries(prefixesByCountry).filter(([code]) => !unknown.includes(code)))
    test(country, () => {
      const zones = zonesOf(`+${prefixes.split(' ')[0]}`)
      assert.ok(zones.length > 0)
      assert.deepEqual(clockRules(zones), clockRulesOfRegion(country))
    })
  for (const country of ['US', 'CA'])
    test(`${country}, by its area codes`, () => {
      const ours = areas.filter(([region]) => region.startsWith(country)).flatMap(([, zones]) => zones.split(' '))
      assert.deepEqual(clockRules(ours), clockRulesOfRegion(country))
    })
  for (const country of unknown)
    test(`${country} is the only kind that Node knows nothing of`, () => {
      assert.equal(clockRulesOfRegion(country).length, 0)
      assert.equal(zonesOf(`+${prefixesByCountry[country]}`).length, 1)
    })
})

function clockRulesOfRegion(country: string): string[] {
  return clockRules(new Intl.Locale(`und-${country}`).getTimeZones() ?? [])
}

/** Each different way in which the clocks of the zones go, written as its offsets by day. */
function clockRules(zones: readonly string[]): string[] {
  return [...new Set(zones.map(clockRule))].sort()
}

function clockRule(zone: string): string {
  const formatter = new Intl.DateTimeFormat('en-US', { timeZone: zone, timeZoneName: 'longOffset' })
  const offsets = Array.from({ length: 2 * 365 }, (_, day) => {
    const written = formatter.format(Date.UTC(2026, 10, 24 + day, 12))
    return written.slice(written.indexOf('GMT'))
  })
  return offsets.flatMap((offset, day) => (offset === offsets[day - 1] ? [] : [`${offset} from day ${day}`])).join(', ')
}
