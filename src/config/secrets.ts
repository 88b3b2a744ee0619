import { SmsError } from '../core/errors.ts'
import type { Env } from './env.ts'

/** Apart from Config, so that Config may be logged. */
export type Secrets = {
  /** The first seals and signs, all open and verify. */
  readonly secretKeys: readonly [Uint8Array, ...Uint8Array[]]
  /** Of a PostgreSQL, password included; only with `config.database.engine` `postgres`. */
  readonly databaseUrl?: string
  /** A first API key that the deployment brings. */
  readonly firstApiKey?: string
}

/** `parseConfig` has judged the value. */
export function parseDatabaseUrl(env: Env): Pick<Secrets, 'databaseUrl'> {
  const url = env.TEXTBRIDGE_DATABASE_URL
  return url?.startsWith('postgres') ? { databaseUrl: url } : {}
}

/** @throws SmsError `invalid_request`, without ever quoting a value. */
export function parseSecrets(env: Env): Secrets {
  const [present, ...older] = (env.TEXTBRIDGE_SECRET_KEY ?? '').split(',').map((key) => key.trim())
  if (present === undefined || present === '')
    throw new SmsError(
      'invalid_request',
      'TEXTBRIDGE_SECRET_KEY is not set. Make one with `openssl rand -base64 32`, and keep it: it seals the provider credentials.',
    )
  const firstApiKey = env.TEXTBRIDGE_API_KEY
  if (firstApiKey !== undefined && !/^[\x21-\x7e]{32,256}$/.test(firstApiKey))
    throw new SmsError('invalid_request', 'TEXTBRIDGE_API_KEY must have 32 to 256 printable characters without spaces.')
  return {
    secretKeys: [parseKey(present), ...older.map(parseKey)],
    ...parseDatabaseUrl(env),
    ...(firstApiKey === undefined ? {} : { firstApiKey }),
  }
}

function parseKey(text: string): Uint8Array {
  const bytes = Buffer.from(text, 'base64')
  if (!/^[A-Za-z0-9+/]{43}=$/.test(text) || bytes.length !== 32)
    throw new SmsError(
      'invalid_request',
      'TEXTBRIDGE_SECRET_KEY must be 32 bytes in base64 (`openssl rand -base64 32`).',
    )
  return new Uint8Array(bytes)
}
