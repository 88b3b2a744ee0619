import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import fc from 'fast-check'
import { areas } from './area-codes.ts'
import { countriesByZone } from './country-zones.ts'
import { type DayWindow, marketingHours, type QuietHours, weekdays } from './quiet-hours.ts'
import { dayNumberIn, localTime, midnightAfter, nextAllowedAt } from './send-window.ts'

const minuteMs = 60_000
const hourMs = 60 * minuteMs
const dayMs = 24 * hourMs

const newYork = 'America/New_York'
const chicago = 'America/Chicago'
const london = 'Europe/London'
const lordHowe = 'Australia/Lord_Howe'
const kathmandu = 'Asia/Kathmandu'

suite('marketing may be sent', () => {
  const rows: readonly [zones: readonly string[], at: string, next: string, why: string][] = [
    [[newYork], '2026-11-24T15:00:00Z', '2026-11-24T15:00:00Z', 'now, at 10 on a Tuesday'],
    [[newYork], '2026-11-24T14:00:00Z', '2026-11-24T14:00:00Z', 'from 9 sharp'],
    [[newYork], '2026-11-24T13:59:59.999Z', '2026-11-24T14:00:00Z', 'not a millisecond earlier'],
    [[newYork], '2026-11-25T00:59:59.999Z', '2026-11-25T00:59:59.999Z', 'until 20'],
    [[newYork], '2026-11-25T01:00:00Z', '2026-11-25T14:00:00Z', 'but not at 20'],
    [[newYork], '2026-11-29T01:00:00Z', '2026-11-29T17:00:00Z', 'from Saturday night on at noon on Sunday'],
    [[newYork], '2027-03-14T01:00:00Z', '2027-03-14T16:00:00Z', 'an hour earlier after the clock has gone forward'],
    [[newYork], '2026-11-01T00:00:00Z', '2026-11-01T17:00:00Z', 'an hour later after it has gone back'],
    [[chicago, newYork], '2026-11-24T14:00:00Z', '2026-11-24T15:00:00Z', 'when it is 9 in the later of two zones'],
    [[chicago, newYork], '2026-11-25T01:00:00Z', '2026-11-25T15:00:00Z', 'until it is 20 in the earlier'],
    [[kathmandu], '2026-11-24T00:00:00Z', '2026-11-24T03:15:00Z', 'by quarters of an hour'],
    [[lordHowe], '2027-04-03T13:00:00Z', '2027-04-04T01:30:00Z', 'after the clock has gone back by half an hour'],
    [[lordHowe], '2026-10-03T13:00:00Z', '2026-10-04T01:00:00Z', 'or forward by it'],
    [
      ['Asia/Kamchatka', 'Europe/Kaliningrad'],
      '2026-11-24T12:00:00Z',
      '2026-11-25T07:00:00Z',
      'in the one hour shared',
    ],
    [['Asia/Kamchatka', 'Europe/Kaliningrad'], '2026-11-28T08:00:00Z', '2026-11-30T07:00:00Z', 'on no Sunday then'],
  ]
  for (const [zones, at, next, why] of rows)
    test(`${why}: ${zones} at ${at}`, () => {
      const found = nextAllowedAt({ at: Date.parse(at), zones, fallbackZones: [], hours: marketingHours })
      assert.equal(found === undefined ? found : new Date(found).toISOString(), new Date(next).toISOString())
    })
})

suite('where the clock changes within the hours', () => {
  const rows: readonly [zone: string, window: DayWindow, at: string, next: string, why: string][] = [
    // New York, 14 March 2027: 02:00 to 03:00 does not exist, at 07:00Z. 1 November 2026: 01:00 to 02:00 twice, until 06:00Z.
    [
      newYork,
      ['02:30', '04:00'],
      '2027-03-14T05:00:00Z',
      '2027-03-14T07:00:00Z',
      'an opening that is skipped is at the change',
    ],
    [
      newYork,
      ['02:10', '02:40'],
      '2027-03-14T05:00:00Z',
      '2027-03-15T06:10:00Z',
      'hours that are skipped are the next day',
    ],
    [
      newYork,
      ['01:30', '02:30'],
      '2027-03-14T07:00:00Z',
      '2027-03-15T05:30:00Z',
      'a closing that is skipped is at the change',
    ],
    [
      newYork,
      ['01:00', '01:30'],
      '2026-11-01T05:30:00Z',
      '2026-11-01T06:00:00Z',
      'hours that come twice are used twice',
    ],
    [newYork, ['01:30', '02:00'], '2026-11-01T05:45:00Z', '2026-11-01T05:45:00Z', 'the first time'],
    [newYork, ['01:30', '02:00'], '2026-11-01T06:00:00Z', '2026-11-01T06:30:00Z', 'and the second'],
    [london, ['01:00', '02:00'], '2027-03-27T12:00:00Z', '2027-03-29T00:00:00Z', 'a whole hour can be missing'],
    [lordHowe, ['01:30', '01:45'], '2027-04-03T14:45:00Z', '2027-04-03T15:00:00Z', 'half an hour can come twice'],
    [lordHowe, ['02:00', '02:30'], '2026-10-03T14:00:00Z', '2026-10-04T15:00:00Z', 'and be missing'],
    ['America/Havana', ['00:00', '00:30'], '2027-03-14T04:00:00Z', '2027-03-15T04:00:00Z', 'also at midnight'],
  ]
  for (const [zone, window, at, next, why] of rows)
    test(`${why}: ${window.join('-')} in ${zone} at ${at}`, () => {
      const found = nextAllowedAt({ at: Date.parse(at), zones: [zone], fallbackZones: [], hours: daily(window) })
      assert.equal(new Date(found ?? 0).toISOString(), new Date(next).toISOString())
    })
})

