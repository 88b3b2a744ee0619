import { SmsError } from '../../core/errors.ts'
import type { Message } from '../../core/message.ts'
import { directTurnAt, takeTurns, turnAt } from '../../core/pacing.ts'
import { dayOf } from '../../core/send-facts.ts'
import type { ClaimTerms, QueueStore, Turn } from '../../ports/queue-store.ts'
import type { MessageRecord } from '../../ports/store.ts'
import { judged } from '../ending.ts'
import { guardHolds } from '../guard.ts'
import { heldBackRetryMs, revisitAt, waitingLookedAtMax, waitingPassedOverMax } from '../queue-limits.ts'
import { attemptOf, laneOf, messageOf, pacedTextOf, type Row, turnOf } from '../rows.ts'
import { CommitUnknown, type Database, type Queries } from './database.ts'
import { debitLanes, lockLanes, type SavedLane, saveLanes } from './lanes.ts'
import { shareOptOuts } from './opt-outs.ts'
import { addSpending, lockLimits, selectFacts } from './send-facts.ts'
import { endMessage } from './sends.ts'

type Part = Pick<QueueStore, 'dueSenders' | 'takeTurns' | 'claim' | 'takeDirectTurn' | 'findLane' | 'segmentsAhead'>
type ClaimParams = Parameters<QueueStore['claim']>[0]
type TurnParams = Parameters<QueueStore['takeTurns']>[0]

const claimTriesMax = 3

/** Turns and claims; what else becomes of waiting messages stands in `waiting.ts`. */
export function makeQueue(database: Database): Part {
  return {
    dueSenders: (params) => dueSenders(database, params),
    takeTurns: (params) => database.transaction((queries) => takeAllTurns(queries, params)),
    claim: (params) => claim(database, params),
    takeDirectTurn: (params) => database.transaction((queries) => takeDirectTurn(queries, params)),
    findLane: async (kind, id) =>
      laneOf(await database.get('SELECT * FROM lanes WHERE kind = $1 AND id = $2', kind, id)),
    async segmentsAhead({ senderId, priority, countMax }) {
      const row = await database.get(
        `SELECT sum(segment_count) AS segments FROM (
           SELECT segment_count FROM messages WHERE status = 'queued' AND sender_id = $1 AND priority <= $2
           ORDER BY priority, key LIMIT $3) AS ahead`,
        senderId,
        priority,
        countMax,
      )
      return Number(row?.segments ?? 0)
    },
  }
}

/** Somebody has stopped the queue as a whole. */
export const isHeld = 'EXISTS (SELECT 1 FROM queue_state WHERE held_at IS NOT NULL)'

/**
 * Of one person, the queue sends one text after the other: the answer of the one before must be in. Said as the index
 * of these messages says it. The offsets keep the planner from joining: it would read all of them for each number.
 */
const isUnderWay = `EXISTS (
  SELECT 1 FROM messages u WHERE CASE WHEN u.queued THEN u.status END = 'sending' AND u.sender_id = m.sender_id
    AND u.recipient = m.recipient
    AND EXISTS (SELECT 1 FROM attempts a WHERE a.message_key = u.key AND a.outcome IS NULL OFFSET 0) OFFSET 0)`

type DueParams = Parameters<QueueStore['dueSenders']>[0]

