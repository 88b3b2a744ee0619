import assert from 'node:assert/strict'
import { after, before, suite, test } from 'node:test'
import { senders } from '../support/installation.ts'
import { type Answer, at, engines } from '../support/service-client.ts'
import { startWorld, type World } from '../support/world.ts'

const providers = ['twilio', 'telnyx'] as const
const minuteMs = 60_000
let people = 0
const freshPerson = () => `+1303556${String(++people).padStart(4, '0')}`

for (const engine of engines)
  suite(`texts that wait, on ${engine}`, () => {
    let world: World
    before(async () => {
      world = await startWorld({ engine })
    })
    after(() => world.close())

    const send = (fields: object): Promise<Answer> =>
      world.call('POST', '/sms/send', {
        json: { from_phone_number: senders.telnyx, to_phone_number: freshPerson(), message: 'Hello', ...fields },
      })
    const cancel = (id: unknown) => world.call('DELETE', `/sms/${id}`)
    const pause = (verb: 'pause' | 'resume') => world.call('POST', `/api/v1/organization/${verb}`, { json: {} })
    const copies = (to: string) => world.simulator.ledger().filter(({ recipient }) => recipient === to).length
    const stats = async () => (await world.call('GET', '/sms/queue/stats')).body
    /** By the clock of the service. */
    const now = async () => Date.parse(String(at(await stats(), 'timestamp')))
    const inMs = async (ms: number) => new Date((await now()) + ms).toISOString()
    const idOf = ({ body }: Answer) => String(at(body, 'id'))
    const startedAt = (message: unknown) => Date.parse(String(at(message, 'attempts', 0, 'started_at')))

    async function comesTo(id: string, wanted: string) {
      return world.until(`${id} is ${wanted}`, async () => {
        const { body } = await world.call('GET', `/sms/${id}`)
        return at(body, 'status') === wanted ? body : undefined
      })
    }

    for (const provider of providers)
      test(`what is queued is answered at once with our id, and is delivered through ${provider}`, async () => {
        const to = freshPerson()
        const answer = await send({ from_phone_number: senders[provider], to_phone_number: to, queue: true })
        const { expected_wait_seconds: wait, ...body } = Object(answer.body)
        const id = idOf(answer)
        assert.match(id, /^msg_/)
        assert.ok(Number.isInteger(wait) && wait >= 0, String(wait))
        assert.deepEqual(
          [answer.status, body],
          [
            200,
            {
              success: true,
              message_id: id,
              message: `SMS queued successfully via ${provider}`,
              provider,
              id,
              status: 'queued',
              segments: 1,
              encoding: 'gsm-7',
              warnings: [],
            },
          ],
        )
        await comesTo(id, 'delivered')
        assert.equal(copies(to), 1)
      })

    test('what is scheduled leaves at its time and not before', async () => {
      const sendAt = await inMs(10 * minuteMs)
      const answer = await send({ send_at: sendAt, metadata: { order: '7' } })
      assert.deepEqual(
        ['status', 'message', 'send_at'].map((name) => at(answer.body, name)),
        ['scheduled', 'SMS scheduled successfully via telnyx', sendAt],
      )
      const { body: status } = await world.call('GET', `/sms/${idOf(answer)}/status`)
      assert.deepEqual(
        ['status', 'delivery_status', 'send_at'].map((name) => at(status, name)),
        ['queued', 'scheduled', sendAt],
      )
      const wait = Number(at(status, 'expected_wait_seconds'))
      assert.ok(wait > 5 * 60 && wait <= 10 * 60 + 10, `${wait} s`)
      const message = await comesTo(idOf(answer), 'delivered')
      const lateMs = startedAt(message) - Date.parse(sendAt)
      assert.ok(lateMs >= 0 && lateMs < 5 * minuteMs, `${lateMs} ms late`)
      assert.equal(at(message, 'send_at'), sendAt)
    })

    test('a time that has just passed counts as now', async () => {
      const answer = await send({ send_at: await inMs(-1_000) })
      assert.deepEqual([answer.status, at(answer.body, 'status')], [200, 'scheduled'], answer.text)
      await comesTo(idOf(answer), 'delivered')
    })

    test('what is cancelled while it waits never leaves; cancelling it again says the same', async () => {
      const to = freshPerson()
      const waiting = await send({ to_phone_number: to, send_at: await inMs(5 * minuteMs) })
      const later = await send({ send_at: await inMs(6 * minuteMs) })
      const expected = { message_id: idOf(waiting), new_status: 'cancelled', success: true }
      assert.deepEqual((await cancel(idOf(waiting))).body, {
        ...expected,
        message: 'SMS cancelled',
        previous_status: 'queued',
      })
      assert.deepEqual((await cancel(idOf(waiting))).body, {
        ...expected,
        message: 'SMS was cancelled before',
        previous_status: 'cancelled',
      })
      const { body } = await world.call('GET', `/sms/${idOf(waiting)}/status`)
      assert.deepEqual([at(body, 'status'), at(body, 'delivery_status')], ['cancelled', 'canceled'])
      await comesTo(idOf(later), 'delivered')
      assert.equal(copies(to), 0)
    })

    test('what has been sent cannot be cancelled, and the answer says why; what never was is not found', async () => {
      const sent = await send({})
      await comesTo(idOf(sent), 'delivered')
      for (const id of [idOf(sent), at(sent.body, 'message_id')]) {
        const { status, body } = await cancel(id)
        assert.deepEqual(
          [status, body],
          [
            200,
            {
              success: false,
              message_id: idOf(sent),
              message: 'SMS not cancelled: it has been sent',
              previous_status: 'sent',
              new_status: 'sent',
            },
          ],
        )
      }
      for (const id of ['SM-nobodys', idOf(sent).replace(/.{4}$/, '0000')]) {
        const { status, body } = await cancel(id)
        assert.deepEqual([status, at(body, 'code')], [404, 'not_found'])
      }
    })

    test('what expires while it waits for its turn is not dispatched', async () => {
      const expiresAt = await inMs(minuteMs)
      const messages = Array.from({ length: 200 }, () => ({
        from_phone_number: senders.twilio,
        to_phone_number: freshPerson(),
        message: 'Hello',
        expires_at: expiresAt,
      }))
      const { body } = await world.call('POST', '/sms/send/batch', { json: { messages } })
      const ends: unknown[] = await Promise.all(
        messages.map((_, place) =>
          world.until('an end', async () => {
            const { body: message } = await world.call('GET', `/sms/${at(body, 'results', place, 'id')}`)
            return ['delivered', 'expired'].includes(String(at(message, 'status'))) ? message : undefined
          }),
        ),
      )
      const expired = ends.filter((message) => at(message, 'status') === 'expired')
      assert.ok(expired.length >= 100, `${expired.length} expired`)
      for (const message of ends)
        if (at(message, 'status') === 'delivered') assert.ok(startedAt(message) < Date.parse(expiresAt))
        else assert.deepEqual([at(message, 'failure', 'reason'), copies(String(at(message, 'to')))], ['expired', 0])
    })

    test('a direct send may have an end too', async () => {
      const { body } = await send({ expires_at: await inMs(minuteMs) })
      assert.equal(at(body, 'status'), 'sent')
    })

    test('a repeated key gives the first answer, whatever has become of the text since', async () => {
      const fields = {
        to_phone_number: freshPerson(),
        send_at: await inMs(2 * minuteMs),
        idempotency_key: `k${engine}`,
      }
      const first = await send(fields)
      await comesTo(idOf(first), 'delivered')
      await world.until('its time is long past', async () =>
        (await now()) > Date.parse(fields.send_at) + 5 * minuteMs ? true : undefined,
      )
      const second = await send(fields)
      assert.deepEqual([second.status, second.headers.get('idempotent-replayed')], [200, 'true'], second.text)
      for (const name of ['message_id', 'id', 'status', 'message', 'send_at'])
        assert.equal(at(second.body, name), at(first.body, name), name)
      assert.equal(copies(fields.to_phone_number), 1)
      const other = await send({ ...fields, message: 'Another' })
      assert.deepEqual([other.status, at(other.body, 'code')], [422, 'idempotency_key_reused'])
    })

    test('a new key does not make a text of yesterday go out today', async () => {
      for (const times of [{ send_at: await inMs(-2 * minuteMs) }, { queue: true, expires_at: await inMs(-1_000) }]) {
        const to = freshPerson()
        const answer = await send({ to_phone_number: to, ...times, idempotency_key: `late ${to}` })
        assert.deepEqual([answer.status, at(answer.body, 'code')], [409, 'expired'], answer.text)
        assert.equal(copies(to), 0)
      }
    })

    test('what is held says why, waits for its release, and can be cancelled', async () => {
      await pause('pause')
      const [direct, queued] = [await send({}), await send({ queue: true })]
      for (const answer of [direct, queued]) {
        assert.deepEqual(
          ['success', 'message', 'status', 'hold_reason'].map((name) => at(answer.body, name)),
          [true, 'SMS held: sending is paused', 'held', 'paused'],
        )
        const { body } = await world.call('GET', `/sms/${idOf(answer)}/status`)
        assert.deepEqual(
          ['status', 'delivery_status', 'hold_reason', 'held_until', 'expected_wait_seconds'].map((name) =>
            at(body, name),
          ),
          ['queued', 'held', 'paused', null, null],
        )
      }
      assert.equal(at((await cancel(idOf(queued))).body, 'success'), true)
      await pause('resume')
      await comesTo(idOf(direct), 'delivered')
      const { body } = await world.call('GET', `/sms/${idOf(queued)}`)
      assert.equal(at(body, 'status'), 'canceled')
    })

    test('an opt-out ends what is scheduled to the person', async () => {
      const to = freshPerson()
      const answer = await send({ to_phone_number: to, send_at: await inMs(60 * minuteMs) })
      await world.call('POST', '/api/v1/opt-outs', { json: { phone_number: to } })
      await comesTo(idOf(answer), 'suppressed')
    })

    test('the queue is counted by provider, and by what holds', async () => {
      const before = await stats()
      await pause('pause')
      const sendAt = await inMs(30 * minuteMs)
      const ids = [await send({ queue: true }), await send({ send_at: sendAt })].map(idOf)
      const counted = await stats()
      const grownBy = (...path: string[]) => Number(at(counted, ...path)) - Number(at(before, ...path))
      assert.deepEqual(
        [
          ['queues', 'telnyx', 'held'],
          ['queues', 'telnyx', 'held_by', 'paused'],
          ['queues', 'telnyx', 'scheduled'],
          ['queues', 'telnyx', 'queued'],
          ['queues', 'twilio', 'held'],
          ['total', 'held'],
          ['total', 'scheduled'],
        ].map((path) => grownBy(...path)),
        [1, 1, 1, 0, 0, 1, 1],
      )
      assert.equal(at(counted, 'queues', 'telnyx', 'next_scheduled_at'), sendAt)
      const { body: ofOne } = await world.call('GET', '/sms/queue/stats?provider=twilio')
      assert.deepEqual(Object.keys(Object(at(ofOne, 'queues'))), ['twilio'])
      await pause('resume')
      for (const id of ids) await cancel(id)
    })
  })
