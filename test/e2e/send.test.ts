import assert from 'node:assert/strict'
import { after, before, suite, test } from 'node:test'
import { providerAccountSecrets, senders } from '../support/installation.ts'
import { answering, cutting, type Reply, resetting, silent } from '../support/recording-server.ts'
import {
  accepting,
  freshRecipient,
  keys,
  providerNames,
  type SendAnswer,
  type SendService,
  startSendService,
  strangersNumbers,
} from '../support/send-service.ts'
import { engines } from '../support/service-client.ts'

const text = 'canary text'

for (const engine of engines)
  suite(`POST /sms/send with ${engine}`, () => {
    let service: SendService
    before(async () => {
      service = await startSendService(engine)
    })
    after(() => service.close())

    for (const provider of providerNames) {
      const request = (more: Record<string, unknown> = {}) => ({
        from_phone_number: senders[provider],
        to_phone_number: freshRecipient(),
        message: text,
        ...more,
      })

      suite(`through ${provider}`, () => {
        outcomes(() => service, { provider, request })
        repetitions(() => service, { provider, request })
      })
    }

    test('no body, full number, key or provider secret is in the log', () => {
      const log = service.logLines.join('')
      assert.match(log, /message\.dispatched/)
      for (const canary of [
        text,
        ...Object.values(keys),
        ...providerAccountSecrets,
        ...Object.values(senders),
        '303555',
      ])
        assert.ok(!log.includes(canary), canary)
    })
  })

type Case = {
  readonly provider: (typeof providerNames)[number]
  readonly request: (more?: Record<string, unknown>) => Record<string, unknown>
}