/** From one organization to the next in the index: those with thousands of numbers do not cost the others. */
async function dueSenders(
  queries: Queries,
  { now, limit, without = [] }: DueParams,
): ReturnType<QueueStore['dueSenders']> {
  const isLeftOut =
    'EXISTS (SELECT 1 FROM senders s WHERE s.id = lanes.id AND s.provider_account_id = ANY($3::bigint[]))'
  const rows = await queries.all(
    `WITH RECURSIVE owners (id) AS (
       (SELECT organization_id FROM lanes WHERE next_at IS NOT NULL AND NOT ${isHeld} ORDER BY organization_id LIMIT 1)
       UNION ALL
       SELECT n.organization_id FROM owners o CROSS JOIN LATERAL (
         SELECT organization_id FROM lanes WHERE next_at IS NOT NULL AND organization_id > o.id
         ORDER BY organization_id LIMIT 1) AS n
     ), due AS (
       SELECT l.id, o.id AS organization_id, l.next_at, l.place FROM owners o CROSS JOIN LATERAL (
         SELECT id, next_at, row_number() OVER (ORDER BY next_at) AS place FROM lanes
         WHERE organization_id = o.id AND next_at <= $1 AND leased_until <= $1
           ${without.length === 0 ? '' : `AND NOT ${isLeftOut}`} ORDER BY next_at LIMIT $2) AS l
     ), first AS (
       SELECT id, organization_id, next_at, place FROM due ORDER BY place, next_at LIMIT $2
     )
     SELECT id, organization_id, place, next_at FROM first
     UNION ALL
     SELECT NULL, NULL, NULL, min((SELECT min(next_at) FROM lanes WHERE organization_id = o.id AND next_at > $1)) FROM owners o
     ORDER BY place NULLS LAST, next_at`,
    now,
    limit,
    ...(without.length === 0 ? [] : [without]),
  )
  const next = rows.pop()
  return {
    senders: rows.map((row) => ({ senderId: Number(row.id), organizationId: Number(row.organization_id) })),
    ...(next?.next_at == null ? {} : { nextAt: Number(next.next_at) }),
  }
}

async function takeAllTurns(queries: Queries, params: TurnParams): Promise<Turn[]> {
  const { now, day, nextDayAt, leasedUntil } = params
  const lanes = new Map(
    (
      await queries.all(
        `SELECT * FROM lanes WHERE kind = 'sender' AND id = ANY($1::bigint[]) AND leased_until <= $2 AND NOT ${isHeld}
         ORDER BY id FOR UPDATE SKIP LOCKED`,
        params.senders.map(({ senderId }) => senderId),
        now,
      )
    ).map((row) => [Number(row.id), row]),
  )
  const senders = params.senders.filter(({ senderId }) => lanes.has(senderId))
  if (senders.length === 0) return []
  const limited = senders.filter(
    ({ smsPerSecond, mmsPerSecond }) => smsPerSecond !== undefined || mmsPerSecond !== undefined,
  )
  const accountRows = await lockLanes(
    queries,
    'account',
    new Map(limited.map((terms) => [terms.providerAccountId, terms])),
  )
  const accounts = new Map(accountRows.map((row) => [Number(row.id), laneOf(row)]))
  const waiting = await selectWaiting(queries, { senders, now })
  const saved: SavedLane[] = []
  const turns: Turn[] = []
  for (const terms of senders) {
    const rows = waiting.get(terms.senderId)
    const account = accounts.get(terms.providerAccountId) ?? laneOf(undefined)
    const taken = takeTurns(terms, (rows ?? []).map(pacedTextOf), {
      sender: laneOf(lanes.get(terms.senderId)),
      account,
      time: { now, day },
      nextDayAt,
    })
    accounts.set(terms.providerAccountId, taken.account)
    const leased = taken.keys.length > 0 ? leasedUntil : 0
    const nextAt = rows === undefined ? null : (taken.lookAt ?? now)
    saved.push({ kind: 'sender', id: terms.senderId, lane: taken.sender, look: { nextAt, leasedUntil: leased } })
    const byKey = new Map((rows ?? []).map((row) => [Number(row.key), row]))
    turns.push(
      ...taken.keys.flatMap((key) => [byKey.get(key)].flatMap((row) => (row === undefined ? [] : [turnOf(row)]))),
    )
  }
  for (const row of accountRows) {
    const id = Number(row.id)
    saved.push({ kind: 'account', id, lane: accounts.get(id) ?? laneOf(row) })
  }
  await saveLanes(queries, saved)
  return turns
}

/**
 * By number, in the order in which they leave. A number with messages of which none may leave now has an empty list; one
 * without messages is missing.
 */
