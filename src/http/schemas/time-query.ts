import { Type } from 'typebox'
import { SmsError } from '../../core/errors.ts'

/** A time in a query: with or without a time of day, UTC where no zone is given. */
export function timeQuery(description: string) {
  return Type.Optional(
    Type.String({ maxLength: 40, description: `${description} As in 2027-01-31 or 2027-01-31T12:00:00Z.` }),
  )
}

/** The members of a query that name a period. */
export const periodQuery = {
  date_from: timeQuery('From this time on.'),
  date_to: timeQuery('Before this time; a day without a time of day is included.'),
}

const pattern = /^(\d{4}-\d\d-\d\d)(?:[T ](\d\d:\d\d(?::\d\d(?:\.\d{1,9})?)?)(Z|[+ -]\d\d:?\d\d)?)?$/i
const dayMs = 86_400_000

/** @throws SmsError `invalid_request` naming the parameter. */
export function parsePeriod(query: { readonly date_from?: string; readonly date_to?: string }) {
  const [from, to] = [parse('date_from', query.date_from), parse('date_to', query.date_to)]
  return {
    ...(from === undefined ? {} : { from: from.at }),
    ...(to === undefined ? {} : { to: to.isDay ? to.at + dayMs : to.at }),
  }
}

function parse(name: string, text: string | undefined): { at: number; isDay: boolean } | undefined {
  if (text === undefined || text === '') return undefined
  const at = parseTime(text)
  if (at === undefined)
    throw new SmsError('invalid_request', `${name} must be a time as in 2027-01-31 or 2027-01-31T12:00:00Z.`)
  return { at, isDay: text.length === 10 }
}

/** Unix milliseconds, or undefined when it is no time. */
export function parseTime(text: string): number | undefined {
  const [whole, day, time = '00:00', zone = 'Z'] = pattern.exec(text) ?? []
  if (whole === undefined) return undefined
  // A + in a query that nobody encoded arrives as a space.
  const at = Date.parse(
    `${day}T${time}${zone
      .toUpperCase()
      .replace(' ', '+')
      .replace(/(\d\d)(\d\d)$/, '$1:$2')}`,
  )
  // Date.parse takes 31 February for 3 March.
  return Number.isNaN(at) || new Date(`${day}T00:00Z`).toISOString().slice(0, 10) !== day ? undefined : at
}
