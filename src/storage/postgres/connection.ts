import pg from 'pg'
import { SmsError } from '../../core/errors.ts'

const connectTimeoutMs = 5_000

export function optionsFor(url: string): pg.ClientConfig {
  return {
    connectionString: url,
    application_name: 'textbridge',
    connectionTimeoutMillis: connectTimeoutMs,
    keepAlive: true,
  }
}

/** PostgreSQL undid the transaction because of others: the same work may succeed when done again. */
export class TransactionUndone extends Error {
  override readonly name = 'TransactionUndone'
}

// https://www.postgresql.org/docs/current/errcodes-appendix.html
const undoneStates = new Set(['40001', '40P01'])
const uniqueViolation = '23505'
/** By class: connection, insufficient resources, operator intervention (shutdown, timeouts), system error. */
const outageClasses = new Set(['08', '53', '57', '58'])
/** A standby that has not taken over yet. */
const readOnlyState = '25006'
const refusedStates = new Set(['28P01', '28000', '3D000', '42501'])

/** The session is on a server that takes no writes: after a failover the next connection may be on the one that does. */
export function isReadOnly(error: unknown): boolean {
  const cause = error instanceof SmsError ? error.cause : error
  return cause instanceof Error && 'code' in cause && cause.code === readOnlyState
}

export function translated(cause: unknown): unknown {
  if (!(cause instanceof Error) || cause instanceof SmsError || cause instanceof TransactionUndone) return cause
  const state = 'code' in cause && typeof cause.code === 'string' ? cause.code : ''
  if (undoneStates.has(state) || isStalePlan(cause))
    return new TransactionUndone('the transaction was undone', { cause })
  if (state === uniqueViolation)
    return new SmsError('conflict', 'This name or number is already in use. Choose another one.', { cause })
  if (refusedStates.has(state))
    return new SmsError(
      'unavailable',
      'The database refuses this user or does not exist. Check TEXTBRIDGE_DATABASE_URL.',
      { cause },
    )
  if (isConnectionFailure(cause) || outageClasses.has(state.slice(0, 2)) || state === readOnlyState)
    return new SmsError('unavailable', 'The database does not answer. Try again in a moment.', {
      cause,
      retryAfterMs: 1_000,
    })
  return cause
}

/**
 * A statement that was prepared before its tables got further columns. It did nothing; prepared again it works. The
 * message may be in any language and the state is shared with much else, so the place in the server tells.
 */
export function isStalePlan(error: unknown): boolean {
  return error instanceof pg.DatabaseError && error.code === '0A000' && error.routine === 'RevalidateCachedQuery'
}

// insufficient_privilege, feature_not_supported, undefined_function
const notOfferedStates = new Set(['42501', '0A000', '42883'])

/** This server does not let this user call a function, or has none of this name, as some that others run for one. */
export function isNotOffered(error: unknown): boolean {
  const cause = error instanceof SmsError ? error.cause : error
  return cause instanceof pg.DatabaseError && notOfferedStates.has(cause.code ?? '')
}

/** Whatever did not come from PostgreSQL as an error of its own, or says that its session ends. */
export function isConnectionFailure(error: unknown): boolean {
  if (!(error instanceof Error)) return false
  if (!(error instanceof pg.DatabaseError)) return connectionFailure.test(`${codeOf(error)} ${error.message}`)
  return /^(08|57P0)/.test(error.code ?? '')
}

const connectionFailure =
  /ECONN|EPIPE|ENOTFOUND|EAI_AGAIN|EHOSTUNREACH|ENETUNREACH|ETIMEDOUT|[Cc]onnection|timeout|not queryable/

function codeOf(error: Error): string {
  return 'code' in error && typeof error.code === 'string' ? error.code : ''
}

export function busy(cause?: unknown): SmsError {
  return new SmsError('unavailable', 'The database is too busy. Nothing was changed; try again.', {
    cause,
    retryAfterMs: 1_000,
  })
}