async function selectWaiting(
  queries: Queries,
  { senders, now }: Pick<TurnParams, 'senders' | 'now'>,
): Promise<Map<number, Row[]>> {
  const rows = await queries.all(
    `SELECT l.sender_id AS lane_id, m.* FROM unnest($1::bigint[], $2::int[]) AS l (sender_id, looked_at)
     LEFT JOIN LATERAL (
       SELECT * FROM (
         SELECT key, priority, organization_id, sender_id, assistant_id, provider_account_id, recipient, segment_count,
           media_urls, due_at
         FROM messages WHERE status = 'queued' AND sender_id = l.sender_id
         ORDER BY priority, key LIMIT ${waitingPassedOverMax}) AS m
       WHERE (m.due_at IS NULL OR m.due_at <= $3) AND NOT ${isUnderWay}
       ORDER BY m.priority, m.key LIMIT l.looked_at) AS m ON true
     WHERE EXISTS (SELECT 1 FROM messages q WHERE q.status = 'queued' AND q.sender_id = l.sender_id)`,
    senders.map(({ senderId }) => senderId),
    senders.map(({ takeMax }) => waitingLookedAtMax(takeMax)),
    now,
  )
  const found = new Map<number, Row[]>()
  for (const row of rows) {
    const laneId = Number(row.lane_id)
    const texts = found.get(laneId) ?? []
    if (row.key !== null) texts.push(row)
    found.set(laneId, texts)
  }
  return found
}

async function claim(database: Database, params: ClaimParams): Promise<MessageRecord[]> {
  for (let tries = 1; ; tries++) {
    let records: MessageRecord[] = []
    try {
      await database.transaction(async (queries) => {
        records = await claimAll(queries, params)
        await letGo(queries, params)
      })
      return records
    } catch (error) {
      // Somebody took the guard of one of them in between; the next try sees it.
      const isOvertaken = error instanceof SmsError && error.code === 'conflict'
      if (error instanceof CommitUnknown) {
        await database.settled(error)
        if (await isCommitted(database, records)) return records
      } else if (!isOvertaken) throw error
      if (tries >= claimTriesMax) throw error
    }
  }
}

/** All of a claim commits together, so one of its attempts tells. */
async function isCommitted(database: Database, records: readonly MessageRecord[]): Promise<boolean> {
  const [first] = records
  const attempt = first?.attempts.at(-1)
  if (first === undefined || attempt === undefined) return false
  const row = await database.get(
    'SELECT 1 FROM attempts WHERE message_key = $1 AND number = $2 AND started_at = $3',
    first.key,
    attempt.number,
    attempt.startedAt,
  )
  return row !== undefined
}

type Claim = { readonly key: number; readonly waiting: Message; readonly terms: ClaimTerms }
type Start = Claim & { readonly message: Message; readonly guarded: boolean }

