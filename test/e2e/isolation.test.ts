import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { after, before, suite, test } from 'node:test'
import { parseE164 } from '../../src/core/phone-number.ts'
import type { Store } from '../../src/ports/store.ts'
import { type Simulator, startSimulator } from '../../src/simulator/simulator.ts'
import { systemClock } from '../../src/telemetry/clock.ts'
import { entriesOf, type Operation, operationsOf, resolved } from '../support/openapi-operations.ts'
import { type Answer, at, engines, startTestService, type TestService } from '../support/service-client.ts'
import { silentLog } from '../support/silent-log.ts'
import { addSimulatedAccount, twilioAccount } from '../support/simulated-accounts.ts'
import { now } from '../support/store-builders.ts'

const document: unknown = JSON.parse(readFileSync(new URL('../../docs/openapi.json', import.meta.url), 'utf8'))
const operations = operationsOf(document).filter(({ isScoped }) => isScoped)
const theirs = 'canary-key-of-theirs-0123456789-0123456789'
const ours = 'canary-key-of-ours-0123456789-0123456789'
const theirName = 'Organization of canary'
const [theirNumber, theirRecipient] = ['+12025550142', '+12025550177']
const nobodysNumber = '+12025550999'
/** Numbers are unique within an organization: what others have may be added. These two are, and so stand apart. */
const addedNumbers = { theirs: '+12025550143', nobodys: '+12025550998', ours: '' }

/** The simulated carrier breaks the connection without an answer: what became of the text stays unknown. */
const recipientWithoutAnswer = '+15005550510'

/** What cannot be made over HTTP: an event that waits for its endpoint, and webhooks that could not be used. */
async function prepare(store: Store): Promise<{ readonly endpoint: number; readonly delivery: number }> {
  const organization = await store.organizations.findByName(theirName)
  assert.ok(organization !== undefined)
  const organizationId = organization.id
  const endpoint = await store.events.createEndpoint({
    organizationId,
    url: 'https://canary.example.com/events',
    types: [],
    secrets: [{ value: `whsec_${Buffer.alloc(24, 1).toString('base64')}` }],
    ordered: false,
    trusted: false,
    createdAt: now,
    updatedAt: now,
  })
  const optOut = { organizationId, source: 'api', inDoubt: false, evidence: 'canary', createdAt: now } as const
  await store.optOuts.add({ ...optOut, recipient: parseE164('+12025550171') })
  await store.events.fanOut({ now, limit: 100 })
  const [delivery] = await store.events.listDeliveries(organizationId, {}, { skip: 0, limit: 1 })
  assert.ok(delivery !== undefined)
  const lastTry = { at: now, durationMs: 1, fault: 'canary' }
  await store.events.recordTry(delivery.key, { lastTry, state: 'pending', nextAt: now })
  const webhook = { provider: 'twilio', reason: 'unreadable', body: 'canary', receivedAt: now }
  await store.inbound.recordRefusedWebhook(webhook)
  await store.inbound.recordRefusedWebhook({ ...webhook, organizationId })
  return { endpoint: endpoint.id, delivery: delivery.key }
}

/** A number that stands in their policy only. */
const theirLimit = 864_209

/** One kind of name that a request can carry: one of another organization, one that nobody has, one of the caller's. */
type Reference = { readonly theirs: string | number; readonly nobodys: string | number; readonly ours: string | number }

