import assert from 'node:assert/strict'
import { after, before, suite, test } from 'node:test'
import { senders } from '../support/installation.ts'
import {
  accepting,
  freshRecipient,
  keys,
  type SendService,
  startSendService,
  strangersNumbers,
} from '../support/send-service.ts'
import { engines } from '../support/service-client.ts'

const startedAt = Date.now()
const e164 = (field: string) => `Invalid ${field} format. Use E.164 format (e.g., +1234567890)`
const good = () => ({ from_phone_number: senders.twilio, to_phone_number: freshRecipient(), message: 'Hello' })
/** Whole seconds, and days enough that the fast clock of the service makes no difference. */
const inDays = (days: number) => new Date(Math.floor(startedAt / 1_000) * 1_000 + days * 86_400_000).toISOString()
const urls = (count: number) => Array.from({ length: count }, (_, index) => `https://example.com/${index}.png`)

type Fields = Readonly<Record<string, unknown>>
type Wrong = readonly [title: string, fields: Fields, detail: string | RegExp]

const wrongNumbers: readonly [string, unknown][] = [
  ['a number', 12025550142],
  ['true', true],
  ['an array', ['+12025550142']],
  ['an object', {}],
  ['without a plus', '12025550142'],
  ['with a zero first', '+0123456789'],
  ['of one digit', '+1'],
  ['of 16 digits', '+1234567890123456'],
  ['with spaces', '+1 202 555 0142'],
  ['with a space around', ' +12025550142'],
  ['with a line break', '+12025550142\n'],
  ['with other digits', '+１2025550142'],
]

const wrong: readonly Wrong[] = [
  ...(['from_phone_number', 'to_phone_number', 'message'] as const).flatMap((field): Wrong[] => [
    [`${field} is missing`, { [field]: undefined }, `${field} is required`],
    [`${field} is null`, { [field]: null }, `${field} is required`],
    [`${field} is empty`, { [field]: '' }, `${field} is required`],
  ]),
  ...(['from_phone_number', 'to_phone_number'] as const).flatMap((field) =>
    wrongNumbers.map(([title, value]): Wrong => [`${field} is ${title}`, { [field]: value }, e164(field)]),
  ),
  ['message is a number', { message: 5 }, 'message must be a string.'],
  ['message is an array', { message: ['Hello'] }, 'message must be a string.'],
  ['message is blank', { message: ' \t\n\u00a0' }, 'message must not be blank.'],
  ['message has 1601 characters', { message: 'a'.repeat(1601) }, /at most 1600 characters/],
  ['message has 1601 emoji', { message: '😀'.repeat(1601) }, /at most 1600 characters/],
  ['message holds NUL', { message: 'a\0b' }, /NUL/],
  ['message holds half an emoji', { message: '\ud83d' }, /surrogate/],
  ['media_urls is a string', { media_urls: 'https://example.com/1.png' }, /must be an array/],
  ['media_urls has 11 entries', { media_urls: urls(11) }, /at most 10/],
  ['media_urls holds a number', { media_urls: [5] }, /media_urls\[0\] must be an http\(s\) URL/],
  ['media_urls holds nothing', { media_urls: [urls(1)[0], ''] }, /media_urls\[1\] must be/],
  ['media_urls holds ftp', { media_urls: ['ftp://example.com/1.png'] }, /media_urls\[0\] must be/],
  ['media_urls holds a path', { media_urls: ['/1.png'] }, /media_urls\[0\] must be/],
  ['idempotency_key is empty', { idempotency_key: '' }, /1 to 256 printable/],
  ['idempotency_key has 257 characters', { idempotency_key: 'k'.repeat(257) }, /1 to 256 printable/],
  ['idempotency_key has a line break', { idempotency_key: 'a\nb' }, /1 to 256 printable/],
  ['idempotency_key is a number', { idempotency_key: 5 }, /1 to 256 printable/],
  ['queue is a string', { queue: 'true' }, 'queue must be true or false.'],
  ['dry_run is a number', { dry_run: 1 }, 'dry_run must be true or false.'],
  ['queue is refused with send_at', { queue: false, send_at: inDays(1) }, /queue is false, but send_at implies/],
  ...(['send_at', 'expires_at'] as const).flatMap((field): Wrong[] => [
    [`${field} has no zone`, { [field]: '2027-01-31T12:00:00' }, /must be an RFC 3339 time with its zone/],
    [`${field} is a day that is none`, { [field]: '2027-02-30T12:00:00Z' }, /must be an RFC 3339 time/],
    [`${field} is a leap second`, { [field]: '2027-06-30T23:59:60Z' }, /must be an RFC 3339 time/],
    [`${field} is a number`, { [field]: 1_800_000_000 }, /must be an RFC 3339 time/],
    [`${field} is empty`, { [field]: '' }, /must be an RFC 3339 time/],
    [`${field} has passed`, { [field]: inDays(-1) }, new RegExp(`^${field} has passed`)],
  ]),
  ['send_at is more than a year ahead', { send_at: inDays(368) }, 'send_at must be at most 366 days ahead.'],
  ['expires_at is more than that ahead', { expires_at: inDays(369) }, 'expires_at must be at most 367 days ahead.'],
  ['expires_at is at send_at', { send_at: inDays(2), expires_at: inDays(2) }, 'expires_at must be later than send_at.'],
  [
    'expires_at is before send_at',
    { send_at: inDays(2), expires_at: inDays(1) },
    'expires_at must be later than send_at.',
  ],
  ['category is unknown', { category: 'spam' }, /category must be one of/],
  ['metadata has 21 pairs', { metadata: Object.fromEntries(urls(21).map((url) => [url, 'x'])) }, /at most 20 pairs/],
  ['metadata holds a number', { metadata: { order: 7 } }, /must be a string/],
]

