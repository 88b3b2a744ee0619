import { SmsError } from '../core/errors.ts'
import { depthMax } from './validation.ts'

/**
 * JSON in which the order of members does not show: two texts of one value give the same.
 *
 * @throws SmsError `invalid_request` when it is nested too deep
 */
export function canonicalJson(value: unknown, depth = 0): string {
  if (typeof value !== 'object' || value === null) return JSON.stringify(value) ?? 'null'
  if (depth === depthMax)
    throw new SmsError('invalid_request', `The request body is nested more than ${depthMax} levels deep.`)
  if (Array.isArray(value)) return `[${value.map((member) => canonicalJson(member, depth + 1)).join()}]`
  const members = Object.entries(value).sort(([left], [right]) => (left < right ? -1 : 1))
  return `{${members.map(([name, member]) => `${JSON.stringify(name)}:${canonicalJson(member, depth + 1)}`).join()}}`
}