suite('when nothing can be found', () => {
  const at = Date.parse('2026-11-24T12:00:00Z')
  const hours: QuietHours = { monday: ['09:00', '10:00'] }

  test('a person in an unknown place is where the fallback says', () => {
    const asked = { at, hours: marketingHours, zones: [] }
    assert.equal(nextAllowedAt({ ...asked, fallbackZones: [newYork, london] }), Date.parse('2026-11-24T14:00:00Z'))
    assert.equal(nextAllowedAt({ ...asked, zones: [london], fallbackZones: [newYork] }), at)
  })
  test('with no zone at all there is no time', () => {
    assert.equal(nextAllowedAt({ at, hours: marketingHours, zones: [], fallbackZones: [] }), undefined)
  })
  test('zones whose hours never meet have no time', () => {
    assert.equal(nextAllowedAt({ at, hours, zones: [newYork, london], fallbackZones: [] }), undefined)
  })
  test('a weekly hour that has just passed is found a week later', () => {
    const justAfter = Date.parse('2026-11-23T15:00:00Z')
    assert.equal(
      nextAllowedAt({ at: justAfter, hours, zones: [newYork], fallbackZones: [] }),
      justAfter + 7 * dayMs - hourMs,
    )
  })
  test('a zone that does not exist is an error, not a guess', () => {
    assert.throws(() => nextAllowedAt({ at, hours, zones: ['America/Gotham'], fallbackZones: [] }), RangeError)
  })
})

suite('whatever the hours and zones, what is found', () => {
  const zone = fc.constantFrom(
    ...[newYork, chicago, london, lordHowe, kathmandu, 'Pacific/Chatham', 'Asia/Tehran', 'America/St_Johns'],
    ...[
      'America/Santiago',
      'Pacific/Kiritimati',
      'Pacific/Pago_Pago',
      'Africa/Cairo',
      'America/Havana',
      'Atlantic/Azores',
    ],
  )
  const clockChanges = [
    '2026-11-01T06:00Z',
    '2027-03-14T07:00Z',
    '2027-03-28T01:00Z',
    '2027-10-31T01:00Z',
    '2027-04-03T15:00Z',
  ]
  const at = fc.oneof(
    fc.integer({ min: Date.UTC(2026, 9, 1), max: Date.UTC(2028, 9, 1) }),
    fc
      .tuple(fc.constantFrom(...clockChanges.map(Date.parse)), fc.integer({ min: -2 * dayMs, max: dayMs }))
      .map(([change, offset]) => change + offset),
  )
  const minute = fc.oneof(fc.integer({ min: 0, max: 1440 }), fc.integer({ min: 0, max: 200 }))
  const window = fc
    .uniqueArray(minute, { minLength: 2, maxLength: 2 })
    .map((minutes) => minutes.sort((a, b) => a - b).map(written))
    .map(([from = '', to = '']): DayWindow => [from, to])
  const hours = fc
    .array(fc.option(window, { nil: undefined }), { minLength: 7, maxLength: 7 })
    .filter((windows) => windows.some((found) => found !== undefined))
    .map(
      (windows): QuietHours =>
        Object.fromEntries(weekdays.flatMap((day, index) => (windows[index] ? [[day, windows[index]]] : []))),
    )

  test('is in the hours of every zone, and nothing earlier is, by a naive count of minutes', () => {
    fc.assert(
      fc.property(
        at,
        fc.uniqueArray(zone, { minLength: 1, maxLength: 3 }),
        fc.oneof(hours, fc.constant(marketingHours)),
        (from, zones, allowed) => {
          const found = nextAllowedAt({ at: from, zones, fallbackZones: [], hours: allowed })
          assert.equal(found, naiveNext(from, zones, allowed))
        },
      ),
      { numRuns: 150 },
    )
  })

  test('is the same round the year in steps of 17 hours', () => {
    for (const zones of [[newYork], [london], [lordHowe]])
      for (let from = Date.UTC(2026, 11, 1); from < Date.UTC(2027, 11, 1); from += 17 * hourMs) {
        const found = nextAllowedAt({ at: from, zones, fallbackZones: [], hours: marketingHours })
        assert.equal(found, naiveNext(from, zones, marketingHours), `${zones} ${new Date(from).toISOString()}`)
      }
  })
})

