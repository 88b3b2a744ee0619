import assert from 'node:assert/strict'
import { hash } from 'node:crypto'
import { after, before, suite, test } from 'node:test'
import type { ApiKeyScope } from '../../src/core/api-key.ts'
import type { Route } from '../../src/core/organization.ts'
import { parseE164 } from '../../src/core/phone-number.ts'
import type { MessageRecord, Store } from '../../src/ports/store.ts'
import { listOf } from '../support/openapi-operations.ts'
import { at, engines, startTestService, type TestService } from '../support/service-client.ts'
import { buildInbound, buildRoute, buildSend, freshName, now, outcomeRecord } from '../support/store-builders.ts'

const key = 'canary-key-of-acme-0123456789-0123456789'
const readKey = 'canary-key-to-read-0123456789-0123456789'
const sendKey = 'canary-key-to-send-0123456789-0123456789'
const theirKey = 'canary-key-of-others-0123456789-0123456789'
/** With texts both ways and an opt-out; whose text is under way; whose text is not kept any more. */
const [person, busy, old] = ['+12025550199', '+12025550180', '+12025550181']
const dayMs = 86_400_000
/** More than are read at once. */
const inboundCount = 250
const pathOf = (number: string) => `/api/v1/people/${encodeURIComponent(number)}`

async function addKey(store: Store, { sender }: Route, value: string, scopes: readonly ApiKeyScope[]): Promise<void> {
  const { organizationId } = sender
  const times = { createdAt: now, updatedAt: now }
  const sha256 = hash('sha256', value, 'hex')
  await store.apiKeys.create({ organizationId, name: 'test', prefix: 'cana', hash: sha256, scopes, ...times })
}

async function startText(store: Store, route: Route, options: Parameters<typeof buildSend>[1]): Promise<MessageRecord> {
  const accepted = await store.sends.accept(buildSend(route, { body: freshName('canary text'), ...options }))
  assert.ok(accepted.kind === 'started')
  return accepted.record
}

/** @returns the id of an unknown message whose text was removed. */
async function fill(store: Store, route: Route): Promise<string> {
  const { organizationId } = route.sender
  const unknown = await startText(store, route, { recipient: old, at: now - 5 * dayMs })
  await store.sends.recordOutcome(outcomeRecord(unknown, { kind: 'unknown', detail: 'reset' }))
  const mark = { organizationId, messageId: unknown.message.id, attemptNumber: 1, at: now - 4 * dayMs }
  await store.evidence.closeAttempt(mark)
  const step = await store.retention.removeBodies({ organizationId, after: 0, before: now - 3 * dayMs, now })
  assert.equal(step.removed, 1)

  const sent = await startText(store, route, { recipient: person })
  const outcome = { kind: 'accepted', providerMessageId: freshName('SM'), providerStatus: 'queued' } as const
  await store.sends.recordOutcome(outcomeRecord(sent, outcome))
  for (let count = 0; count < inboundCount; count++)
    await store.inbound.receive(buildInbound(route, { body: `canary ${count}` }))
  const optOut = { organizationId, source: 'api', inDoubt: false, evidence: 'canary evidence', createdAt: now } as const
  await store.optOuts.add({ ...optOut, recipient: parseE164(person) })
  await startText(store, route, { recipient: busy })
  return unknown.message.id
}

