import { SmsError } from './errors.ts'

declare const messageId: unique symbol

/**
 * Our id of a message: `msg_`, 10 characters of time and 16 of chance (Crockford base32, as in a ULID). It sorts by
 * time, so an index on it grows at one end; and it cannot be guessed, so it tells nothing of other organizations.
 */
export type MessageId = string & { readonly [messageId]: true }

const alphabet = '0123456789ABCDEFGHJKMNPQRSTVWXYZ'
const messageIdPattern = /^msg_[0-7][0-9A-HJKMNP-TV-Z]{25}$/

/** `random` is 16 bytes, of which 5 bits each are used. `now` is Unix milliseconds. */
export function makeMessageId(now: number, random: Uint8Array): MessageId {
  let time = ''
  for (let rest = now, position = 0; position < 10; position++) {
    time = alphabet.charAt(rest % 32) + time
    rest = Math.floor(rest / 32)
  }
  let chance = ''
  for (let index = 0; index < 16; index++) chance += alphabet.charAt((random[index] ?? 0) & 31)
  return `msg_${time}${chance}` as MessageId
}

export function isMessageId(input: string): input is MessageId {
  return messageIdPattern.test(input)
}

/** @throws SmsError `not_found` when it cannot be one of our ids. */
export function parseMessageId(input: string): MessageId {
  if (!isMessageId(input)) throw new SmsError('not_found', 'No message has this id.')
  return input
}
