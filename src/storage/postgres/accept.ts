import { SmsError } from '../../core/errors.ts'
import type { Message } from '../../core/message.ts'
import type { MessageId } from '../../core/message-id.ts'
import { refusalRules } from '../../core/send-decision.ts'
import { dayOf } from '../../core/send-facts.ts'
import type { AcceptResult, NewSend } from '../../ports/store.ts'
import { countedMessage, isRefusedByLimit, judged, mayJoin, takesGuard } from '../ending.ts'
import { guardHolds } from '../guard.ts'
import type { Row } from '../rows.ts'
import { type ConversationKeys, partiesKey } from './conversations.ts'
import { CommitUnknown, type Database, type Queries } from './database.ts'
import { insertMessages } from './insert-messages.ts'
import { debitLanes, lockSenders, wakeSenders } from './lanes.ts'
import { shareOptOuts } from './opt-outs.ts'
import { addSpending, lockLimits, selectFacts } from './send-facts.ts'

const triesMax = 3
const insertRoundsMax = 5

/**
 * Accepts many sends in one transaction. Against other transactions three things must hold, and locks are taken in one
 * order everywhere, so that no two batches wait for each other: opt-outs (advisory locks, see `opt-outs.ts`), then
 * conversations, idempotency keys and guards (by their unique indexes, each sorted).
 */
export async function acceptBatch(
  database: Database,
  conversations: ConversationKeys,
  sends: readonly NewSend[],
): Promise<readonly AcceptResult[]> {
  for (let tries = 1; ; tries++) {
    let results: readonly AcceptResult[] = []
    let conversationKeys: ReadonlyMap<string, number> = new Map()
    try {
      await database.transaction(async (queries) => {
        conversationKeys = await prepare(queries, conversations, sends)
        results = await acceptAll(queries, sends, conversationKeys)
      })
      conversations.remember(conversationKeys)
      return results
    } catch (error) {
      if (!(error instanceof CommitUnknown) || tries >= triesMax) throw error
      await database.settled(error)
      if (await isCommitted(database, results)) return results
    }
  }
}

/** All of a batch commits together, so one of its messages tells. What wrote nothing holds either way. */
async function isCommitted(database: Database, results: readonly AcceptResult[]): Promise<boolean> {
  const written = results.find(({ kind }) => kind === 'started' || kind === 'waiting' || kind === 'refused')
  if (written === undefined || !('record' in written)) return true
  return (await database.get('SELECT 1 FROM messages WHERE id = $1', written.record.message.id)) !== undefined
}

async function prepare(
  queries: Queries,
  conversations: ConversationKeys,
  sends: readonly NewSend[],
): Promise<ReadonlyMap<string, number>> {
  const messages = sends.map(({ message }) => message)
  const [, , keys] = await Promise.all([
    shareOptOuts(queries, messages),
    lockLimits(queries, sends),
    conversations.ensure(queries, messages),
  ])
  return keys
}

async function acceptAll(
  queries: Queries,
  sends: readonly NewSend[],
  conversationKeys: ReadonlyMap<string, number>,
): Promise<AcceptResult[]> {
  const [book, known] = await Promise.all([selectFacts(queries, sends), selectKeys(queries, sends)])
  const results = new Map<NewSend, AcceptResult>()
  const refused: Insertion[] = []
  const limited: Accepted[] = []
  const keyed: NewSend[] = []
  const keyless: NewSend[] = []
  /** What each will be when it is written. */
  const accepted = new Map<NewSend, Message>()
  for (const send of sends) {
    const { idempotency, message } = send
    const row = idempotency === undefined ? undefined : known.get(keyOf(send))
    if (row !== undefined && row.createdAt >= (idempotency?.forgetBefore ?? 0)) {
      results.set(send, replayOf(send, row))
      continue
    }
    const decision = send.terms.decide(book.of(message))
    if (decision.kind === 'refuse') {
      if (isRefusedByLimit(decision) && mayJoin(message)) limited.push({ send, message })
      refused.push({ send, message: judged(message, decision), guarded: false })
      continue
    }
    const willBe = decision.kind === 'hold' ? judged(message, decision) : countedMessage(send)
    accepted.set(send, willBe)
    if (willBe.status === 'sending') book.dispatched(willBe)
    if (idempotency === undefined) keyless.push(send)
    else keyed.push(send)
  }
  const starting = new Set([...keyless, ...(await takeKeys(queries, keyed, results))])
  const going = sends.flatMap((send) => {
    const message = starting.has(send) ? accepted.get(send) : undefined
    return message === undefined ? [] : [{ send, message }]
  })
  await joinHolders(queries, limited, results)
  const ending = refused.filter(({ send }) => !results.has(send))
  const insertions = [...ending, ...guardsOf(await joinWaiting(queries, going, results))]
  await insertAll({ queries, conversationKeys, insertions }, results)
  joinWithinBatch(sends, results)
  await settleLanes(queries, sends, results)
  return sends.map((send) => resultOf(results, send))
}

type Accepted = { readonly send: NewSend; readonly message: Message }
type Insertion = Accepted & { readonly guarded: boolean }
type KeyRow = { readonly messageId: MessageId; readonly requestHash: string; readonly createdAt: number }