function outcomes(get: () => SendService, { provider, request }: Case): void {
  test('a text is sent with exactly one request and can be looked up by both ids', async () => {
    const service = get()
    service.reply(accepting)
    const { status, body } = await service.send(request())
    assert.equal(status, 200)
    const { success, message_id, message, provider: named, ...more } = body
    assert.deepEqual([success, message, named], [true, `SMS sent successfully via ${provider}`, provider])
    assert.match(String(message_id), /^SM\d{32}$/)
    assert.deepEqual({ ...more, id: typeof more.id }, sentBeside)
    assert.equal(service.sent().length, 1)
    assert.match(decodeURIComponent(service.sent()[0]?.body ?? ''), new RegExp(`${provider}\\?message_id=${more.id}`))
    for (const id of [more.id, message_id]) assert.equal((await service.status(id)).body.status, 'sent')
  })

  test('any media makes it an MMS, which is answered like a text', async () => {
    const service = get()
    service.reply(accepting)
    const sent = await service.send(request({ media_urls: ['https://example.com/cat.png'] }))
    assert.deepEqual([sent.status, sent.body.message], [200, `SMS sent successfully via ${provider}`])
    assert.match(decodeURIComponent(service.sent()[0]?.body ?? ''), /https:\/\/example\.com\/cat\.png/)
  })

  const faults: readonly [string, Reply][] = [
    ['answers 500', answering(500, { code: 20500, message: 'oops', status: 500 })],
    ['answers 200 with HTML', answering(200, '<html>Welcome</html>', { 'content-type': 'text/html' })],
    ['answers 200 cut short', cutting(200, { sid: 'SM1', data: { id: 'x' } })],
    ['resets the connection', resetting],
    ['does not answer', silent],
  ]
  for (const [fault, reply] of faults)
    test(`a provider that ${fault} is asked once, however often the caller repeats`, async () => {
      const service = get()
      service.reply(reply)
      const fields = request()
      const first = await service.send(fields)
      const repeated = await Promise.all([1, 2, 3, 4, 5].map(() => service.send(fields)))
      for (const { status, body } of [first, ...repeated]) {
        assert.deepEqual([status, body.detail], [500, `Failed to send SMS via ${provider}`])
        assert.deepEqual([body.code, body.status, body.retryable], ['outcome_unknown', 'sending', true])
        assert.match(String(body.hint), /may have gone out/)
        assert.equal(body.id, first.body.id)
      }
      assert.ok(repeated.every(({ body }) => body.deduplicated === true))
      assert.equal(service.sent().length, 1)
      assert.equal((await service.status(first.body.id)).body.delivery_status, 'sending')
    })

  test('a 429 is tried again within the request', async () => {
    const service = get()
    service.reply((response, incoming) =>
      service.sent().length === 1
        ? answering(429, {}, { 'retry-after': '1' })(response, incoming)
        : accepting(response, incoming),
    )
    const sent = await service.send(request())
    assert.equal(sent.status, 200)
    assert.equal(service.sent().length, 2)
    const { attempts } = (await service.status(sent.body.id)).body
    assert.deepEqual(Array.isArray(attempts) && attempts.map(({ outcome }) => outcome), ['not_sent', 'accepted'])
  })

  test('a 429 that outlasts the request is a failure that may be repeated, and a repeat asks again', async () => {
    const service = get()
    service.reply(answering(429, {}, { 'retry-after': '11' }))
    const fields = request()
    const failed = await service.send(fields)
    assert.deepEqual([failed.status, failed.body.code, failed.body.retryable], [500, 'rate_limited', true])
    assert.equal(failed.headers.get('retry-after'), '11')
    service.reply(accepting)
    const { status, body } = await service.send(fields)
    assert.deepEqual([status, body.deduplicated], [200, undefined])
    assert.notEqual(body.id, failed.body.id)
  })

  test('a refusal is told with our reason and the code of the provider, and is not repeated', async () => {
    const service = get()
    service.reply(refusing(provider, { twilio: [400, 21614], telnyx: [400, 40301] }))
    const { status, body } = await service.send(request())
    assert.deepEqual([status, body.detail], [500, `Failed to send SMS via ${provider}`])
    assert.deepEqual([body.code, body.status, body.retryable, body.permanent], ['landline', 'failed', false, true])
    const message = provider === 'twilio' ? 'refused' : 'refused: again'
    assert.deepEqual(body.provider_error, {
      code: provider === 'twilio' ? '21614' : '40301',
      message,
      reason: 'landline',
    })
    assert.equal(service.sent().length, 1)
  })

  test('a refusal because of an opt-out is told with its reason, and the next send is refused here', async () => {
    const service = get()
    service.reply(refusing(provider, { twilio: [400, 21610], telnyx: [409, 40300] }))
    const fields = request()
    const refused = await service.send(fields)
    assert.deepEqual([refused.status, refused.body.code], [500, 'recipient_opted_out'])
    const next = await service.send({ ...fields, message: 'another' })
    assert.deepEqual([next.status, next.body.code], [400, 'recipient_opted_out'])
    assert.equal(service.sent().length, 1)
    const strangers = await service.send(
      { ...fields, from_phone_number: strangersNumbers[provider] },
      { key: keys.strangers },
    )
    assert.equal(strangers.body.code, 'recipient_opted_out')
    assert.equal(service.sent().length, 2, 'the opt-out is one of our organization only')
  })
}

