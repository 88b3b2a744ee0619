import { mediaUrlLengthMax } from './message.ts'

/** An address that a provider can fetch: http or https, without credentials in it. */
export function isMediaUrl(input: string): boolean {
  if (input.length > mediaUrlLengthMax || !/^https?:\/\//i.test(input) || /\s/.test(input)) return false
  const url = URL.parse(input)
  return url !== null && url.username === '' && url.password === ''
}
