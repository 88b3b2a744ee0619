import assert from 'node:assert/strict'
import { after, before, suite, test } from 'node:test'
import { senders } from '../support/installation.ts'
import { at, engines } from '../support/service-client.ts'
import { startWorld, type World } from '../support/world.ts'

for (const engine of engines)
  suite(`the overview, on ${engine}`, () => {
    let world: World
    before(async () => {
      world = await startWorld({ engine })
    })
    after(() => world.close())

    const send = (sender: string, recipient: string, more: object = {}) =>
      world.call('POST', '/sms/send', {
        json: { from_phone_number: sender, to_phone_number: recipient, message: 'Hello', ...more },
      })

    test('says how the texts of the period fared, and what waits', async () => {
      await send(senders.twilio, '+12025550199')
      await send(senders.telnyx, '+15005550601')
      await send(senders.twilio, '+15005550009')
      await send(senders.twilio, '+12025550198', { send_at: new Date(Date.now() + 3_600_000).toISOString() })
      await world.simulator.receiptsSent()
      const { status, body } = await world.call('GET', '/api/v1/stats/overview')
      assert.equal(status, 200)
      const totals = at(body, 'totals')
      assert.deepEqual(
        ['delivered', 'undelivered', 'failed', 'scheduled', 'sent'].map((name) => at(totals, name)),
        [1, 1, 1, 1, 0],
      )
      assert.deepEqual(at(body, 'waiting'), { queued: 0, scheduled: 1, held: 0 })
      assert.deepEqual([at(body, 'delivery_rate'), at(body, 'bucket_seconds')], [0.5, 3_600])
      const failures = at(body, 'failures')
      assert.ok(Array.isArray(failures))
      assert.deepEqual(failures.map((failure) => at(failure, 'reason')).sort(), ['landline', 'unreachable'])
      const providers = at(body, 'per_provider')
      assert.ok(Array.isArray(providers))
      assert.deepEqual(providers.map((one) => [at(one, 'provider'), at(one, 'total')]).sort(), [
        ['telnyx', 1],
        ['twilio', 3],
      ])
      assert.match(String(at(body, 'per_assistant', 0, 'name')), /\w/)
    })

    test('a period that there is not is refused', async () => {
      assert.equal((await world.call('GET', '/api/v1/stats/overview?period=1y')).status, 400)
    })
  })
