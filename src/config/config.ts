import { SmsError } from '../core/errors.ts'
import type { Env } from './env.ts'

export const roles = ['api', 'jobs'] as const
export type Role = (typeof roles)[number]
export const logLevels = ['debug', 'info', 'warn', 'error'] as const
export type LogLevel = (typeof logLevels)[number]

/** Where the store is. The URL of a PostgreSQL may hold a password, so it stands with the secrets. */
export type DatabaseConfig = { readonly engine: 'sqlite'; readonly path: string } | { readonly engine: 'postgres' }

/** What may be logged. Secrets stand apart, in `secrets.ts`. */
export type Config = {
  readonly database: DatabaseConfig
  readonly host: string
  /** 0 takes any free port. */
  readonly port: number
  /** Without a trailing slash. */
  readonly publicUrl: string
  readonly roles: readonly Role[]
  readonly logLevel: LogLevel
  /** A textbridge.yaml that `serve` applies at start. */
  readonly setupFile?: string
}

export const knownVariables = [
  'TEXTBRIDGE_DATABASE_URL',
  'TEXTBRIDGE_HOST',
  'TEXTBRIDGE_PORT',
  'TEXTBRIDGE_PUBLIC_URL',
  'TEXTBRIDGE_ROLES',
  'TEXTBRIDGE_LOG_LEVEL',
  'TEXTBRIDGE_CONFIG',
  'TEXTBRIDGE_SECRET_KEY',
  'TEXTBRIDGE_API_KEY',
] as const

/** @throws SmsError `invalid_request` with one sentence for each malformed variable, all at once. */
export function parseConfig(env: Env): Config {
  const faults: string[] = []
  const port = parsePort(env.TEXTBRIDGE_PORT, faults)
  const config: Config = {
    database: parseDatabase(env.TEXTBRIDGE_DATABASE_URL, faults),
    host: env.TEXTBRIDGE_HOST || '127.0.0.1',
    port,
    publicUrl: parsePublicUrl(env.TEXTBRIDGE_PUBLIC_URL, port, faults),
    roles: parseRoles(env.TEXTBRIDGE_ROLES, faults),
    logLevel: parseLogLevel(env.TEXTBRIDGE_LOG_LEVEL, faults),
    ...(env.TEXTBRIDGE_CONFIG ? { setupFile: env.TEXTBRIDGE_CONFIG } : {}),
  }
  if (faults.length > 0) throw new SmsError('invalid_request', faults.join(' '))
  return config
}

/** Variables with our prefix that nothing reads: a misspelt one would otherwise go unnoticed. */
export function unknownVariables(env: Env): string[] {
  const known: readonly string[] = knownVariables
  return Object.keys(env).filter((name) => name.startsWith('TEXTBRIDGE_') && !known.includes(name))
}

function parseDatabase(value: string | undefined, faults: string[]): DatabaseConfig {
  const url = value || 'sqlite:./data/textbridge.db'
  if (/^postgres(ql)?:\/\//.test(url) && URL.canParse(url)) return { engine: 'postgres' }
  const path = /^sqlite:(?:\/\/)?(.+)$/.exec(url)?.[1]
  if (path === undefined || path === ':memory:')
    // The value is not quoted: a database URL may hold a password.
    faults.push('TEXTBRIDGE_DATABASE_URL must be sqlite:<path> or postgres://<user>:<password>@<host>/<database>.')
  return { engine: 'sqlite', path: path ?? '' }
}

function parsePort(value: string | undefined, faults: string[]): number {
  if (value === undefined || value === '') return 3000
  const port = /^\d{1,5}$/.test(value) ? Number(value) : Number.NaN
  if (!(port <= 65_535)) faults.push(`TEXTBRIDGE_PORT is "${value}"; it must be a number from 1 to 65535.`)
  return port
}

function parsePublicUrl(value: string | undefined, port: number, faults: string[]): string {
  if (value === undefined || value === '') return `http://localhost:${port}`
  const url = URL.parse(value)
  if (url === null || !/^https?:$/.test(url.protocol) || url.search !== '' || url.hash !== '' || url.username !== '')
    faults.push('TEXTBRIDGE_PUBLIC_URL must be an http(s) URL without a query, e.g. https://sms.example.com.')
  return value.replace(/\/+$/, '')
}

function parseRoles(value: string | undefined, faults: string[]): Role[] {
  const names = (value || 'api,jobs').split(',').map((name) => name.trim())
  const chosen = roles.filter((role) => names.includes(role))
  if (chosen.length !== new Set(names).size)
    faults.push(`TEXTBRIDGE_ROLES is "${value}"; it must be a list of: ${roles.join(', ')}.`)
  return chosen
}

function parseLogLevel(value: string | undefined, faults: string[]): LogLevel {
  const level = logLevels.find((candidate) => candidate === (value || 'info'))
  if (level === undefined)
    faults.push(`TEXTBRIDGE_LOG_LEVEL is "${value}"; it must be one of: ${logLevels.join(', ')}.`)
  return level ?? 'info'
}