const right: readonly [title: string, fields: Fields][] = [
  ['1600 characters', { message: 'a'.repeat(1600) }],
  ['1600 emoji', { message: '😀'.repeat(1600) }],
  ['the shortest number', { to_phone_number: '+12' }],
  ['the longest number', { to_phone_number: '+123456789012345' }],
  ['media_urls null', { media_urls: null }],
  ['media_urls []', { media_urls: [] }],
  ['ten media', { media_urls: urls(10) }],
  ['an idempotency_key of 256 characters', { idempotency_key: 'ü'.repeat(256) }],
  [
    'everything optional set to what it is without',
    { queue: false, dry_run: false, idempotency_key: null, send_at: null, expires_at: null },
  ],
  ['an end that lies ahead', { expires_at: inDays(366.9) }],
]

for (const engine of engines)
  suite(`requests to POST /sms/send with ${engine}`, () => {
    let service: SendService
    before(async () => {
      service = await startSendService(engine)
      service.reply(accepting)
    })
    after(() => service.close())

    async function assertRefused(
      fields: unknown,
      [status, code, detail]: [number, string, string | RegExp],
      key?: string,
    ) {
      const before = service.sent().length
      const answer = await service.send(fields, key === undefined ? {} : { key })
      assert.deepEqual([answer.status, answer.body.code], [status, code], JSON.stringify(answer.body))
      if (typeof detail === 'string') assert.equal(answer.body.detail, detail)
      else assert.match(String(answer.body.detail), detail)
      assert.equal(service.sent().length, before, 'nothing was sent')
      return answer
    }

    test('each wrong field has its 400 and its sentence', async (t) => {
      for (const [title, fields, detail] of wrong)
        await t.test(title, () =>
          assertRefused({ ...good(), ...fields }, [400, 'invalid_request', detail]).then(() => {}),
        )
    })

    test('what is at the edge of right is sent', async (t) => {
      for (const [title, fields] of right)
        await t.test(title, async () => {
          const { status, body } = await service.send({ ...good(), ...fields })
          assert.deepEqual([status, body.message], [200, 'SMS sent successfully via twilio'], JSON.stringify(body))
        })
    })

    test('the checks run in their order: key, from, to, message, media, owner, policy', async () => {
      const nobodys = '+1234567890'
      const faults = { from_phone_number: 1, to_phone_number: 1, message: 1, media_urls: 1 }
      await assertRefused(
        faults,
        [401, 'unauthorized', /^Authentication required/],
        'nobody-0123456789-0123456789-0123',
      )
      await assertRefused(faults, [400, 'invalid_request', e164('from_phone_number')])
      const fromRight = { ...faults, from_phone_number: nobodys }
      await assertRefused(fromRight, [400, 'invalid_request', e164('to_phone_number')])
      const toRight = { ...fromRight, to_phone_number: freshRecipient() }
      await assertRefused(toRight, [400, 'invalid_request', 'message must be a string.'])
      const messageRight = { ...toRight, message: 'Hello' }
      await assertRefused(messageRight, [400, 'invalid_request', /media_urls/])
      const allRight = { ...messageRight, media_urls: [] }
      await service.optOut(allRight.to_phone_number)
      await assertRefused(allRight, [404, 'sender_not_found', `No assistant found for phone number ${nobodys}`])
      await assertRefused({ ...allRight, from_phone_number: senders.twilio }, [400, 'recipient_opted_out', /opted out/])
    })

    test("nobody's number and another organization's are told apart by nothing", async () => {
      const answerFor = async (number: string) => {
        const { body, headers } = await assertRefused({ ...good(), from_phone_number: number }, [
          404,
          'sender_not_found',
          `No assistant found for phone number ${number}`,
        ])
        const names = [...headers.keys()].sort()
        return { names, body: JSON.stringify(body).replace(number, '') }
      }
      assert.deepEqual(await answerFor(strangersNumbers.twilio), await answerFor('+12025550159'))
    })

    test('without a valid key the answer is 401 and says how to authenticate', async () => {
      const given = [
        {},
        { authorization: 'Bearer' },
        { authorization: `Basic ${keys.ours}` },
        { authorization: `Bearer ${keys.ours}x` },
        { authorization: `Bearer ${keys.ours} ${keys.ours}` },
        { 'x-api-key': keys.ours },
      ]
      for (const headers of given) {
        const answer = await service.send(good(), { headers: { authorization: '', ...headers } })
        assert.deepEqual(
          [answer.status, answer.headers.get('www-authenticate'), answer.body],
          [401, 'Bearer', { detail: 'Authentication required. Provide a valid API key.', code: 'unauthorized' }],
        )
      }
      const lowerCase = { authorization: `bearer ${keys.ours}` }
      assert.equal((await service.send(good(), { headers: lowerCase })).status, 200)
    })
  })

test('a provider that cannot be reached was not asked: 500, and repeating is a new message', async () => {
  const service = await startSendService('sqlite', { providersAreDown: true })
  const fields = good()
  const [first, second] = [await service.send(fields), await service.send(fields)]
  for (const { status, body } of [first, second])
    assert.deepEqual(
      [status, body.detail, body.code, body.status, body.retryable],
      [500, 'Failed to send SMS via twilio', 'provider_unavailable', 'failed', true],
    )
  assert.notEqual(first.body.id, second.body.id)
  await service.close()
})
