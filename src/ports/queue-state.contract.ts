import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { eventually } from '../../test/support/manual-clock.ts'
import type { AuditEntry } from '../core/audit.ts'
import type { AuditStore } from './audit-store.ts'
import type { QueueStateStore } from './queue-state.ts'
import type { WakeUps } from './wake-ups.ts'

export type QueueStateUnderTest = {
  readonly queueState: QueueStateStore
  readonly audit: AuditStore
  readonly wakeUps: WakeUps
  /** Stores a message that is like this. */
  wait(message: { readonly status: string; readonly dueAt?: number; readonly onUnknown?: string }): Promise<void>
  close(): Promise<void>
}

const now = 1_790_000_000_000
const hourMs = 3_600_000
const organizationId = 7
const goAt = (at: number): AuditEntry => ({
  organizationId,
  occurredAt: at,
  actor: 'API key 3 (deploy)',
  action: 'queue.resumed',
  subject: 'queue',
  data: {},
})

/** What every engine is tested for. `open` gives an empty database each time. */
export function queueStateContract(name: string, open: () => Promise<QueueStateUnderTest>): void {
  suite(`queue state contract: ${name}`, () => {
    test('a new database is not held, nor one that a version without beats left with something waiting', async () => {
      const { queueState, wait, close } = await open()
      assert.equal(await queueState.findHold(), undefined)
      await wait({ status: 'queued' })
      assert.equal(await queueState.beat({ now }), undefined)
      await close()
    })

    test('a database that is worked on is not held, however much waits in it', async () => {
      const { queueState, wait, close } = await open()
      await wait({ status: 'queued' })
      for (let minute = 0; minute < 180; minute += 59) await queueState.beat({ now: now + minute * 60_000 })
      assert.equal(await queueState.findHold(), undefined)
      await close()
    })

    suite('after a standstill', () => {
      const rows: readonly [
        what: string,
        message: Parameters<QueueStateUnderTest['wait']>[0] | undefined,
        held: boolean,
      ][] = [
        ['queued messages hold it', { status: 'queued' }, true],
        ['scheduled ones hold it', { status: 'scheduled', dueAt: now }, true],
        ['held ones that go on by themselves hold it', { status: 'held', dueAt: now }, true],
        ['held ones that wait for a person do not', { status: 'held' }, false],
        ['unresolved ones that may be sent again hold it', { status: 'sending', onUnknown: 'resend' }, true],
        ['unresolved ones that are not sent again do not', { status: 'sending', onUnknown: 'hold' }, false],
        ['messages that have ended do not', { status: 'sent', onUnknown: 'resend' }, false],
        ['an empty queue is not held', undefined, false],
      ]
      for (const [what, message, held] of rows)
        test(what, async () => {
          const { queueState, wait, close } = await open()
          await queueState.beat({ now })
          if (message !== undefined) await wait(message)
          const found = await queueState.beat({ now: now + 5 * hourMs })
          assert.equal(found !== undefined, held)
          if (held) assert.match(found?.reason ?? '', /for 5 h/)
          assert.deepEqual(await queueState.findHold(), found)
          await close()
        })

      test('of which the length can be set, it is held', async () => {
        const { queueState, wait, close } = await open()
        await wait({ status: 'queued' })
        await queueState.beat({ now })
        assert.ok(await queueState.beat({ now: now + 2_001, standstillMs: 2_000 }))
        await close()
      })
    })

    test('a hold stands as it began until a person says go', async () => {
      const { queueState, wait, close } = await open()
      await wait({ status: 'queued' })
      await queueState.beat({ now })
      const hold = await queueState.beat({ now: now + 5 * hourMs })
      assert.equal(hold?.since, now + 5 * hourMs)
      for (const at of [now + 5 * hourMs + 10_000, now + 50 * hourMs])
        assert.deepEqual(await queueState.beat({ now: at }), hold)
      await close()
    })

    test('go ends it, wakes who waits for the queue, and is on record; once', async () => {
      const { queueState, audit, wakeUps, wait, close } = await open()
      await wait({ status: 'queued' })
      await queueState.beat({ now })
      await queueState.beat({ now: now + 5 * hourMs })
      let woken = 0
      wakeUps.listen('queue', () => woken++)
      const before = woken
      const at = now + 8 * hourMs
      assert.equal(await queueState.resume({ now: at, audit: goAt(at) }), true)
      await eventually(() => woken > before)
      assert.equal(await queueState.findHold(), undefined)
      // A person has looked; that nobody beat meanwhile is no news.
      assert.equal(await queueState.beat({ now: at + 1 }), undefined)
      assert.equal(await queueState.resume({ now: at, audit: goAt(at) }), false)
      const entries = await audit.list(organizationId, { limit: 10 })
      assert.deepEqual(
        entries.map(({ key: _, ...entry }) => entry),
        [goAt(at)],
      )
      await close()
    })
  })
}
