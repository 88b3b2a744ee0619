import { e164 } from './carrier-api.ts'

/** Whose phone is looked at, and which number's texts on it: `#+12025550199/+12025550142`. */
export type Place = { readonly person: string; readonly number: string }

export function placeOf(hash: string): Place | undefined {
  const [person = '', number = ''] = hash.replace(/^#/, '').split('/')
  return e164.test(person) && e164.test(number) ? { person, number } : undefined
}

export function addressOf({ person, number }: Place): string {
  return `#${person}/${number}`
}

export function isSame(one: Place | undefined, other: Place | undefined): boolean {
  return one?.person === other?.person && one?.number === other?.number
}
