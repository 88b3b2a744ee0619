import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import fc from 'fast-check'
import Telnyx from 'telnyx'
import { oneBitOff, telnyxWebhook, textsOneBitOff } from '../../../test/support/signed-webhooks.ts'
import { type WebhookRequest, webhookBytesMax } from '../../ports/provider.ts'
import { forgeryOf } from './signature.ts'

const publicKey = '6kpsY+KcUgq+9VB7Ey7F+ZVHdq6+vnuSQh7qaRRG0iw='
const otherKey = '11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo='
const now = 1_700_000_000_000
const event = { data: { event_type: 'message.sent', payload: { text: 'Olá 👋' } } }

const passes = (request: WebhookRequest, { publicKeys = [publicKey], at = now } = {}) =>
  forgeryOf(request, { publicKeys, now: at }) === undefined
const withHeaders = (request: WebhookRequest, headers: WebhookRequest['headers']) => ({
  ...request,
  headers: { ...request.headers, ...headers },
})

test('a known signature passes', () => {
  const request: WebhookRequest = {
    method: 'POST',
    url: '',
    headers: {
      'telnyx-timestamp': '1700000000',
      'telnyx-signature-ed25519':
        'Sd3f4tHmCQq4ho9/zLnxdPNx/LBsaJKxIilQzhs1eR/hArGff/q1naO8zU3/238UIsoAaqeAOtgSHY6UQ3VSAA==',
    },
    body: Buffer.from(
      '{"data":{"event_type":"message.finalized","id":"86f58db9-0fe3-4adc-9d1f-46e66e6e9323","record_type":"event"}}',
    ),
  }
  assert.ok(passes(request))
})

test("it verifies as Telnyx's own library does: what is signed, one bit off in the body, and another key", async () => {
  const at = Date.now()
  const request = telnyxWebhook(event, { at })
  const client = new Telnyx({ apiKey: 'KEY' })
  const theirs = async (body: Uint8Array, key: string) => {
    const headers = Object.fromEntries(Object.entries(request.headers).map(([name, value]) => [name, String(value)]))
    return client.webhooks.unwrap(Buffer.from(body).toString(), { headers, key }).then(
      () => true,
      () => false,
    )
  }
  const changed = oneBitOff(request.body).filter((body) => Buffer.from(Buffer.from(body).toString()).equals(body))
  for (const body of [request.body, ...changed])
    assert.equal(passes({ ...request, body }, { at }), await theirs(body, publicKey))
  assert.deepEqual(
    [await theirs(request.body, otherKey), passes(request, { at, publicKeys: [otherKey] })],
    [false, false],
  )
})

suite('one bit off fails', () => {
  const request = telnyxWebhook(event, { at: now })

  test('in the body', () => {
    for (const body of oneBitOff(request.body)) assert.ok(!passes({ ...request, body }))
  })

  test('in the time, in the signature, and in the key', () => {
    for (const name of ['telnyx-timestamp', 'telnyx-signature-ed25519'])
      for (const changed of textsOneBitOff(String(request.headers[name])))
        assert.ok(!passes(withHeaders(request, { [name]: changed })), changed)
    for (const changed of textsOneBitOff(publicKey)) assert.ok(!passes(request, { publicKeys: [changed] }))
  })

  test('and so do absent headers, two of one, and other spellings of the same bytes', () => {
    const signature = String(request.headers['telnyx-signature-ed25519'])
    for (const name of Object.keys(request.headers).filter((header) => header.startsWith('telnyx')))
      for (const value of [undefined, '', [String(request.headers[name])]])
        assert.ok(!passes(withHeaders(request, { [name]: value })))
    const spellings = [
      signature.replace(/=+$/, ''),
      Buffer.from(signature, 'base64').toString('base64url'),
      ` ${signature}`,
    ]
    for (const value of spellings) assert.ok(!passes(withHeaders(request, { 'telnyx-signature-ed25519': value })))
    for (const value of ['1700000000.0', '+1700000000', '0x6553f100', '1700000000 '])
      assert.ok(!passes(withHeaders(request, { 'telnyx-timestamp': value })))
  })

  test('a body that is a byte longer or shorter fails', () => {
    for (const body of [Buffer.concat([request.body, Buffer.from(' ')]), request.body.subarray(1), new Uint8Array()])
      assert.ok(!passes({ ...request, body }))
  })
})

test('what was signed up to 300 s ago or ahead passes, and nothing beyond', () => {
  const request = telnyxWebhook(event, { at: now })
  for (const seconds of [-300, 300]) assert.ok(passes(request, { at: now + seconds * 1_000 }), String(seconds))
  for (const seconds of [-301, 301, 86_400]) assert.ok(!passes(request, { at: now + seconds * 1_000 }), String(seconds))
})

test('during rotation either key will do; without any it fails, naming the field', () => {
  const request = telnyxWebhook(event, { at: now })
  assert.ok(
    passes(request, { publicKeys: [otherKey, publicKey] }) && passes(request, { publicKeys: [publicKey, otherKey] }),
  )
  assert.match(forgeryOf(request, { publicKeys: [], now }) ?? '', /^public_key is not set/)
  for (const key of ['', 'x', publicKey.slice(4), `${publicKey}=`, 'A'.repeat(43)])
    assert.ok(!passes(request, { publicKeys: [key] }))
})

test('what is larger than any webhook fails, also when it is signed', () => {
  assert.ok(passes(telnyxWebhook('x'.repeat(webhookBytesMax), { at: now })))
  assert.ok(!passes(telnyxWebhook('x'.repeat(webhookBytesMax + 1), { at: now })))
})

test('whatever the bytes are, nothing throws', () => {
  const text = fc.oneof(fc.string({ unit: 'binary' }), fc.constant(undefined), fc.array(fc.string()))
  const signature = fc
    .uint8Array({ minLength: 64, maxLength: 64 })
    .map((bytes) => Buffer.from(bytes).toString('base64'))
  const request = fc.record({
    method: fc.string(),
    url: fc.string(),
    headers: fc.record({
      'telnyx-timestamp': fc.oneof(text, fc.constant('1700000000')),
      'telnyx-signature-ed25519': fc.oneof(text, signature),
    }),
    body: fc.uint8Array(),
  })
  const key = fc.oneof(
    fc.string(),
    fc.uint8Array({ minLength: 32, maxLength: 32 }).map((bytes) => Buffer.from(bytes).toString('base64')),
  )
  fc.assert(
    fc.property(request, key, (given, publicKeyText) => !passes(given, { publicKeys: [publicKeyText] })),
    { numRuns: 2_000 },
  )
})
