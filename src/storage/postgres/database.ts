import pg from 'pg'
import { SmsError } from '../../core/errors.ts'
import type { Metrics } from '../../ports/metrics.ts'
import type { Migration, Schema } from '../migrator.ts'
import type { Row } from '../rows.ts'
import {
  busy,
  isConnectionFailure,
  isReadOnly,
  isStalePlan,
  optionsFor,
  TransactionUndone,
  translated,
} from './connection.ts'
import { migrateDatabase } from './migrate.ts'

export type Binding = string | number | boolean | null | Uint8Array | readonly Binding[]

/** Statements are prepared once for each connection, under a name of their own. */
export type Queries = {
  all(sql: string, ...bindings: readonly Binding[]): Promise<Row[]>
  get(sql: string, ...bindings: readonly Binding[]): Promise<Row | undefined>
  /** @returns how many rows were written. */
  run(sql: string, ...bindings: readonly Binding[]): Promise<number>
}

export type Database = Queries & {
  readonly schema: Schema
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
/** No statement of ours takes a second; one that does is stuck. The server ends it first, then we give up waiting. */
const statementTimeoutMs = 10_000
/**
 * Between two statements of a transaction this process only computes. One that stands still for so long is frozen, and
 * lets go of what it has locked: numbers of the queue, and people who may want to refuse.
 */
const transactionIdleMs = 3_000
const queryTimeoutMs = statementTimeoutMs + 5_000
const transactionTriesMax = 4
const settleMsMax = 5_000
const settlePollMs = 50

/** @throws SmsError `unavailable` when the server cannot be reached, or its schema is newer than this version. */
export async function openDatabase(params: {
  readonly url: string
  readonly metrics: Pick<Metrics, 'commit'>
  /** Called on each new connection before anything else uses it; when it throws, nothing does. */
  readonly onConnect?: (queries: Queries) => Promise<void>
  /** For tests; all of this version in production. */
  readonly migrations?: readonly Migration[]
}): Promise<Database> {
  const { schema } = await migrateDatabase(params.url, params.migrations)
  const pool = openPool(params.url, (client) => params.onConnect?.(queriesOn(client)))
  const names = new Map<string, string>()
  let named = 0

  function nameOf(sql: string): string {
    const known = names.get(sql)
    if (known !== undefined) return known
    const name = `tb_${++named}`
    names.set(sql, name)
    return name
  }

  function queriesOn(runner: Pick<pg.Pool | pg.PoolClient, 'query'>): Queries {
    const query = async (sql: string, bindings: readonly Binding[]) => {
      const name = nameOf(sql)
      try {
        return await runner.query({ name, text: sql, values: [...bindings] })
      } catch (error) {
        // Another process has changed the tables: on every connection, everything is prepared anew.
        if (isStalePlan(error) && names.get(sql) === name) names.clear()
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
      if (error instanceof CommitUnknown || isReadOnly(error)) broken = error instanceof Error ? error : undefined
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

  /** What PostgreSQL undid may be done again: nothing of it is there. */
  async function repeated<T>(work: () => Promise<T>): Promise<T> {
    for (let tries = 1; ; tries++) {
      try {
        return await work()
      } catch (error) {
        if (!(error instanceof TransactionUndone)) throw error
        if (tries >= transactionTriesMax) throw busy(error)
      }
    }
  }

  const queries = queriesOn(pool)
  return {
    schema,
    all: (...statement) => repeated(() => queries.all(...statement)),
    get: (...statement) => repeated(() => queries.get(...statement)),
    run: (...statement) => repeated(() => queries.run(...statement)),
    transaction: (work) => repeated(() => attempt(work)),
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

function openPool(url: string, onConnect: (client: pg.ClientBase) => Promise<void> | undefined): pg.Pool {
  const pool = new pg.Pool({
    ...optionsFor(url),
    max: connectionsMax,
    statement_timeout: statementTimeoutMs,
    idle_in_transaction_session_timeout: transactionIdleMs,
    query_timeout: queryTimeoutMs,
    pipeline: true,
    // A commit is a promise here, whatever the server's default is: a connection that cannot keep it is not used.
    async onConnect(client) {
      await client.query(
        "SELECT set_config('synchronous_commit', 'on', false) WHERE current_setting('synchronous_commit') = 'off'",
      )
      await onConnect(client)
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
