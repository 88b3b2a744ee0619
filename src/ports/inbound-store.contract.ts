import assert from 'node:assert/strict'
import { after, before, suite, test } from 'node:test'
import { buildInbound, buildRoute, buildSend, claimQueue, freshName, now } from '../../test/support/store-builders.ts'
import type { Route } from '../core/organization.ts'
import { parseE164 } from '../core/phone-number.ts'
import type { MessageRecord, Store } from './store.ts'

/** What every engine promises about what people send to us. */
export function inboundContract(engine: string, open: () => Promise<Store>): void {
  suite(`inbound contract on ${engine}`, () => {
    let store: Store
    let route: Route
    before(async () => {
      store = await open()
    })
    after(() => store.close())
    const person = parseE164('+12025550199')

    async function received(options: Parameters<typeof buildInbound>[1] = {}): Promise<MessageRecord> {
      const result = await store.inbound.receive(buildInbound(route, options))
      assert.ok(result.kind === 'received')
      return result.record
    }

    test('of twenty reports of one text one is stored, with its media, its event and its conversation', async () => {
      route = await buildRoute(store)
      const { organizationId } = route.sender
      const results = await Promise.all(
        Array.from({ length: 20 }, () =>
          store.inbound.receive(
            buildInbound(route, { providerMessageId: 'SM-once', media: ['https://api.twilio.com/m/1'] }),
          ),
        ),
      )
      const [stored, ...others] = results.filter((result) => result.kind === 'received')
      assert.ok(stored !== undefined && others.length === 0)
      const { message } = stored.record
      const found = await store.messages.find(organizationId, message.id)
      assert.deepEqual(found?.message, message)
      const events = await store.messages.events(organizationId, message.id)
      assert.deepEqual(
        events.map((event) => event.type),
        ['message.received'],
      )
      const media = await store.inbound.mediaOf(organizationId, message.id)
      assert.deepEqual(
        media.map(({ url, state }) => [url, state]),
        [['https://api.twilio.com/m/1', 'pending']],
      )
    })

    test('STOP enters the ledger, ends what waits, and is confirmed once; START takes it back', async () => {
      route = await buildRoute(store)
      const { organizationId } = route.sender
      const stopped = await received({ body: 'STOP' })
      assert.equal(stopped.message.keyword, 'opt_out')
      assert.equal((await store.optOuts.find(organizationId, person))[0]?.evidence, 'STOP')
      assert.equal((await store.sends.accept(buildSend(route))).kind, 'refused')
      await received({ body: 'Stop!' })
      const replies = await claimQueue(store, route)
      assert.deepEqual(
        replies.map(({ message, attempts }) => [message.automatic, message.status, attempts.length]),
        [['opt_out_confirmation', 'sending', 1]],
      )
      assert.equal((await claimQueue(store, route, { at: now + 1_000 })).length, 0)
      await received({ body: 'start' })
      assert.deepEqual(await store.optOuts.find(organizationId, person), [])
      assert.equal((await store.sends.accept(buildSend(route))).kind, 'started')
    })

    test('a STOP ends the "you will get texts again" that was still waiting', async () => {
      route = await buildRoute(store)
      for (const body of ['STOP', 'START', 'STOP']) await received({ body })
      const replies = await claimQueue(store, route)
      assert.ok(replies.length > 0)
      assert.ok(replies.every(({ message }) => message.automatic === 'opt_out_confirmation'))
    })

    test('a replayed START does not undo a newer STOP', async () => {
      route = await buildRoute(store)
      const { organizationId } = route.sender
      await received({ body: 'STOP', providerMessageId: 'SM-stop-1' })
      await received({ body: 'START', providerMessageId: 'SM-start' })
      await received({ body: 'STOP', providerMessageId: 'SM-stop-2' })
      const replay = await store.inbound.receive(buildInbound(route, { body: 'START', providerMessageId: 'SM-start' }))
      assert.equal(replay.kind, 'duplicate')
      assert.equal((await store.optOuts.find(organizationId, person)).length, 1)
    })

    test('what may be a refusal holds sends back until a person decides', async () => {
      route = await buildRoute(store)
      const { organizationId } = route.sender
      const long = `${'I like this a lot and I told all of my friends about it, but '}please stop texting my brother so often`
      await received({ body: long })
      const refused = await store.sends.accept(buildSend(route))
      assert.ok(refused.kind === 'refused' && refused.rule === 'opt_out_in_doubt')
      assert.equal(await store.optOuts.remove(organizationId, person, { removedAt: now, onlyInDoubt: true }), 1)
      assert.equal((await store.sends.accept(buildSend(route))).kind, 'started')
    })

    test('a reply to a text is refused once the person has written again', async () => {
      route = await buildRoute(store)
      const first = await received({ body: 'one' })
      const reply = (body: string, inReplyTo: MessageRecord) =>
        store.sends.accept(buildSend(route, { body, inReplyTo: inReplyTo.message.id }))
      assert.equal((await reply('to one', first)).kind, 'started')
      await received({ body: 'HELP' })
      assert.equal((await reply('to one, after HELP', first)).kind, 'started')
      const second = await received({ body: 'two' })
      const late = await reply('to one, late', first)
      assert.ok(late.kind === 'refused' && late.rule === 'superseded' && late.record.message.status === 'canceled')
      assert.equal((await reply('to two', second)).kind, 'started')
    })

    test('a number is found only among the accounts whose signature fitted, in each organization that has it', async () => {
      route = await buildRoute(store, '+12025550177')
      const { id, providerAccountId, phoneNumber } = route.sender
      const other = (await buildRoute(store, phoneNumber)).sender
      const found = async (accounts: readonly number[]) =>
        (await store.inbound.findSenders(accounts, phoneNumber)).map((sender) => sender.id)
      assert.deepEqual(await found([providerAccountId]), [id])
      assert.deepEqual(await found([other.providerAccountId, providerAccountId]), [id, other.id])
      assert.deepEqual(await found([providerAccountId + 1_000]), [])
      assert.deepEqual(await found([]), [])
    })

    test('no organization has so many accounts that those of another are not listed', async () => {
      const provider = freshName('provider')
      const [{ account }, other] = [await buildRoute(store), await buildRoute(store)]
      const { id: _first, ...fields } = { ...account, provider }
      for (const name of ['a', 'b', 'c']) await store.accounts.create({ ...fields, name })
      const { id } = await store.accounts.create({ ...fields, name: 'a', organizationId: other.account.organizationId })
      const listed = await store.accounts.listByProvider(provider, 2)
      assert.deepEqual([listed.length, listed[1]?.id], [2, id])
    })

    test('media are claimed once until their next try, stored with a checksum, or given up', async () => {
      route = await buildRoute(store)
      const { organizationId } = route.sender
      const { message } = await received({ media: ['https://api.twilio.com/m/2', 'https://api.twilio.com/m/3'] })
      const ours = async () => (await store.inbound.mediaOf(organizationId, message.id)).map(({ id }) => id)
      const claim = async (at: number) => {
        const ids = await ours()
        const claimed = await store.inbound.claimMedia({
          now: at,
          tryAgainAt: (tries) => at + tries * 60_000,
          limit: 100,
        })
        return claimed.filter(({ id }) => ids.includes(id))
      }
      const [first, second] = await claim(now)
      assert.ok(first !== undefined && second !== undefined)
      assert.deepEqual(await claim(now + 1), [])
      const content = new Uint8Array([1, 2, 3])
      await store.inbound.recordMedia(first.id, { kind: 'stored', content, contentType: 'image/png', sha256: 'ab' })
      await store.inbound.recordMedia(second.id, { kind: 'failed', fault: 'HTTP 500', final: false })
      const found = await store.inbound.findMedia(first.id)
      assert.deepEqual([...(found?.content ?? [])], [1, 2, 3])
      assert.deepEqual([found?.state, found?.size, found?.sha256], ['stored', 3, 'ab'])
      assert.deepEqual(
        (await claim(now + 60_000)).map(({ id, tries }) => [id, tries]),
        [[second.id, 2]],
      )
      assert.deepEqual(await claim(now + 179_999), [])
      assert.equal((await claim(now + 180_000))[0]?.tries, 3)
      await store.inbound.recordMedia(second.id, { kind: 'failed', fault: 'HTTP 404', final: true })
      assert.deepEqual(await claim(now + 900_000), [])
      assert.equal((await store.inbound.findMedia(second.id))?.fault, 'HTTP 404')
    })

    test('webhooks that could not be used are kept, for their organization or for all', async () => {
      route = await buildRoute(store)
      const { organizationId } = route.sender
      const webhook = { provider: 'twilio', reason: freshName('no such number'), body: 'Body=x', receivedAt: now }
      await store.inbound.recordRefusedWebhook(webhook)
      await store.inbound.recordRefusedWebhook({ ...webhook, organizationId })
      const listed = (id: number) => store.inbound.listRefusedWebhooks(id, { skip: 0, limit: 2 })
      assert.deepEqual(await listed(organizationId), [{ ...webhook, organizationId }, webhook])
      assert.deepEqual((await listed(organizationId + 1))[0], webhook)
    })
  })
}
