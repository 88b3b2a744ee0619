import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import {
  buildInbound,
  buildRoute,
  buildSend,
  claimQueue,
  decisionTerms,
  freeSettings,
  freshName,
  guardFor,
  now,
  outcomeRecord,
  takeTurnsOf,
} from '../../test/support/store-builders.ts'
import type { Message } from '../core/message.ts'
import type { Route } from '../core/organization.ts'
import { effectivePolicy, type Policy } from '../core/policy.ts'
import type { SendSettings } from '../core/send-terms.ts'
import type { MessageRecord, Store } from './store.ts'

const queued = { status: 'queued', queued: true } as const
const withPause = <T extends { readonly pausedAt?: number }>({ pausedAt: _, ...rest }: T, at: number | undefined) => ({
  ...rest,
  ...(at === undefined ? {} : { pausedAt: at }),
})
const accepted = { kind: 'accepted', providerMessageId: 'SM1', providerStatus: 'queued' } as const
const notSent = { kind: 'not_sent', failure: { reason: 'rate_limited' } } as const

/** What every engine's queue is tested for. */
export function queueContract(engine: string, open: () => Promise<Store>): void {
  describe(`queue contract on ${engine}`, () => {
    let store: Store
    let route: Route
    before(async () => {
      store = await open()
    })
    after(() => store.close())

    const fresh = async () => {
      route = await buildRoute(store)
    }

    async function waiting(options: Parameters<typeof buildSend>[1] = {}): Promise<MessageRecord> {
      const more = { ...queued, ...options.more }
      const result = await store.sends.accept(buildSend(route, { body: freshName('text'), ...options, more }))
      assert.equal(result.kind, 'waiting')
      return 'record' in result ? result.record : assert.fail()
    }

    async function stored({ message }: { readonly message: Message }): Promise<MessageRecord> {
      const record = await store.messages.find(message.organizationId, message.id)
      return record ?? assert.fail('the message is gone')
    }

    async function eventsOf({ message }: MessageRecord): Promise<string[]> {
      return (await store.messages.events(message.organizationId, message.id)).map(({ type }) => type)
    }

    const settings = (policy: Policy): SendSettings => ({
      policy: effectivePolicy(policy, undefined),
      counted: true,
    })
    const bodies = (records: readonly MessageRecord[]) => records.map(({ message }) => message.body)

    describe('turns', () => {
      test('a queued message has no attempt and takes no room until it is claimed; then it is as one sent directly', async () => {
        await fresh()
        const record = await waiting()
        assert.deepEqual([record.attempts, (await stored(record)).message.status], [[], 'queued'])
        assert.equal((await store.queue.findLane('sender', route.sender.id)).freeAt, 0)
        const [claimed] = await claimQueue(store, route)
        assert.deepEqual(await stored(record), claimed)
        assert.deepEqual(claimed?.attempts, [{ number: 1, startedAt: now }])
        assert.deepEqual(await eventsOf(record), ['message.queued', 'message.sending'])
      })

      test('those of a number leave by priority, then in the order in which they came', async () => {
        await fresh()
        const other = (number: number) => `+1202555010${number}`
        await waiting({ body: 'bulk', recipient: other(1), more: { priority: 2 } })
        await waiting({ body: 'first', recipient: other(2) })
        await waiting({ body: 'second', recipient: other(3) })
        await waiting({ body: 'automatic', recipient: other(4), more: { priority: 0 } })
        assert.deepEqual(bodies(await claimQueue(store, route)), ['automatic', 'first', 'second', 'bulk'])
      })

      test('no more leave than the pace has room for, whoever asks and however often', async () => {
        await fresh()
        for (let count = 0; count < 10; count++)
          await waiting({ recipient: `+1202555020${count}`, more: { segmentCount: 2 } })
        const paced = { segmentsPerSecond: 4, takeMax: 100 }
        const sizes: number[] = []
        for (const at of [0, 100, 400, 500, 1_000])
          sizes.push((await claimQueue(store, route, { at: now + at, ...paced })).length)
        // One second of burst is two texts and the one that is begun; then one in half a second.
        assert.deepEqual(sizes, [3, 0, 0, 1, 1])
      })

      test('turns that were taken and never claimed stay taken', async () => {
        await fresh()
        for (let count = 0; count < 4; count++) await waiting({ recipient: `+1202555030${count}` })
        const paced = { segmentsPerSecond: 1, takeMax: 1 }
        assert.equal((await takeTurnsOf(store, route, { at: now, ...paced })).length, 1)
        assert.equal((await takeTurnsOf(store, route, { at: now + 1, ...paced })).length, 0)
        assert.equal((await claimQueue(store, route, { at: now + 6_000, ...paced, takeMax: 10 })).length, 2)
      })

      test('a number is left to whoever takes its turns until the claim', async () => {
        await fresh()
        await waiting({ recipient: '+12025550301' })
        await waiting({ recipient: '+12025550302' })
        const turns = await takeTurnsOf(store, route, { at: now, takeMax: 1 })
        assert.equal((await takeTurnsOf(store, route, { at: now })).length, 0)
        const { senders } = await store.queue.dueSenders({ now, limit: 1_000 })
        assert.ok(senders.every(({ senderId }) => senderId !== route.sender.id))
        await store.queue.claim({
          now,
          turns,
          senderIds: [route.sender.id],
          termsOf: (message) => ({ ...decisionTerms(message), guard: guardFor(message), guardExpiresAt: now + 1 }),
        })
        assert.equal((await claimQueue(store, route, { at: now })).length, 1)
      })

      test('the account has a pace of its own over all its numbers', async () => {
        await fresh()
        const sender = await store.senders.create({ ...route.sender, phoneNumber: '+12025550777' as Message['sender'] })
        const second = { ...route, sender }
        for (let count = 0; count < 4; count++) {
          await waiting({ recipient: `+1202555040${count}` })
          await store.sends.accept(
            buildSend(second, { body: freshName('x'), recipient: `+1202555041${count}`, more: queued }),
          )
        }
        const limits = { at: now, smsPerSecond: 2 }
        const sizes = [
          (await claimQueue(store, route, limits)).length,
          (await claimQueue(store, second, limits)).length,
        ]
        assert.deepEqual(sizes, [3, 0])
      })

      test('one person gets one text after the other: the next leaves when the answer of the one before is in', async () => {
        await fresh()
        await waiting({ body: 'A' })
        await waiting({ body: 'B' })
        const [first, ...none] = await claimQueue(store, route)
        assert.deepEqual([first?.message.body, none.length], ['A', 0])
        assert.equal((await claimQueue(store, route, { at: now + 10_000 })).length, 0)
        await store.sends.recordOutcome(outcomeRecord(first ?? assert.fail(), accepted))
        assert.deepEqual(bodies(await claimQueue(store, route, { at: now + 20_000 })), ['B'])
      })

      test('others pass by the texts of a person who has one under way, but not by more than a thousand', async () => {
        await fresh()
        const many = (count: number) => Promise.all(Array.from({ length: count }, () => waiting()))
        await many(900)
        const behind = await waiting({ recipient: '+12025550611' })
        await many(200)
        const farBehind = await waiting({ recipient: '+12025550612' })
        const [first] = await claimQueue(store, route)
        const [second, ...none] = await claimQueue(store, route, { at: now + 10_000 })
        assert.deepEqual([second?.message.id, none], [behind.message.id, []])
        await store.sends.recordOutcome(outcomeRecord(second ?? assert.fail(), accepted))
        assert.equal((await claimQueue(store, route, { at: now + 20_000 })).length, 0)
        assert.equal((await stored(farBehind)).message.status, 'queued')
        await store.sends.recordOutcome(outcomeRecord(first ?? assert.fail(), accepted))
        assert.equal((await claimQueue(store, route, { at: now + 30_000 })).length, 1)
      })

      test('what was not sent goes back to its place, and its number rests until then', async () => {
        await fresh()
        const record = await waiting({ body: 'A' })
        await waiting({ body: 'B' })
        const [first] = await claimQueue(store, route)
        await store.sends.recordOutcome({ ...outcomeRecord(first ?? assert.fail(), notSent), slowedUntil: now + 5_000 })
        assert.equal((await stored(record)).message.status, 'queued')
        assert.equal((await claimQueue(store, route, { at: now + 4_999 })).length, 0)
        const [again] = await claimQueue(store, route, { at: now + 5_000 })
        assert.deepEqual([again?.message.body, again?.attempts.map(({ number }) => number)], ['A', [1, 2]])
      })

      test('direct sends go at once and take their room: those in the queue wait for it', async () => {
        await fresh()
        for (let count = 0; count < 5; count++)
          await store.sends.accept(buildSend(route, { recipient: `+1202555050${count}`, body: freshName('direct') }))
        await waiting({ recipient: '+12025550510' })
        const paced = { segmentsPerSecond: 1 }
        assert.equal((await claimQueue(store, route, { at: now + 3_999, ...paced })).length, 0)
        assert.equal((await claimQueue(store, route, { at: now + 4_000, ...paced })).length, 1)
      })

      test('a direct send that waits for its turn gets the next one, or hears when it would be', async () => {
        await fresh()
        const take = (latest: number) =>
          store.queue.takeDirectTurn({
            now,
            latest,
            day: 1,
            nextDayAt: now + 86_400_000,
            organizationId: route.sender.organizationId,
            senderId: route.sender.id,
            use: { costMs: 4_000, segmentCount: 4 },
          })
        assert.deepEqual(await take(now), { at: now, taken: true })
        assert.deepEqual(await take(now + 2_999), { at: now + 3_000, taken: false })
        assert.deepEqual(await take(now + 3_000), { at: now + 3_000, taken: true })
        assert.deepEqual(await take(now + 3_000), { at: now + 7_000 - 1_000 + 1_000, taken: false })
      })

      test('a direct send that waits for its turn keeps to the day of its number, which is not over before midnight', async () => {
        await fresh()
        const nextDayAt = now + 5_000
        const take = (latest: number) =>
          store.queue.takeDirectTurn({
            now,
            latest,
            day: 1,
            nextDayAt,
            organizationId: route.sender.organizationId,
            senderId: route.sender.id,
            dailySegments: 2,
            use: { costMs: 1, segmentCount: 1 },
          })
        for (let count = 0; count < 2; count++) assert.equal((await take(now)).taken, true)
        assert.deepEqual(await take(nextDayAt - 1), { at: nextDayAt, taken: false })
        assert.deepEqual(await take(nextDayAt), { at: nextDayAt, taken: true })
        const { day, daySegments } = await store.queue.findLane('sender', route.sender.id)
        assert.deepEqual([day, daySegments], [2, 1])
      })

      test('due numbers come in turn by organization, and only those where something waits', async () => {
        const at = now + 50_000_000
        await fresh()
        const first = route
        const other = {
          ...first,
          sender: await store.senders.create({ ...first.sender, phoneNumber: '+12025550788' as Message['sender'] }),
        }
        for (const origin of [first, other]) {
          route = origin
          await waiting({ at })
        }
        await fresh()
        const second = route
        await waiting({ at: at + 1 })
        const mine = new Set([first.sender.id, other.sender.id, second.sender.id])
        const due = async () =>
          (await store.queue.dueSenders({ now: at + 2, limit: 10_000 })).senders
            .map(({ senderId }) => senderId)
            .filter((id) => mine.has(id))
        assert.deepEqual((await due())[2], other.sender.id)
        assert.equal((await due()).length, 3)
        const without = async (...accounts: number[]) =>
          (await store.queue.dueSenders({ now: at + 2, limit: 10_000, without: accounts })).senders
            .map(({ senderId }) => senderId)
            .filter((id) => mine.has(id))
        assert.deepEqual(await without(first.account.id, 0), [second.sender.id])
        for (const origin of [first, other, second]) await claimQueue(store, origin, { at: at + 2 })
        assert.deepEqual(await due(), [])
      })

      test('a number that nobody looks at any more although something waits is found again', async () => {
        await fresh()
        await waiting()
        const turns = await takeTurnsOf(store, route, { at: now, segmentsPerSecond: 0.000_1 })
        assert.equal(turns.length, 1)
        // The claim finds nothing to do and lets go, as when the row was changed by hand.
        await store.queue.repairLanes(now + 10_000)
        assert.equal((await claimQueue(store, route, { at: now + 100_000_000 })).length, 1)
      })
    })

    describe('decisions in the claim', () => {
      test('an opt-out before the claim ends what waits, and no attempt starts', async () => {
        await fresh()
        const record = await waiting()
        const { organizationId } = route.sender
        const { recipient } = record.message
        await store.optOuts.add({ organizationId, recipient, source: 'api', inDoubt: false, createdAt: now })
        assert.equal((await stored(record)).message.status, 'suppressed')
        assert.equal((await claimQueue(store, route)).length, 0)
      })

      test('a pause holds, in the order of the queue, and its end lets all go in that order', async () => {
        await fresh()
        const { organizationId } = route.sender
        const first = await waiting({ recipient: '+12025550601' })
        const second = await waiting({ recipient: '+12025550602' })
        await store.assistants.change(organizationId, route.assistant.id, (assistant) => ({
          ...assistant,
          pausedAt: now,
        }))
        const paused: SendSettings = { ...freeSettings, paused: 'assistant' }
        assert.equal((await claimQueue(store, route, { settings: paused, paused: true })).length, 0)
        for (const record of [first, second]) {
          const { message } = await stored(record)
          assert.deepEqual([message.status, message.holdReason], ['held', 'paused'])
        }
        assert.equal((await store.queue.findLane('sender', route.sender.id)).freeAt, 0)
        assert.equal(await store.queue.releaseUnpaused({ now: now + 1, limit: 1_000 }), 0)
        await store.assistants.change(organizationId, route.assistant.id, ({ pausedAt: _, ...assistant }) => assistant)
        assert.ok((await store.queue.releaseUnpaused({ now: now + 2, limit: 1_000 })) >= 2)
        const left = await claimQueue(store, route, { at: now + 3 })
        assert.deepEqual(
          left.map(({ message }) => message.id),
          [first.message.id, second.message.id],
        )
        assert.deepEqual(await eventsOf(first), ['message.queued', 'message.held', 'message.queued', 'message.sending'])
      })

      test('a pause holds what it is set for, at each of the four levels, and lets the others go', async () => {
        const pausedSettings: SendSettings = { ...freeSettings, paused: 'number' }
        const pauses: readonly ((of: Route, pausedAt: number | undefined) => Promise<unknown>)[] = [
          ({ organization: { id } }, at) => store.organizations.change(id, (now) => withPause(now, at)),
          ({ assistant, organization }, at) =>
            store.assistants.change(organization.id, assistant.id, (now) => withPause(now, at)),
          ({ sender, organization }, at) =>
            store.senders.change(organization.id, sender.id, (now) => withPause(now, at)),
          ({ account, organization }, at) =>
            store.accounts.change(organization.id, account.id, (now) => withPause(now, at)),
        ]
        const held: {
          readonly record: MessageRecord
          readonly of: Route
          readonly pause: (typeof pauses)[number] | undefined
        }[] = []
        for (const pause of [...pauses, undefined]) {
          await fresh()
          for (const recipient of ['+12025550611', '+12025550612']) {
            const record = await waiting({ recipient })
            held.push({ record, of: route, pause })
          }
          await pause?.(route, now)
          await claimQueue(store, route, { settings: pausedSettings, paused: true })
        }
        const statusOf = async (record: MessageRecord) => (await stored(record)).message.status
        await store.queue.releaseUnpaused({ now: now + 1, limit: 1_000 })
        for (const { record, pause } of held)
          assert.equal(await statusOf(record), pause === undefined ? 'queued' : 'held')
        for (const { of, pause } of held) await pause?.(of, undefined)
        assert.ok((await store.queue.releaseUnpaused({ now: now + 2, limit: 3 })) >= 3)
        await store.queue.releaseUnpaused({ now: now + 2, limit: 1_000 })
        for (const { record } of held) assert.equal(await statusOf(record), 'queued')
      })

      test('a limit counts what one claim starts together', async () => {
        await fresh()
        for (let count = 0; count < 5; count++) await waiting({ recipient: `+1202555070${count}` })
        const limited = settings({ perAssistant: [{ messages: 3, per: 'hour' }] })
        assert.equal((await claimQueue(store, route, { settings: limited })).length, 3)
        const refused = await store.messages.list(
          route.sender.organizationId,
          { status: 'failed' },
          { skip: 0, limit: 9 },
        )
        assert.deepEqual(
          refused.map(({ message }) => [
            message.failure?.reason,
            message.reachedLimit?.limit,
            message.reachedLimit?.count,
          ]),
          Array(2).fill(['assistant_cap', 3, 3]),
        )
      })

      test('identical texts do not leave while the outcome of one is unknown, unless each has a key of its own', async () => {
        await fresh()
        const twin = { body: 'twin' }
        const first = await waiting(twin)
        const [claimed] = await claimQueue(store, route)
        assert.equal(claimed?.message.id, first.message.id)
        await store.sends.recordOutcome(outcomeRecord(claimed ?? assert.fail(), { kind: 'unknown', detail: 'reset' }))
        assert.equal((await store.sends.accept(buildSend(route, { ...twin, more: queued }))).kind, 'joined')
        const later = await waiting({
          ...twin,
          more: { ...queued, status: 'scheduled', sendAt: now + 1, dueAt: now + 1 },
        })
        assert.ok((await store.queue.releaseDue({ now: now + 1, limit: 1_000 })) >= 1)
        assert.equal((await claimQueue(store, route, { at: now + 2 })).length, 0)
        assert.equal((await stored(later)).message.status, 'queued')
        await waiting({ ...twin, idempotencyKey: freshName('key') })
        assert.equal((await claimQueue(store, route, { at: now + 10_000 })).length, 1)
        assert.equal((await claimQueue(store, route, { at: now + 700_000 })).length, 0)
        const { organizationId, id: messageId } = first.message
        await store.evidence.closeAttempt({ organizationId, messageId, attemptNumber: 1, at: now + 600_000 })
        for (const other of await store.messages.list(organizationId, { status: 'sending' }, { skip: 0, limit: 9 }))
          await store.sends.recordOutcome(outcomeRecord(other, accepted))
        assert.equal((await claimQueue(store, route, { at: now + 730_000 })).length, 1)
      })
    })

    describe('waiting', () => {
      test('what is scheduled is not early, and goes to the queue when its time has come', async () => {
        await fresh()
        const at = now + 3_000_000
        const record = await waiting({ more: { ...queued, status: 'scheduled', sendAt: at, dueAt: at } })
        while ((await store.queue.releaseDue({ now: at - 1, limit: 1_000 })) > 0);
        assert.equal((await stored(record)).message.status, 'scheduled')
        assert.ok((await store.queue.releaseDue({ now: at, limit: 1_000 })) >= 1)
        assert.equal((await stored(record)).message.status, 'queued')
        assert.equal((await claimQueue(store, route, { at })).length, 1)
      })

      test('what has expired is not sent, whether it waits or its turn has come', async () => {
        await fresh()
        const expiring = { expiresAt: now + 10 }
        const record = await waiting({ more: { ...queued, ...expiring } })
        const turned = await waiting({ recipient: '+12025550802', more: { ...queued, ...expiring } })
        assert.equal((await claimQueue(store, route, { at: now + 10, takeMax: 1 })).length, 0)
        assert.equal((await stored(record)).message.status, 'expired')
        assert.ok((await store.queue.expireWaiting({ now: now + 10, limit: 1_000 })) >= 1)
        const { message } = await stored(turned)
        assert.deepEqual([message.status, message.failure?.reason], ['expired', 'expired'])
      })

      test('a provider account is not removed while texts wait for it, although its numbers have another one', async () => {
        await fresh()
        const { organizationId } = route.sender
        await waiting()
        const other = await store.accounts.create({ ...route.account, name: 'other' })
        await store.senders.change(organizationId, route.sender.id, (sender) => ({
          ...sender,
          providerAccountId: other.id,
        }))
        const remove = () => store.accounts.remove(organizationId, route.account.id)
        await assert.rejects(remove, { code: 'conflict' })
        assert.equal((await claimQueue(store, route)).length, 1)
        assert.equal(await remove(), true)
      })

      test('canceling ends what waits once, and says when it is too late', async () => {
        await fresh()
        const record = await waiting()
        const { organizationId, id: messageId } = record.message
        const cancel = (organization = organizationId) =>
          store.queue.cancel({ organizationId: organization, messageId, now })
        assert.equal(await cancel(organizationId + 1), undefined)
        assert.deepEqual(await cancel(), { canceled: true, previous: 'queued', now: 'canceled' })
        assert.deepEqual(await cancel(), { canceled: false, previous: 'canceled', now: 'canceled' })
        assert.equal((await claimQueue(store, route)).length, 0)
        const gone = await waiting()
        await claimQueue(store, route, { at: now + 1_000 })
        const late = await store.queue.cancel({ organizationId, messageId: gone.message.id, now })
        assert.deepEqual(late, { canceled: false, previous: 'sending', now: 'sending' })
      })

      test('a claim and a cancel of one message: exactly one of them has it', async () => {
        await fresh()
        for (let round = 0; round < 20; round++) {
          const record = await waiting({ recipient: `+120255509${10 + round}` })
          const { organizationId, id: messageId } = record.message
          const [claimed, canceled] = await Promise.all([
            claimQueue(store, route, { at: now + round * 1_000 }),
            store.queue.cancel({ organizationId, messageId, now }),
          ])
          assert.equal(
            claimed.some(({ message }) => message.id === messageId),
            canceled?.canceled === false,
          )
        }
      })

      test('a person lets a held message go, or ends it; it is decided once', async () => {
        await fresh()
        const held = settings({ approval: true })
        const ask = async (more: Partial<Message> = {}) => {
          const result = await store.sends.accept(buildSend(route, { body: freshName('ask'), settings: held, more }))
          assert.ok(result.kind === 'waiting')
          return result.record
        }
        const [first, second] = [
          await ask(),
          await ask({ ...queued, status: 'scheduled', sendAt: now + 99, dueAt: now + 99 }),
        ]
        const { organizationId } = route.sender
        const listed = await store.queue.listHeld(organizationId, { limit: 9 })
        assert.deepEqual(
          listed.map(({ message }) => [message.id, message.status, message.holdReason]),
          [second, first].map(({ message }) => [message.id, 'held', 'approval']),
        )
        assert.equal((await store.queue.listHeld(organizationId, { limit: 9, before: listed[0]?.key ?? 0 })).length, 1)
        const decide = (record: MessageRecord, approve: boolean, organization = organizationId) =>
          store.queue.decideHeld({
            organizationId: organization,
            messageId: record.message.id,
            approve,
            by: 'Ann',
            now,
          })
        assert.equal(await decide(first, true, organizationId + 1), false)
        assert.equal(await decide(first, true), true)
        assert.equal(await decide(first, true), false)
        assert.equal(await decide(second, false), true)
        assert.deepEqual((await stored(second)).message.failure, { reason: 'not_approved' })
        const [claimed] = await claimQueue(store, route, { settings: held })
        assert.equal(claimed?.message.id, first.message.id)
        assert.deepEqual(await eventsOf(first), [
          'message.held',
          'message.approved',
          'message.queued',
          'message.sending',
        ])
      })

      test('an approved message that is scheduled keeps its time', async () => {
        await fresh()
        const result = await store.sends.accept(
          buildSend(route, {
            settings: settings({ approval: true }),
            more: { ...queued, status: 'scheduled', sendAt: now + 5_000_000, dueAt: now + 5_000_000 },
          }),
        )
        assert.ok(result.kind === 'waiting')
        const { organizationId, id: messageId } = result.record.message
        await store.queue.decideHeld({ organizationId, messageId, approve: true, by: 'Ann', now })
        const { message } = await stored(result.record)
        assert.deepEqual([message.status, message.dueAt], ['scheduled', now + 5_000_000])
      })

      test('what waits is counted by provider and status, each organization for itself', async () => {
        await fresh()
        await waiting({ at: now })
        await waiting({ at: now + 5 })
        await waiting({ more: { ...queued, status: 'scheduled', sendAt: now + 9_000_000, dueAt: now + 9_000_000 } })
        assert.deepEqual(
          (await store.queue.stats(route.sender.organizationId))
            .map(({ status, count, oldestAt }) => [status, count, oldestAt])
            .sort(),
          [
            ['queued', 2, now],
            ['scheduled', 1, now + 9_000_000],
          ],
        )
        await fresh()
        assert.deepEqual(await store.queue.stats(route.sender.organizationId), [])
        await waiting({ more: { ...queued, segmentCount: 3 } })
        await waiting({ more: { ...queued, priority: 2 } })
        const ahead = (priority: number) =>
          store.queue.segmentsAhead({ senderId: route.sender.id, priority, countMax: 100 })
        assert.deepEqual([await ahead(1), await ahead(2)], [3, 4])
      })
    })

    describe('the backlog', () => {
      const counted = async () => {
        const { oldestQueuedAt: _1, oldestDeliveryAt: _2, ...counts } = await store.queue.backlog(100_000)
        return counts
      }

      test('what waits is counted over all organizations, and each kind no further than asked', async () => {
        const before = await counted()
        for (const _ of [1, 2]) {
          await fresh()
          await waiting({ at: now - 9_000_000 })
          await waiting({ more: { ...queued, status: 'scheduled', sendAt: now + 9_000_000, dueAt: now + 9_000_000 } })
          await store.sends.accept(
            buildSend(route, { body: freshName('held'), settings: settings({ approval: true }) }),
          )
        }
        const { queued: ofQueued, scheduled, held } = before
        assert.deepEqual(await counted(), { ...before, queued: ofQueued + 2, scheduled: scheduled + 2, held: held + 2 })
        assert.equal((await store.queue.backlog(100_000)).oldestQueuedAt, now - 9_000_000)
        const { queued: queuedUpTo, held: heldUpTo } = await store.queue.backlog(1)
        assert.deepEqual([queuedUpTo, heldUpTo], [1, 1])
      })

      test('unknown ones are counted until it is known what became of them', async () => {
        const before = await counted()
        await fresh()
        const result = await store.sends.accept(buildSend(route, { body: freshName('doubt') }))
        assert.ok(result.kind === 'started')
        await store.sends.recordOutcome(outcomeRecord(result.record, { kind: 'unknown', detail: 'reset' }))
        assert.deepEqual(await counted(), before)
        const { organizationId, id: messageId } = result.record.message
        await store.evidence.closeAttempt({ organizationId, messageId, attemptNumber: 1, at: now + 1 })
        assert.deepEqual(await counted(), { ...before, unknown: before.unknown + 1 })
        await store.evidence.vouch({ organizationId, messageId, attemptNumber: 1, at: now + 2, by: 'Ann' })
        assert.deepEqual(await counted(), before)
      })

      test('deliveries of events are counted until they are taken; those given up for themselves', async () => {
        await fresh()
        const { organizationId } = route.sender
        await store.events.createEndpoint({
          organizationId,
          url: 'https://example.com/events',
          types: ['message.queued'],
          secrets: [{ value: 'whsec_c2VjcmV0' }],
          ordered: false,
          trusted: false,
          createdAt: now,
          updatedAt: now,
        })
        const before = await counted()
        await waiting()
        await store.events.fanOut({ now: now - 8_000_000, limit: 1_000 })
        const { pendingDeliveries, deadDeliveries } = before
        const pending = await store.queue.backlog(100_000)
        assert.deepEqual(
          [pending.pendingDeliveries, pending.deadDeliveries, pending.oldestDeliveryAt],
          [pendingDeliveries + 1, deadDeliveries, now - 8_000_000],
        )
        const [delivery] = await store.events.claimDeliveries({ now, tryAgainAt: now + 1, limit: 9, slotsOf: () => 9 })
        await store.events.recordTry(delivery?.key ?? 0, { lastTry: { at: now, durationMs: 1 }, state: 'dead' })
        const dead = await store.queue.backlog(100_000)
        assert.deepEqual([dead.pendingDeliveries, dead.deadDeliveries], [pendingDeliveries, deadDeliveries + 1])
      })
    })

    describe('limits', () => {
      const limited = async (policy: Policy, options: Parameters<typeof buildSend>[1] = {}) =>
        store.sends.accept(buildSend(route, { body: freshName('text'), settings: settings(policy), ...options }))

      test('of parallel sends exactly as many leave as a limit allows', async () => {
        await fresh()
        const results = await Promise.all(
          Array.from({ length: 12 }, (_, index) =>
            limited({ perOrganization: [{ messages: 5, per: 'day' }] }, { recipient: `+12025551${100 + index}` }),
          ),
        )
        assert.equal(results.filter(({ kind }) => kind === 'started').length, 5)
        assert.ok(results.every((result) => result.kind !== 'refused' || result.rule === 'organization_cap'))
      })

      test('texts to one person, to one prefix, by one assistant are each counted for themselves', async () => {
        for (const [policy, same, other] of [
          [{ perRecipient: [{ messages: 2, per: 'day' }] }, '+12025551201', '+12025551202'],
          [{ prefixVelocity: { digits: 6, messages: 2, per: 'hour' } }, '+12025551203', '+12124441203'],
        ] as const) {
          await fresh()
          const send = async (recipient: string, at = now) => (await limited(policy, { recipient, at })).kind
          assert.deepEqual([await send(same), await send(same), await send(same)], ['started', 'started', 'refused'])
          assert.equal(await send(other), 'started')
          assert.equal(await send(same, now + 86_400_001), 'started')
        }
      })

      test('a repetition joins the message whose outcome is unknown, although that one has used up the limit', async () => {
        await fresh()
        const policy: Policy = { perRecipient: [{ messages: 1, per: 'day' }] }
        const first = await limited(policy, { body: 'the same' })
        assert.ok(first.kind === 'started')
        const { message } = first.record
        await store.sends.recordOutcome(outcomeRecord(first.record, { kind: 'unknown', detail: 'no answer' }))
        assert.deepEqual(await limited(policy, { body: 'the same' }), { kind: 'joined', messageId: message.id })
        assert.equal((await limited(policy, { body: 'the same', idempotencyKey: 'meant' })).kind, 'refused')
        assert.equal((await limited(policy, { body: 'another' })).kind, 'refused')
      })

      test('two limits of one size over different times are counted each over its own', async () => {
        await fresh()
        const policy: Policy = {
          perRecipient: [
            { messages: 1, per: 'minute' },
            { messages: 1, per: 'hour' },
          ],
        }
        assert.equal((await limited(policy)).kind, 'started')
        const later = await limited(policy, { at: now + 120_000 })
        assert.ok(later.kind === 'refused')
        assert.equal(later.record.message.reachedLimit?.per, 'hour')
      })

      test('a person who answers may be texted again', async () => {
        await fresh()
        const policy = { unanswered: 2 }
        const results: string[] = []
        for (let count = 0; count < 3; count++) results.push((await limited(policy, { at: now + count })).kind)
        assert.deepEqual(results, ['started', 'started', 'refused'])
        await store.inbound.receive(buildInbound(route, { at: now + 10 }))
        assert.equal((await limited(policy, { at: now + 11 })).kind, 'started')
      })

      test('only who has written may be texted, and a program that answers itself is left alone', async () => {
        await fresh()
        const replyOnly = { recipients: { allow: 'reply_only' } } as const
        assert.equal((await limited(replyOnly)).kind, 'refused')
        for (let count = 0; count < 3; count++)
          await store.inbound.receive(buildInbound(route, { at: now + count * 1_000 }))
        assert.equal((await limited(replyOnly, { at: now + 4_000 })).kind, 'started')
        const looping = await limited({ loop: 3 }, { at: now + 5_000 })
        assert.ok(looping.kind === 'refused' && looping.rule === 'conversation_loop')
        assert.equal((await limited({ loop: 3 }, { at: now + 70_000 })).kind, 'started')
      })

      test('a budget is spent by what was dispatched, and is new with its period', async () => {
        await fresh()
        const policy: Policy = { spend: { amount: 0.02, per: 'day' }, prices: { currency: 'USD', default: 0.01 } }
        const spend = async (at: number) => (await limited(policy, { at, more: { costMicros: 10_000 } })).kind
        assert.deepEqual([await spend(now), await spend(now), await spend(now)], ['started', 'started', 'refused'])
        assert.equal(await spend(now + 86_400_000), 'started')
      })

      test('what was dispatched before a limit was set is made to count', async () => {
        await fresh()
        const { organizationId } = route.sender
        for (let count = 0; count < 3; count++)
          await store.sends.accept(buildSend(route, { body: freshName('before'), recipient: `+1202555130${count}` }))
        let before: number | undefined
        do {
          before = await store.queue.countDispatched({
            organizationId,
            since: now - 1,
            limit: 2,
            ...(before === undefined ? {} : { before }),
          })
        } while (before !== undefined)
        const result = await limited({ perAssistant: [{ messages: 3, per: 'day' }] }, { at: now + 1 })
        assert.ok(result.kind === 'refused')
        assert.deepEqual(result.record.message.reachedLimit, {
          limit: 3,
          count: 3,
          per: 'day',
          retryAt: now + 86_400_000,
        })
      })

      test('where duplicates are held back, the same text joins the first for its time, also after it was sent', async () => {
        await fresh()
        const duplicate = { body: 'twice', more: { duplicateUntil: now + 1_000 } }
        const first = await store.sends.accept(buildSend(route, duplicate))
        assert.ok(first.kind === 'started')
        await store.sends.recordOutcome({ ...outcomeRecord(first.record, accepted), keepsGuard: true })
        const { organizationId, id } = first.record.message
        await store.sends.releaseGuard(organizationId, id, now + 10)
        assert.deepEqual(await store.sends.accept(buildSend(route, { ...duplicate, at: now + 999 })), {
          kind: 'joined',
          messageId: id,
        })
        assert.equal((await store.sends.accept(buildSend(route, { ...duplicate, at: now + 700_000 }))).kind, 'started')
      })
    })
  })
}