for (const engine of engines)
  suite(`people over ${engine}`, () => {
    let service: TestService
    let removedText = ''
    before(async () => {
      service = await startTestService({
        engine,
        organizations: [],
        async prepare(store) {
          const [ours, other] = [await buildRoute(store), await buildRoute(store)]
          await addKey(store, ours, key, ['read', 'manage'])
          await addKey(store, ours, readKey, ['read'])
          await addKey(store, ours, sendKey, ['send'])
          await addKey(store, other, theirKey, ['read', 'manage'])
          removedText = await fill(store, ours)
          await startText(store, other, { recipient: '+12025550170' })
        },
        // Without loops nothing changes but by what is asked here.
        env: { TEXTBRIDGE_ROLES: 'api' },
      })
    })
    after(() => service.close())
    const call = (method: string, path: string, json?: unknown) => service.call(method, path, { key, json })

    test('what is wrong, unknown or not allowed is said in one sentence', async () => {
      const nobody = pathOf('+12025550100')
      const rows: readonly [string, string, unknown, number, string | RegExp][] = [
        ['GET', '/api/v1/people/12', undefined, 400, /^Invalid phone_number format\. Use E\.164 format/],
        ['DELETE', '/api/v1/people/%2B1999%00', undefined, 400, /NUL character/],
        ['PATCH', '/api/v1/people/+0123', { time_zone: null }, 400, /^Invalid phone_number format/],
        ['GET', nobody, undefined, 404, 'Nothing is stored about this number.'],
        ['PATCH', nobody, undefined, 400, 'The request body must be a JSON object.'],
        ['PATCH', nobody, {}, 400, 'time_zone is required.'],
        ['PATCH', nobody, { time_zone: 'Mars/Olympus' }, 400, /^time_zone must be the name of an IANA time zone/],
        ['PATCH', nobody, { time_zone: '+05:30' }, 400, /^time_zone must be the name of an IANA time zone/],
      ]
      for (const [method, path, json, status, detail] of rows) {
        const answer = await call(method, path, json)
        assert.equal(answer.status, status, answer.text)
        if (typeof detail === 'string') assert.equal(at(answer.body, 'detail'), detail)
        else assert.match(String(at(answer.body, 'detail')), detail)
      }
      const forbidden = [
        ['GET', sendKey],
        ['DELETE', readKey],
        ['PATCH', readKey],
      ] as const
      for (const [method, other] of forbidden) {
        const json = method === 'PATCH' ? { time_zone: null } : undefined
        assert.equal((await service.call(method, pathOf(person), { key: other, json })).status, 403)
      }
    })

    test('the zone of a person is set, shown and forgotten', async () => {
      const set = await call('PATCH', pathOf(person), { time_zone: 'America/Chicago' })
      assert.deepEqual([set.status, set.body], [200, { phone_number: person, time_zone: 'America/Chicago' }])
      assert.equal(at((await call('GET', pathOf(person))).body, 'time_zone'), 'America/Chicago')
      const forgotten = await call('PATCH', pathOf(person), { time_zone: null })
      assert.deepEqual(forgotten.body, { phone_number: person, time_zone: null })
    })

    test('everything about a person is one JSON document, also for a key that only reads', async () => {
      const answer = await service.call('GET', pathOf(person), { key: readKey })
      assert.deepEqual([answer.status, answer.headers.get('cache-control')], [200, 'no-store'])
      const { body } = answer
      assert.deepEqual([at(body, 'phone_number'), at(body, 'time_zone')], [person, null])
      assert.equal(at(body, 'opt_outs', 0, 'evidence'), 'canary evidence')
      assert.equal(at(body, 'conversations', 0, 'message_count'), inboundCount + 1)
      const events = listOf(at(body, 'events')).map((event) => at(event, 'type'))
      assert.deepEqual(events, ['conversation.created', 'opt_out.created'])
      const messages = listOf(at(body, 'messages'))
      assert.deepEqual(
        messages.slice(1).map((message) => at(message, 'body')),
        Array.from({ length: inboundCount }, (_, index) => `canary ${index}`),
      )
      const [first] = messages
      assert.deepEqual([at(first, 'direction'), at(first, 'attempts', 0, 'outcome')], ['outbound', 'accepted'])
      assert.equal(at(first, 'events', 0, 'type'), 'message.sending')
    })

    test('a text that is not kept any more is told from an empty one wherever it is read, and is not sent again', async () => {
      const one = await call('GET', `/sms/${removedText}`)
      assert.deepEqual([at(one.body, 'body'), at(one.body, 'status')], [null, 'unknown'])
      const log = await call('GET', `/api/v1/sms-logs/${removedText}`)
      assert.equal(at(log.body, 'body'), null)
      assert.equal(at((await call('GET', '/api/v1/unknowns')).body, 0, 'body'), null)
      const conversation = String(at(one.body, 'conversation_id'))
      const shown = await call('GET', `/api/v1/sms-conversations/${conversation}/messages`)
      assert.equal(at(shown.body, 0, 'content'), '(removed)')
      assert.equal(at(shown.body, 0, 'content_removed_at'), new Date(now).toISOString())
      const again = await call('POST', `/api/v1/unknowns/${removedText}/resolve`, { resolution: 'send_again' })
      assert.deepEqual(
        [again.status, at(again.body, 'detail')],
        [409, 'The text of this message is not kept any more, so it cannot be sent again.'],
      )
    })

    test('while a text to the person is under way, erasing waits', async () => {
      const refused = await call('DELETE', pathOf(busy))
      assert.deepEqual(
        [refused.status, at(refused.body, 'code'), refused.headers.get('retry-after')],
        [409, 'conflict', '60'],
      )
      assert.equal(listOf(at((await call('GET', pathOf(busy))).body, 'messages')).length, 1)
    })

    test('another organization sees nothing of the person and removes nothing', async () => {
      assert.equal((await service.call('GET', pathOf(person), { key: theirKey })).status, 404)
      const erased = await service.call('DELETE', pathOf(person), { key: theirKey })
      assert.equal(erased.status, 200)
      assert.deepEqual(new Set(Object.values(Object(erased.body))), new Set([0]))
      assert.equal(listOf(at((await call('GET', pathOf(person))).body, 'messages')).length, inboundCount + 1)
    })

    test('an erased person is gone from everywhere, but for the opt-out and a line of the audit log', async () => {
      const erased = await call('DELETE', pathOf(person))
      assert.deepEqual(
        [erased.status, erased.body],
        [
          200,
          {
            messages: inboundCount + 1,
            media: 0,
            conversations: 1,
            events: inboundCount + 4,
            idempotency_keys: 0,
            refused_webhooks: 0,
            opt_outs_kept: 1,
          },
        ],
      )
      const left = await call('GET', pathOf(person))
      assert.deepEqual(
        ['conversations', 'events', 'messages'].map((name) => at(left.body, name)),
        [[], [], []],
      )
      assert.deepEqual(
        [at(left.body, 'opt_outs', 0, 'source'), at(left.body, 'opt_outs', 0, 'evidence')],
        ['api', null],
      )
      const again = await call('DELETE', pathOf(person))
      assert.deepEqual([again.status, at(again.body, 'messages'), at(again.body, 'opt_outs_kept')], [200, 0, 1])
      const audit = await call('GET', '/api/v1/audit-log')
      assert.deepEqual(
        [at(audit.body, 'entries', 1, 'action'), at(audit.body, 'entries', 1, 'data', 'messages')],
        ['person.erased', inboundCount + 1],
      )
      for (const path of [
        '/api/v1/sms-logs?limit=500',
        '/api/v1/sms-conversations',
        '/api/v1/events',
        '/api/v1/audit-log',
      ])
        assert.ok(!(await call('GET', path)).text.includes(person.slice(1)), path)
      assert.ok(service.logLines.some((line) => line.includes('person.erased')))
      assert.ok(!service.logLines.join('').includes(person.slice(1)))
    })

    test('how long what is stored is kept is a setting of the organization, on record', async () => {
      const path = '/api/v1/organization'
      const forever = { bodies_days: null, messages_days: null, events_days: null }
      assert.deepEqual(at((await call('GET', path)).body, 'retention'), forever)
      const set = await call('PATCH', path, { retention: { bodies_days: 30, messages_days: 365 } })
      assert.deepEqual(at(set.body, 'retention'), { ...forever, bodies_days: 30, messages_days: 365 })
      const changed = await call('PATCH', path, { retention: { bodies_days: null, events_days: 7 } })
      assert.deepEqual(at(changed.body, 'retention'), { ...forever, messages_days: 365, events_days: 7 })
      assert.deepEqual((await call('GET', path)).body, changed.body)
      const faults: readonly [object, string][] = [
        [{ messages_days: 30 }, 'retention.messages_days must be at least 31.'],
        [{ bodies_days: 0 }, 'retention.bodies_days must be at least 1.'],
        [{ events_days: 3_651 }, 'retention.events_days must be at most 3650.'],
        [{ bodies_days: 1.5 }, 'retention.bodies_days must be a whole number.'],
      ]
      for (const [retention, detail] of faults) {
        const answer = await call('PATCH', path, { retention })
        assert.deepEqual([answer.status, at(answer.body, 'detail')], [400, detail])
      }
      const audit = await call('GET', '/api/v1/audit-log')
      assert.deepEqual(
        [at(audit.body, 'entries', 0, 'action'), at(audit.body, 'entries', 0, 'data')],
        [
          'retention.changed',
          {
            before: { bodies_days: 30, messages_days: 365 },
            after: { messages_days: 365, events_days: 7 },
          },
        ],
      )
    })
  })
