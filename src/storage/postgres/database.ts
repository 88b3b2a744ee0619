import pg from 'pg'
import { SmsError } from '../../core/errors.ts'
import type { Metrics } from '../../ports/metrics.ts'
import { loadMigrations, pendingMigrations } from '../migrator.ts'
import type { Row } from '../rows.ts'

export type Binding = string | number | boolean | null | Uint8Array | readonly Binding[]

/** Statements are prepared once for each connection, under a name of their own. */
export type Queries = {
  all(sql: string, ...bindings: readonly Binding[]): Promise<Row[]>
  get(sql: string, ...bindings: readonly Binding[]): Promise<Row | undefined>
  /** @returns how many rows were written. */
  run(sql: string, ...bindings: readonly Binding[]): Promise<number>
}

export type Database = Queries & {
  /**
   * Runs `work` between BEGIN and COMMIT, again from the start when PostgreSQL asks for that (a deadlock), and
   * resolves when the commit is durable. Statements may be handed in together: they travel in one packet and run in
   * their order.
   * @throws CommitUnknown when the connection was lost during COMMIT.
   */
  transaction<T>(work: (queries: Queries) => Promise<T>): Promise<T>
  /**
   * Waits until the server has ended the session of a lost connection: from then on what it committed can be seen.
   * @throws SmsError `unavailable` when that takes longer than `settleMsMax`.
   */
  settled(lost: CommitUnknown): Promise<void>
  close(): Promise<void>
}

/** The acknowledgement of a COMMIT was lost: it may have happened. Look before saying anything. */
export class CommitUnknown extends SmsError {
  /** Process id of the session on the server. */
  readonly sessionId: number

  constructor(sessionId: number, cause: unknown) {
    super(
      'unavailable',
      'The connection to the database was lost during a commit. Look whether it happened before repeating.',
      {
        cause,
        retryAfterMs: 1_000,
      },
    )
    this.sessionId = sessionId
  }
}

const connectionsMax = 12
const connectTimeoutMs = 5_000
/** No statement of ours takes a second; one that does is stuck. The server ends it first, then we give up waiting. */
const statementTimeoutMs = 10_000
const queryTimeoutMs = statementTimeoutMs + 5_000
const transactionTriesMax = 4
const settleMsMax = 5_000
const settlePollMs = 50

const migrations = loadMigrations(new URL('./migrations/', import.meta.url))
/** Any number that nothing else in the database takes as an advisory lock. */
const migrationLock = 7_835_411_902

/** @throws SmsError `unavailable` when the server cannot be reached, or its schema is newer than this version. */
export async function openDatabase(params: { readonly url: string; readonly metrics: Metrics }): Promise<Database> {
  await migrateDatabase(params.url)
  const pool = openPool(params.url)
  const names = new Map<string, string>()

  function nameOf(sql: string): string {
    const known = names.get(sql)
    if (known !== undefined) return known
    const name = `tb_${names.size + 1}`
    names.set(sql, name)
    return name
  }

  function queriesOn(runner: Pick<pg.Pool | pg.PoolClient, 'query'>): Queries {
    const query = async (sql: string, bindings: readonly Binding[]) => {
      try {
        return await runner.query({ name: nameOf(sql), text: sql, values: [...bindings] })
      } catch (error) {
        throw translated(error)
      }
    }
    return {
      all: async (sql, ...bindings) => (await query(sql, bindings)).rows,
      get: async (sql, ...bindings) => (await query(sql, bindings)).rows[0],
      run: async (sql, ...bindings) => (await query(sql, bindings)).rowCount ?? 0,
    }
  }

  async function attempt<T>(work: (queries: Queries) => Promise<T>): Promise<T> {
    const client = await pool.connect().catch((error: unknown) => {
      throw translated(error)
    })
    let broken: Error | undefined
    try {
      // Travels with the first statement of the work; a failure shows in every statement after it.
      const [, result] = await Promise.all([client.query('BEGIN'), work(queriesOn(client))])
      await commit(client)
      return result
    } catch (error) {
      if (error instanceof CommitUnknown) broken = error
      else broken = await undo(client)
      throw translated(error)
    } finally {
      client.release(broken)
    }
  }

  async function commit(client: pg.PoolClient): Promise<void> {
    const startedAt = performance.now()
    try {
      await client.query('COMMIT')
    } catch (error) {
      if (isConnectionFailure(error)) throw new CommitUnknown(sessionIdOf(client), error)
      throw error
    }
    params.metrics.commit('postgres', 1, performance.now() - startedAt)
  }

  const queries = queriesOn(pool)
  return {
    ...queries,
    async transaction(work) {
      for (let tries = 1; ; tries++) {
        try {
          return await attempt(work)
        } catch (error) {
          if (!(error instanceof TransactionUndone)) throw error
          if (tries >= transactionTriesMax) throw busy(error)
        }
      }
    },
    async settled({ sessionId }) {
      const deadline = performance.now() + settleMsMax
      while ((await queries.get('SELECT 1 FROM pg_stat_activity WHERE pid = $1', sessionId)) !== undefined) {
        if (performance.now() > deadline) throw busy()
        await new Promise((resolve) => setTimeout(resolve, settlePollMs))
      }
    },
    close: () => pool.end(),
  }
}

