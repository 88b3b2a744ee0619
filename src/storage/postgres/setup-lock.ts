import pg from 'pg'
import { optionsFor, translated } from './connection.ts'

/** Any number that nothing else in the database takes as an advisory lock. */
const setupLock = 7_835_411_903
const pollMs = 200

/** Of several processes over one database, one does its work at a time, the others wait. */
export async function withSetupLock<T>(url: string, work: () => Promise<T>): Promise<T> {
  const client = new pg.Client(optionsFor(url))
  // Its failure reaches the query that waits; without a listener it would end the process.
  client.on('error', () => undefined)
  try {
    await take(client)
    return await work()
  } finally {
    await client.end()
  }
}

/** Asks again and again: an index that `work` builds would wait for every session that waits inside a statement. */
async function take(client: pg.Client): Promise<void> {
  try {
    await client.connect()
    for (;;) {
      const { rows } = await client.query('SELECT pg_try_advisory_lock($1) AS taken', [setupLock])
      if (rows[0]?.taken) return
      await new Promise((resolve) => setTimeout(resolve, pollMs))
    }
  } catch (error) {
    throw translated(error)
  }
}