suite('the next local day begins', () => {
  const rows: readonly [zone: string, at: string, midnight: string, why: string][] = [
    ['America/Los_Angeles', '2026-11-24T20:00:00Z', '2026-11-25T08:00:00Z', 'at midnight'],
    ['America/Los_Angeles', '2026-11-25T08:00:00Z', '2026-11-26T08:00:00Z', 'a day after the last'],
    ['America/Los_Angeles', '2026-11-25T07:59:59.999Z', '2026-11-25T08:00:00Z', 'in a millisecond'],
    ['America/Los_Angeles', '2027-03-14T08:00:00Z', '2027-03-15T07:00:00Z', 'after 23 hours in spring'],
    ['America/Los_Angeles', '2026-11-01T07:00:00Z', '2026-11-02T08:00:00Z', 'after 25 in autumn'],
    [lordHowe, '2026-10-03T13:30:00Z', '2026-10-04T13:00:00Z', 'after 23 and a half'],
    ['America/Havana', '2027-03-13T05:00:00Z', '2027-03-14T05:00:00Z', 'at 1 o’clock where midnight is skipped'],
    [
      'America/Santiago',
      '2027-04-03T12:00:00Z',
      '2027-04-04T04:00:00Z',
      'an hour late where the last hour comes twice',
    ],
  ]
  for (const [zone, at, midnight, why] of rows)
    test(`${why}: ${zone} at ${at}`, () => {
      const found = midnightAfter(zone, Date.parse(at))
      assert.equal(new Date(found).toISOString(), new Date(midnight).toISOString())
      assert.equal(dayNumberIn(zone, found), dayNumberIn(zone, Date.parse(at)) + 1)
      assert.equal(dayNumberIn(zone, found - 1), dayNumberIn(zone, Date.parse(at)))
    })
})

test('a day number counts the dates of the local calendar', () => {
  assert.equal(dayNumberIn('UTC', 0), 0)
  assert.equal(dayNumberIn('America/Los_Angeles', Date.parse('2026-11-25T07:59:59Z')), Date.UTC(2026, 10, 24) / dayMs)
  assert.equal(dayNumberIn('Pacific/Kiritimati', Date.parse('2026-11-24T10:00:00Z')), Date.UTC(2026, 10, 25) / dayMs)
})

test('local time is what the clock on the wall shows', () => {
  const at = Date.parse('2026-11-24T18:29:59.999Z')
  assert.deepEqual(localTime(at, kathmandu), { dayNumber: 20_782, weekday: 'wednesday', minuteOfDay: 14 })
  assert.deepEqual(localTime(at, newYork), { dayNumber: 20_781, weekday: 'tuesday', minuteOfDay: 13 * 60 + 29 })
})

test('every clock that is asked changes on a quarter of an hour', () => {
  const zones = new Set([...areas.flatMap(([, listed]) => listed.split(' ')), ...Object.keys(countriesByZone)])
  for (const zone of zones) {
    const formatter = new Intl.DateTimeFormat('en-US', { timeZone: zone, timeZoneName: 'longOffset' })
    const offsetAt = (at: number) => formatter.format(at).split('GMT')[1]
    for (let from = Date.UTC(2026, 0, 1); from < Date.UTC(2029, 0, 1); from += 7 * dayMs) {
      let [before, after] = [from, from + 7 * dayMs]
      const offset = offsetAt(before)
      if (offsetAt(after) === offset) continue
      while (after - before > 1) {
        const middle = Math.floor((before + after) / 2)
        if (offsetAt(middle) === offset) before = middle
        else after = middle
      }
      assert.equal(after % (15 * minuteMs), 0, `${zone} ${new Date(after).toISOString()}`)
    }
  }
})

function daily(window: DayWindow): QuietHours {
  return Object.fromEntries(weekdays.map((day) => [day, window]))
}

function written(minutes: number): string {
  return `${String(Math.floor(minutes / 60)).padStart(2, '0')}:${String(minutes % 60).padStart(2, '0')}`
}

/** Looks at every minute, and asks the wall clock in words. */
function naiveNext(at: number, zones: readonly string[], hours: QuietHours): number | undefined {
  if (zones.every((zone) => isOpen(at, zone, hours))) return at
  for (let next = Math.ceil((at + 1) / minuteMs) * minuteMs; next <= at + 8 * dayMs; next += minuteMs)
    if (zones.every((zone) => isOpen(next, zone, hours))) return next
  return undefined
}

function isOpen(at: number, zone: string, hours: QuietHours): boolean {
  const [day = '', time = ''] = wallClock(zone).format(at).split(' ')
  const window = Object.entries(hours).find(([name]) => name === day.toLowerCase())?.[1]
  return window !== undefined && window[0] <= time && time < window[1]
}

const wallClocks = new Map<string, Intl.DateTimeFormat>()

function wallClock(timeZone: string): Intl.DateTimeFormat {
  const known = wallClocks.get(timeZone)
  if (known !== undefined) return known
  const made = new Intl.DateTimeFormat('en-US', {
    timeZone,
    weekday: 'long',
    hour: '2-digit',
    minute: '2-digit',
    hourCycle: 'h23',
  })
  wallClocks.set(timeZone, made)
  return made
}
