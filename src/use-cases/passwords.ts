import { argon2, timingSafeEqual } from 'node:crypto'
import { SmsError } from '../core/errors.ts'
import type { Random } from '../ports/random.ts'

export type Passwords = {
  /** @returns the hash with salt and parameters, as `$argon2id$v=19$m=…,t=…,p=…$<salt>$<hash>`. @throws SmsError `overloaded` */
  hash(password: string): Promise<string>
  /** Takes as long without a hash, and is false then. @throws SmsError `overloaded` */
  verify(password: string, stored: string | undefined): Promise<boolean>
}

type Parameters = { readonly memory: number; readonly passes: number; readonly parallelism: number }

/** KiB, passes, lanes: OWASP Password Storage Cheat Sheet, the first of the recommended ones that takes under 20 MB. */
const present: Parameters = { memory: 19_456, passes: 2, parallelism: 1 }
const saltBytes = 16
const hashBytes = 32
/** Half of the threads that files and name look-ups use too. */
const atOnceMax = 2
export const waitingMax = 50
/** What is compared with where there is nothing to compare: no password has this hash. */
const nobodys = encode(present, new Uint8Array(saltBytes), new Uint8Array(hashBytes))

/** Computed on threads beside the one that sends, and few at a time: a flood of sign-ins stalls nobody but itself. */
export function makePasswords({ random }: { readonly random: Random }): Passwords {
  const inTurn = makeTurns()
  return {
    async hash(password) {
      const salt = random.bytes(saltBytes)
      return encode(present, salt, await inTurn(() => derive(password, salt, present)))
    },
    async verify(password, stored = nobodys) {
      const { parameters, salt, hash } = decode(stored)
      return timingSafeEqual(await inTurn(() => derive(password, salt, parameters)), hash)
    },
  }
}

function makeTurns() {
  const waiting: (() => void)[] = []
  let running = 0
  return async <T>(work: () => Promise<T>): Promise<T> => {
    if (running < atOnceMax) running++
    else if (waiting.length >= waitingMax)
      throw new SmsError('overloaded', 'Too many people are signing in at this moment. Try again in a few seconds.', {
        retryAfterMs: 3_000,
      })
    else await new Promise<void>((resolve) => waiting.push(resolve))
    try {
      return await work()
    } finally {
      // The place goes to who waits longest, or is given back.
      const next = waiting.shift()
      if (next === undefined) running--
      else next()
    }
  }
}

function derive(password: string, salt: Uint8Array, parameters: Parameters): Promise<Uint8Array> {
  return new Promise((resolve, reject) =>
    argon2(
      'argon2id',
      // The same password typed on two keyboards may come in different forms of its letters.
      { ...parameters, message: password.normalize('NFKC'), nonce: salt, tagLength: hashBytes },
      (error, hash) => (error === null ? resolve(hash) : reject(error)),
    ),
  )
}

function encode({ memory, passes, parallelism }: Parameters, salt: Uint8Array, hash: Uint8Array): string {
  const text = (bytes: Uint8Array) => Buffer.from(bytes).toString('base64').replace(/=+$/, '')
  return `$argon2id$v=19$m=${memory},t=${passes},p=${parallelism}$${text(salt)}$${text(hash)}`
}

function decode(stored: string) {
  const [, memory, passes, parallelism, salt = '', hash = ''] =
    /^\$argon2id\$v=19\$m=(\d+),t=(\d+),p=(\d+)\$([\w+/]+)\$([\w+/]+)$/.exec(stored) ?? []
  if (hash === '') throw new Error('a stored password hash has another form')
  return {
    parameters: { memory: Number(memory), passes: Number(passes), parallelism: Number(parallelism) },
    salt: Buffer.from(salt, 'base64'),
    hash: Buffer.from(hash, 'base64'),
  }
}
