/**
 * A database that was put back holds messages which have left since. Nobody can tell them from those that still wait, so
 * the queue is held until a person says go. What tells such a database:
 *
 *   it is another one        its fingerprint differs from the one it carries
 *   it is behind a witness   it counts fewer beats of processes than somebody outside of it saw
 *   it stood still           no process has beaten on it for long. A long stop looks the same
 */
export type QueueHold = {
  /** Unix milliseconds. */
  readonly since: number
  /** A sentence for operators. */
  readonly reason: string
}

/** Without a beat for longer, what waits in a database may be a backup's. */
export const standstillMsMax = 60 * 60 * 1_000

export type QueueFacts = {
  /** The last beat; absent in a new database and in one of a version without beats. */
  readonly beatAt: number | undefined
  /** Of what counts the beats outside of the database. `absent`: it should be there, and is not. */
  readonly witness: 'agrees' | 'has counted more' | 'absent'
  /** Something would be sent without a person: it is queued, due by itself, or to be sent again when unknown. */
  readonly waits: boolean
}

export const otherDatabaseReason =
  'This is not the database that the service last worked on: a backup was restored, a dump was loaded, or a standby took over. What waits in it may have been sent already.'

/** @returns why the queue must be held, or nothing when it need not be. */
export function reasonToHold(
  { beatAt, witness, waits }: QueueFacts,
  { now, standstillMs = standstillMsMax }: { readonly now: number; readonly standstillMs?: number | undefined },
): string | undefined {
  if (beatAt === undefined) return waits && witness === 'has counted more' ? putBackReason : undefined
  if (witness === 'has counted more') return putBackReason
  if (witness === 'absent')
    return 'The file that stands beside the database, with .mark at the end of its name, is missing: the database was copied or restored to here. What waits in it may have been sent already.'
  const silentMs = now - beatAt
  if (silentMs <= standstillMs || !waits) return undefined
  return `No process has worked on this database for ${wordsOf(silentMs)}: the service stood still, or this is a backup. What waits in it may be late, or have been sent already.`
}

const putBackReason =
  'This database is older than the service has seen it: a backup was put back. What waits in it may have been sent already.'

function wordsOf(ms: number): string {
  const hours = Math.floor(ms / 3_600_000)
  return hours < 48 ? `${Math.max(1, hours)} h` : `${Math.floor(hours / 24)} days`
}
