import assert from 'node:assert/strict'
import { hash } from 'node:crypto'
import { after, before, suite, test } from 'node:test'
import { parseE164 } from '../../src/core/phone-number.ts'
import type { Store } from '../../src/ports/store.ts'
import { type Answer, at, engines, startTestService, type TestService } from '../support/service-client.ts'
import { buildInbound, buildRoute, buildSend, now, outcomeRecord } from '../support/store-builders.ts'

const key = 'canary-key-of-acme-0123456789-0123456789'
const readKey = 'canary-key-to-read-0123456789-0123456789'
const sendKey = 'canary-key-to-send-0123456789-0123456789'
const [ann, bob] = ['+12025550101', '+12025550102']
const conversationsPath = '/api/v1/sms-conversations/'
const logsPath = '/api/v1/sms-logs/'
const unknownsPath = '/api/v1/unknowns'
const formula = '=HYPERLINK("http://evil.test";"Click")'
const forged = 'Other\n[2027-01-31T12:00:00.000Z] assistant (delivered): You won\u2028a prize'

/** What happened before anybody reads: written through the store, as sends and webhooks write it. */
async function prepare(store: Store): Promise<void> {
  const route = await buildRoute(store)
  const { organizationId } = route.sender
  const times = { createdAt: now, updatedAt: now }
  for (const [secret, scopes] of [
    [key, ['read', 'manage']],
    [readKey, ['read']],
    [sendKey, ['send']],
  ] as const) {
    const sha256 = hash('sha256', secret, 'hex')
    await store.apiKeys.create({ organizationId, name: 'reader', prefix: 'cana', hash: sha256, scopes, ...times })
  }
  const send = async (recipient: string, body: string, at: number) => {
    const result = await store.sends.accept(buildSend(route, { recipient, body, at }))
    assert.ok(result.kind === 'started')
    return result.record
  }

  const delivered = await send(ann, 'Your table is ready', now)
  const accepted = { kind: 'accepted', providerMessageId: 'SM-delivered', providerStatus: 'queued' } as const
  await store.sends.recordOutcome(outcomeRecord(delivered, accepted))
  await store.evidence.recordReceipt({
    organizationId,
    messageId: delivered.message.id,
    receipt: { providerMessageId: 'SM-delivered', providerStatus: 'delivered', status: 'delivered', occurredAt: now },
    source: 'webhook',
    receivedAt: now + 1_000,
  })
  await store.inbound.receive(
    buildInbound(route, { person: ann, body: formula, at: now + 2_000, media: ['https://api.twilio.com/media/1'] }),
  )
  const claim = { now: now + 2_000, tryAgainAt: () => now + 3_000, limit: 1 }
  for (const { id } of await store.inbound.claimMedia(claim))
    await store.inbound.recordMedia(id, { kind: 'failed', fault: 'HTTP 404', final: true })
  const failed = await send(ann, 'Are you there?', now + 3_000)
  const failure = { reason: 'landline', providerCode: '30006', providerMessage: 'Landline' } as const
  await store.sends.recordOutcome(outcomeRecord(failed, { kind: 'rejected', failure }))
  for (const body of ['lost answer', 'lost answer too']) {
    const unknown = await send(bob, body, now + 4_000)
    await store.sends.recordOutcome(outcomeRecord(unknown, { kind: 'unknown', detail: 'reset after the request' }))
  }
  const second = await store.senders.create({ ...route.sender, phoneNumber: parseE164('+12025550143') })
  await store.inbound.receive(
    buildInbound({ ...route, sender: second }, { person: ann, body: forged, at: now + 5_000 }),
  )
  await store.inbound.recordRefusedWebhook({
    provider: 'twilio',
    reason: 'the signature fits no account',
    body: 'MessageSid=SM1',
    receivedAt: now,
  })
}

