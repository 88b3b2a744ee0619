import assert from 'node:assert/strict'
import { after, before, suite, test } from 'node:test'
import { senders } from '../support/installation.ts'
import { at, engines } from '../support/service-client.ts'
import { startWorld, type World } from '../support/world.ts'

for (const engine of engines)
  suite(`the impact of the policy, on ${engine}`, () => {
    let world: World
    before(async () => {
      world = await startWorld({ engine })
    })
    after(() => world.close())

    const send = (to: string) =>
      world.call('POST', '/sms/send', {
        json: { from_phone_number: senders.twilio, to_phone_number: to, message: 'Hello' },
      })
    async function ruleOf(name: string): Promise<unknown> {
      const { status, body, text } = await world.call('GET', '/api/v1/policy/impact?days=1')
      assert.equal(status, 200, text)
      const rules = at(body, 'rules')
      assert.ok(Array.isArray(rules))
      return rules.find((rule: unknown) => at(rule, 'rule') === name)
    }

    test('tries the preset where nothing is set, and then what is set', async () => {
      await send('+12025550199')
      const abroad = await send('+447700900123')
      const countries = await ruleOf('countries')
      assert.deepEqual(
        ['source', 'would_stop', 'did_stop'].map((name) => at(countries, name)),
        ['guarded', 1, 0],
      )
      assert.deepEqual(at(countries, 'example_ids'), [at(abroad.body, 'id')])
      assert.equal(at(await ruleOf('approval'), 'source'), null)
      await world.call('PUT', '/api/v1/policy', { json: { countries: ['GB', 'US'], approval: true } })
      assert.equal(at(await ruleOf('countries'), 'would_stop'), 0)
      const approval = await ruleOf('approval')
      assert.deepEqual(
        ['source', 'would_stop', 'did_stop'].map((name) => at(approval, name)),
        ['policy', 2, 0],
      )
    })

    test('days that there cannot be are refused', async () => {
      assert.equal((await world.call('GET', '/api/v1/policy/impact?days=32')).status, 400)
    })
  })