async function claimAll(queries: Queries, { now, turns, termsOf }: ClaimParams): Promise<MessageRecord[]> {
  // Which people they go to is known only when the rows are read, and opt-outs must be fenced before they are: so read,
  // fence, and read again under locks.
  const keys = turns.map(({ key }) => key)
  const seen = (
    await queries.all(`SELECT * FROM messages WHERE status = 'queued' AND key = ANY($1::bigint[])`, keys)
  ).map(messageOf)
  if (seen.length === 0) return []
  await shareOptOuts(queries, seen)
  await lockLimits(
    queries,
    seen.map((message) => ({ message, terms: termsOf(message) })),
  )
  const rows = await queries.all(
    `SELECT * FROM messages WHERE status = 'queued' AND key = ANY($1::bigint[]) ORDER BY key FOR UPDATE SKIP LOCKED`,
    keys,
  )
  const locked = new Map(rows.map((row) => [Number(row.key), messageOf(row)]))
  const claims = keys.flatMap((key): Claim[] => {
    const waiting = locked.get(key)
    return waiting === undefined ? [] : [{ key, waiting, terms: termsOf(waiting) }]
  })
  const [book, holders, before] = await Promise.all([
    selectFacts(
      queries,
      claims.map(({ waiting, terms }) => ({ message: waiting, terms })),
    ),
    selectHolders(queries, claims),
    queries.all('SELECT * FROM attempts WHERE message_key = ANY($1::bigint[]) ORDER BY number', keys),
  ])
  const starts: Start[] = []
  const heldBack: number[] = []
  const held: { key: number; message: Message }[] = []
  for (const claimed of claims) {
    const { key, waiting, terms } = claimed
    const decision = terms.decide(book.of(waiting))
    if (decision.kind === 'refuse') await endMessage(queries, { key, at: now, ...decision })
    else if (decision.kind === 'hold') held.push({ key, message: judged({ ...waiting, updatedAt: now }, decision) })
    else {
      const holder = holders.get(terms.guard)
      const isHeldBack = holder !== undefined && holder.key !== key && guardHolds(holder.row, now)
      if (isHeldBack && waiting.keyed !== true) {
        heldBack.push(key)
        continue
      }
      const message: Message = {
        ...waiting,
        status: 'sending',
        ...(terms.counted ? { countedAt: now } : {}),
        updatedAt: now,
      }
      if (!isHeldBack) holders.set(terms.guard, { key, row: { status: 'sending' } })
      starts.push({ ...claimed, message, guarded: !isHeldBack })
      book.dispatched(message)
    }
  }
  await writeHeld(queries, held)
  if (heldBack.length > 0)
    await queries.run('UPDATE messages SET due_at = $1 WHERE key = ANY($2::bigint[])', now + heldBackRetryMs, heldBack)
  return start(queries, { starts, now, before, takenOver: takenOver(holders, starts) })
}

type Holder = { readonly key: number; readonly row: Row; readonly before?: number }

/** By guard. */
async function selectHolders(queries: Queries, claims: readonly Claim[]): Promise<Map<string, Holder>> {
  const rows = await queries.all(
    `SELECT key, status, guard_expires_at, duplicate_until, encode(guard, 'hex') AS guard FROM messages WHERE guard IN
       (SELECT decode(value, 'hex') FROM json_array_elements_text($1))`,
    JSON.stringify(claims.map(({ terms }) => terms.guard)),
  )
  return new Map(rows.map((row) => [String(row.guard), { key: Number(row.key), row }]))
}

function takenOver(holders: ReadonlyMap<string, Holder>, starts: readonly Start[]): string[] {
  return starts.flatMap(({ terms, guarded }) => (guarded && holders.has(terms.guard) ? [terms.guard] : []))
}

async function writeHeld(
  queries: Queries,
  held: readonly { readonly key: number; readonly message: Message }[],
): Promise<void> {
  if (held.length === 0) return
  await queries.run(
    `WITH held AS (
       UPDATE messages m SET status = 'held', hold_reason = i.hold_reason, due_at = i.due_at, updated_at = i.at
       FROM json_to_recordset($1) AS i (key BIGINT, hold_reason TEXT, due_at BIGINT, at BIGINT) WHERE m.key = i.key
       RETURNING m.key, m.organization_id, m.provider, m.hold_reason, m.updated_at
     )
     INSERT INTO events (organization_id, message_key, type, occurred_at, data)
     SELECT organization_id, key, 'message.held', updated_at,
       json_build_object('provider', provider, 'hold_reason', hold_reason) FROM held`,
    JSON.stringify(
      held.map(({ key, message }) => ({
        key,
        hold_reason: message.holdReason,
        due_at: message.dueAt ?? null,
        at: message.updatedAt,
      })),
    ),
  )
}

