import assert from 'node:assert/strict'
import { after, before, suite, test } from 'node:test'
import { senders } from '../support/installation.ts'
import { type Answer, at, engines } from '../support/service-client.ts'
import { startWorld, type World } from '../support/world.ts'

const policyPath = '/api/v1/policy'
const assistantPolicy = (id: unknown) => `/api/v1/assistants/${id}/policy`
const from = senders.telnyx
let people = 0
const freshPerson = () => `+1303558${String(++people).padStart(4, '0')}`
const pick = (body: unknown, ...names: string[]) => names.map((name) => at(body, name))

for (const engine of engines)
  suite(`policies over HTTP, on ${engine}`, () => {
    let world: World
    let assistant: unknown

    before(async () => {
      // Slow enough that what follows in a test follows within a minute of the service.
      world = await startWorld({ engine, speed: 5 })
      const found = await world.call('GET', `/api/v1/assistants/by-phone/${encodeURIComponent(from)}`)
      assistant = at(found.body, 'id')
    })
    after(() => world.close())

    async function change(method: 'PUT' | 'PATCH', path: string, json: object): Promise<unknown> {
      const answer = await world.call(method, path, { json })
      assert.equal(answer.status, 200, answer.text)
      return answer.body
    }
    const put = (json: object) => change('PUT', policyPath, json)

    const send = (fields: object): Promise<Answer> =>
      world.call('POST', '/sms/send', {
        json: { from_phone_number: from, to_phone_number: freshPerson(), message: `Hello ${++people}`, ...fields },
      })
    const copies = (to: string) => world.simulator.ledger().filter(({ recipient }) => recipient === to).length

    async function passes(fields: object): Promise<void> {
      const [dry, sent] = [await send({ ...fields, dry_run: true }), await send(fields)]
      assert.deepEqual(at(dry.body, 'verdicts'), [], dry.text)
      assert.equal(sent.status, 200, sent.text)
      assert.equal(at(sent.body, 'status'), 'sent')
    }

    /** Both ways: as a dry run foretells it, and when it is sent, with nothing at the carrier. */
    async function refuses(
      fields: { readonly to_phone_number: string },
      expected: { readonly code: string; readonly status: number; readonly reached?: readonly unknown[] },
    ): Promise<Answer> {
      const { code, status, reached = [null, null, null] } = expected
      const before = copies(fields.to_phone_number)
      const dry = await send({ ...fields, dry_run: true })
      const verdict = at(dry.body, 'verdicts', 0)
      assert.deepEqual(
        [at(dry.body, 'would'), ...pick(verdict, 'kind', 'rule', 'limit', 'count', 'per')],
        ['refuse', 'refuse', code, ...reached],
        dry.text,
      )
      const refused = await send(fields)
      assert.deepEqual(
        [refused.status, at(refused.body, 'code'), at(refused.body, 'detail')],
        [status, code, at(verdict, 'detail')],
        refused.text,
      )
      assert.deepEqual(
        pick(refused.body, 'limit', 'count', 'per').map((value) => value ?? null),
        reached,
      )
      const message = await world.call('GET', `/sms/${at(refused.body, 'id')}`)
      assert.equal(at(message.body, 'failure', 'reason'), code, message.text)
      assert.equal(at(message.body, 'attempts', 'length'), 0)
      assert.equal(copies(fields.to_phone_number), before)
      return refused
    }

    async function personTexts(person: string, times = 1): Promise<void> {
      for (let time = 1; time <= times; time++) {
        await world.simulator.text({ from: person, to: from, body: `I say ${++people}` })
        await world.simulator.receiptsSent()
      }
    }

    suite('each rule refuses with its limit and its count', () => {
      test('recipients: only who has written first', async () => {
        await put({ recipients: 'reply_only' })
        const person = freshPerson()
        await refuses({ to_phone_number: person }, { code: 'recipient_not_allowed', status: 400 })
        await personTexts(person)
        await passes({ to_phone_number: person })
      })

      test('recipients: a list', async () => {
        const [allowed, other] = [freshPerson(), freshPerson()]
        await put({ recipients: { allow: [allowed] } })
        await refuses({ to_phone_number: other }, { code: 'recipient_not_allowed', status: 400 })
        await passes({ to_phone_number: allowed })
      })

      test('countries, with +1 by area code', async () => {
        await put({ countries: ['US'] })
        for (const number of ['+18765550123', '+447700900123'])
          await refuses({ to_phone_number: number }, { code: 'country_not_allowed', status: 400 })
        await passes({})
        await put({ countries: ['sender', '+1876'] })
        await passes({ to_phone_number: '+18765550123' })
        await refuses({ to_phone_number: '+16585550123' }, { code: 'country_not_allowed', status: 400 })
      })

      test('caps per recipient, of texts from before the policy too', async () => {
        const person = freshPerson()
        await put({})
        await passes({ to_phone_number: person })
        await put({ per_recipient: [{ messages: 2, per: 'day' }] })
        await passes({ to_phone_number: person })
        const refused = await refuses(
          { to_phone_number: person },
          { code: 'recipient_cap', status: 429, reached: [2, 2, 'day'] },
        )
        const retryAfter = Number(refused.headers.get('retry-after'))
        assert.ok(retryAfter > 80_000 && retryAfter <= 86_400, String(retryAfter))
        await passes({})
      })

      test('caps per assistant', async () => {
        await put({ per_assistant: [{ messages: 1, per: 'day' }] })
        const person = freshPerson()
        await refuses({ to_phone_number: person }, { code: 'assistant_cap', status: 429, reached: [1, 1, 'day'] })
        await passes({ from_phone_number: senders.twilio })
      })

      test('caps of the organization', async () => {
        await put({ per_organization: [{ messages: 1, per: 'day' }] })
        await change('PUT', assistantPolicy(assistant), { per_assistant: 'off', per_recipient: 'off' })
        const person = freshPerson()
        await refuses({ to_phone_number: person }, { code: 'organization_cap', status: 429, reached: [1, 1, 'day'] })
        await change('PUT', assistantPolicy(assistant), {})
      })

      test('texts to a person who does not answer', async () => {
        await put({ unanswered: 1 })
        const person = freshPerson()
        await passes({ to_phone_number: person })
        const reached = [1, 1, 'conversation']
        await refuses({ to_phone_number: person }, { code: 'unanswered_limit', status: 409, reached })
        await personTexts(person)
        await passes({ to_phone_number: person })
      })

      test('velocity per number prefix', async () => {
        await put({ prefix_velocity: { digits: 10, messages: 2, per: 'day' } })
        const alike = ['1', '2', '3'].map((last) => `+1970555015${last}`)
        for (const person of alike.slice(0, 2)) await passes({ to_phone_number: person })
        const third = { to_phone_number: String(alike[2]) }
        await refuses(third, { code: 'prefix_velocity', status: 429, reached: [2, 2, 'day'] })
        await passes({ to_phone_number: '+19705550161' })
      })

      test('a spend budget', async () => {
        await put({
          prices: { currency: 'USD', default: 5, by_prefix: { '+1': 0.01 } },
          spend: { amount: 0.015, per: 'day' },
        })
        await passes({})
        const person = freshPerson()
        const dry = await send({ to_phone_number: person, dry_run: true })
        assert.deepEqual(at(dry.body, 'estimated_cost'), { amount: 0.01, currency: 'USD' })
        await refuses({ to_phone_number: person }, { code: 'spend_budget', status: 429, reached: [0.015, 0.01, 'day'] })
      })

      test('a loop of two programs', async () => {
        await put({ loop: 3 })
        const person = freshPerson()
        await personTexts(person, 2)
        await passes({ to_phone_number: person })
        await personTexts(person)
        const reached = [3, 3, 'conversation']
        await refuses({ to_phone_number: person }, { code: 'conversation_loop', status: 409, reached })
      })

      test('duplicates of callers without a key join the first for the time that is set', async () => {
        await put({ duplicate_seconds: 3_600 })
        const same = { to_phone_number: freshPerson(), message: 'The same' }
        const [first, second] = [await send(same), await send(same)]
        assert.deepEqual([second.status, ...pick(second.body, 'id', 'deduplicated')], [200, at(first.body, 'id'), true])
        await passes({ ...same, message: 'Another' })
        assert.equal((await send({ ...same, idempotency_key: `meant on ${engine}` })).status, 200)
        assert.equal(copies(same.to_phone_number), 3)
      })
    })

    test('quiet hours hold marketing until they end, and nothing else', async () => {
      const inThreeDays = new Date(Date.now() + 3 * 86_400_000)
      const day = inThreeDays.toLocaleDateString('en-US', { weekday: 'long', timeZone: 'America/Denver' }).toLowerCase()
      await put({ quiet_hours: { [day]: ['00:00', '24:00'] } })
      const person = freshPerson()
      const marketing = { to_phone_number: person, category: 'marketing' }
      const dry = await send({ ...marketing, dry_run: true })
      assert.deepEqual(
        [at(dry.body, 'would'), ...pick(at(dry.body, 'verdicts', 0), 'kind', 'reason')],
        ['hold', 'hold', 'quiet_hours'],
      )
      const held = await send(marketing)
      assert.deepEqual([held.status, ...pick(held.body, 'status', 'hold_reason')], [200, 'held', 'quiet_hours'])
      const until = Date.parse(String(at(held.body, 'held_until')))
      assert.ok(until > Date.now() + 86_400_000 && until < Date.now() + 4 * 86_400_000, held.text)
      assert.equal(copies(person), 0)
      await passes({ to_phone_number: person, category: 'transactional' })
    })

    test('guarded: sensible values at once, with what stands beside it going first', async () => {
      const body = await put({ preset: 'guarded', duplicate_seconds: null, quiet_hours: 'off' })
      assert.deepEqual(at(body, 'off'), ['recipients', 'spend', 'quiet_hours', 'approval', 'duplicate_seconds'])
      const person = freshPerson()
      for (let time = 1; time <= 5; time++) await passes({ to_phone_number: person })
      const reached = [5, 5, 'conversation']
      await refuses({ to_phone_number: person }, { code: 'unanswered_limit', status: 409, reached })
      await personTexts(person)
      for (let time = 6; time <= 10; time++) await passes({ to_phone_number: person })
      const dry = await send({ to_phone_number: person, dry_run: true })
      const verdicts = at(dry.body, 'verdicts')
      assert.ok(Array.isArray(verdicts))
      assert.deepEqual(
        verdicts.map((verdict: unknown) => pick(verdict, 'rule', 'limit', 'per')),
        [
          ['unanswered_limit', 5, 'conversation'],
          ['recipient_cap', 10, 'hour'],
        ],
      )
      await refuses({ to_phone_number: '+447700900123' }, { code: 'country_not_allowed', status: 400 })
    })

    test('a refusal goes before a hold, and an opt-out before both', async () => {
      await put({ approval: true, countries: ['GB'] })
      const person = freshPerson()
      await refuses({ to_phone_number: person }, { code: 'country_not_allowed', status: 400 })
      await world.call('POST', '/api/v1/opt-outs', { json: { phone_number: person } })
      await refuses({ to_phone_number: person }, { code: 'recipient_opted_out', status: 400 })
      await put({ approval: true })
      await refuses({ to_phone_number: person }, { code: 'recipient_opted_out', status: 400 })
      assert.equal(at((await send({})).body, 'hold_reason'), 'approval')
    })

    test('PUT replaces, PATCH changes member by member, null takes away', async () => {
      await put({ unanswered: 5, loop: 9 })
      assert.deepEqual(at(await change('PATCH', policyPath, { loop: null, approval: true }), 'policy'), {
        unanswered: 5,
        approval: true,
      })
      assert.deepEqual(at(await put({ countries: ['US'] }), 'policy'), { countries: ['US'] })
      assert.deepEqual(at((await world.call('GET', policyPath)).body, 'policy'), { countries: ['US'] })
      assert.equal(at(await put({}), 'off', 'length'), 12)
    })

    test("an assistant's own rules replace the organization's, or set them aside", async () => {
      await put({ countries: ['GB'], unanswered: 5 })
      const body = await change('PUT', assistantPolicy(assistant), { countries: 'off', loop: 9 })
      assert.deepEqual(pick(body, 'policy', 'effective'), [
        { countries: 'off', loop: 9 },
        { unanswered: 5, loop: 9 },
      ])
      assert.ok(JSON.stringify(at(body, 'off')).includes('"countries"'))
      await passes({})
      const person = freshPerson()
      const other = { from_phone_number: senders.twilio, to_phone_number: person }
      await refuses(other, { code: 'country_not_allowed', status: 400 })
      await change('PATCH', assistantPolicy(assistant), { countries: null })
      await refuses({ to_phone_number: person }, { code: 'country_not_allowed', status: 400 })
      await change('PUT', assistantPolicy(assistant), {})
      await put({})
    })

    test('every change stands in the audit log, with what was and who made it; one that changes nothing does not', async () => {
      await put({ unanswered: 5 })
      await put({ unanswered: 5 })
      const person = freshPerson()
      await change('PUT', assistantPolicy(assistant), { recipients: { allow: [person] } })
      await change('PUT', assistantPolicy(assistant), {})
      const log = await world.call('GET', '/api/v1/audit-log?limit=3')
      assert.deepEqual(
        [0, 1, 2].map((index) => pick(at(log.body, 'entries', index), 'action', 'subject', 'data')),
        [
          ['policy.changed', `assistant ${assistant}`, { before: { recipients: { allow_count: 1 } }, after: {} }],
          ['policy.changed', `assistant ${assistant}`, { before: {}, after: { recipients: { allow_count: 1 } } }],
          ['policy.changed', 'organization', { before: {}, after: { unanswered: 5 } }],
        ],
      )
      assert.match(String(at(log.body, 'entries', 0, 'actor')), /^API key \d+ \(world\)$/)
      assert.ok(!log.text.includes(person))
      const older = await world.call('GET', `/api/v1/audit-log?limit=1&before=${at(log.body, 'entries', 0, 'id')}`)
      assert.deepEqual(at(older.body, 'entries', 0), at(log.body, 'entries', 1))
      await put({})
    })

    test('what is wrong is said in a sentence, and nothing is changed', async () => {
      for (const [path, json, detail] of [
        [policyPath, { unanswered: 0 }, 'unanswered must be a whole number from 1 to 1000.'],
        [policyPath, { spend: { amount: 1, per: 'day' } }, /^spend needs prices/],
        [policyPath, { colour: 'red' }, /^colour is not known here; there is: preset, recipients, /],
        [policyPath, [], /^The policy must have members/],
        [assistantPolicy(assistant), { spend: null }, /^spend is of the whole organization/],
      ] as const) {
        const { status, body } = await world.call('PUT', path, { json })
        const said = String(at(body, 'detail'))
        assert.deepEqual([status, at(body, 'code')], [400, 'invalid_request'])
        if (typeof detail === 'string') assert.equal(said, detail)
        else assert.match(said, detail)
      }
      assert.equal((await world.call('PUT', assistantPolicy(99_999), { json: {} })).status, 404)
      assert.equal((await world.call('PUT', assistantPolicy('x'), { json: {} })).status, 400)
      assert.deepEqual(at((await world.call('GET', policyPath)).body, 'policy'), {})
    })
  })
