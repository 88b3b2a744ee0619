import assert from 'node:assert/strict'
import { after, before, suite, test } from 'node:test'
import { senders } from '../support/installation.ts'
import { type Answer, at, engines } from '../support/service-client.ts'
import { startWorld, type World } from '../support/world.ts'

let people = 0
const freshPerson = () => `+1303557${String(++people).padStart(4, '0')}`
const dayMs = 86_400_000

for (const engine of engines)
  suite(`a dry run, on ${engine}`, () => {
    let world: World
    before(async () => {
      world = await startWorld({ engine })
    })
    after(() => world.close())

    const send = (fields: object): Promise<Answer> =>
      world.call('POST', '/sms/send', {
        json: { from_phone_number: senders.telnyx, to_phone_number: freshPerson(), message: 'Hello', ...fields },
      })
    const policy = async (json: object) =>
      assert.equal((await world.call('PUT', '/api/v1/policy', { json })).status, 200, JSON.stringify(json))
    const pause = (verb: 'pause' | 'resume') => world.call('POST', `/api/v1/organization/${verb}`, { json: {} })
    const pace = async (json: object | null) => {
      const numbers = await world.call('GET', '/api/v1/assistants/organization/phone-numbers')
      const number = Object.values(Object(numbers.body))
        .flat()
        .find((one) => at(one, 'phone_number') === senders.telnyx)
      const changed = await world.call('PATCH', `/api/v1/assistants/organization/phone-numbers/${at(number, 'id')}`, {
        json: { pace: json },
      })
      assert.equal(changed.status, 200, changed.text)
    }

    /** How much there is of everything that a send would leave behind. */
    async function stored() {
      const [logs, conversations, held, stats] = await Promise.all(
        ['/api/v1/sms-logs?limit=1', '/api/v1/sms-conversations?limit=1000', '/api/v1/held', '/sms/queue/stats'].map(
          (path) => world.call('GET', path),
        ),
      )
      const counts = [at(logs?.body, 'total'), at(conversations?.body, 'length'), at(stats?.body, 'total', 'queued')]
      return [...counts, held?.text]
    }

    /** What the dry run says, having made sure that it left no trace. */
    async function dryRun(fields: object): Promise<unknown> {
      const [before, texts] = [await stored(), world.simulator.ledger().length]
      const { status, body, text } = await send({ ...fields, dry_run: true })
      assert.equal(status, 200, text)
      assert.deepEqual(await stored(), before)
      assert.equal(world.simulator.ledger().length, texts)
      return body
    }

    const pick = (body: unknown, ...names: string[]) => names.map((name) => at(body, name))
    const verdictsOf = (body: unknown) => {
      const verdicts = at(body, 'verdicts')
      return Array.isArray(verdicts)
        ? verdicts.map((verdict: unknown) => pick(verdict, 'kind', at(verdict, 'kind') === 'hold' ? 'reason' : 'rule'))
        : undefined
    }

    test('of a plain send says what it is, what it costs in segments, and that no policy is set', async () => {
      assert.deepEqual(await dryRun({ message: 'Your table is ready.' }), {
        dry_run: true,
        would: 'send',
        provider: 'telnyx',
        assistant_id: 2,
        encoding: 'gsm-7',
        segments: 1,
        characters: 20,
        forced_ucs2: [],
        warnings: [],
        estimated_cost: null,
        opt_out: { state: 'none', since: null, source: null, scope: null },
        verdicts: [],
        policies_off: [
          'recipients',
          'countries',
          'per_recipient',
          'per_assistant',
          'per_organization',
          'unanswered',
          'spend',
          'prefix_velocity',
          'loop',
          'quiet_hours',
          'approval',
          'duplicate_seconds',
        ],
        pace: { segments_per_second: 1, strict: false },
        expected_wait_seconds: 0,
      })
    })

    test('names the characters that double the bill, and where they stand', async () => {
      const body = await dryRun({ message: `It’s 😀 and it’s ${'ж'.repeat(70)}` })
      assert.deepEqual(pick(body, 'encoding', 'segments', 'characters'), ['ucs-2', 2, 86])
      assert.deepEqual(at(body, 'forced_ucs2'), [
        { character: '’', code_point: 'U+2019', position: 2 },
        { character: '😀', code_point: 'U+1F600', position: 5 },
        { character: 'ж', code_point: 'U+0436', position: 16 },
      ])
      const many = await dryRun({
        message: [...Array(40).keys()].map((index) => String.fromCodePoint(0x4e00 + index)).join(''),
      })
      assert.equal(at(many, 'forced_ucs2', 'length'), 20)
    })

    test('tells queued, scheduled and direct sends apart, with the wait', async () => {
      const queued = await dryRun({ queue: true })
      assert.deepEqual(pick(queued, 'would', 'expected_wait_seconds'), ['queue', 0])
      const scheduled = await dryRun({ send_at: new Date(Date.now() + 30 * dayMs).toISOString() })
      assert.equal(at(scheduled, 'would'), 'schedule')
      assert.ok(Number(at(scheduled, 'expected_wait_seconds')) > (28 * dayMs) / 1_000)
    })

    test('says that the person has opted out, since when, and by what', async () => {
      const to = freshPerson()
      await world.call('POST', '/api/v1/opt-outs', { json: { phone_number: to } })
      const body = await dryRun({ to_phone_number: to })
      assert.deepEqual(pick(body, 'would', 'expected_wait_seconds'), ['refuse', null])
      assert.deepEqual(verdictsOf(body), [['refuse', 'recipient_opted_out']])
      const { since, ...optOut } = Object(at(body, 'opt_out'))
      assert.deepEqual(optOut, { state: 'opted_out', source: 'api', scope: 'organization' })
      assert.ok(!Number.isNaN(Date.parse(since)))
    })

    test('shows everything that stands against it at once, refusals first, and what it would cost', async () => {
      const to = freshPerson()
      await policy({
        countries: ['JM'],
        recipients: 'reply_only',
        per_recipient: [{ messages: 1, per: 'day' }],
        prices: { currency: 'USD', default: 0.01 },
        spend: { amount: 0.005, per: 'day' },
        approval: true,
      })
      await pause('pause')
      const body = await dryRun({ to_phone_number: to })
      assert.deepEqual(pick(body, 'would', 'estimated_cost'), ['refuse', { amount: 0.01, currency: 'USD' }])
      assert.deepEqual(verdictsOf(body), [
        ['refuse', 'recipient_not_allowed'],
        ['refuse', 'country_not_allowed'],
        ['refuse', 'spend_budget'],
        ['hold', 'paused'],
        ['hold', 'approval'],
      ])
      const budget = at(body, 'verdicts', 2)
      assert.deepEqual(pick(budget, 'limit', 'count', 'per'), [0.005, 0, 'day'])
      assert.ok(Date.parse(String(at(budget, 'until'))) > Date.now())
      assert.equal(at(body, 'verdicts', 3, 'detail'), 'Sending is paused for the organization.')
      const off = at(body, 'policies_off')
      assert.ok(Array.isArray(off) && off.includes('loop') && !off.includes('countries'))
      await pause('resume')
      await policy({})
    })

    test('counts what was sent, and not itself', async () => {
      const to = freshPerson()
      await policy({ per_recipient: [{ messages: 1, per: 'day' }] })
      for (let time = 1; time <= 2; time++) assert.equal(at(await dryRun({ to_phone_number: to }), 'would'), 'send')
      assert.equal((await send({ to_phone_number: to })).status, 200)
      const sentence = 'The policy allows 1 text to one person per day, and 1 has been sent.'
      const body = await dryRun({ to_phone_number: to, message: 'Another' })
      assert.deepEqual(pick(at(body, 'verdicts', 0), 'kind', 'rule', 'detail', 'limit', 'count', 'per'), [
        'refuse',
        'recipient_cap',
        sentence,
        1,
        1,
        'day',
      ])
      const refused = await send({ to_phone_number: to, message: 'Another' })
      assert.deepEqual(
        [refused.status, ...pick(refused.body, 'detail', 'code', 'limit', 'count', 'per', 'retryable')],
        [429, sentence, 'recipient_cap', 1, 1, 'day', true],
      )
      assert.match(String(at(refused.body, 'hint')), /per_recipient/)
      assert.match(String(at(refused.body, 'id')), /^msg_/)
      const retryAfter = Number(refused.headers.get('retry-after'))
      assert.ok(retryAfter > 80_000 && retryAfter <= 86_400, `${retryAfter}`)
      await policy({})
    })

    test('says what would hold it', async () => {
      await policy({ approval: true })
      const body = await dryRun({})
      assert.deepEqual(pick(body, 'would', 'expected_wait_seconds'), ['hold', null])
      assert.deepEqual(verdictsOf(body), [['hold', 'approval']])
      await policy({})
    })

    test('looks at quiet hours at the time for which it is scheduled', async () => {
      await policy({ quiet_hours: 'marketing' })
      const at3InDenver = '2027-07-06T09:00:00Z'
      const night = await dryRun({ send_at: at3InDenver, category: 'marketing' })
      assert.equal(at(night, 'would'), 'schedule')
      assert.deepEqual(pick(at(night, 'verdicts', 0), 'kind', 'reason', 'until'), [
        'hold',
        'quiet_hours',
        '2027-07-06T15:00:00.000Z',
      ])
      const noon = await dryRun({ send_at: '2027-07-06T18:00:00Z', category: 'marketing' })
      assert.deepEqual(verdictsOf(noon), [])
      await policy({})
    })

    test('says that a strict number has no turn to give, as its direct send does', async () => {
      await pace({ segments_per_second: 0.000_1, strict: true })
      const to = freshPerson()
      assert.equal((await send({ to_phone_number: to })).status, 200)
      const body = await dryRun({ to_phone_number: to })
      assert.deepEqual(pick(body, 'would', 'expected_wait_seconds'), ['refuse', null])
      assert.deepEqual(verdictsOf(body), [['refuse', 'sender_busy']])
      assert.deepEqual(at(body, 'pace'), { segments_per_second: 0.000_1, strict: true })
      const busy = await send({ to_phone_number: to, message: 'Another' })
      assert.deepEqual([busy.status, ...pick(busy.body, 'code', 'retryable')], [429, 'sender_busy', true], busy.text)
      assert.ok(Number(busy.headers.get('retry-after')) > 10)
      await pace(null)
    })

    test('names the message that it would join, unless a key says that it is meant', async () => {
      const fields = { to_phone_number: '+15005550510', message: `lost on ${engine}` }
      const lost = await send(fields)
      assert.equal(at(lost.body, 'code'), 'outcome_unknown', lost.text)
      assert.equal(at(await dryRun(fields), 'duplicate_of'), at(lost.body, 'id'))
      assert.equal(at(await dryRun({ ...fields, idempotency_key: 'meant' }), 'duplicate_of'), undefined)
      assert.equal(at(await dryRun({ ...fields, message: 'else' }), 'duplicate_of'), undefined)
    })

    test('leaves an idempotency key free for the send itself', async () => {
      const fields = { to_phone_number: freshPerson(), idempotency_key: `dry ${engine}` }
      await dryRun(fields)
      const sent = await send(fields)
      assert.deepEqual([sent.status, sent.headers.get('idempotent-replayed')], [200, null])
    })

    test('is refused as the send would be when the request is wrong', async () => {
      const nobodys = '+12025550177'
      const rows = [
        [{ to_phone_number: '1', from_phone_number: nobodys }, 400, 'invalid_request'],
        [{ from_phone_number: nobodys, in_reply_to: 'msg_01K9Z3V5W6X7Y8Z9A0B1C2D3E4' }, 404, 'sender_not_found'],
        [{ in_reply_to: 'msg_01K9Z3V5W6X7Y8Z9A0B1C2D3E4' }, 400, 'invalid_request'],
      ] as const
      for (const [fields, status, code] of rows) {
        const answers = [await send({ ...fields, dry_run: true }), await send(fields)]
        for (const answer of answers) assert.deepEqual([answer.status, at(answer.body, 'code')], [status, code])
        assert.equal(answers[0]?.text, answers[1]?.text)
      }
      const keyless = await world.call('POST', '/sms/send', { key: 'nobodys', json: { dry_run: true } })
      assert.equal(keyless.status, 401)
    })
  })
