import assert from 'node:assert/strict'
import { after, before, beforeEach, suite, test } from 'node:test'
import fc from 'fast-check'
import { outboundMessage } from '../../test/support/outbound-message.ts'
import {
  answering,
  hangingUp,
  type RecordingServer,
  type Reply,
  refusingUrl,
  resetting,
  startRecordingServer,
} from '../../test/support/recording-server.ts'
import type { FailureReason } from '../core/failure.ts'
import { inboundBodyLengthMax } from '../core/inbound-message.ts'
import type { ReceiptStatus } from '../core/message-status.ts'
import type { ProviderAccount } from '../core/organization.ts'
import type { OutboundMessage, Provider, SearchResult, SentQuery, WebhookReading, WebhookRequest } from './provider.ts'

export type SignedInbound = {
  readonly id: string
  readonly from: string
  readonly to: string
  readonly body: string
  readonly media: readonly { readonly url: string; readonly contentType: string }[]
  /** The provider has answered a keyword itself. */
  readonly answered: boolean
}

/** A message as the provider shows it to those who ask. */
export type ShownMessage = {
  readonly id: string
  readonly word: string
  readonly code?: string
  readonly createdAt: number
  readonly message: OutboundMessage
}

/** What the suite must be told about a provider to play its webhooks and reads. */
export type EvidenceHarness = {
  open(): Provider
  /** `at` is where a server listens, without a path. Its webhooks can be verified. */
  account(at: string): ProviderAccount
  /** Signed for that account, at `now`. */
  receipt(said: {
    readonly id: string
    readonly word: string
    readonly code?: string
    readonly message: OutboundMessage
  }): WebhookRequest
  inbound(said: SignedInbound): WebhookRequest
  /** Signed, whatever it holds. */
  signed(text: string): WebhookRequest
  readonly unreadable: Readonly<Record<string, WebhookRequest>>
  /** The account fields that verify, and a value that fits no signature. */
  readonly keyField: string
  readonly previousKeyField: string
  readonly otherKey: string
  readonly words: readonly (readonly [word: string, status: ReceiptStatus | undefined])[]
  readonly codes: readonly { readonly word: string; readonly code: string; readonly reason: FailureReason }[]
  /** How the provider answers any read while it has these messages. */
  shows(messages: readonly ShownMessage[]): Reply
  readonly media: {
    readonly withCredentials: readonly string[]
    readonly withoutCredentials: readonly string[]
    /** Look-alikes that name the provider's hosts. */
    readonly forged: readonly string[]
  }
}