for (const engine of engines)
  suite(`another organization does not exist, over ${engine}`, () => {
    let simulator: Simulator
    let service: TestService
    const simulated: Record<string, number> = {}
    let references: Readonly<Record<string, Reference>> = {}
    let canaries: readonly string[] = []

    before(async () => {
      simulator = await startSimulator({
        host: '127.0.0.1',
        port: 0,
        accounts: [twilioAccount],
        clock: systemClock,
        log: silentLog,
        receiptDelayMs: 0,
      })
      let prepared = { endpoint: 0, delivery: 0 }
      service = await startTestService({
        engine,
        organizations: [
          { name: theirName, key: theirs },
          { name: 'Ours', key: ours },
        ],
        prepare: async (store) => {
          prepared = await prepare(store)
          for (const organization of [theirName, 'Ours'])
            simulated[organization] = await addSimulatedAccount(store, {
              organization,
              name: organization === theirName ? 'canary' : 'own',
              provider: 'twilio',
              baseUrls: simulator.baseUrls,
            })
        },
        // Without loops nothing changes but by what is asked here.
        env: { TEXTBRIDGE_ROLES: 'api' },
      })
      const [their, our] = [await setUp('canary', theirs, theirNumber), await setUp('own', ours, '+12025550188')]
      const seen = async (path: string) => (await service.call('GET', path, { key: theirs })).body
      canaries = ['canary', String(theirLimit), theirNumber, theirRecipient, ...their.messageIds]
      references = {
        message_id: { theirs: their.messageIds[0] ?? '', nobodys: 'msg_01K9Z3V5W6X7Y8Z9A0B1C2D3E4', ours: '' },
        provider_message_id: { theirs: their.messageIds[1] ?? '', nobodys: `SM${'0'.repeat(32)}`, ours: '' },
        conversation_id: {
          theirs: String(at(await seen('/api/v1/sms-conversations'), 0, 'id')),
          nobodys: 'cnv_01K9Z3V5W6X7Y8Z9A0B1C2D3E4',
          ours: '',
        },
        log_id: {
          theirs: String(at(await seen('/api/v1/sms-logs'), 'items', 0, 'id')),
          nobodys: '1234567890123',
          ours: '',
        },
        endpoint_id: { theirs: prepared.endpoint, nobodys: 999_005, ours: 0 },
        delivery_id: { theirs: prepared.delivery, nobodys: 999_006, ours: 0 },
        assistant_id: { theirs: their.assistant, nobodys: 999_001, ours: our.assistant },
        provider_account_id: { theirs: their.account, nobodys: 999_002, ours: our.account },
        account_id: { theirs: their.account, nobodys: 999_002, ours: our.account },
        phone_number_id: { theirs: their.number, nobodys: 999_003, ours: our.number },
        key_id: { theirs: their.apiKey, nobodys: 999_004, ours: our.apiKey },
        user_id: { theirs: their.user, nobodys: 999_007, ours: our.user },
        phone_number: { theirs: theirNumber, nobodys: nobodysNumber, ours: '+12025550188' },
        opted_out: { theirs: theirRecipient, nobodys: nobodysNumber, ours: '+12025550187' },
        person: { theirs: '+12025550166', nobodys: nobodysNumber, ours: '' },
        added: addedNumbers,
        from_phone_number: { theirs: theirNumber, nobodys: nobodysNumber, ours: '+12025550188' },
      }
    })

    after(async () => {
      await service.close()
      await simulator.close()
    })

    /** An organization with one of everything, each named by `name`, and a text sent where its provider allows it. */
    async function setUp(name: string, key: string, phoneNumber: string) {
      const create = async (path: string, json: object) => {
        const answer = await service.call('POST', path, { key, json })
        assert.ok(answer.status < 300, answer.text)
        return answer.body
      }
      const account = simulated[key === theirs ? theirName : 'Ours'] ?? 0
      const assistant = Number(
        at(await create('/api/v1/assistants', { name, provider_account_id: account, description: name }), 'id'),
      )
      const number = Number(
        at(
          await create('/api/v1/assistants/organization/phone-numbers', {
            phone_number: phoneNumber,
            friendly_name: name,
            assistant_id: assistant,
          }),
          'id',
        ),
      )
      const apiKey = Number(at(await create('/api/v1/users/me/api-keys', { name }), 'api_key', 'id'))
      const user = Number(at(await create('/api/v1/users', { name, role: 'owner' }), 'user', 'id'))
      const messageIds: string[] = []
      if (key === theirs) {
        const text = { from_phone_number: phoneNumber, to_phone_number: '+12025550166', message: name }
        const sent = await create('/sms/send', text)
        messageIds.push(String(at(sent, 'id')), String(at(sent, 'message_id')))
        const lost = { ...text, to_phone_number: recipientWithoutAnswer }
        const unknown = await service.call('POST', '/sms/send', { key, json: lost })
        assert.equal(at(unknown.body, 'code'), 'outcome_unknown', unknown.text)
        await create('/api/v1/opt-outs', { phone_number: theirRecipient, evidence: name })
        await create('/api/v1/opt-outs', { phone_number: addedNumbers.theirs, evidence: name })
        await create('/api/v1/assistants/organization/phone-numbers', { phone_number: addedNumbers.theirs })
        const policy = { approval: true, per_recipient: [{ messages: theirLimit, per: 'day' }] }
        assert.equal((await service.call('PUT', '/api/v1/policy', { key, json: policy })).status, 200)
        assert.equal(at(await create('/sms/send', { ...text, message: `${name} held` }), 'status'), 'held')
      }
      return { account, assistant, number, apiKey, user, messageIds }
    }

    /** What their organization sees of itself. */
    async function theirView(): Promise<string[]> {
      const lists = operations.filter(({ method, path }) => method === 'GET' && !path.includes('{'))
      const views = lists.map(async ({ path }) => (await service.call('GET', path, { key: theirs })).text)
      // When it was asked for is no part of it.
      const asked = /"(timestamp|from|to)":"\d{4}-[^"]*"|"oldest_waiting_seconds":\d+/g
      return (await Promise.all(views)).map((text) => text.replaceAll(asked, ''))
    }

    for (const operation of operations)
      for (const place of placesOf(operation))
        test(`${operation.title} with their ${place.in} ${place.name} is answered as one that nobody has`, async () => {
          const before = await theirView()
          for (const name of place.name === 'message_id' ? ['message_id', 'provider_message_id'] : [place.reference]) {
            const reference = references[name]
            assert.ok(reference !== undefined, `say in this test what a ${name} is`)
            const [foreign, unknown] = [
              await ask(operation, place, reference.theirs),
              await ask(operation, place, reference.nobodys),
            ]
            assert.ok(foreign.status === unknown.status && !foreign.text.includes('canary'), foreign.text)
            assert.equal(
              neutral(foreign.text, reference.theirs, reference.nobodys),
              neutral(unknown.text, reference.theirs, reference.nobodys),
            )
            if (!place.mayCreate) assert.equal(foreign.status, place.isListed ? 200 : 404, foreign.text)
          }
          assert.deepEqual(await theirView(), before)
        })

    for (const { title, path } of operations.filter(({ method, path }) => method === 'GET' && !path.includes('{')))
      test(`${title} shows nothing of theirs`, async () => {
        const [own, other] = [
          await service.call('GET', path, { key: ours }),
          await service.call('GET', path, { key: theirs }),
        ]
        assert.deepEqual([own.status, other.status], [200, 200])
        for (const canary of canaries) assert.ok(!own.text.includes(canary), canary)
        const showsTheirs = canaries.some((canary) => other.text.includes(canary))
        assert.ok(/\/(count|available|stats|queue)$/.test(path) || showsTheirs, other.text)
      })

    test('an opt-out of theirs does not hold back our texts, and ours is not theirs', async () => {
      const path = `/api/v1/opt-outs/${encodeURIComponent(theirRecipient)}`
      assert.equal((await service.call('GET', path, { key: theirs })).status, 200)
      assert.equal((await service.call('GET', path, { key: ours })).status, 404)
    })

    /** Our own ids everywhere but at `place`, and the body that the document gives as its example. */
    async function ask(operation: Operation, place: Place, value: string | number): Promise<Answer> {
      const own = (name: string) => references[name]?.ours ?? ''
      const inPath = (name: string) => (place.in === 'path' && place.name === name ? value : own(name))
      const path = operation.path.replaceAll(/\{(\w+)\}/g, (_whole, name: string) =>
        encodeURIComponent(String(inPath(name))),
      )
      const query = operation.parameters
        .filter((parameter) => parameter.in === 'query' && at(parameter.schema, 'type') === 'boolean')
        .map(({ name }) => `${name}=true`)
        .join('&')
      const example = operation.body?.examples[0]
      const json = Array.isArray(example)
        ? [place.in === 'body' ? value : own('phone_number_id')]
        : example === undefined
          ? undefined
          : bodyWith(example, place, value, own)
      return service.call(operation.method, `${path}?${query}`, { key: ours, json })
    }
  })