for (const engine of engines)
  suite(`reading over ${engine}`, () => {
    let service: TestService
    before(async () => {
      service = await startTestService({ engine, organizations: [], prepare, env: { TEXTBRIDGE_ROLES: 'api' } })
    })
    after(() => service.close())

    const call = (method: string, path: string, json?: unknown, as = key): Promise<Answer> =>
      service.call(method, path, { key: as, json })

    async function get(path: string): Promise<unknown> {
      const answer = await call('GET', path)
      assert.equal(answer.status, 200, answer.text)
      return answer.body
    }

    async function list(path: string, name: string): Promise<unknown[]> {
      const body = await get(path)
      assert.ok(Array.isArray(body))
      return body.map((entry: unknown) => at(entry, name))
    }

    const annsId = async () => String((await list(`${conversationsPath}?customer_phone=${ann}`, 'id'))[1])

    suite('conversations', () => {
      test('are listed with the newest text first, as the published API shows them', async () => {
        assert.deepEqual(await list(conversationsPath, 'customer_phone_number'), [ann, bob, ann])
        const conversation = at(await get(`${conversationsPath}?limit=1&skip=2`), 0)
        const id = at(conversation, 'id')
        assert.match(String(id), /^cnv_[0-9A-Z]{26}$/)
        assert.deepEqual(conversation, {
          id,
          session_id: id,
          assistant_id: at(conversation, 'assistant_id'),
          assistant_name: 'Support Bot',
          customer_phone_number: ann,
          assistant_phone_number: '+12025550142',
          status: 'active',
          message_count: 3,
          started_at: new Date(now).toISOString(),
          last_activity: new Date(now + 3_000).toISOString(),
          ended_at: null,
          channel: 'sms',
          last_inbound_message_id: at(conversation, 'last_inbound_message_id'),
        })
        assert.deepEqual(await get(`${conversationsPath}${id}`), conversation)
      })

      test('are found by person and by when they began', async () => {
        for (const plus of ['+', '%2B'])
          assert.equal((await list(`${conversationsPath}?customer_phone=${plus}12025550102`, 'id')).length, 1)
        assert.deepEqual(await list(`${conversationsPath}?customer_phone=nobody`, 'id'), [])
        const later = encodeURIComponent(new Date(now + 1).toISOString())
        assert.deepEqual(await list(`${conversationsPath}?date_from=${later}`, 'customer_phone_number'), [ann, bob])
        assert.deepEqual(await list(`${conversationsPath}?date_to=${later}`, 'customer_phone_number'), [ann])
      })

      test('show their texts oldest first, who wrote each, and media by links of ours', async () => {
        const id = await annsId()
        const messages = await get(`${conversationsPath}${id}/messages`)
        assert.ok(Array.isArray(messages))
        assert.deepEqual(
          messages.map((message: unknown) =>
            ['role', 'content', 'status', 'message_index', 'conversation_id'].map((name) => at(message, name)),
          ),
          [
            ['assistant', 'Your table is ready', 'delivered', 0, id],
            ['user', formula, 'received', 1, id],
            ['assistant', 'Are you there?', 'failed', 2, id],
          ],
        )
        assert.deepEqual([at(messages, 0, 'failure'), at(messages, 2, 'failure', 'reason')], [null, 'landline'])
        assert.match(String(at(messages, 1, 'media_urls', 0)), /^http:\/\/localhost:0\/media\/med[^?]*\?expires=/)
        assert.deepEqual(await list(`${conversationsPath}${id}/messages?skip=1&limit=1`, 'message_index'), [1])
      })

      test('know others of the same person', async () => {
        const related = await get(`${conversationsPath}${await annsId()}/related`)
        assert.deepEqual(
          [at(related, 'length'), at(related, 0, 'assistant_phone_number'), at(related, 0, 'customer_phone_number')],
          [1, '+12025550143', ann],
        )
      })

      test('are exported as text, as a CSV that runs nothing, and as JSON', async () => {
        const id = await annsId()
        const file = async (format: string) => {
          const answer = await call('GET', `${conversationsPath}${id}/export?format=${format}`)
          assert.equal(answer.status, 200, answer.text)
          assert.equal(answer.headers.get('content-disposition'), `attachment; filename="${id}.${format}"`)
          return answer
        }
        const txt = await file('txt')
        assert.equal(txt.headers.get('content-type'), 'text/plain; charset=utf-8')
        assert.match(txt.text, /\] assistant \(delivered\): Your table is ready\n\[.*\] user \(received\): =HYPER/)
        assert.equal((await call('GET', `${conversationsPath}${id}/export`)).text, txt.text)
        const csv = await file('csv')
        assert.equal(csv.headers.get('content-type'), 'text/csv; charset=utf-8')
        const lines = csv.text.split('\r\n')
        assert.equal(lines.length, 5)
        assert.ok(lines[2]?.includes(`"user","'=HYPERLINK(""http://evil.test"";""Click"")","received"`), csv.text)
        const json = await file('json')
        assert.deepEqual(at(json.body, 'conversation'), await get(`${conversationsPath}${id}`))
        assert.deepEqual(at(json.body, 'messages'), await get(`${conversationsPath}${id}/messages`))
      })

      test('are exported so that no text can pass for another one', async () => {
        const [id] = await list(`${conversationsPath}?customer_phone=${ann}`, 'id')
        const { text } = await call('GET', `${conversationsPath}${id}/export`)
        const lines = text.split(/[\n\u2028]/)
        assert.match(lines[4] ?? '', /user \(received\): Other$/)
        assert.deepEqual(lines.slice(5), [
          '    [2027-01-31T12:00:00.000Z] assistant (delivered): You won',
          '    a prize',
          '',
        ])
      })

      test('disappear when archived, and their texts stay in the log', async () => {
        const [id] = await list(`${conversationsPath}?customer_phone=${bob}`, 'id')
        const path = `${conversationsPath}${id}`
        const archived = await call('DELETE', path)
        assert.deepEqual([archived.status, at(archived.body, 'success')], [200, true])
        assert.deepEqual(await list(`${conversationsPath}?customer_phone=${bob}`, 'id'), [])
        assert.deepEqual(await list(`${conversationsPath}?status=archived`, 'id'), [id])
        for (const [method, end] of [
          ['GET', ''],
          ['GET', '/messages'],
          ['GET', '/related'],
          ['GET', '/export'],
          ['DELETE', ''],
        ] as const)
          assert.equal((await call(method, path + end)).status, 404, end)
        for (const end of ['', '/messages', '/related', '/export'])
          assert.equal((await call('GET', `${path}${end}?include_archived=true`)).status, 200, end)
        assert.equal(at(await get(`${logsPath}?to_number=${bob}`), 'total'), 2)
      })
    })

    suite('the log', () => {
      test('is read by cursor or by skip: each text once, the newest first', async () => {
        const whole = await get(logsPath)
        const ids = (page: unknown) => {
          const items = at(page, 'items')
          assert.ok(Array.isArray(items))
          return items.map((item: unknown) => at(item, 'message_id'))
        }
        assert.deepEqual(
          ['total', 'skip', 'limit', 'has_more', 'next_cursor'].map((name) => at(whole, name)),
          [6, 0, 50, false, null],
        )
        const walked: unknown[] = []
        let cursor: unknown = ''
        while (cursor !== null) {
          const page = await get(`${logsPath}?limit=2${cursor === '' ? '' : `&cursor=${cursor}`}`)
          walked.push(...ids(page))
          cursor = at(page, 'next_cursor')
          assert.equal(at(page, 'has_more'), cursor !== null)
        }
        assert.deepEqual(walked, ids(whole))
        assert.deepEqual(ids(await get(`${logsPath}?skip=2&limit=3`)), ids(whole).slice(2, 5))
      })

      test('numbers its entries so that nobody can count them', async () => {
        const items = at(await get(logsPath), 'items')
        assert.ok(Array.isArray(items))
        const ids = items.map((item: unknown) => Number(at(item, 'id')))
        assert.ok(ids.every((id) => Number.isSafeInteger(id) && id > 1_000_000))
        const [item] = items
        for (const name of ['id', 'message_id', 'provider_message_id']) {
          const found = await get(logsPath + encodeURIComponent(String(at(item, name))))
          assert.equal(at(found, 'message_id'), at(item, 'message_id'))
        }
        for (const id of [1, (ids[0] ?? 0) + 1, 'none', '9'.repeat(16), '9'.repeat(40)])
          assert.equal((await call('GET', `${logsPath}${id}`)).status, 404)
      })

      test('is filtered by all that the published API names', async () => {
        const rows: readonly [query: string, total: number][] = [
          ['direction=inbound', 2],
          ['status=failed', 1],
          ['status=cancelled', 0],
          ['provider=twilio', 6],
          ['provider=telnyx', 0],
          [`from_number=${ann}`, 2],
          [`to_number=${encodeURIComponent(ann)}`, 2],
          ['assistant_id=99999', 0],
          ['search=TABLE', 1],
          ['search=%25', 0],
          [`date_from=${new Date(now + 4_000).toISOString()}`, 3],
          [`date_to=${new Date(now).toISOString().slice(0, 10)}`, 6],
          ['date_from=2030-01-01', 0],
          ['direction=outbound&search=there&status=failed', 1],
        ]
        for (const [query, total] of rows) assert.equal(at(await get(`${logsPath}?${query}`), 'total'), total, query)
      })

      test('sums up by status, direction and provider', async () => {
        const stats = await get(`${logsPath}stats?date_from=2020-01-01`)
        assert.deepEqual([at(stats, 'total'), at(stats, 'by_provider')], [6, { twilio: 6 }])
        assert.deepEqual(at(stats, 'by_direction'), { outbound: 4, inbound: 2 })
        assert.equal(at(await get(`${logsPath}stats?date_to=2020-01-01`), 'total'), 0)
      })
    })

    suite('one text', () => {
      test('is shown whole: attempts, receipts, events, and after a failure what to do', async () => {
        const delivered = await get('/sms/SM-delivered')
        assert.deepEqual(
          ['status', 'from', 'to', 'body', 'failure', 'metadata'].map((name) => at(delivered, name)),
          ['delivered', '+12025550142', ann, 'Your table is ready', null, { order: '7' }],
        )
        assert.equal(at(delivered, 'attempts', 0, 'outcome'), 'accepted')
        assert.deepEqual(at(delivered, 'receipts'), [
          {
            provider_status: 'delivered',
            status: 'delivered',
            provider_message_id: 'SM-delivered',
            failure: null,
            source: 'webhook',
            occurred_at: new Date(now).toISOString(),
            received_at: new Date(now + 1_000).toISOString(),
          },
        ])
        const events = at(delivered, 'events')
        assert.ok(Array.isArray(events))
        assert.deepEqual(
          events.map((event: unknown) => at(event, 'type')),
          ['message.sending', 'message.sent', 'message.delivered'],
        )
        assert.deepEqual(await get(`/sms/${at(delivered, 'message_id')}`), delivered)

        const [failedId] = [at(await get(`${logsPath}?status=failed`), 'items', 0, 'message_id')]
        const failure = at(await get(`/sms/${failedId}`), 'failure')
        assert.deepEqual(
          ['reason', 'provider_code', 'provider_message', 'permanent', 'retryable', 'actor'].map((name) =>
            at(failure, name),
          ),
          ['landline', '30006', 'Landline', true, false, 'caller'],
        )
        assert.match(String(at(failure, 'advice')), /^The number cannot receive texts\./)
      })

      test('whose media could not be fetched says so, here and at their link', async () => {
        const inboundId = at(await get(`${logsPath}?search=HYPERLINK`), 'items', 0, 'message_id')
        const message = await get(`/sms/${inboundId}`)
        const url = String(at(message, 'media_urls', 0))
        const facts = { url, size: null, sha256: null, state: 'failed', fault: 'HTTP 404' }
        assert.deepEqual(at(message, 'media'), [{ ...facts, content_type: at(message, 'media', 0, 'content_type') }])
        const answer = await call('GET', url.replace('http://localhost:0', ''))
        assert.deepEqual([answer.status, at(answer.body, 'detail')], [404, 'The media could not be fetched: HTTP 404.'])
      })

      test('that is unknown is listed, and resolved by a person once', async () => {
        const unknowns = await get(unknownsPath)
        assert.deepEqual(
          [at(unknowns, 'length'), at(unknowns, 0, 'known'), at(unknowns, 0, 'attempts', 0, 'outcome')],
          [2, 'reset after the request', 'unknown'],
        )
        const path = `${unknownsPath}/${at(unknowns, 0, 'message_id')}/resolve`
        const json = { resolution: 'sent', note: 'seen in the console' }
        assert.equal((await call('POST', path, json, readKey)).status, 403)
        const resolved = await call('POST', path, json)
        assert.equal(resolved.status, 200, resolved.text)
        assert.equal(at(resolved.body, 'status'), 'sent')
        const event = at(resolved.body, 'events', 1)
        assert.equal(at(event, 'type'), 'message.sent')
        assert.match(String(at(event, 'data', 'resolved_by')), /^API key \d+ \(reader\)$/)
        assert.equal(at(event, 'data', 'note'), 'seen in the console')
        assert.equal((await call('POST', path, json)).status, 409)
        assert.equal(at(await get(unknownsPath), 'length'), 1)
      })
    })

    test('what providers sent in vain can be looked at by those who manage', async () => {
      const [refused] = [await get('/api/v1/refused-webhooks')]
      assert.deepEqual(refused, [
        {
          provider: 'twilio',
          reason: 'the signature fits no account',
          body: 'MessageSid=SM1',
          received_at: new Date(now).toISOString(),
        },
      ])
      assert.equal((await call('GET', '/api/v1/refused-webhooks', undefined, readKey)).status, 403)
    })

    test('a key that may only send reads nothing of it, and one that may only read changes nothing', async () => {
      for (const path of [conversationsPath, logsPath, `${logsPath}stats`, '/sms/SM-delivered', unknownsPath])
        assert.equal((await call('GET', path, undefined, sendKey)).status, 403, path)
      assert.equal((await call('DELETE', `${conversationsPath}${await annsId()}`, undefined, readKey)).status, 403)
      assert.equal((await call('PATCH', '/api/v1/organization', { name: 'x' }, readKey)).status, 403)
    })

    suite('what is wrong in a request is said in one sentence', () => {
      const rows: readonly [method: string, path: string, json: unknown, status: number, detail: string | RegExp][] = [
        ['GET', `${conversationsPath}?limit=1001`, undefined, 400, 'limit must be at most 1000.'],
        ['GET', `${conversationsPath}?status=open`, undefined, 400, 'status must be one of: active, archived.'],
        ['GET', `${conversationsPath}?date_from=soon`, undefined, 400, /^date_from must be a time as in/],
        ['GET', `${conversationsPath}cnv_none`, undefined, 404, 'No conversation has this id, or it is archived.'],
        ['GET', `${conversationsPath}cnv_none/export?format=pdf`, undefined, 400, /^format must be one of: txt, csv/],
        ['GET', `${logsPath}?limit=501`, undefined, 400, 'limit must be at most 500.'],
        ['GET', `${logsPath}?status=lost`, undefined, 400, /^status must be one of: scheduled, held/],
        ['GET', `${logsPath}?direction=up`, undefined, 400, 'direction must be one of: outbound, inbound.'],
        ['GET', `${logsPath}?cursor=x`, undefined, 400, 'cursor is malformed.'],
        ['GET', `${logsPath}?cursor=9999999999999999`, undefined, 400, /^cursor is not one of ours/],
        ['GET', `${logsPath}?search=${'a'.repeat(201)}`, undefined, 400, 'search must have at most 200 characters.'],
        ['GET', `${logsPath}stats?date_to=2027-02-30`, undefined, 400, /^date_to must be a time as in/],
        ['GET', '/sms/none', undefined, 404, 'No message has this id.'],
        ['POST', `${unknownsPath}/none/resolve`, { resolution: 'sent' }, 404, 'No message has this id.'],
        ['POST', `${unknownsPath}/none/resolve`, {}, 400, 'resolution is required.'],
        ['POST', `${unknownsPath}/none/resolve`, { resolution: 'x' }, 400, /^resolution must be one of: sent, send_/],
      ]
      for (const [method, path, json, status, detail] of rows)
        test(`${method} ${path.slice(0, 70)} ${JSON.stringify(json) ?? ''}`, async () => {
          const answer = await call(method, path, json)
          assert.equal(answer.status, status, answer.text)
          const said = String(at(answer.body, 'detail'))
          if (typeof detail === 'string') assert.equal(said, detail)
          else assert.match(said, detail)
        })
    })
  })