function keyOf({ message, idempotency }: NewSend): string {
  return `${message.organizationId} ${idempotency?.route} ${idempotency?.key}`
}

function replayOf({ idempotency }: NewSend, row: KeyRow): AcceptResult {
  return { kind: 'replayed', messageId: row.messageId, sameRequest: row.requestHash === idempotency?.requestHash }
}

async function selectKeys(queries: Queries, sends: readonly NewSend[]): Promise<Map<string, KeyRow>> {
  const wanted = sends.filter((send) => send.idempotency !== undefined)
  if (wanted.length === 0) return new Map()
  const rows = await queries.all(
    `SELECT k.* FROM idempotency_keys k
     JOIN json_to_recordset($1) AS i (organization_id BIGINT, route TEXT, key TEXT) USING (organization_id, route, key)`,
    JSON.stringify(wanted.map(keyColumns)),
  )
  return new Map(
    rows.map((row) => [
      `${row.organization_id} ${row.route} ${row.key}`,
      {
        messageId: String(row.message_id) as MessageId,
        requestHash: String(row.request_hash),
        createdAt: Number(row.created_at),
      },
    ]),
  )
}

function keyColumns({ message, idempotency }: NewSend) {
  return {
    organization_id: message.organizationId,
    route: idempotency?.route,
    key: idempotency?.key,
    request_hash: idempotency?.requestHash,
    message_id: message.id,
    created_at: message.createdAt,
  }
}

/** The first send of each key takes it, unless another transaction did: then that one's answer is replayed. */
async function takeKeys(
  queries: Queries,
  keyed: readonly NewSend[],
  results: Map<NewSend, AcceptResult>,
): Promise<NewSend[]> {
  const first = new Map<string, NewSend>()
  for (const send of keyed) if (!first.has(keyOf(send))) first.set(keyOf(send), send)
  if (first.size === 0) return []
  const rows = await queries.all(
    `INSERT INTO idempotency_keys AS k (organization_id, route, key, request_hash, message_id, created_at)
     SELECT * FROM json_to_recordset($1)
       AS i (organization_id BIGINT, route TEXT, key TEXT, request_hash TEXT, message_id TEXT, created_at BIGINT)
     ORDER BY organization_id, route, key
     ON CONFLICT (organization_id, route, key) DO UPDATE SET request_hash = excluded.request_hash,
       message_id = excluded.message_id, created_at = excluded.created_at
       WHERE k.created_at < $2
     RETURNING organization_id, route, key`,
    JSON.stringify([...first.values()].map(keyColumns)),
    Math.min(...keyed.map(({ idempotency }) => idempotency?.forgetBefore ?? 0)),
  )
  const taken = new Set(rows.map((row) => `${row.organization_id} ${row.route} ${row.key}`))
  const lost = keyed.filter((send) => !taken.has(keyOf(send)))
  const owners = lost.length === 0 ? new Map<string, KeyRow>() : await selectKeys(queries, lost)
  const starting: NewSend[] = []
  for (const send of keyed) {
    const owner = owners.get(keyOf(send))
    const leader = first.get(keyOf(send))
    if (owner !== undefined) results.set(send, replayOf(send, owner))
    else if (leader === send) starting.push(send)
    else if (leader?.idempotency !== undefined)
      results.set(
        send,
        replayOf(send, {
          messageId: leader.message.id,
          requestHash: leader.idempotency.requestHash,
          createdAt: leader.message.createdAt,
        }),
      )
  }
  return starting
}

/** What waits takes no guard, but joins an identical message that is unresolved, unless it is meant. */
async function joinWaiting(
  queries: Queries,
  going: readonly Accepted[],
  results: Map<NewSend, AcceptResult>,
): Promise<readonly Accepted[]> {
  const asking = going.filter(({ message }) => !takesGuard(message) && mayJoin(message))
  await joinHolders(queries, asking, results)
  return going.filter(({ send }) => !results.has(send))
}

async function joinHolders(
  queries: Queries,
  asking: readonly Accepted[],
  results: Map<NewSend, AcceptResult>,
): Promise<void> {
  if (asking.length === 0) return
  const holders = await selectHolders(
    queries,
    asking.map(({ send }) => send.guard),
  )
  for (const { send, message } of asking) {
    const holder = holders.get(send.guard)
    if (holder !== undefined && guardHolds(holder, message.createdAt))
      results.set(send, { kind: 'joined', messageId: String(holder.id) as MessageId })
  }
}

/** Of sends with one guard the first may hold it; others go beside it only when they are meant, or wait. */
function guardsOf(going: readonly Accepted[]): Insertion[] {
  const held = new Set<string>()
  return going.flatMap(({ send, message }) => {
    if (!takesGuard(message)) return [{ send, message, guarded: false }]
    const guarded = !held.has(send.guard)
    held.add(send.guard)
    return guarded || !mayJoin(message) ? [{ send, message, guarded }] : []
  })
}

