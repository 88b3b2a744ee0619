import assert from 'node:assert/strict'
import { after, suite, test } from 'node:test'
import fc from 'fast-check'
import { outboundMessage } from '../../test/support/outbound-message.ts'
import type { Reply } from '../../test/support/recording-server.ts'
import type { FailureReason } from '../core/failure.ts'
import { inboundBodyLengthMax } from '../core/inbound-message.ts'
import type { ReceiptStatus } from '../core/message-status.ts'
import type { ProviderAccount } from '../core/organization.ts'
import type { OutboundMessage, Provider, WebhookReading, WebhookRequest } from './provider.ts'
import { searchContract } from './provider-search.contract.ts'

export type SignedInbound = {
  readonly id: string
  readonly from: string
  readonly to: string
  readonly body: string
  readonly media: readonly { readonly url: string; readonly contentType: string }[]
  /** The keyword that the provider has answered itself. */
  readonly answered?: 'STOP' | 'START' | 'HELP'
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
  const account = harness.account('http://127.0.0.1:9')
  const provider = harness.open()
  after(() => provider.close())
  const stage: Stage = {
    name,
    harness,
    now,
    message: outboundMessage(),
    account,
    provider,
    read: (request, by = account) => provider.readWebhook(request, by),
  }
  hearsReceipts(stage)
  hearsPeople(stage)
  isNotDeceived(stage)
  searchContract(stage)
}

export type Stage = {
  readonly name: string
  readonly harness: EvidenceHarness
  readonly now: number
  readonly message: OutboundMessage
  readonly account: ProviderAccount
  readonly provider: Provider
  read(request: WebhookRequest, by?: ProviderAccount): WebhookReading
}

function hearsReceipts({ name, harness, message, read }: Stage): void {
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
}

function hearsPeople({ name, harness, now, read }: Stage): void {
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
      })
    })

    test('every kind of character, and nothing at all', () => {
      const body = 'Olá 👋🏽 100% + 1 & 2 = "3"; <a>?#/\\ \n\r\t \u2028 漢字 ٣ e\u0301'
      assert.equal(inboundOf({ body }).body, body)
      assert.deepEqual([inboundOf({ body: '' }).body, inboundOf({ media: [] }).media], ['', []])
    })

    test('the keyword that the provider answered is heard, whatever the text says', () => {
      const heard = (['STOP', 'START', 'HELP'] as const).map(
        (answered) => inboundOf({ body: 'PARAR', answered }).providerKeyword,
      )
      assert.deepEqual(heard, ['opt_out', 'opt_in', 'help'])
      assert.equal(inboundOf({ body: 'STOP' }).providerKeyword, undefined)
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
}

function isNotDeceived({ name, harness, message, account, provider, read }: Stage): void {
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
}
