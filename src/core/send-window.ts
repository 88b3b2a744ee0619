/**
 * When something may be sent, by the clocks where the recipient may be.
 *
 * A local clock is the instant plus an offset that changes now and then (daylight saving). Between two changes everything
 * is arithmetic; so each search below computes where the clock would show what is wanted, and begins anew at the change
 * if there is one before. A time of day that the clock skips counts from the change on; one that it shows twice counts
 * both times. Offsets come from the tz data of the runtime's `Intl`, so they are as new as Node is.
 */
import { minutesOf, type QuietHours, type Weekday, weekdays } from './quiet-hours.ts'

const minuteMs = 60_000
const quarterMs = 15 * minuteMs
const dayMs = 86_400_000
/** A week of windows and a day more, so that every one that is ever open has been seen, whatever the clock does. */
const searchDaysMax = 8

export type LocalTime = {
  /** Days of the local date since 1970-01-01. */
  readonly dayNumber: number
  readonly weekday: Weekday
  /** Whole minutes since midnight by the clock. */
  readonly minuteOfDay: number
}

/** @throws RangeError when Intl does not know the zone; so do all functions here. */
export function localTime(at: number, zone: string): LocalTime {
  const local = at + offsetMs(zone, at)
  const dayNumber = Math.floor(local / dayMs)
  return { dayNumber, weekday: weekdayOf(dayNumber), minuteOfDay: Math.floor((local - dayNumber * dayMs) / minuteMs) }
}

export function dayNumberIn(zone: string, at: number): number {
  return localTime(at, zone).dayNumber
}

/** The instant at which the next local day begins: 23, 24 or 25 hours after the last, where the clock changes. */
export function midnightAfter(zone: string, at: number): number {
  const midnight = (dayNumberIn(zone, at) + 1) * dayMs
  return firstInstant(zone, at, (local) => Math.max(local, midnight))
}

/**
 * The first instant from `at` on (Unix ms) at which the hours allow sending in every one of the zones: `at` itself if
 * they do now. Without `zones`, nothing is known of where the person is, and `fallbackZones` stand in.
 * @returns undefined when there is none within 8 days, or no zone at all is known: then a person has to decide.
 */
export function nextAllowedAt({
  at,
  zones,
  fallbackZones,
  hours,
}: {
  readonly at: number
  readonly zones: readonly string[]
  readonly fallbackZones: readonly string[]
  readonly hours: QuietHours
}): number | undefined {
  const asked = zones.length > 0 ? zones : fallbackZones
  if (asked.length === 0) return undefined
  const until = at + searchDaysMax * dayMs
  let candidate = at
  for (let agreed = 0, turn = 0; agreed < asked.length; turn++) {
    const opening = openingIn(asked[turn % asked.length] ?? '', candidate, hours)
    if (opening === undefined || opening > until) return undefined
    agreed = opening === candidate ? agreed + 1 : 1
    candidate = opening
  }
  return candidate
}

function openingIn(zone: string, at: number, hours: QuietHours): number {
  return firstInstant(zone, at, (local) => openingFrom(local, hours))
}

/** Like an instant, but counted on the local clock: milliseconds since it showed the beginning of 1970. */
function openingFrom(local: number, hours: QuietHours): number {
  const today = Math.floor(local / dayMs)
  for (let dayNumber = today; dayNumber <= today + weekdays.length; dayNumber++) {
    const window = hours[weekdayOf(dayNumber)]
    if (window === undefined) continue
    const [from, to] = window.map((timeOfDay) => dayNumber * dayMs + minutesOf(timeOfDay) * minuteMs)
    if (from !== undefined && to !== undefined && local < to) return Math.max(local, from)
  }
  return Number.POSITIVE_INFINITY
}

/**
 * The first instant from `at` on at which the clock shows `wanted`, which says for a clock what the next one is. It looks
 * ahead 8 days at most, in which no clock changes twice.
 */
function firstInstant(zone: string, at: number, wanted: (local: number) => number): number {
  let from = at
  for (;;) {
    const offset = offsetMs(zone, from)
    const candidate = wanted(from + offset) - offset
    if (candidate === from || !Number.isFinite(candidate) || offsetMs(zone, candidate) === offset) return candidate
    from = changeBetween(zone, from, candidate)
  }
}

/** The first instant with another offset than `from` has; `to` has another. */
function changeBetween(zone: string, from: number, to: number): number {
  const offset = offsetMs(zone, from)
  let [before, after] = [Math.floor(from / quarterMs), Math.floor(to / quarterMs)]
  while (after - before > 1) {
    const middle = Math.floor((before + after) / 2)
    if (offsetMs(zone, middle * quarterMs) === offset) before = middle
    else after = middle
  }
  return after * quarterMs
}

function weekdayOf(dayNumber: number): Weekday {
  // 1970-01-01 was a Thursday.
  const thursday = weekdays.indexOf('thursday')
  return weekdays[(((dayNumber + thursday) % 7) + 7) % 7] ?? 'thursday'
}

/** What a clock is ahead of UTC, and what has been found out about it: offsets by quarters of an hour since 1970. */
type Clock = { readonly formatter: Intl.DateTimeFormat; readonly offsetByQuarter: Map<number, number> }

// Making a formatter takes a hundred times what asking it does, and asking it fifty times what looking up an answer
// does. A memo of constants: it changes no answer.
const clocks = new Map<string, Clock>()
/** More than there are zones; names are accepted in any case, so their number has no limit by itself. */
const clocksMax = 1_000
/** Ten days: most questions are about now and the next opening. */
const quartersMax = 1_000

/** What the local clock is ahead of UTC. Clocks change on a quarter of an hour of UTC. */
function offsetMs(zone: string, at: number): number {
  const { formatter, offsetByQuarter } = clockOf(zone)
  const quarter = Math.floor(at / quarterMs)
  const known = offsetByQuarter.get(quarter)
  if (known !== undefined) return known
  const offset = writtenOffsetMs(formatter.format(at))
  if (offsetByQuarter.size >= quartersMax) offsetByQuarter.clear()
  offsetByQuarter.set(quarter, offset)
  return offset
}

function clockOf(zone: string): Clock {
  const known = clocks.get(zone)
  if (known !== undefined) return known
  const formatter = new Intl.DateTimeFormat('en-US', { timeZone: zone, timeZoneName: 'longOffset' })
  const clock = { formatter, offsetByQuarter: new Map<number, number>() }
  if (clocks.size >= clocksMax) clocks.clear()
  clocks.set(zone, clock)
  return clock
}

/** Of `11/24/2026, GMT-05:00`. */
function writtenOffsetMs(text: string): number {
  const written = /GMT(?:([+-])(\d\d):(\d\d)(?::(\d\d))?)?$/.exec(text)
  if (written === null) throw new Error(`Intl writes no offset in "${text}"`)
  const [, sign, hours = '0', minutes = '0', seconds = '0'] = written
  const size = (Number(hours) * 60 + Number(minutes)) * minuteMs + Number(seconds) * 1_000
  return sign === '-' ? -size : size
}
