import assert from 'node:assert/strict'
import { after, before, beforeEach, suite, test } from 'node:test'
import { outboundMessage } from '../../test/support/outbound-message.ts'
import {
  answering,
  cutting,
  dribbling,
  hangingUp,
  type RecordedRequest,
  type RecordingServer,
  type Reply,
  refusingUrl,
  resetting,
  silent,
  startRecordingServer,
} from '../../test/support/recording-server.ts'
import type { FailureReason } from '../core/failure.ts'
import type { ProviderAccount } from '../core/organization.ts'
import { paceMax } from '../core/pacing.ts'
import type { SendOutcome } from '../core/send-outcome.ts'
import type { OutboundMessage, Provider } from './provider.ts'
import { type EvidenceHarness, evidenceContract } from './provider-evidence.contract.ts'

/** What the suite must be told about a provider to play it at the wire. */
export type ProviderHarness = {
  /** The adapter on a real HTTP client. */
  open(timeouts: { readonly callTimeoutMs: number }): Provider
  /** `at` is where a server listens, without a path. */
  account(at: string): ProviderAccount
  /** The provider's answer to a message it takes: status word `queued`. */
  readonly accepted: { readonly status: number; body(id: string): object }
  /** The provider's answer to one it does not. */
  error(code: string, sentence: string): object
  readonly refusals: readonly { readonly status: number; readonly code: string; readonly reason: FailureReason }[]
  /** Codes of "too fast" and "queue full". */
  readonly tooFastCodes: readonly string[]
  readonly ambiguousCode: string
  /** Reads the request as the provider does. */
  read(request: RecordedRequest): Omit<OutboundMessage, 'id' | 'messagingServiceId'>
  readonly evidence: Omit<EvidenceHarness, 'open' | 'account'>
}

/** Long enough for a busy machine to connect and write. */
const shortTimeoutMs = 500
export const contractNow = Date.UTC(2026, 10, 24, 12)

