import assert from 'node:assert/strict'
import { after, before, suite, test } from 'node:test'
import { senders } from '../support/installation.ts'
import { type Answer, at, engines } from '../support/service-client.ts'
import { startWorld, type World } from '../support/world.ts'

const alwaysRateLimited = '+15005550429'
let people = 0
const freshPerson = () => `+1303557${String(++people).padStart(4, '0')}`

for (const engine of engines)
  suite(`metrics of what waits and of what does not leave, on ${engine}`, () => {
    let world: World
    before(async () => {
      world = await startWorld({ engine })
    })
    after(() => world.close())

    const send = (fields: object): Promise<Answer> =>
      world.call('POST', '/sms/send', {
        json: { from_phone_number: senders.telnyx, to_phone_number: freshPerson(), message: 'Hello', ...fields },
      })
    const metrics = async () => (await world.call('GET', '/metrics')).text
    const valueIn = (text: string, name: string) => {
      const line = text.split('\n').find((candidate) => candidate.startsWith(`${name} `))
      return line === undefined ? undefined : Number(line.slice(name.length + 1))
    }
    const comesTo = (name: string, isWanted: (value: number) => boolean) =>
      world.until(name, async () => {
        const value = valueIn(await metrics(), name)
        return value !== undefined && isWanted(value) ? value : undefined
      })
    const setPause = (verb: 'pause' | 'resume') => world.call('POST', `/api/v1/organization/${verb}`, { json: {} })
    const setPolicy = (policy: object) => world.call('PUT', '/api/v1/policy', { json: policy })

    test('what is scheduled and held is counted, and gone again when it is cancelled', async () => {
      await comesTo('textbridge_queue_messages{status="held"}', (count) => count === 0)
      const sendAt = new Date(Date.now() + 90 * 24 * 3_600_000).toISOString()
      await setPause('pause')
      const waiting = [await send({ send_at: sendAt }), await send({ queue: true })]
      await comesTo('textbridge_queue_messages{status="scheduled"}', (count) => count === 1)
      await comesTo('textbridge_queue_messages{status="held"}', (count) => count === 1)
      for (const { body } of waiting) await world.call('DELETE', `/sms/${at(body, 'id')}`)
      await setPause('resume')
      await comesTo('textbridge_queue_messages{status="scheduled"}', (count) => count === 0)
      await comesTo('textbridge_queue_messages{status="held"}', (count) => count === 0)
    })

    test('the policy’s refusals and holds are counted by their rule, when they are said and when a turn has come', async () => {
      const held = 'textbridge_policy_decisions_total{decision="held",rule="paused"}'
      const refused = 'textbridge_policy_decisions_total{decision="refused",rule="country_not_allowed"}'
      const heldBefore = valueIn(await metrics(), held) ?? 0
      await setPause('pause')
      await send({})
      assert.equal(valueIn(await metrics(), held), heldBefore + 1)
      await setPolicy({ countries: ['GB'] })
      await setPause('resume')
      await comesTo(refused, (count) => count === 1)
      await send({})
      assert.equal(valueIn(await metrics(), refused), 2)
      await setPolicy({})
    })

    test('numbers that had to rest are counted, with what their provider said', async () => {
      const { body } = await send({ to_phone_number: alwaysRateLimited, queue: true })
      await comesTo('textbridge_sender_slowdowns_total{provider="telnyx",reason="rate_limited"}', (count) => count >= 1)
      await comesTo('textbridge_queue_oldest_seconds', (seconds) => seconds > 0)
      await world.call('DELETE', `/sms/${at(body, 'id')}`)
    })

    test('no number, text or name of an organization is in them', async () => {
      const text = await metrics()
      for (const secret of [...Object.values(senders), 'Acme', 'Hello', '+1303557', '3035570', alwaysRateLimited])
        assert.ok(!text.includes(secret), secret)
    })
  })
