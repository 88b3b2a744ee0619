import { createHmac } from 'node:crypto'

/**
 * The integers by which log entries are known outside. The published API wants integers, and our own row keys count the
 * messages of all organizations: a permutation with a secret key shows nothing of that and takes no table.
 */
export type LogIds = {
  readonly idOf: (key: number) => number
  /** Undefined for what is no such id; of every id that is one, the key. */
  readonly keyOf: (id: number) => number | undefined
}

/** Two halves of 26 bits: ids stay within what JSON readers take for an exact integer. */
const half = 2 ** 26
/** Four rounds would do for a permutation that nobody tells from chance (Luby and Rackoff); a few more cost nothing. */
const rounds = [0, 1, 2, 3, 4, 5] as const

/** `secret` must not change while ids are in use. */
export function makeLogIds(secret: Uint8Array): LogIds {
  const mixed = (round: number, value: number) =>
    createHmac('sha256', secret).update(`${round} ${value}`).digest().readUInt32BE() % half

  return {
    idOf(key) {
      let [left, right] = [Math.floor(key / half), key % half]
      for (const round of rounds) [left, right] = [right, (left + mixed(round, right)) % half]
      return left * half + right
    },
    keyOf(id) {
      if (!Number.isSafeInteger(id) || id < 0 || id >= half * half) return undefined
      let [left, right] = [Math.floor(id / half), id % half]
      for (const round of rounds.toReversed()) [left, right] = [(right - mixed(round, left) + half) % half, left]
      return left * half + right
    },
  }
}