/** What every adapter promises, against a real server. Its clock stands at `contractNow`. */
export function providerContract(name: string, harness: ProviderHarness): void {
  const open = () => harness.open({ callTimeoutMs: 10_000 })
  evidenceContract(name, { ...harness.evidence, account: harness.account, open }, contractNow)
  suite(`provider contract: ${name}`, () => {
    let server: RecordingServer
    before(async () => {
      server = await startRecordingServer()
    })
    after(() => server.close())
    beforeEach(() => {
      server.requests.length = 0
    })

    /** One send, to its very end: closing the adapter lets out whatever it may still want to send. */
    async function send(message = outboundMessage(), at = server.url, callTimeoutMs = 10_000): Promise<SendOutcome> {
      const provider = harness.open({ callTimeoutMs })
      const outcome = await provider.send(message, harness.account(at))
      await provider.close()
      assertQuiet(outcome, harness.account(at), message)
      return outcome
    }

    async function sendOnce(reply: Reply, message = outboundMessage()): Promise<SendOutcome> {
      server.reply(reply)
      const outcome = await send(message)
      assert.equal(server.requests.length, 1, 'exactly one request')
      return outcome
    }

    const taken = answering(harness.accepted.status, harness.accepted.body('id-1'))
    const refusing = (status: number, code: string, headers?: Record<string, string>) =>
      answering(status, harness.error(code, 'A sentence.'), headers)

    test('a message that is taken is accepted, with the id and the status word of the provider', async () => {
      assert.deepEqual(await sendOnce(taken), {
        kind: 'accepted',
        providerMessageId: 'id-1',
        providerStatus: 'queued',
      })
    })

    test('its paces are more than 0, and no more than can be set', async () => {
      const provider = open()
      const { segmentsPerSecond, account } = provider.paces
      const paces = Object.values(segmentsPerSecond).flatMap((byType) => Object.values(byType))
      for (const pace of [...paces, ...Object.values(account)]) assert.ok(pace > 0 && pace <= paceMax)
      await provider.close()
    })

    const texts = {
      'a text': {},
      'every kind of character': { body: 'Olá 👋🏽 100% + 1 & 2 = "3"; <a>?#/\\ \n\r\t \u2028 漢字 ٣ e\u0301 \u0000' },
      'one picture': { mediaUrls: ['https://files.example.com/a%20b.png?x=1&y=é#z'] },
      'ten pictures in their order': {
        mediaUrls: Array.from({ length: 10 }, (_, index) => `https://files.example.com/${index}.jpg`),
      },
      'a picture without a text': { body: '', mediaUrls: ['https://files.example.com/a.png'] },
      'the longest text': { body: '漢'.repeat(1600) },
    } satisfies Record<string, Partial<OutboundMessage>>
    for (const [what, differences] of Object.entries(texts))
      test(`${what} arrives as it was handed over`, async () => {
        const message = outboundMessage(differences)
        await sendOnce(taken, message)
        const [request] = server.requests
        assert.ok(request !== undefined)
        const { sender, recipient, body, mediaUrls, callbackUrl } = message
        assert.deepEqual(harness.read(request), { sender, recipient, body, mediaUrls, callbackUrl })
      })

    for (const { status, code, reason } of harness.refusals)
      test(`HTTP ${status} with code ${code} is rejected as ${reason}, with the code and the sentence`, async () => {
        assert.deepEqual(await sendOnce(refusing(status, code)), {
          kind: 'rejected',
          failure: { reason, providerCode: code, providerMessage: 'A sentence.' },
        })
      })

    test('a refusal with a code that is not known is rejected, and keeps the code', async () => {
      const outcome = await sendOnce(refusing(400, '99999'))
      assert.ok(outcome.kind === 'rejected')
      assert.deepEqual([outcome.failure.reason, outcome.failure.providerCode], ['unrecognized', '99999'])
    })

    const waits: readonly [string | undefined, number | undefined][] = [
      [undefined, undefined],
      ['3', 3_000],
      ['0', 0],
      ['Tue, 24 Nov 2026 12:00:05 GMT', 5_000],
      ['Tue, 24 Nov 2026 11:59:00 GMT', 0],
      ...['soon', '-1', '1.5', ''].map((value): [string, undefined] => [value, undefined]),
    ]
    for (const [retryAfter, expected] of waits)
      test(`429 with Retry-After ${retryAfter ?? 'absent'} is not sent, to be waited for ${expected ?? '-'} ms`, async () => {
        const headers = retryAfter === undefined ? {} : { 'retry-after': retryAfter }
        for (const reply of [refusing(429, '99999', headers), answering(429, 'slow down', headers)]) {
          server.requests.length = 0
          const outcome = await sendOnce(reply)
          assert.ok(outcome.kind === 'not_sent')
          assert.deepEqual([outcome.failure.reason, outcome.retryAfterMs], ['rate_limited', expected])
        }
      })

    for (const code of harness.tooFastCodes)
      test(`code ${code} is not sent, whatever 4xx it comes with, and keeps the code, the sentence and Retry-After`, async () => {
        for (const status of [400, 403, 409, 422, 429]) {
          server.requests.length = 0
          const outcome = await sendOnce(refusing(status, code, { 'retry-after': '7' }))
          const failure = { reason: 'rate_limited', providerCode: code, providerMessage: 'A sentence.' }
          assert.deepEqual(outcome, { kind: 'not_sent', failure, retryAfterMs: 7_000 })
        }
        server.requests.length = 0
        assert.ok(!('retryAfterMs' in (await sendOnce(refusing(400, code)))))
      })

    const unknowns: Readonly<Record<string, Reply>> = {
      ...Object.fromEntries(
        [301, 302, 307, 308, 304, 408, 500, 502, 503, 504, 529].map((status) => [
          `HTTP ${status} with an error body`,
          refusing(status, harness.refusals[0]?.code ?? '', { location: '/elsewhere' }),
        ]),
      ),
      'a code after which the message may have gone out': refusing(400, harness.ambiguousCode),
      '429 with such a code': refusing(429, harness.ambiguousCode),
      'a code for too fast, with a status that says nothing': refusing(503, harness.tooFastCodes[0] ?? ''),
      'HTTP 403 with a page of some filter in between': answering(403, '<html>blocked</html>'),
      'HTTP 200 with a page': answering(200, '<html>Welcome</html>', { 'content-type': 'text/html' }),
      'HTTP 200 without an id': answering(200, {}),
      'HTTP 200 with an empty id': answering(200, harness.accepted.body('')),
      'HTTP 200 with null': answering(200, 'null'),
      'HTTP 204': (response) => response.writeHead(204).end(),
      'half an answer': cutting(harness.accepted.status, harness.accepted.body('id-1')),
      'JSON that breaks off': answering(200, JSON.stringify(harness.accepted.body('id-1')).slice(0, -1)),
      'an answer without end': answering(200, ' '.repeat(1024 * 1024)),
      'a reset': resetting,
      'an orderly end': hangingUp,
    }
    for (const [what, reply] of Object.entries(unknowns))
      test(`${what} is unknown`, async () => {
        assert.equal((await sendOnce(reply)).kind, 'unknown')
      })

    for (const [what, reply] of Object.entries({ 'no answer': silent, 'an answer that dribbles on': dribbling }))
      test(`${what} by the deadline is unknown`, async () => {
        server.reply(reply)
        const outcome = await send(outboundMessage(), server.url, shortTimeoutMs)
        assert.deepEqual(outcome, { kind: 'unknown', detail: 'no answer within 0.5 s' })
        assert.equal(server.requests.length, 1)
      })

    test('what never reached the provider is not sent: refused, no such name, no TLS', async () => {
      const { port } = server
      const addresses = [await refusingUrl(), 'http://nowhere.invalid', `https://127.0.0.1:${port}`, 'no address']
      for (const at of addresses) {
        const outcome = await send(outboundMessage(), at)
        assert.ok(outcome.kind === 'not_sent', at)
        assert.equal(outcome.failure.reason, 'provider_unavailable')
      }
      assert.equal(server.requests.length, 0)
    })

    test('a refusal that quotes all it was sent gives none of it away', async () => {
      const message = outboundMessage({ mediaUrls: ['https://files.example.com/canary.png'] })
      const { secrets } = harness.account(server.url)
      const spellings = ['+12025550199', '(202) 555-0199', '202.555.0142']
      const quoted = [message.body, message.callbackUrl, ...message.mediaUrls, ...Object.values(secrets), ...spellings]
      const outcome = await sendOnce(answering(400, harness.error('99999', `No: ${quoted.join(', ')}`)), message)
      assert.ok(outcome.kind === 'rejected' && outcome.failure.providerMessage?.startsWith('No: …, https://…'))
    })

    test('many sends at once each get their own answer', async () => {
      server.reply((response, request) => {
        const { body } = harness.read(request)
        answering(harness.accepted.status, harness.accepted.body(`id-${body}`))(response, request)
      })
      const provider = harness.open({ callTimeoutMs: 10_000 })
      const bodies = Array.from({ length: 100 }, (_, index) => String(index))
      const ids = await Promise.all(
        bodies.map(async (body) => {
          const outcome = await provider.send(outboundMessage({ body }), harness.account(server.url))
          return outcome.kind === 'accepted' ? outcome.providerMessageId : outcome.kind
        }),
      )
      await provider.close()
      assert.deepEqual(
        ids,
        bodies.map((body) => `id-${body}`),
      )
      assert.equal(server.requests.length, 100)
    })
  })
}

/** For `harness.open`. */
export const contractClock = { now: () => contractNow, monotonicMs: () => contractNow, sleep: async () => undefined }

function assertQuiet(outcome: SendOutcome, account: ProviderAccount, message: OutboundMessage): void {
  const told = JSON.stringify(outcome)
  const digits = (number: string) => number.slice(2)
  const ownWords = [...Object.values(account.secrets), 'canary', digits(message.sender), digits(message.recipient)]
  for (const word of ownWords) assert.ok(!told.includes(word), `gives away ${word}: ${told}`)
}
