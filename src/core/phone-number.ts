import { SmsError } from './errors.ts'

declare const e164: unique symbol

/**
 * A number as `+` and 2 to 15 digits, the first not 0. Deliberately no more than that: numbering plans change, and
 * test numbers such as `+1234567890` must work.
 */
export type E164 = string & { readonly [e164]: true }

const e164Pattern = /^\+[1-9]\d{1,14}$/

export function isE164(input: string): input is E164 {
  // `$` without the m flag matches only the end of the input, so a trailing newline is refused.
  return e164Pattern.test(input)
}

/** @throws SmsError `invalid_request` when the input is not E.164. */
export function parseE164(input: string): E164 {
  if (!isE164(input))
    throw new SmsError('invalid_request', 'Invalid phone number. Use E.164 format (e.g., +1234567890)')
  return input
}

/** `+12******90`: enough to recognise in a list, too little to call. Logs get ids instead of numbers, even masked. */
export function maskNumber(number: E164): string {
  return number.length <= 5 ? '+***' : `${number.slice(0, 3)}${'*'.repeat(number.length - 5)}${number.slice(-2)}`
}
