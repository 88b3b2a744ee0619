import { carriersZone } from '../../src/core/pacing.ts'
import { dayNumberIn, midnightAfter } from '../../src/core/send-window.ts'
import type { Store } from '../../src/ports/store.ts'
import { backlogCountMax } from '../../src/use-cases/watch-backlog.ts'
import { buildSend, decisionTerms, guardFor, outcomeRecord } from '../support/store-builders.ts'
import { medianOf } from './measure.ts'
import { type Bed, openBed, openSql } from './queue-fill.ts'

export type CallTime = { readonly call: string; readonly ms: number }

const dueAtOnce = 64
const claimedAtOnce = 128

type Call = { readonly name: string; readonly times: number; readonly run: (turn: number) => Promise<unknown> }

/** What each call of the queue's store takes beside what waits in the bed: medians, in milliseconds. */
export async function timeCallsOn(bed: Bed): Promise<CallTime[]> {
  const store = await openBed(bed)
  try {
    const times: CallTime[] = []
    for (const { name, times: turns, run } of callsOf(store, bed)) {
      const durations: number[] = []
      for (let turn = 0; turn < turns; turn++) {
        const startedAt = performance.now()
        await run(turn)
        durations.push(performance.now() - startedAt)
      }
      times.push({ call: name, ms: medianOf(durations) })
    }
    return times
  } finally {
    await store.close()
  }
}

export async function pauseAll(bed: Bed): Promise<void> {
  const sql = await openSql(bed)
  await sql('UPDATE senders SET paused_at = 1')
  await sql.close()
}

function callsOf(store: Store, { routes, fresh }: Bed): readonly Call[] {
  const { queue } = store
  const [busiest, idle] = [routes[0], fresh[0]]
  if (busiest === undefined || idle === undefined) throw new Error('a bed has numbers')
  const organizationId = busiest.organization.id
  const every = { limit: 500 }
  return [
    { name: 'numbers that are due', times: 21, run: () => queue.dueSenders({ now: Date.now(), limit: dueAtOnce }) },
    { name: 'a round of the queue', times: 5, run: () => runRound(store) },
    {
      name: 'segments ahead of a new message',
      times: 21,
      run: () => queue.segmentsAhead({ senderId: busiest.sender.id, priority: 1, countMax: 10_000 }),
    },
    { name: 'release what is due', times: 21, run: () => queue.releaseDue({ now: Date.now(), ...every }) },
    { name: 'release what is not paused', times: 5, run: () => queue.releaseUnpaused({ now: Date.now(), ...every }) },
    { name: 'end what has expired', times: 21, run: () => queue.expireWaiting({ now: Date.now(), ...every }) },
    { name: 'repair the lanes', times: 5, run: () => queue.repairLanes(Date.now()) },
    { name: 'count what waits', times: 5, run: () => queue.backlog(backlogCountMax) },
    { name: 'statistics of an organization', times: 5, run: () => queue.stats(organizationId) },
    { name: 'list what is held', times: 21, run: () => queue.listHeld(organizationId, { limit: 50 }) },
    {
      name: 'an opt-out',
      times: 21,
      run: (turn) =>
        store.optOuts.add({
          organizationId,
          recipient: buildSend(busiest, { recipient: `+1${2_000_000_900 + turn * 100}` }).message.recipient,
          source: 'api',
          inDoubt: false,
          createdAt: Date.now(),
        }),
    },
    {
      name: 'accept one for the queue',
      times: 101,
      run: (turn) =>
        store.sends.accept(
          buildSend(idle, { body: `Booking ${turn}`, at: Date.now(), more: { status: 'queued', queued: true } }),
        ),
    },
    { name: 'a beat', times: 21, run: () => store.queueState.beat({ now: Date.now() }) },
  ]
}

/** As the queue's loop does it, without a provider: turns, claim, and the outcomes that were all accepted. */
async function runRound(store: Store): Promise<void> {
  const now = Date.now()
  const { senders } = await store.queue.dueSenders({ now, limit: dueAtOnce })
  const turns = await store.queue.takeTurns({
    now,
    day: dayNumberIn(carriersZone, now),
    nextDayAt: midnightAfter(carriersZone, now),
    leasedUntil: now + 5_000,
    senders: senders.map((due) => ({
      ...due,
      providerAccountId: due.organizationId,
      segmentsPerSecond: 10_000,
      paused: false,
      takeMax: Math.max(1, Math.floor(claimedAtOnce / senders.length)),
    })),
  })
  const records = await store.queue.claim({
    now,
    turns,
    senderIds: [...new Set(turns.map(({ senderId }) => senderId))],
    termsOf: (message) => ({ ...decisionTerms(message), guard: guardFor(message), guardExpiresAt: now + 600_000 }),
  })
  await Promise.all(
    records.map((record) =>
      store.sends.recordOutcome(
        outcomeRecord(record, { kind: 'accepted', providerMessageId: `SM${record.key}`, providerStatus: 'queued' }),
      ),
    ),
  )
  if (records.length < claimedAtOnce / 2) throw new Error(`a round claimed only ${records.length} messages`)
}