/** Under a lock, so that of several processes one migrates and the others wait. @returns the titles applied. */
export async function migrateDatabase(url: string): Promise<string[]> {
  const client = new pg.Client(optionsFor(url))
  // Its failure reaches the query that waits; without a listener it would end the process.
  client.on('error', () => undefined)
  try {
    await client.connect()
    await client.query('SELECT pg_advisory_lock($1)', [migrationLock])
    await client.query('CREATE TABLE IF NOT EXISTS schema_version (version INTEGER NOT NULL)')
    const { rows } = await client.query('SELECT version FROM schema_version')
    const pending = pendingMigrations(migrations, Number(rows[0]?.version ?? 0))
    if (rows.length === 0) await client.query('INSERT INTO schema_version (version) VALUES (0)')
    for (const { number, sql } of pending)
      await client.query(`BEGIN; ${sql}; UPDATE schema_version SET version = ${number}; COMMIT`)
    return pending.map((migration) => migration.title)
  } catch (error) {
    throw translated(error)
  } finally {
    await client.end()
  }
}

function optionsFor(url: string): pg.ClientConfig {
  return {
    connectionString: url,
    application_name: 'textbridge',
    connectionTimeoutMillis: connectTimeoutMs,
    keepAlive: true,
  }
}

function openPool(url: string): pg.Pool {
  const pool = new pg.Pool({
    ...optionsFor(url),
    max: connectionsMax,
    statement_timeout: statementTimeoutMs,
    idle_in_transaction_session_timeout: statementTimeoutMs,
    query_timeout: queryTimeoutMs,
    pipeline: true,
    // A commit is a promise here, whatever the server's default is: a connection that cannot keep it is not used.
    async onConnect(client) {
      await client.query(
        "SELECT set_config('synchronous_commit', 'on', false) WHERE current_setting('synchronous_commit') = 'off'",
      )
    },
  })
  // A connection that breaks while in use tells so to the statement that waits; unheard here, it would end the process.
  pool.on('connect', (client) => void client.on('error', () => undefined))
  // An idle connection broke: the pool has dropped it, and the next query opens another or says why it cannot.
  pool.on('error', () => undefined)
  return pool
}

/** @returns the error that makes the connection unfit for reuse, if there is one. */
async function undo(client: pg.PoolClient): Promise<Error | undefined> {
  try {
    await client.query('ROLLBACK')
    return undefined
  } catch (error) {
    return error instanceof Error ? error : new Error('ROLLBACK failed')
  }
}

function sessionIdOf(client: pg.PoolClient): number {
  return 'processID' in client && typeof client.processID === 'number' ? client.processID : 0
}

/** PostgreSQL undid the transaction because of others: the same work may succeed when done again. */
class TransactionUndone extends Error {
  override readonly name = 'TransactionUndone'
}

// https://www.postgresql.org/docs/current/errcodes-appendix.html
const undoneStates = new Set(['40001', '40P01'])
const uniqueViolation = '23505'
/** By class: connection, insufficient resources, operator intervention (shutdown, timeouts), system error. */
const outageClasses = new Set(['08', '53', '57', '58'])
const refusedStates = new Set(['28P01', '28000', '3D000', '42501'])

function translated(cause: unknown): unknown {
  if (!(cause instanceof Error) || cause instanceof SmsError || cause instanceof TransactionUndone) return cause
  const state = 'code' in cause && typeof cause.code === 'string' ? cause.code : ''
  if (undoneStates.has(state)) return new TransactionUndone('the transaction was undone', { cause })
  if (state === uniqueViolation)
    return new SmsError('conflict', 'This name or number is already in use. Choose another one.', { cause })
  if (refusedStates.has(state))
    return new SmsError(
      'unavailable',
      'The database refuses this user or does not exist. Check TEXTBRIDGE_DATABASE_URL.',
      { cause },
    )
  if (isConnectionFailure(cause) || outageClasses.has(state.slice(0, 2)))
    return new SmsError('unavailable', 'The database does not answer. Try again in a moment.', {
      cause,
      retryAfterMs: 1_000,
    })
  return cause
}

/** Whatever did not come from PostgreSQL as an error of its own, or says that its session ends. */
function isConnectionFailure(error: unknown): boolean {
  if (!(error instanceof Error)) return false
  if (!(error instanceof pg.DatabaseError)) return connectionFailure.test(`${codeOf(error)} ${error.message}`)
  return /^(08|57P0)/.test(error.code ?? '')
}

const connectionFailure =
  /ECONN|EPIPE|ENOTFOUND|EAI_AGAIN|EHOSTUNREACH|ENETUNREACH|ETIMEDOUT|[Cc]onnection|timeout|not queryable/

function codeOf(error: Error): string {
  return 'code' in error && typeof error.code === 'string' ? error.code : ''
}

function busy(cause?: unknown): SmsError {
  return new SmsError('unavailable', 'The database is too busy. Nothing was changed; try again.', {
    cause,
    retryAfterMs: 1_000,
  })
}
