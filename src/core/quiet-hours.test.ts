import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { isDayWindow, isQuietHours, isTimeOfDay, marketingHours, minutesOf, weekdays } from './quiet-hours.ts'

suite('a time of day is HH:MM', () => {
  for (const text of ['00:00', '09:00', '19:59', '20:00', '23:59', '24:00'])
    test(`${text} is one`, () => assert.ok(isTimeOfDay(text)))
  for (const value of ['9:00', '24:01', '25:00', '12:60', '12:5', '12:00:00', ' 09:00', '09:00\n', '', 900, undefined])
    test(`${JSON.stringify(value)} is none`, () => assert.ok(!isTimeOfDay(value)))
})

suite('a window ends later on the day on which it begins', () => {
  const rows: readonly [value: unknown, isWindow: boolean][] = [
    [['09:00', '20:00'], true],
    [['00:00', '24:00'], true],
    [['23:59', '24:00'], true],
    [['20:00', '09:00'], false],
    [['09:00', '09:00'], false],
    [['09:00'], false],
    [['09:00', '12:00', '20:00'], false],
    [[9, 20], false],
    ['09:00-20:00', false],
    [null, false],
  ]
  for (const [value, isWindow] of rows)
    test(`${JSON.stringify(value)}: ${isWindow}`, () => assert.equal(isDayWindow(value), isWindow))
})

suite('quiet hours are windows by weekday, on one day at least', () => {
  const rows: readonly [value: unknown, isValid: boolean][] = [
    [{ monday: ['09:00', '20:00'] }, true],
    [marketingHours, true],
    [JSON.parse(JSON.stringify(marketingHours)), true],
    [{}, false],
    [{ monday: ['20:00', '09:00'] }, false],
    [{ monday: ['09:00', '20:00'], holiday: ['12:00', '13:00'] }, false],
    [{ Monday: ['09:00', '20:00'] }, false],
    [{ monday: null }, false],
    [[], false],
    [['09:00', '20:00'], false],
    ['marketing', false],
    [null, false],
    [undefined, false],
  ]
  for (const [value, isValid] of rows)
    test(`${JSON.stringify(value)}: ${isValid}`, () => assert.equal(isQuietHours(value), isValid))
})

suite('the marketing preset stays within the hours of', () => {
  const laws: readonly [name: string, week: readonly [number, number], sunday: readonly [number, number]][] = [
    ['the United States', [8, 21], [8, 21]],
    ['Connecticut', [9, 20], [9, 20]],
    ['Florida, Maryland, Mississippi, New Jersey and Oklahoma', [8, 20], [8, 20]],
    ['Texas', [9, 21], [12, 21]],
  ]
  for (const [name, week, sunday] of laws)
    test(name, () => {
      for (const day of weekdays) {
        const [from = '00:00', to = '24:00'] = marketingHours[day] ?? []
        const [lawFrom, lawTo] = day === 'sunday' ? sunday : week
        assert.ok(minutesOf(from) >= lawFrom * 60 && minutesOf(to) <= lawTo * 60, day)
      }
    })
})
