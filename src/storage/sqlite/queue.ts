import type { Message } from '../../core/message.ts'
import { directTurnAt, type Lane, takeTurns, turnAt } from '../../core/pacing.ts'
import { dayOf } from '../../core/send-facts.ts'
import type { QueueStore, Turn } from '../../ports/queue-store.ts'
import type { MessageRecord } from '../../ports/store.ts'
import { judged } from '../ending.ts'
import { guardHolds } from '../guard.ts'
import { heldBackRetryMs, revisitAt, waitingLookedAtMax, waitingPassedOverMax } from '../queue-limits.ts'
import { attemptOf, laneOf, messageOf, pacedTextOf, turnOf } from '../rows.ts'
import type { Database } from './database.ts'
import { debitLanes, findLane, saveLane, selectLane } from './lanes.ts'
import { addSpending, factsOf } from './send-facts.ts'
import { endMessage, insertAttempt, insertMessageEvent } from './sends.ts'

type Part = Pick<QueueStore, 'dueSenders' | 'takeTurns' | 'claim' | 'takeDirectTurn' | 'findLane' | 'segmentsAhead'>

/** Turns and claims; what else becomes of waiting messages stands in `waiting.ts`. */
export function makeQueue(database: Database): Part {
  return {
    dueSenders: async (params) => dueSenders(database, params),
    takeTurns: (params) =>
      database.transaction(() => params.senders.flatMap((terms) => takeSenderTurns(database, terms, params))),
    claim: ({ now, turns, senderIds, termsOf }) =>
      database.transaction(() => {
        const claimed = turns.flatMap((turn) => claimTurn(database, turn, { now, termsOf }))
        for (const senderId of senderIds) letGo(database, senderId, now)
        return claimed
      }),
    takeDirectTurn: (params) => database.transaction(() => takeDirectTurn(database, params)),
    findLane: async (kind, id) => findLane(database, { kind, id }),
    async segmentsAhead({ senderId, priority, countMax }) {
      const row = database.get(
        `SELECT sum(segment_count) AS segments FROM (
           SELECT segment_count FROM messages WHERE status = 'queued' AND sender_id = ? AND priority <= ?
           ORDER BY priority, key LIMIT ?)`,
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

type DueParams = Parameters<QueueStore['dueSenders']>[0]

/** From one organization to the next in the index: those with thousands of numbers do not cost the others. */
function dueSenders(
  database: Database,
  { now, limit, without = [] }: DueParams,
): Awaited<ReturnType<QueueStore['dueSenders']>> {
  const isLeftOut = `EXISTS (SELECT 1 FROM senders s WHERE s.id = lanes.id
    AND s.provider_account_id IN (SELECT value FROM json_each(?4)))`
  const due: {
    readonly senderId: number
    readonly organizationId: number
    readonly at: number
    readonly place: number
  }[] = []
  const later: number[] = []
  if (database.get(`SELECT 1 WHERE ${isHeld}`) !== undefined) return { senders: [] }
  for (let owner = nextOwner(database, 0); owner !== undefined; owner = nextOwner(database, owner)) {
    const organizationId = owner
    const rows = database.all(
      `SELECT id, next_at FROM lanes WHERE organization_id = ?1 AND next_at <= ?2 AND leased_until <= ?2
         ${without.length === 0 ? '' : `AND NOT ${isLeftOut}`} ORDER BY next_at LIMIT ?3`,
      organizationId,
      now,
      limit,
      ...(without.length === 0 ? [] : [JSON.stringify(without)]),
    )
    for (const [place, row] of rows.entries())
      due.push({ senderId: Number(row.id), organizationId, at: Number(row.next_at), place })
    const next = database.get(
      'SELECT min(next_at) AS at FROM lanes WHERE organization_id = ? AND next_at > ?',
      organizationId,
      now,
    )
    if (typeof next?.at === 'number') later.push(next.at)
  }
  due.sort((one, other) => one.place - other.place || one.at - other.at)
  return {
    senders: due.slice(0, limit).map(({ senderId, organizationId }) => ({ senderId, organizationId })),
    ...(later.length === 0 ? {} : { nextAt: Math.min(...later) }),
  }
}

/** The first organization after this one with numbers that are to be looked at. */
function nextOwner(database: Database, after: number): number | undefined {
  const row = database.get(
    `SELECT organization_id FROM lanes WHERE next_at IS NOT NULL AND organization_id > ?
     ORDER BY organization_id LIMIT 1`,
    after,
  )
  return row === undefined ? undefined : Number(row.organization_id)
}

/** Of one person, the queue sends one text after the other: the answer of the one before must be in. */
const isUnderWay = `EXISTS (
  SELECT 1 FROM messages u WHERE u.status = 'sending' AND u.queued AND u.sender_id = m.sender_id
    AND u.recipient = m.recipient
    AND EXISTS (SELECT 1 FROM attempts a WHERE a.message_key = u.key AND a.outcome IS NULL))`

type TurnParams = Parameters<QueueStore['takeTurns']>[0]

function takeSenderTurns(
  database: Database,
  terms: TurnParams['senders'][number],
  { now, day, nextDayAt, leasedUntil }: TurnParams,
): Turn[] {
  const ofSender = { kind: 'sender', id: terms.senderId } as const
  const ofAccount = { kind: 'account', id: terms.providerAccountId } as const
  const lane = selectLane(database, ofSender)
  if (lane === undefined || Number(lane.leased_until) > now || database.get(`SELECT 1 WHERE ${isHeld}`)) return []
  const rows = database.all(
    `SELECT m.* FROM (
       SELECT key, priority, organization_id, sender_id, assistant_id, provider_account_id, recipient, segment_count,
         media_urls, due_at
       FROM messages WHERE status = 'queued' AND sender_id = ? ORDER BY priority, key LIMIT ?) AS m
     WHERE (m.due_at IS NULL OR m.due_at <= ?) AND NOT ${isUnderWay} ORDER BY m.priority, m.key LIMIT ?`,
    terms.senderId,
    waitingPassedOverMax,
    now,
    waitingLookedAtMax(terms.takeMax),
  )
  const account = findLane(database, ofAccount)
  const turns = takeTurns(terms, rows.map(pacedTextOf), {
    sender: laneOf(lane),
    account,
    time: { now, day },
    nextDayAt,
  })
  saveLane(database, ofSender, { ...turns.sender, organizationId: terms.organizationId })
  if (turns.account !== account)
    saveLane(database, ofAccount, { ...turns.account, organizationId: terms.organizationId })
  const rest = nextLook(database, terms.senderId, turns.lookAt ?? now)
  database.run(
    `UPDATE lanes SET next_at = ?, leased_until = ? WHERE kind = 'sender' AND id = ?`,
    rest,
    turns.keys.length > 0 ? leasedUntil : 0,
    terms.senderId,
  )
  const byKey = new Map(rows.map((row) => [Number(row.key), row]))
  return turns.keys.flatMap((key) => {
    const row = byKey.get(key)
    return row === undefined ? [] : [turnOf(row)]
  })
}

/** `at` when something waits at the number, else null: then it need not be looked at. */
function nextLook(database: Database, senderId: number, at: number): number | null {
  const waiting = database.get(`SELECT 1 FROM messages WHERE status = 'queued' AND sender_id = ? LIMIT 1`, senderId)
  return waiting === undefined ? null : at
}

function letGo(database: Database, senderId: number, now: number): void {
  const at = turnAt(findLane(database, { kind: 'sender', id: senderId }))
  database.run(
    `UPDATE lanes SET leased_until = 0, next_at = ? WHERE kind = 'sender' AND id = ?`,
    nextLook(database, senderId, revisitAt({ at, now })),
    senderId,
  )
}

function claimTurn(
  database: Database,
  { key }: Turn,
  { now, termsOf }: Pick<Parameters<QueueStore['claim']>[0], 'now' | 'termsOf'>,
): MessageRecord[] {
  const row = database.get(`SELECT * FROM messages WHERE key = ? AND status = 'queued'`, key)
  if (row === undefined) return []
  const waiting = messageOf(row)
  const terms = termsOf(waiting)
  const decision = terms.decide(factsOf(database, waiting, terms.needs))
  switch (decision.kind) {
    case 'refuse':
      endMessage(database, { key, at: now, ...decision })
      return []
    case 'hold':
      holdMessage(database, key, judged({ ...waiting, updatedAt: now }, decision))
      return []
    case 'send':
      return startQueued(database, { key, waiting, now }, terms)
    default:
      return decision satisfies never
  }
}

function holdMessage(database: Database, key: number, held: Message): void {
  database.run(
    `UPDATE messages SET status = 'held', hold_reason = ?, due_at = ?, updated_at = ? WHERE key = ?`,
    held.holdReason ?? null,
    held.dueAt ?? null,
    held.updatedAt,
    key,
  )
  insertMessageEvent(database, key, held)
}

function startQueued(
  database: Database,
  { key, waiting, now }: { readonly key: number; readonly waiting: Message; readonly now: number },
  terms: ReturnType<Parameters<QueueStore['claim']>[0]['termsOf']>,
): MessageRecord[] {
  const guard = Buffer.from(terms.guard, 'hex')
  const holder = database.get('SELECT * FROM messages WHERE guard = ? AND key <> ?', guard, key)
  const isHeldBack = holder !== undefined && guardHolds(holder, now)
  if (isHeldBack && waiting.keyed !== true) {
    database.run('UPDATE messages SET due_at = ? WHERE key = ?', now + heldBackRetryMs, key)
    return []
  }
  if (holder !== undefined && !isHeldBack)
    database.run('UPDATE messages SET guard = NULL WHERE key = ?', Number(holder.key))
  const message: Message = {
    ...waiting,
    status: 'sending',
    ...(terms.counted ? { countedAt: now } : {}),
    updatedAt: now,
  }
  database.run(
    `UPDATE messages SET status = 'sending', guard = ?, guard_expires_at = ?, counted_at = ?, due_at = NULL,
       hold_reason = NULL, updated_at = ? WHERE key = ?`,
    isHeldBack ? null : guard,
    isHeldBack ? null : terms.guardExpiresAt,
    message.countedAt ?? null,
    now,
    key,
  )
  const before = database.all('SELECT * FROM attempts WHERE message_key = ? ORDER BY number', key).map(attemptOf)
  const attempt = { number: (before.at(-1)?.number ?? 0) + 1, startedAt: now }
  insertAttempt(database, key, attempt)
  if (before.length === 0) addSpending(database, message, dayOf(now))
  insertMessageEvent(database, key, message)
  return [{ key, message, attempts: [...before, attempt] }]
}

function takeDirectTurn(
  database: Database,
  params: Parameters<QueueStore['takeDirectTurn']>[0],
): { readonly at: number; readonly taken: boolean } {
  const { now, latest, organizationId, senderId, use, account, day, nextDayAt } = params
  const lanes: { sender: Lane; account?: Lane } = {
    sender: findLane(database, { kind: 'sender', id: senderId }),
    ...(account === undefined ? {} : { account: findLane(database, { kind: 'account', id: account.id }) }),
  }
  const at = directTurnAt(lanes, { ...params, segmentCount: use.segmentCount, time: { now, day } })
  if (at > latest) return { at, taken: false }
  const ofDay = at < nextDayAt ? day : day + 1
  debitLanes(
    database,
    [
      { kind: 'sender', id: senderId, day: ofDay, ...use },
      ...(account === undefined ? [] : [{ kind: 'account' as const, id: account.id, day: ofDay, ...account.use }]),
    ],
    { organizationId, now: at },
  )
  return { at, taken: true }
}
