import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import fc from 'fast-check'
import { outboundMessage } from '../../test/support/outbound-message.ts'
import { telnyxProviderAccount, twilioProviderAccount } from '../../test/support/provider-accounts.ts'
import { isFailureReason, providerMessageLengthMax } from '../core/failure.ts'
import type { SendOutcome } from '../core/send-outcome.ts'
import { parseTelnyxAnswer } from './telnyx/response.ts'
import { parseTwilioAnswer } from './twilio/response.ts'

const parsers = {
  twilio: { parse: parseTwilioAnswer, account: twilioProviderAccount(), tooFastCodes: ['20429', '21611'] },
  telnyx: { parse: parseTelnyxAnswer, account: telnyxProviderAccount(), tooFastCodes: ['10011', '40318'] },
}

const anything = fc.jsonValue({ noUnicodeString: false })
const word = fc.oneof(
  anything,
  fc.string({ unit: 'binary' }),
  fc.constantFrom('21610', '40300', 10007, 21610, 21611, 14107, '40318', ''),
)
/** Control characters, half a pair, and one that is half a pair where a long sentence is cut. */
const sentence = fc.oneof(word, fc.constantFrom('a\u0000b\n', 'a\ud83d', `a${'👋'.repeat(providerMessageLengthMax)}`))
/** Bodies that come near to real ones, so that each branch is reached. */
const nearBody = fc.oneof(
  fc.record({ sid: word, status: word, code: word, message: sentence }, { requiredKeys: [] }),
  fc.record({ data: fc.record({ id: word, to: fc.oneof(word, fc.array(fc.record({ status: word }))) }) }),
  fc.record({ errors: fc.oneof(word, fc.array(fc.record({ code: word, title: sentence, detail: sentence }))) }),
)
const body = fc.oneof(
  fc.oneof(nearBody, anything).map((value) => JSON.stringify(value)),
  fc.uint8Array().map((bytes) => Buffer.from(bytes).toString('utf8')),
  fc.constantFrom('', 'null', '[]', '{"__proto__":{"sid":"SM1","data":{"id":"x"}}}', '{"errors":[null]}'),
)
const answer = fc.record({
  kind: fc.constant('answer' as const),
  status: fc.oneof(fc.integer({ min: 100, max: 999 }), fc.constantFrom(200, 201, 400, 401, 408, 409, 429, 500, 503)),
  headers: fc.oneof(fc.constant({}), fc.record({ 'retry-after': fc.oneof(fc.string(), fc.array(fc.string())) })),
  body,
})

suite('whatever a provider answers', () => {
  for (const [provider, { parse, account, tooFastCodes }] of Object.entries(parsers))
    test(`${provider}: it becomes an outcome that the status allows, fit to be stored and shown`, () => {
      fc.assert(
        fc.property(answer, (result) => {
          const outcome = parse(result, { message: outboundMessage(), account, now: 1_790_000_000_000 })
          assertAllowed(outcome, { ...result, tooFastCodes })
          assertFit(outcome)
        }),
        { numRuns: 5_000 },
      )
    })

  test('what the network did is handed on', () => {
    const sent = { message: outboundMessage(), account: parsers.twilio.account, now: 0 }
    assert.deepEqual(parseTwilioAnswer({ kind: 'unknown', detail: 'x' }, sent), { kind: 'unknown', detail: 'x' })
    assert.deepEqual(parseTwilioAnswer({ kind: 'not_sent', detail: 'x' }, sent), {
      kind: 'not_sent',
      failure: { reason: 'provider_unavailable', providerMessage: 'x' },
    })
  })
})

function assertAllowed(
  outcome: SendOutcome,
  { status, body, tooFastCodes }: { status: number; body: string; tooFastCodes: readonly string[] },
): void {
  switch (outcome.kind) {
    case 'accepted':
      assert.ok(status >= 200 && status < 300)
      assert.ok(outcome.providerMessageId !== '' && body.includes(JSON.stringify(outcome.providerMessageId)))
      break
    case 'rejected':
      assert.ok(status >= 400 && status < 500 && status !== 408 && status !== 429)
      assert.ok(isFailureReason(outcome.failure.reason) && outcome.failure.providerCode !== undefined)
      assert.ok(!tooFastCodes.includes(outcome.failure.providerCode))
      break
    case 'not_sent':
      assert.equal(outcome.failure.reason, 'rate_limited')
      assert.ok(status >= 400 && status < 500 && status !== 408)
      assert.ok(status === 429 || tooFastCodes.includes(outcome.failure.providerCode ?? ''))
      assert.ok(outcome.retryAfterMs === undefined || outcome.retryAfterMs >= 0)
      break
    case 'unknown':
      break
    default:
      outcome satisfies never
  }
}

/** PostgreSQL takes no NUL and no half of a surrogate pair, and a log line is one line. */
function assertFit(outcome: SendOutcome): void {
  const { failure } = 'failure' in outcome ? outcome : {}
  const shown = [
    ...Object.values(outcome).filter((value) => typeof value === 'string'),
    failure?.providerCode ?? '',
    failure?.providerMessage ?? '',
  ]
  for (const text of shown) {
    assert.ok(text.isWellFormed() && !/\p{Cc}/u.test(text), JSON.stringify(text))
    assert.ok(text.length <= providerMessageLengthMax)
  }
}