async function start(
  queries: Queries,
  params: {
    readonly starts: readonly Start[]
    readonly now: number
    readonly before: readonly Row[]
    readonly takenOver: readonly string[]
  },
): Promise<MessageRecord[]> {
  const { starts, now, before } = params
  if (starts.length === 0) return []
  const records = starts.map(({ key, message }) => {
    const earlier = before.filter((row) => Number(row.message_key) === key).map(attemptOf)
    return { key, message, attempts: [...earlier, { number: (earlier.at(-1)?.number ?? 0) + 1, startedAt: now }] }
  })
  if (params.takenOver.length > 0)
    await queries.run(
      `UPDATE messages SET guard = NULL WHERE NOT key = ANY($2::bigint[]) AND guard IN
         (SELECT decode(value, 'hex') FROM json_array_elements_text($1))`,
      JSON.stringify(params.takenOver),
      starts.map(({ key }) => key),
    )
  await queries.run(
    `WITH input AS (
       SELECT * FROM json_to_recordset($1) AS i (key BIGINT, number INTEGER, guard TEXT, guard_expires_at BIGINT,
         counted_at BIGINT) ORDER BY guard
     ), started AS (
       UPDATE messages m SET status = 'sending', guard = decode(i.guard, 'hex'), guard_expires_at = i.guard_expires_at,
         counted_at = i.counted_at, due_at = NULL, hold_reason = NULL, updated_at = $2
       FROM input i WHERE m.key = i.key
       RETURNING m.key, m.organization_id, m.provider, i.number
     ), told AS (
       INSERT INTO events (organization_id, message_key, type, occurred_at, data)
       SELECT organization_id, key, 'message.sending', $2, json_build_object('provider', provider) FROM started
     )
     INSERT INTO attempts (message_key, number, started_at) SELECT key, number, $2 FROM started`,
    JSON.stringify(
      starts.map(({ key, message, terms, guarded }, place) => ({
        key,
        number: records[place]?.attempts.at(-1)?.number,
        guard: guarded ? terms.guard : null,
        guard_expires_at: guarded ? terms.guardExpiresAt : null,
        counted_at: message.countedAt ?? null,
      })),
    ),
    now,
  )
  await addSpending(
    queries,
    records.filter(({ attempts }) => attempts.length === 1).map(({ message }) => message),
    dayOf(now),
  )
  return records
}

/**
 * The lanes are locked before it is seen whether anything waits: whoever adds a message meanwhile waits for the lock, and
 * wakes the number after.
 */
async function letGo(queries: Queries, { now, senderIds }: ClaimParams): Promise<void> {
  const rows = await queries.all(
    `SELECT * FROM lanes WHERE kind = 'sender' AND id = ANY($1::bigint[]) ORDER BY id FOR UPDATE`,
    senderIds,
  )
  const waiting = await queries.all(
    `SELECT l.sender_id FROM unnest($1::bigint[]) AS l (sender_id)
     WHERE EXISTS (SELECT 1 FROM messages m WHERE m.status = 'queued' AND m.sender_id = l.sender_id)`,
    senderIds,
  )
  const waits = new Set(waiting.map((row) => Number(row.sender_id)))
  await saveLanes(
    queries,
    rows.map((row) => {
      const lane = laneOf(row)
      const nextAt = revisitAt({ at: turnAt(lane), now })
      const id = Number(row.id)
      return { kind: 'sender', id, lane, look: { nextAt: waits.has(id) ? nextAt : null, leasedUntil: 0 } }
    }),
  )
}

async function takeDirectTurn(
  queries: Queries,
  params: Parameters<QueueStore['takeDirectTurn']>[0],
): Promise<{ readonly at: number; readonly taken: boolean }> {
  const { now, latest, organizationId, senderId, use, account, day, nextDayAt } = params
  const [sender] = await lockLanes(queries, 'sender', new Map([[senderId, { organizationId }]]))
  const [ofAccount] =
    account === undefined ? [] : await lockLanes(queries, 'account', new Map([[account.id, { organizationId }]]))
  const lanes = { sender: laneOf(sender), ...(ofAccount === undefined ? {} : { account: laneOf(ofAccount) }) }
  const at = directTurnAt(lanes, { ...params, segmentCount: use.segmentCount, time: { now, day } })
  if (at > latest) return { at, taken: false }
  const ofDay = at < nextDayAt ? day : day + 1
  await debitLanes(queries, [
    {
      organizationId,
      now: at,
      uses: [
        { kind: 'sender', id: senderId, day: ofDay, ...use },
        ...(account === undefined ? [] : [{ kind: 'account' as const, id: account.id, day: ofDay, ...account.use }]),
      ],
    },
  ])
  return { at, taken: true }
}