/** What every adapter promises about what it hears and sees. Its clock stands at `now`. */
export function evidenceContract(name: string, harness: EvidenceHarness, now: number): void {
  const message = outboundMessage()
  const account = harness.account('http://127.0.0.1:9')
  const provider = harness.open()
  const read = (request: WebhookRequest, by = account): WebhookReading => provider.readWebhook(request, by)
  after(() => provider.close())

  suite(`${name} hears receipts`, () => {
    const receiptOf = (said: { word: string; code?: string }) => {
      const reading = read(harness.receipt({ id: 'id-1', message, ...said }))
      assert.ok(reading.kind === 'receipt', JSON.stringify(reading))
      return reading
    }

    for (const [word, status] of [...harness.words, ['unheard_of', undefined] as const])
      test(`"${word}" is ${status ?? 'kept as it is, without a status'}`, () => {
        const { receipt, recipient, callbackUrl } = receiptOf({ word })
        assert.deepEqual(
          [receipt.providerMessageId, receipt.providerStatus, receipt.status, receipt.failure],
          ['id-1', word, status, undefined],
        )
        assert.deepEqual([recipient, callbackUrl], [message.recipient, message.callbackUrl])
      })

    for (const { word, code, reason } of harness.codes)
      test(`"${word}" with code ${code} is ${reason}`, () => {
        const { failure } = receiptOf({ word, code }).receipt
        assert.deepEqual([failure?.reason, failure?.providerCode], [reason, code])
      })

    test('a code that is not known is kept, as unrecognized', () => {
      const [{ word } = { word: '' }] = harness.codes
      const { failure } = receiptOf({ word, code: '99999' }).receipt
      assert.deepEqual([failure?.reason, failure?.providerCode], ['unrecognized', '99999'])
    })
  })

  suite(`${name} hears people`, () => {
    const media = Array.from({ length: 10 }, (_, index) => ({
      url: `https://media.example.com/${index}`,
      contentType: 'image/png',
    }))
    const text: SignedInbound = {
      id: 'id-2',
      from: '+12025550199',
      to: '+12025550142',
      body: 'Hi',
      media,
      answered: false,
    }
    const inboundOf = (differences: Partial<SignedInbound> = {}) => {
      const reading = read(harness.inbound({ ...text, ...differences }))
      assert.ok(reading.kind === 'inbound', JSON.stringify(reading))
      return reading.message
    }

    test('a text with ten pictures', () => {
      const { occurredAt, ...message } = inboundOf()
      assert.ok(occurredAt === undefined || occurredAt === now)
      assert.deepEqual(message, {
        providerMessageId: 'id-2',
        person: '+12025550199',
        number: '+12025550142',
        body: 'Hi',
        media,
        providerAnswered: false,
      })
    })

    test('every kind of character, nothing at all, and that the provider answered a keyword itself', () => {
      const body = 'Olá 👋🏽 100% + 1 & 2 = "3"; <a>?#/\\ \n\r\t \u2028 漢字 ٣ e\u0301'
      assert.equal(inboundOf({ body }).body, body)
      assert.deepEqual([inboundOf({ body: '' }).body, inboundOf({ media: [] }).media], ['', []])
      assert.equal(inboundOf({ body: 'STOP', answered: true }).providerAnswered, true)
    })

    test('a NUL and half a surrogate pair are replaced, and an endless text is cut', () => {
      assert.match(inboundOf({ body: 'a\u0000b\ud83dc' }).body, /^a\ufffdb\ufffd+c$/)
      const { body } = inboundOf({ body: `a${'👋'.repeat(inboundBodyLengthMax)}` })
      assert.ok(body.length <= inboundBodyLengthMax && body.isWellFormed() && body.startsWith('a👋👋'))
    })

    test('a sender or a number that is not E.164 is unreadable: a short code, a name, nothing', () => {
      for (const bad of ['12345', 'ACME', 'whatsapp:+12025550199', '+0123', '+1202555019912345', ''])
        for (const side of ['from', 'to'])
          assert.equal(read(harness.inbound({ ...text, [side]: bad })).kind, 'unreadable', `${side} ${bad}`)
    })
  })

  suite(`${name} is not deceived`, () => {
    const request = harness.receipt({ id: 'id-1', word: harness.words[0]?.[0] ?? '', message })

    function withKeys(keys: Readonly<Record<string, string | undefined>>): ProviderAccount {
      const change = (values: ProviderAccount['settings']) =>
        Object.fromEntries(
          Object.entries({ ...values, ...keys }).filter((entry): entry is [string, string] => entry[1] !== undefined),
        )
      return { ...account, settings: change(account.settings), secrets: change(account.secrets) }
    }

    test('an account that lacks the key cannot verify, and the detail names the field', () => {
      const reading = read(request, withKeys({ [harness.keyField]: undefined }))
      assert.ok(reading.kind === 'forged' && reading.detail.startsWith(`${harness.keyField} is not set`))
    })

    test('another key is forged; during rotation the previous one still verifies', () => {
      const key = { ...account.settings, ...account.secrets }[harness.keyField]
      const { keyField, previousKeyField, otherKey } = harness
      assert.equal(read(request, withKeys({ [keyField]: otherKey })).kind, 'forged')
      assert.equal(read(request, withKeys({ [keyField]: otherKey, [previousKeyField]: key })).kind, 'receipt')
      assert.equal(read(request, withKeys({ [previousKeyField]: otherKey })).kind, 'receipt')
      const fields = provider.accountFields.map((field) => field.name)
      assert.ok(fields.includes(keyField) && fields.includes(previousKeyField))
    })

    test('no signature, a body that was changed, and an empty request are forged', () => {
      const unsigned = { ...request, headers: { 'content-type': request.headers['content-type'] } }
      const changed = { ...request, body: Buffer.concat([request.body, Buffer.from('&X=1')]) }
      const empty = { method: 'POST', url: '', headers: {}, body: new Uint8Array() }
      for (const forged of [unsigned, changed, empty]) assert.equal(read(forged).kind, 'forged')
    })

    for (const [what, signed] of Object.entries(harness.unreadable))
      test(`${what} is unreadable, and nothing of it is told`, () => {
        const reading = read(signed)
        assert.ok(reading.kind === 'unreadable', JSON.stringify(reading))
        assert.ok(!/canary|\d{5}/.test(reading.detail), reading.detail)
      })

    test('whatever is signed is read without throwing, fit to be stored', () => {
      const values = fc.oneof(
        fc.jsonValue({ noUnicodeString: false }),
        fc.constantFrom('+12025550199', 'a\u0000b\ud83d'),
      )
      const text = fc.oneof(
        fc.string({ unit: 'binary' }),
        values.map((value) => JSON.stringify(value)),
        fc
          .array(fc.tuple(fc.constantFrom('Body', 'From', 'To', 'MessageSid', 'SmsStatus', 'ErrorCode'), fc.string()), {
            maxLength: 6,
          })
          .map((pairs) => new URLSearchParams(pairs).toString()),
      )
      fc.assert(
        fc.property(text, (signed) => {
          const told = JSON.stringify(read(harness.signed(signed)))
          assert.ok(!told.includes('"kind":"forged"') && told.isWellFormed() && !told.includes('\\u0000'), told)
        }),
        { numRuns: 1_000 },
      )
    })
  })

  suite(`${name} looks for a message`, () => {
    let server: RecordingServer
    before(async () => {
      server = await startRecordingServer()
    })
    after(() => server.close())
    beforeEach(() => {
      server.requests.length = 0
    })

    const taken = new Set<string>()
    const query: SentQuery = { message, startedAt: now - 5_000, isTaken: async (id) => taken.has(id) }
    const byId: SentQuery = { ...query, providerMessageId: 'id-1' }
    const find = (differences: Partial<SentQuery> = {}, at = server.url): Promise<SearchResult> =>
      provider.findSent({ ...query, ...differences }, harness.account(at))

    async function findAmong(messages: readonly ShownMessage[], what: SentQuery = query): Promise<SearchResult> {
      server.reply(harness.shows(messages))
      const result = await find(what)
      for (const { method } of server.requests) assert.equal(method, 'GET')
      return result
    }
    const [failing = { word: '', code: '' }] = harness.codes
    const shown = (id: string, differences: Partial<ShownMessage> = {}): ShownMessage => ({
      id,
      ...failing,
      createdAt: now - 3_000,
      message,
      ...differences,
    })

    test('by its id: found as it is now, or not there', async () => {
      for (const what of [byId, query]) {
        const result = await findAmong([shown('id-1')], what)
        assert.ok(result.kind === 'found', JSON.stringify(result))
        const heard = read(harness.receipt({ id: 'id-1', ...failing, message }))
        assert.ok(heard.kind === 'receipt')
        const { occurredAt: _, ...receipt } = result.receipt
        const { occurredAt: __, ...expected } = heard.receipt
        assert.deepEqual(receipt, expected)
      }
      assert.deepEqual(await findAmong([], byId), { kind: 'none' })
    })

    test('only what fits: another text, picture, sender, recipient, or time is not it', async () => {
      const others: Partial<ShownMessage>[] = [
        { message: outboundMessage({ body: 'another', callbackUrl: '' }) },
        { message: outboundMessage({ mediaUrls: ['https://x.example/a.png'], callbackUrl: '' }) },
        { message: { ...message, callbackUrl: '', sender: message.recipient, recipient: message.sender } },
        { createdAt: query.startedAt - 3_600_000, message: { ...message, callbackUrl: '' } },
      ]
      for (const other of others)
        assert.deepEqual(await findAmong([shown('id-9', other)]), { kind: 'none' }, JSON.stringify(other))
      const among = await findAmong([...others.map((other, index) => shown(`id-${index + 2}`, other)), shown('id-1')])
      assert.ok(among.kind === 'found' && among.receipt.providerMessageId === 'id-1')
    })

    test('two that fit are ambiguous, unless one belongs to another message of ours', async () => {
      const equal = { message: { ...message, callbackUrl: '' } }
      const both = [shown('id-1', equal), shown('id-2', equal)]
      assert.deepEqual(await findAmong(both), { kind: 'ambiguous', count: 2 })
      taken.add('id-2')
      const one = await findAmong(both)
      taken.add('id-1')
      const none = await findAmong(both)
      taken.clear()
      assert.ok(one.kind === 'found' && one.receipt.providerMessageId === 'id-1')
      assert.deepEqual(none, { kind: 'none' })
    })

    const failures: Readonly<Record<string, Reply>> = {
      'HTTP 500': answering(500, {}),
      'HTTP 401': answering(401, {}),
      'HTTP 429': answering(429, {}),
      "a proxy's 404": answering(404, '<html>Not found</html>'),
      'a redirect': answering(302, {}, { location: '/' }),
      'a page with status 200': answering(200, '<html>Welcome</html>'),
      'HTTP 200 with nothing in it': answering(200, {}),
      'HTTP 200 with null': answering(200, 'null'),
      'a reset': resetting,
      'an orderly end': hangingUp,
    }
    for (const [what, reply] of Object.entries(failures))
      test(`${what} is unavailable, not "none"`, async () => {
        server.reply(reply)
        for (const search of [query, byId]) assert.equal((await find(search)).kind, 'unavailable')
      })

    test('a provider that cannot be reached is unavailable', async () => {
      assert.equal((await find({}, await refusingUrl())).kind, 'unavailable')
    })
  })

  suite(`${name} fetches media from its own hosts alone`, () => {
    const { withCredentials, withoutCredentials, forged } = harness.media
    const at = (url: string, by = account) => provider.mediaHeaders(url, by)

    test('credentials go where the provider wants them, and nowhere else', () => {
      for (const url of withCredentials) assert.match(at(url)?.authorization ?? '', /^B/, url)
      for (const url of withoutCredentials) assert.deepEqual(at(url), {}, url)
    })

    const lookAlikes = [
      ...forged,
      ...[...withCredentials, ...withoutCredentials].flatMap((url) => [
        url.replace('://', '://user@'),
        url.replace('://', '://user:pass@'),
        url.replace('://', '://evil.example/'),
        url.replace('://', '://evil.example\\@'),
        url.replace('://', '://evil.example#@'),
        url.replace(/^(\w+:\/\/[^/:]+)/, '$1.evil.example'),
        url.replace(/^\w+/, 'ftp'),
        ` ${url}`,
        `${url} x`,
        url.replace('://', ':'),
      ]),
      'https://evil.example/x',
      'http://169.254.169.254/latest',
      'file:///etc/passwd',
      'data:text/plain,x',
      '',
    ]
    test(`${lookAlikes.length} addresses that only look right are not fetched at all`, () => {
      for (const url of lookAlikes) assert.equal(at(url), undefined, url)
    })
  })
}
