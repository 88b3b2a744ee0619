import assert from 'node:assert/strict'
import { after, before, suite, test } from 'node:test'
import { buildInbound, buildRoute, buildSend, now, outcomeRecord } from '../../test/support/store-builders.ts'
import type { Route } from '../core/organization.ts'
import type { SendOutcome } from '../core/send-outcome.ts'
import { type HourCounts, hourMs } from './statistics-store.ts'
import type { Store } from './store.ts'

/** What every engine promises about its numbers. `open` gives an empty store. */
export function statisticsContract(engine: string, open: () => Promise<Store>): void {
  suite(`statistics contract on ${engine}`, () => {
    let store: Store
    before(async () => {
      store = await open()
    })
    after(() => store.close())

    const hour = Math.floor(now / hourMs)
    const at = (hours: number) => (hour + hours) * hourMs
    const accepted: SendOutcome = { kind: 'accepted', providerMessageId: 'SM1', providerStatus: 'queued' }
    const landline: SendOutcome = { kind: 'rejected', failure: { reason: 'landline', providerCode: '21614' } }
    let people = 0

    async function send(route: Route, sentAt: number, outcome?: SendOutcome): Promise<void> {
      const recipient = `+1202666${String(++people).padStart(4, '0')}`
      const result = await store.sends.accept(buildSend(route, { at: sentAt, recipient }))
      assert.equal(result.kind, 'started')
      if (outcome !== undefined && result.kind === 'started')
        await store.sends.recordOutcome(outcomeRecord(result.record, outcome))
    }
    const summed = (counts: readonly HourCounts[]) =>
      counts.map((one) => [
        one.hour - hour,
        one.groups
          .map(({ status, reason, accepted: isAccepted, count }) =>
            [status, reason, isAccepted ? 'accepted' : undefined, count].filter((word) => word !== undefined).join(' '),
          )
          .sort(),
      ])

    test('outbound messages are counted by hour and by what they came to, each organization its own', async () => {
      const route = await buildRoute(store)
      const other = await buildRoute(store)
      const { id } = route.organization
      await send(route, at(-3), accepted)
      await send(route, at(-1), accepted)
      await send(route, at(-1) + hourMs - 1, landline)
      await send(route, at(-1) + 1, accepted)
      await send(route, at(0), undefined)
      await send(other, at(-1), accepted)
      await store.inbound.receive(buildInbound(route, { at: at(-1) }))
      const counts = await store.statistics.count(id, { fromHour: hour - 2, toHour: hour })
      assert.deepEqual(summed(counts), [
        [-1, ['failed landline 1', 'sent accepted 2']],
        [0, ['sending 1']],
      ])
      const [group] = counts[0]?.groups ?? []
      assert.deepEqual([group?.assistantId, group?.provider], [route.assistant.id, 'twilio'])
      assert.deepEqual(await store.statistics.count(id, { fromHour: hour + 1, toHour: hour + 2 }), [])
    })

    test('what is kept is given back as it was kept first, until it is forgotten', async () => {
      const { organization } = await buildRoute(store)
      const group = {
        status: 'failed',
        reason: 'landline',
        assistantId: 7,
        provider: 'twilio',
        accepted: false,
      } as const
      const first = [
        { hour: hour - 2, groups: [{ ...group, count: 3 }] },
        { hour: hour - 1, groups: [] },
      ]
      await store.statistics.keep(organization.id, first, 0)
      await store.statistics.keep(organization.id, [{ hour: hour - 2, groups: [{ ...group, count: 9 }] }], 0)
      const range = { fromHour: hour - 5, toHour: hour }
      assert.deepEqual(await store.statistics.kept(organization.id, range), first)
      assert.deepEqual(await store.statistics.kept(organization.id, { ...range, fromHour: hour - 1 }), first.slice(1))
      await store.statistics.keep(organization.id, [], hour - 1)
      assert.deepEqual(await store.statistics.kept(organization.id, range), first.slice(1))
      assert.deepEqual(await store.statistics.kept(organization.id + 1_000, range), [])
    })

    test('unknown messages are counted up to a limit', async () => {
      const route = await buildRoute(store)
      for (let count = 0; count < 3; count++) {
        const recipient = `+1202667${String(++people).padStart(4, '0')}`
        const result = await store.sends.accept(buildSend(route, { recipient }))
        assert.ok(result.kind === 'started')
        const outcome = { kind: 'unknown', detail: 'timeout' } as const
        await store.sends.recordOutcome(outcomeRecord(result.record, outcome, { closedAt: now + 1 }))
      }
      assert.equal(await store.statistics.countUnknown(route.organization.id, 100), 3)
      assert.equal(await store.statistics.countUnknown(route.organization.id, 2), 2)
    })
  })
}
