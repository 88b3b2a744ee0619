import assert from 'node:assert/strict'
import { after, before, suite, test } from 'node:test'
import { senders } from '../support/installation.ts'
import { type Answer, at, engines } from '../support/service-client.ts'
import { startWorld, type World } from '../support/world.ts'

let people = 0
const freshPerson = () => `+1303560${String(++people).padStart(4, '0')}`
const pick = (body: unknown, ...names: string[]) => names.map((name) => at(body, name))

for (const engine of engines)
  suite(`texts that wait for a person, on ${engine}`, () => {
    let world: World
    before(async () => {
      world = await startWorld({ engine })
      const answer = await world.call('PUT', '/api/v1/policy', { json: { approval: true } })
      assert.equal(answer.status, 200, answer.text)
    })
    after(() => world.close())

    async function hold(fields: object = {}): Promise<{ readonly id: string; readonly person: string }> {
      const person = freshPerson()
      const answer = await world.call('POST', '/sms/send', {
        json: { from_phone_number: senders.twilio, to_phone_number: person, message: `Hello ${++people}`, ...fields },
      })
      assert.deepEqual([answer.status, ...pick(answer.body, 'status', 'hold_reason')], [200, 'held', 'approval'])
      assert.equal(at(answer.body, 'message'), 'SMS held: a person must approve it first')
      return { id: String(at(answer.body, 'id')), person }
    }
    const decide = (id: string, verb: 'approve' | 'refuse', json?: object): Promise<Answer> =>
      world.call('POST', `/api/v1/held/${id}/${verb}`, json === undefined ? {} : { json })
    const heldIds = async (query = ''): Promise<unknown[]> => {
      const { body } = await world.call('GET', `/api/v1/held${query}`)
      const messages = at(body, 'messages')
      assert.ok(Array.isArray(messages))
      return messages.map((message: unknown) => at(message, 'message_id'))
    }
    const copies = (person: string) => world.simulator.ledger().filter(({ recipient }) => recipient === person).length
    const comesTo = (id: string, wanted: string) =>
      world.until(`${id} is ${wanted}`, async () => {
        const { body } = await world.call('GET', `/sms/${id}`)
        return at(body, 'status') === wanted ? body : undefined
      })
    const eventOf = (message: unknown, type: string): unknown => {
      const events = at(message, 'events')
      assert.ok(Array.isArray(events))
      return events.find((event: unknown) => at(event, 'type') === type)
    }

    test('one that is approved leaves, and its event and the audit log say who let it go', async () => {
      const { id, person } = await hold()
      assert.deepEqual((await heldIds())[0], id)
      const approved = await decide(id, 'approve', { note: 'read it' })
      assert.equal(approved.status, 200, approved.text)
      const message = await comesTo(id, 'delivered')
      assert.equal(copies(person), 1)
      assert.ok(!(await heldIds()).includes(id))
      const event = eventOf(message, 'message.approved')
      assert.match(JSON.stringify(event), /API key \d+ \(world\)/)
      assert.match(JSON.stringify(event), /read it/)
      const { body } = await world.call('GET', '/api/v1/audit-log?limit=1')
      assert.deepEqual(pick(at(body, 'entries', 0), 'action', 'subject', 'data'), [
        'message.approved',
        `message ${id}`,
        { note: 'read it' },
      ])
    })

    test('one that is refused never leaves', async () => {
      const { id, person } = await hold()
      const refused = await decide(id, 'refuse')
      assert.deepEqual([refused.status, at(refused.body, 'status')], [200, 'canceled'], refused.text)
      assert.match(JSON.stringify(eventOf(refused.body, 'message.refused')), /API key \d+ \(world\)/)
      const { body } = await world.call('GET', '/api/v1/audit-log?limit=1')
      assert.deepEqual(pick(at(body, 'entries', 0), 'action', 'subject'), ['message.refused', `message ${id}`])
      const later = await hold()
      await decide(later.id, 'approve')
      await comesTo(later.id, 'delivered')
      assert.equal(copies(person), 0)
    })

    test('it is decided once: of ten at a time one decides, and the others are told so', async () => {
      const { id, person } = await hold()
      const answers = await Promise.all(
        Array.from({ length: 10 }, (_, index) => decide(id, index % 2 === 0 ? 'approve' : 'refuse')),
      )
      assert.deepEqual(answers.map(({ status }) => status).sort(), [200, ...Array(9).fill(409)])
      const conflict = answers.find(({ status }) => status === 409)
      assert.match(String(at(conflict?.body, 'detail')), /^This message does not wait for approval/)
      const isApproved = answers.findIndex(({ status }) => status === 200) % 2 === 0
      await comesTo(id, isApproved ? 'delivered' : 'canceled')
      assert.equal(copies(person), isApproved ? 1 : 0)
    })

    test('what waits for something else, or is not there, cannot be approved', async () => {
      await world.call('PATCH', '/api/v1/policy', { json: { approval: null } })
      await world.call('POST', '/api/v1/organization/pause')
      const paused = await world.call('POST', '/sms/send', {
        json: { from_phone_number: senders.twilio, to_phone_number: freshPerson(), message: 'Hello' },
      })
      const id = String(at(paused.body, 'id'))
      assert.equal(at(paused.body, 'hold_reason'), 'paused')
      assert.equal((await decide(id, 'approve')).status, 409)
      assert.ok((await heldIds()).includes(id))
      await world.call('POST', '/api/v1/organization/resume')
      await comesTo(id, 'delivered')
      assert.equal((await decide(id, 'approve')).status, 409)
      assert.equal((await decide('msg_01K9Z3V5W6X7Y8Z9A0B1C2D3E4', 'approve')).status, 404)
      const long = await decide(id, 'approve', { note: 'a'.repeat(201) })
      assert.deepEqual([long.status, at(long.body, 'detail')], [400, 'note must have at most 200 characters.'])
      await world.call('PATCH', '/api/v1/policy', { json: { approval: true } })
    })

    test('an approved text still must pass the policy of the moment it leaves', async () => {
      const { id, person } = await hold()
      await world.call('PATCH', '/api/v1/policy', { json: { countries: ['GB'] } })
      assert.equal((await decide(id, 'approve')).status, 200)
      const message = await comesTo(id, 'failed')
      assert.equal(at(message, 'failure', 'reason'), 'country_not_allowed')
      assert.equal(copies(person), 0)
      await world.call('PATCH', '/api/v1/policy', { json: { countries: null } })
    })

    test('the list goes page by page, newest first, also when what was read is decided meanwhile', async () => {
      const ids: string[] = []
      for (let count = 0; count < 5; count++) ids.push((await hold()).id)
      const newestFirst = ids.toReversed()
      const first = (await world.call('GET', '/api/v1/held?limit=2')).body
      assert.equal(at(first, 'next'), newestFirst[1])
      await decide(String(newestFirst[1]), 'refuse')
      assert.deepEqual(await heldIds(`?limit=2&before=${at(first, 'next')}`), newestFirst.slice(2, 4))
      assert.deepEqual((await heldIds('?limit=100')).slice(0, 4), [newestFirst[0], ...newestFirst.slice(2, 5)])
      const bad = await world.call('GET', '/api/v1/held?before=nothing')
      assert.equal(bad.status, 400)
    })
  })