async function insertAll(
  {
    queries,
    conversationKeys,
    insertions,
  }: {
    readonly queries: Queries
    readonly conversationKeys: ReadonlyMap<string, number>
    readonly insertions: readonly Insertion[]
  },
  results: Map<NewSend, AcceptResult>,
): Promise<void> {
  let pending = insertions
  for (let round = 1; pending.length > 0; round++) {
    if (round > insertRoundsMax)
      throw new SmsError('unavailable', 'The database is too busy. Nothing was sent; try again.', {
        retryAfterMs: 1_000,
      })
    const keys = await insertMessages(
      queries,
      pending.map(({ send, message, guarded }) => ({
        message,
        conversationKey: conversationKeys.get(partiesKey(message)) ?? 0,
        ...(guarded ? { guard: send.guard, guardExpiresAt: send.guardExpiresAt } : {}),
      })),
    )
    for (const { send, message } of pending) {
      const key = keys.get(message.id)
      if (key !== undefined) results.set(send, writtenResult(key, message))
    }
    const refused = pending.filter(({ send }) => !results.has(send))
    pending = refused.length === 0 ? [] : await giveWay(queries, refused, results)
  }
}

function writtenResult(key: number, message: Message): AcceptResult {
  const rule = refusalRules.find((candidate) => candidate === message.failure?.reason)
  if (rule !== undefined) return { kind: 'refused', rule, record: { key, message, attempts: [] } }
  return message.status === 'sending'
    ? { kind: 'started', record: { key, message, attempts: [{ number: 1, startedAt: message.createdAt }] } }
    : { kind: 'waiting', record: { key, message, attempts: [] } }
}

/** What left takes its room in the pace of its number and costs its budget; what waits is seen by those who send it. */
async function settleLanes(
  queries: Queries,
  sends: readonly NewSend[],
  results: ReadonlyMap<NewSend, AcceptResult>,
): Promise<void> {
  const started: NewSend[] = []
  const queued: Message[] = []
  for (const send of sends) {
    const result = results.get(send)
    if (result?.kind === 'started') started.push(send)
    else if (result?.kind === 'waiting' && result.record.message.status === 'queued') queued.push(result.record.message)
  }
  // Each of the statements below locks its numbers in their order, but one after the other.
  if (started.length > 0 && queued.length > 0)
    await lockSenders(queries, [...started.map(({ message }) => message), ...queued])
  const [first] = started
  await Promise.all([
    first === undefined
      ? undefined
      : addSpending(
          queries,
          started.map(({ message }) => message),
          dayOf(first.message.createdAt),
        ),
    debitLanes(
      queries,
      started.map(({ message, uses }) => ({ organizationId: message.organizationId, now: message.createdAt, uses })),
    ),
    wakeSenders(
      queries,
      queued.map((message) => ({ ...message, at: message.createdAt })),
    ),
  ])
}

/** Somebody holds their guard: join, go without it, or take it over from one whose window has passed. */
async function giveWay(
  queries: Queries,
  blocked: readonly Insertion[],
  results: Map<NewSend, AcceptResult>,
): Promise<Insertion[]> {
  const holders = await selectHolders(
    queries,
    blocked.map(({ send }) => send.guard),
  )
  const expired: number[] = []
  const again: Insertion[] = []
  for (const insertion of blocked) {
    const { send, message } = insertion
    const holder = holders.get(send.guard)
    const holds = holder !== undefined && guardHolds(holder, message.createdAt)
    if (holder !== undefined && !holds) expired.push(Number(holder.key))
    if (holds && mayJoin(message)) results.set(send, { kind: 'joined', messageId: String(holder.id) as MessageId })
    else again.push({ ...insertion, guarded: !holds })
  }
  if (expired.length > 0)
    await queries.run('UPDATE messages SET guard = NULL WHERE key = ANY($1::bigint[]) AND guard IS NOT NULL', expired)
  return again
}

/** By guard. */
export async function selectHolders(queries: Queries, guards: readonly string[]): Promise<Map<string, Row>> {
  const rows = await queries.all(
    `SELECT key, id, status, encode(guard, 'hex') AS guard, guard_expires_at, duplicate_until FROM messages
     WHERE guard IN (SELECT decode(value, 'hex') FROM json_array_elements_text($1))`,
    JSON.stringify(guards),
  )
  return new Map(rows.map((row) => [String(row.guard), row]))
}

/** What has no result yet shares its guard with an earlier send of the batch. */
function joinWithinBatch(sends: readonly NewSend[], results: Map<NewSend, AcceptResult>): void {
  const holders = new Map<string, MessageId>()
  for (const send of sends) {
    const result = results.get(send)
    const holder = holders.get(send.guard)
    if (result === undefined && holder !== undefined) results.set(send, { kind: 'joined', messageId: holder })
    else if ((result?.kind === 'started' || result?.kind === 'waiting') && holder === undefined)
      holders.set(send.guard, result.record.message.id)
    else if (result?.kind === 'joined') holders.set(send.guard, result.messageId)
  }
}

function resultOf(results: ReadonlyMap<NewSend, AcceptResult>, send: NewSend): AcceptResult {
  const result = results.get(send)
  if (result === undefined) throw new Error('a send of a batch came to no result')
  return result
}
