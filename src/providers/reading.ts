/** Readers of what providers say: unknown JSON, texts and times. Each trusts nothing and throws nothing. */

import { type Failure, providerMessageLengthMax } from '../core/failure.ts'

export function parseJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    // Not JSON is an answer too: the readers find nothing in it.
    return undefined
  }
}

export function memberOf(value: unknown, name: string): unknown {
  return typeof value === 'object' && value !== null && Object.hasOwn(value, name)
    ? (value as Record<string, unknown>)[name]
    : undefined
}

export function listOf(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : []
}

/** Text as an id or a status must be: printable (PostgreSQL takes no NUL), not empty, not endless. */
export function shortText(value: unknown): string | undefined {
  return typeof value === 'string' && /^[\x21-\x7e]{1,256}$/.test(value) ? value : undefined
}

/** A provider's error code, as text; undefined when it cannot be one. */
export function codeText(value: unknown): string | undefined {
  const text = typeof value === 'number' ? String(value) : value
  return typeof text === 'string' && /^[\w.-]{1,32}$/.test(text) ? text : undefined
}

/** What there is of several sentences. */
export function sentenceOf(...parts: readonly unknown[]): string {
  return parts.filter((part) => typeof part === 'string' && part !== '').join(': ')
}

/** Cut, and fit for every database: PostgreSQL takes neither NUL nor half a surrogate pair. */
export function storableText(text: string, lengthMax: number): string {
  return text.slice(0, lengthMax).replaceAll('\0', '\ufffd').toWellFormed()
}

/** A shorter text is a word that any sentence may hold. */
const ownWordLengthMin = 8

/** Provider sentences quote numbers, addresses and more; ours go into logs and answers of others' systems. */
export function quietSentence(sentence: string, ownWords: readonly string[]): string {
  const masked = ownWords
    .filter((word) => word.length >= ownWordLengthMin)
    .reduce((text, word) => text.replaceAll(word, '…'), sentence)
    .replace(/https?:\/\/\S+/gi, 'https://…')
    .replace(/\d(?:[ ().-]{0,2}\d){4,}/g, (number) => number.replace(/\d/g, '*'))
    .replace(/\p{Cc}+/gu, ' ')
  return storableText(masked, providerMessageLengthMax).trim()
}

/** The optional member of a `Failure`. */
export function saidBy(sentence: string): Pick<Failure, 'providerMessage'> {
  return sentence === '' ? {} : { providerMessage: sentence }
}

const isoInstant = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,9})?(Z|[+-]\d\d:\d\d)$/
const mailInstant = /^[A-Z][a-z]{2}, \d{2} [A-Z][a-z]{2} \d{4} \d{2}:\d{2}:\d{2} \+0000$/

/** Unix milliseconds of an RFC 3339 or RFC 2822 time; anything else is none (`Date.parse` reads a date in "1.5"). */
export function instantOf(value: unknown): number | undefined {
  if (typeof value !== 'string' || !(isoInstant.test(value) || mailInstant.test(value))) return undefined
  const instant = Date.parse(value)
  return Number.isNaN(instant) ? undefined : instant
}
