import assert from 'node:assert/strict'
import { after, before, suite, test } from 'node:test'
import { senders } from '../support/installation.ts'
import { type Answer, at, engines } from '../support/service-client.ts'
import { startWorld, type World } from '../support/world.ts'

const from = senders.telnyx
const numbersPath = '/api/v1/assistants/organization/phone-numbers'
let people = 0
const freshPerson = () => `+1303559${String(++people).padStart(4, '0')}`
const levels = ['organization', 'assistant', 'phone number', 'provider account'] as const

for (const engine of engines)
  suite(`pauses, on ${engine}`, () => {
    let world: World
    /** What can be paused, of the number of Telnyx: where, and how the audit log calls it. */
    let paths: Readonly<Record<(typeof levels)[number], readonly [path: string, subject: string, list: string]>>

    before(async () => {
      world = await startWorld({ engine })
      const found = await world.call('GET', `/api/v1/assistants/by-phone/${encodeURIComponent(from)}`)
      const assistant = at(found.body, 'id')
      const numbers = await world.call('GET', `/api/v1/assistants/${assistant}/phone-numbers`)
      const [number, account] = [at(numbers.body, 0, 'id'), at(numbers.body, 0, 'provider_account_id')]
      paths = {
        organization: ['/api/v1/organization', 'organization', '/api/v1/organization'],
        assistant: [`/api/v1/assistants/${assistant}`, `assistant ${assistant}`, `/api/v1/assistants/${assistant}`],
        'phone number': [`${numbersPath}/${number}`, `phone number ${number}`, numbersPath],
        'provider account': [
          `/api/v1/provider-accounts/${account}`,
          `provider account ${account}`,
          `/api/v1/provider-accounts/${account}`,
        ],
      }
    })
    after(() => world.close())

    const post = (path: string, json?: object) => world.call('POST', path, json === undefined ? {} : { json })
    const send = (fields: object): Promise<Answer> =>
      world.call('POST', '/sms/send', {
        json: { from_phone_number: from, to_phone_number: freshPerson(), message: `Hello ${++people}`, ...fields },
      })
    const messageOf = async ({ body }: Answer) => (await world.call('GET', `/sms/${at(body, 'id')}`)).body
    const comesTo = (answer: Answer, wanted: string) =>
      world.until(`${at(answer.body, 'id')} is ${wanted}`, async () => {
        const message = await messageOf(answer)
        return at(message, 'status') === wanted ? message : undefined
      })
    const textsTo = (person: string) =>
      world.simulator
        .ledger()
        .filter(({ recipient }) => recipient === person)
        .map(({ body }) => body)
        .reverse()

    for (const level of levels)
      test(`of the ${level}: direct and queued texts are held, and leave in their order when it is resumed`, async () => {
        const [path, subject, list] = paths[level]
        const paused = await post(`${path}/pause`, { reason: `a drill on ${engine}` })
        assert.equal(paused.status, 200, paused.text)
        const since = String(at(paused.body, 'paused_at'))
        assert.ok(!Number.isNaN(Date.parse(since)))
        assert.ok((await world.call('GET', list)).text.includes(since))

        const person = freshPerson()
        const answers: Answer[] = []
        for (const [index, queue] of [false, true, false, true].entries())
          answers.push(await send({ to_phone_number: person, message: `${index} of ${level}`, queue }))
        for (const [index, answer] of answers.entries()) {
          assert.equal(answer.status, 200, answer.text)
          const status = index % 2 === 0 ? 'held' : 'queued'
          assert.deepEqual([at(answer.body, 'success'), at(answer.body, 'message_id')], [true, at(answer.body, 'id')])
          assert.ok([status, 'held'].includes(String(at(answer.body, 'status'))), answer.text)
          const message = await comesTo(answer, 'held')
          assert.equal(at(message, 'hold_reason'), 'paused')
        }
        const dry = await send({ to_phone_number: person, dry_run: true })
        assert.deepEqual([at(dry.body, 'would'), at(dry.body, 'verdicts', 0, 'reason')], ['hold', 'paused'])
        const other = await send({ from_phone_number: senders.twilio })
        assert.equal(at(other.body, 'status'), level === 'organization' ? 'held' : 'sent', other.text)
        assert.deepEqual(textsTo(person), [])

        const again = await post(`${path}/pause`)
        assert.deepEqual([again.status, at(again.body, 'paused_at')], [200, since])
        for (let time = 1; time <= 2; time++) {
          const resumed = await post(`${path}/resume`)
          assert.deepEqual([resumed.status, at(resumed.body, 'paused_at')], [200, null], resumed.text)
        }
        for (const answer of answers) await comesTo(answer, 'delivered')
        assert.deepEqual(
          textsTo(person),
          answers.map((_, index) => `${index} of ${level}`),
        )
        await comesTo(other, 'delivered')

        const log = await world.call('GET', '/api/v1/audit-log?limit=2')
        assert.deepEqual(
          [0, 1].map((index) => ['action', 'subject', 'data'].map((name) => at(log.body, 'entries', index, name))),
          [
            ['resumed', subject, {}],
            ['paused', subject, { reason: `a drill on ${engine}` }],
          ],
        )
      })

    test('a person who opts out meanwhile gets nothing when it is resumed', async () => {
      await post('/api/v1/organization/pause')
      const person = freshPerson()
      const held = await send({ to_phone_number: person })
      const later = await send({})
      await world.call('POST', '/api/v1/opt-outs', { json: { phone_number: person } })
      await post('/api/v1/organization/resume')
      await comesTo(later, 'delivered')
      assert.equal(at(await messageOf(held), 'status'), 'suppressed')
      assert.deepEqual(textsTo(person), [])
    })

    test('of two pauses both must end', async () => {
      await post('/api/v1/organization/pause')
      await post(`${paths.assistant[0]}/pause`)
      const held = await send({})
      await post('/api/v1/organization/resume')
      // Another assistant goes on, and the loops have looked.
      await comesTo(await send({ from_phone_number: senders.twilio, queue: true }), 'delivered')
      assert.equal(at(await messageOf(held), 'status'), 'held')
      await post(`${paths.assistant[0]}/resume`)
      await comesTo(held, 'delivered')
    })

    test('what cannot be paused is not found, and a reason has its limit', async () => {
      for (const [path, status, detail] of [
        ['/api/v1/assistants/99999/pause', 404, 'No assistant has this id.'],
        [`${numbersPath}/99999/resume`, 404, 'No phone number has this id.'],
        ['/api/v1/provider-accounts/99999/pause', 404, 'No provider account has this id.'],
      ] as const) {
        const answer = await post(path)
        assert.deepEqual([answer.status, at(answer.body, 'detail')], [status, detail])
      }
      const long = await post('/api/v1/organization/pause', { reason: 'a'.repeat(201) })
      assert.deepEqual([long.status, at(long.body, 'detail')], [400, 'reason must have at most 200 characters.'])
      assert.equal(at((await world.call('GET', '/api/v1/organization')).body, 'paused_at'), null)
    })
  })
