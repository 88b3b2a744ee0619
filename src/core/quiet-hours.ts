/** From Monday, as people write a week. */
export const weekdays = ['monday', 'tuesday', 'wednesday', 'thursday', 'friday', 'saturday', 'sunday'] as const
export type Weekday = (typeof weekdays)[number]

/** `HH:MM` of the local clock, from 00:00 to 24:00, the end of the day. The second is later than the first, and no longer in it. */
export type DayWindow = readonly [from: string, to: string]

/**
 * When texts may arrive where the recipient is; the rest of the week is quiet. Nothing may be sent on a day that is
 * absent. At least one day has a window, and none reaches over midnight. As written in a set-up file and stored as JSON.
 */
export type QuietHours = { readonly [day in Weekday]?: DayWindow }

/**
 * The preset for marketing. A version of its own, because laws change. Local time of the recipient:
 *
 * | law | Mon–Sat | Sun |
 * |---|---|---|
 * | United States, FCC, 47 CFR 64.1200(c)(1) | 8–21 | 8–21 |
 * | Connecticut | 9–20 | 9–20 |
 * | Florida, Maryland, Mississippi, New Jersey, Oklahoma | 8–20 | 8–20 |
 * | Texas | 9–21 | 12–21 |
 *
 * The preset is what all of these allow. Published tables disagree about more: some have Kentucky begin at 10, Rhode
 * Island end at 18 (17 at weekends), and Alabama, Louisiana and Mississippi allow nothing on Sundays and holidays (guides
 * of marketing platforms, 2025, which read laws about calls as laws about texts). Who markets there sets hours of their own.
 */
export const marketingHoursVersion = '2026-11-24'

export const marketingHours: QuietHours = {
  monday: ['09:00', '20:00'],
  tuesday: ['09:00', '20:00'],
  wednesday: ['09:00', '20:00'],
  thursday: ['09:00', '20:00'],
  friday: ['09:00', '20:00'],
  saturday: ['09:00', '20:00'],
  sunday: ['12:00', '20:00'],
}

const timeOfDayPattern = /^(?:[01]\d|2[0-3]):[0-5]\d$|^24:00$/

export function isTimeOfDay(value: unknown): value is string {
  return typeof value === 'string' && timeOfDayPattern.test(value)
}

export function isWeekday(value: string): value is Weekday {
  return weekdays.some((day) => day === value)
}

export function isDayWindow(value: unknown): value is DayWindow {
  if (!Array.isArray(value) || value.length !== 2) return false
  const [from, to]: readonly unknown[] = value
  return isTimeOfDay(from) && isTimeOfDay(to) && minutesOf(from) < minutesOf(to)
}

/** Whether it is all that the type promises, and has no other member. */
export function isQuietHours(value: unknown): value is QuietHours {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return false
  const days = Object.entries(value)
  return days.length > 0 && days.every(([day, window]) => isWeekday(day) && isDayWindow(window))
}

/** Minutes from midnight by the clock. */
export function minutesOf(timeOfDay: string): number {
  return Number(timeOfDay.slice(0, 2)) * 60 + Number(timeOfDay.slice(3))
}