type Place = {
  readonly in: 'path' | 'body'
  readonly name: string
  /** Which of the references belongs there. */
  readonly reference: string
  /** There is nothing that must be there: the request may add what it names. */
  readonly mayCreate: boolean
  /** The answer is a list of what could not be done. */
  readonly isListed: boolean
}

/** Where a request can name something that has an owner. */
function placesOf({ path, parameters, body, method }: Operation): Place[] {
  const isOptOut = path.includes('/opt-outs')
  const isPerson = path.includes('/people/')
  const inPath = parameters
    .filter((parameter) => parameter.in === 'path')
    .map(({ name }) => ({
      in: 'path' as const,
      name,
      reference: isOptOut ? 'opted_out' : isPerson ? 'person' : name,
      // Somebody of whom nothing is known can be given a zone, and is as good as erased.
      mayCreate: isPerson && method !== 'GET',
      isListed: false,
    }))
  const schema = resolved(document, body?.schema)
  if (at(schema, 'type') === 'array')
    return [
      ...inPath,
      { in: 'body', name: 'ids', reference: 'phone_number_id', mayCreate: false, isListed: true } as const,
    ]
  const inBody = entriesOf(at(schema, 'properties'))
    .map(([name]) => name)
    .filter((name) => /(_id|phone_number)$/.test(name) && name !== 'to_phone_number')
    .map((name) => {
      const mayCreate = name === 'phone_number' && method === 'POST' && !path.includes('/unassign')
      return { in: 'body' as const, name, reference: mayCreate ? 'added' : name, mayCreate, isListed: false }
    })
  return [...inPath, ...inBody]
}

/** The example, naming only what is ours, and `value` at the place in question. */
function bodyWith(
  example: unknown,
  place: Place,
  value: string | number,
  own: (name: string) => string | number,
): Record<string, unknown> {
  const body = Object.fromEntries(
    entriesOf(example).map(([name, given]) => [name, /(_id|^phone_number)$/.test(name) ? own(name) : given]),
  )
  return place.in === 'body' ? { ...body, [place.name]: value } : body
}

/** An answer without what two requests may differ in: the names themselves, fresh ids, and times. */
function neutral(text: string, ...names: readonly (string | number)[]): string {
  return names
    .reduce<string>((rest, name) => rest.replaceAll(String(name), '<name>'), text)
    .replaceAll(/"id":\d+/g, '"id":0')
    .replaceAll(/\d{4}-\d\d-\d\dT[\d:.]+Z/g, '<time>')
}