function repetitions(get: () => SendService, { provider, request }: Case): void {
  const keyed = (key: string) => ({ headers: { 'idempotency-key': `${key} ${provider}` } })

  test('an identical text that comes while the first is under way joins it and gets its answer', async () => {
    const service = get()
    const release = holdReply(service)
    const fields = request()
    const first = service.send(fields)
    await service.takenIn(1)
    const joining = service.send(fields)
    await service.takenIn(2)
    release()
    const [sent, joined] = [await first, await joining]
    assert.deepEqual([sent.status, joined.status, joined.body.deduplicated], [200, 200, true])
    assert.deepEqual([joined.body.id, joined.body.message_id], [sent.body.id, sent.body.message_id])
    assert.equal(service.sent().length, 1)
  })

  test('once resolved, an identical text is a new message', async () => {
    const service = get()
    service.reply(accepting)
    const fields = request()
    const [first, second] = [await service.send(fields), await service.send(fields)]
    assert.notEqual(first.body.id, second.body.id)
    assert.equal(service.sent().length, 2)
  })

  test('a caller who means a second text says so with a key of its own', async () => {
    const service = get()
    service.reply(resetting)
    const fields = request()
    await service.send(fields)
    service.reply(accepting)
    const second = await service.send(fields, keyed('a second text'))
    assert.deepEqual([second.status, second.body.deduplicated, service.sent().length], [200, undefined, 1])
  })

  test('fifty parallel requests with one idempotency key make one send', async () => {
    const service = get()
    service.reply(accepting)
    const fields = request()
    const answers = await Promise.all(Array.from({ length: 50 }, () => service.send(fields, keyed('fifty'))))
    assert.ok(answers.every(({ status }) => status === 200))
    assert.equal(new Set(answers.map(({ body }) => body.id)).size, 1)
    assert.equal(answers.filter(isReplayed).length, 49)
    assert.equal(service.sent().length, 1)
  })

  test('a key gives its first answer again, across API keys and a restart, and not to strangers', async () => {
    const service = get()
    service.reply(accepting)
    const fields = request({ idempotency_key: `kept ${provider}` })
    const first = await service.send(fields)
    assert.equal(isReplayed(first), false)
    await service.restart()
    for (const key of [keys.ours, keys.second]) {
      const again = await service.send(fields, { key })
      assert.deepEqual([again.status, again.body, isReplayed(again)], [200, first.body, true])
    }
    const strangers = await service.send(
      { ...fields, from_phone_number: strangersNumbers[provider] },
      { key: keys.strangers },
    )
    assert.deepEqual([strangers.status, isReplayed(strangers), service.sent().length], [200, false, 2])
    assert.notEqual(strangers.body.id, first.body.id)
  })

  test('the header goes before the field, and the same key with another body is refused', async () => {
    const service = get()
    service.reply(accepting)
    const fields = request({ idempotency_key: `of the body ${provider}` })
    const first = await service.send(fields, keyed('of the header'))
    const replayed = await service.send({ ...fields, idempotency_key: 'another' }, keyed('of the header'))
    assert.deepEqual([replayed.body.id, isReplayed(replayed)], [first.body.id, true])
    const reused = await service.send({ ...fields, message: 'other' }, keyed('of the header'))
    assert.deepEqual([reused.status, reused.body.code], [422, 'idempotency_key_reused'])
    assert.notEqual((await service.send(fields)).body.id, first.body.id)
    assert.equal(service.sent().length, 2)
  })

  test('a key whose first request still runs is told 409 and when to ask again', async () => {
    const service = get()
    const release = holdReply(service)
    const fields = request()
    const first = service.send(fields, keyed('running'))
    await service.takenIn(1)
    const early = await service.send(fields, keyed('running'))
    assert.deepEqual([early.status, early.body.code], [409, 'idempotency_in_progress'])
    assert.equal(early.headers.get('retry-after'), '2')
    release()
    const { body } = await first
    assert.deepEqual((await service.send(fields, keyed('running'))).body, body)
    assert.equal(service.sent().length, 1)
  })

  test('a key whose outcome is unknown is answered with the present outcome', async () => {
    const service = get()
    service.reply(resetting)
    const fields = request()
    const first = await service.send(fields, keyed('unknown'))
    const again = await service.send(fields, keyed('unknown'))
    assert.deepEqual([again.status, again.body, isReplayed(again)], [500, first.body, true])
    assert.equal(service.sent().length, 1)
  })

  test('answers made before a message existed are not kept', async () => {
    const service = get()
    service.reply(accepting)
    const fields = request()
    const wrong = await service.send({ ...fields, message: '' }, keyed('corrected'))
    assert.equal(wrong.status, 400)
    const corrected = await service.send(fields, keyed('corrected'))
    assert.deepEqual([corrected.status, isReplayed(corrected)], [200, false])
  })
}

const sentBeside = { id: 'string', status: 'sent', segments: 1, encoding: 'gsm-7', warnings: [] }

function isReplayed({ headers }: SendAnswer): boolean {
  return headers.get('idempotent-replayed') === 'true'
}

/** A provider that answers only when told to. */
function holdReply(service: SendService): () => void {
  let release = () => {}
  const released = new Promise<void>((resolve) => {
    release = resolve
  })
  service.reply((response, incoming) => void released.then(() => accepting(response, incoming)))
  return release
}

/** A refusal in the words of the provider. */
function refusing(
  provider: Case['provider'],
  by: Readonly<Record<Case['provider'], readonly [number, number]>>,
): Reply {
  const [status, code] = by[provider]
  return provider === 'twilio'
    ? answering(status, { code, message: 'refused', status })
    : answering(status, { errors: [{ code: String(code), title: 'refused', detail: 'again' }] })
}
