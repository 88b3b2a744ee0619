import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import fc from 'fast-check'
import twilio from 'twilio'
import { oneBitOff, textsOneBitOff, twilioWebhook, webhookUrl } from '../../../test/support/signed-webhooks.ts'
import { type WebhookRequest, webhookBytesMax } from '../../ports/provider.ts'
import { verifyTwilio } from './signature.ts'

const token = '0123456789abcdef0123456789abcdef'
const verify = (request: WebhookRequest, ...tokens: string[]) =>
  verifyTwilio(request, tokens.length === 0 ? [token] : tokens)
const passes = (request: WebhookRequest, ...tokens: string[]) => verify(request, ...tokens).kind === 'genuine'

const fields = {
  AccountSid: 'AC00000000000000000000000000000000',
  ApiVersion: '2010-04-01',
  From: '+15017250604',
  MessageSid: 'SM11111111111111111111111111111111',
  MessageStatus: 'delivered',
  SmsSid: 'SM11111111111111111111111111111111',
  SmsStatus: 'delivered',
  To: '+15558675310',
}

/** A request with the signature given, however it was made. */
function withSignature(
  url: string,
  signature: string,
  { method = 'POST', body = '', type = 'application/x-www-form-urlencoded' } = {},
): WebhookRequest {
  return { method, url, headers: { 'content-type': type, 'x-twilio-signature': signature }, body: Buffer.from(body) }
}

suite('known signatures pass', () => {
  test('of a status callback', () => {
    const url = 'https://sms.example.com/webhooks/twilio/status?tenant=7'
    const body = new URLSearchParams(fields).toString()
    assert.ok(passes(withSignature(url, 'hxq36rhswOtgriftKJIYoOvDwo0=', { body })))
  })

  test('of a JSON body, whose hash is in the URL', () => {
    const hash = 'd5729c000e5de6b3a10698fec78d482db85d744f1be820d1382b6bda1cfb7795'
    const url = `https://sms.example.com/webhooks/twilio/json?bodySHA256=${hash}`
    const json = { body: '{"property":"value","boolean":true}', type: 'application/json' }
    const verdict = verify(withSignature(url, 'fhs21dFtDHrCK7j+zYL2iyhG6ig=', json))
    assert.ok(verdict.kind === 'genuine')
    assert.deepEqual(
      [...verdict.fields],
      [
        ['property', ['value']],
        ['boolean', ['true']],
      ],
    )
    for (const bytes of oneBitOff(Buffer.from(json.body)))
      assert.ok(!passes({ ...withSignature(url, 'fhs21dFtDHrCK7j+zYL2iyhG6ig=', json), body: bytes }))
  })

  test("of Twilio's own example", () => {
    const body = 'CallSid=CA1234567890ABCDE&Caller=%2B14158675310&Digits=1234&From=%2B14158675310&To=%2B18005551212'
    const url = 'https://mycompany.com/myapp.php?foo=1&bar=2'
    assert.ok(passes(withSignature(url, 'GvWf1cFY/Q7PnoempGyD5oXAezc=', { body }), '12345'))
  })
})

suite("what Twilio's own library signs passes", () => {
  const forms: Record<string, Record<string, string | string[]>> = {
    'a status callback': fields,
    'empty fields, and those that nobody knows': { ...fields, Body: '', Unheard: ' of ', '': 'x', z: '', Á: 'é' },
    'capitals before small letters': { b: '1', B: '2', a: '3', A: '4', _: '5' },
    'repeated fields, each value once': { ...fields, MediaUrl: ['https://b.test', 'https://a.test', 'https://b.test'] },
    'every kind of character': { Body: 'Olá 👋🏽 100% + 1 & 2 = "3"; <a>?#/\\ \n\r\t \u2028 漢字 \u0000', '?': '?' },
    'a name that objects have by themselves': { constructor: 'x', toString: 'y' },
    'no field at all': {},
  }
  for (const [what, form] of Object.entries(forms))
    test(what, () => {
      const verdict = verify(twilioWebhook(form))
      assert.ok(verdict.kind === 'genuine')
      assert.deepEqual(
        Object.fromEntries(verdict.fields),
        Object.fromEntries(Object.entries(form).map(([name, values]) => [name, [values].flat()])),
      )
    })

  test('any form', () => {
    const name = fc.string({ unit: 'grapheme' }).filter((text) => text !== '__proto__')
    const values = fc.oneof(fc.string({ unit: 'grapheme' }), fc.array(fc.string(), { minLength: 1 }))
    fc.assert(fc.property(fc.dictionary(name, values), (form) => passes(twilioWebhook(form))))
  })

  test('a GET, by its URL alone', () => {
    const url = `https://sms.example.com/webhooks/sms/twilio?${new URLSearchParams(fields)}`
    const verdict = verify({ ...twilioWebhook({}, { url }), method: 'GET', body: new Uint8Array() })
    assert.ok(verdict.kind === 'genuine')
    assert.deepEqual(verdict.fields.get('MessageStatus'), ['delivered'])
  })
})

suite("the URL is taken as Twilio's own library takes it", () => {
  const rows: readonly [signed: string, seen: string][] = [
    ['https://h.test/x', 'https://h.test/x'],
    ['https://h.test/x', 'https://h.test:8443/x'],
    ['https://h.test:8443/x', 'https://h.test:8443/x'],
    ['https://h.test:8443/x', 'https://h.test/x'],
    ['https://h.test:443/x', 'https://h.test/x'],
    ['http://h.test:80/x?a=1:2', 'http://h.test/x?a=1:2'],
    ['http://h.test:443/x', 'http://h.test/x'],
    ['http://h.test/x', 'https://h.test/x'],
    ['https://h.test/', 'https://h.test'],
    ['https://h.test', 'https://h.test/'],
    ['https://h.test/x/', 'https://h.test/x'],
    ['https://h.test/x?a=1&b=2', 'https://h.test/x?b=2&a=1'],
    ['https://H.test/x', 'https://h.test/x'],
    ['https://h.test/x', 'https://H.test/x'],
    ['https://user:pass@h.test/x', 'https://user:pass@h.test/x'],
    ['https://user:pass@h.test/x', 'https://h.test/x'],
    ['https://user:pass@h.test:443/x', 'https://user:pass@h.test/x'],
    ['https://[::1]/x', 'https://[::1]:3000/x'],
    ['https://[::1]:443/x', 'https://[::1]/x'],
    ["https://h.test/x?q='", "https://h.test/x?q='"],
    ['https://h.test/x?q=%27', "https://h.test/x?q='"],
    ["https://h.test/x?q='", 'https://h.test/x?q=%27'],
    ['https://h.test/x?q=a%20b', 'https://h.test/x?q=a+b'],
    ['https://h.test/x?q=a+b', 'https://h.test/x?q=a%20b'],
  ]
  for (const [signed, seen] of rows)
    test(`signed ${signed}, seen ${seen}`, () => {
      const request = twilioWebhook(fields, { url: signed })
      const theirs = twilio.validateRequest(token, String(request.headers['x-twilio-signature']), seen, fields)
      assert.equal(passes({ ...request, url: seen }), theirs)
    })
})

suite('one bit off fails', () => {
  const request = twilioWebhook(fields)
  const signature = String(request.headers['x-twilio-signature'])

  test('in the URL, but for letters of its scheme and host, whose case means nothing', () => {
    for (const url of textsOneBitOff(webhookUrl)) {
      const isSame = URL.parse(url)?.href === webhookUrl
      assert.equal(passes({ ...request, url }), isSame, url)
    }
  })

  test('in the body, unless it still says the same', () => {
    const said = (body: Uint8Array) => JSON.stringify([...new URLSearchParams(Buffer.from(body).toString())])
    let sameCount = 0
    for (const body of oneBitOff(request.body)) {
      const isSame = said(body) === said(request.body)
      assert.equal(passes({ ...request, body }), isSame, Buffer.from(body).toString())
      if (isSame) sameCount++
    }
    // The hexadecimal digits of %2B, twice, in small letters.
    assert.equal(sameCount, 2)
  })

  test('in the signature, or in the token', () => {
    for (const changed of textsOneBitOff(signature)) assert.ok(!passes(withHeader(changed)))
    for (const changed of textsOneBitOff(token)) assert.ok(!passes(request, changed))
  })

  function withHeader(value: string | string[] | undefined): WebhookRequest {
    return { ...request, headers: { ...request.headers, 'x-twilio-signature': value } }
  }

  test('and so do no signature, an empty one, a cut one, two of them', () => {
    for (const value of [undefined, '', signature.slice(0, -1), `${signature} `, [signature], [signature, signature]])
      assert.ok(!passes(withHeader(value)))
  })

  test('a field more, a field less, and the order of values changed between two fields', () => {
    const body = Buffer.from(request.body).toString()
    const bodies = [
      `${body}&X=1`,
      `${body}&X=`,
      `${body}&To=1`,
      body.replace(/&To=.*$/, ''),
      body.replace('From', 'Frm'),
    ]
    for (const changed of bodies) assert.ok(!passes({ ...request, body: Buffer.from(changed) }), changed)
  })
})

suite('it fails closed', () => {
  test('without a token, naming the field; during rotation either token will do', () => {
    const verdict = verifyTwilio(twilioWebhook(fields), [])
    assert.ok(verdict.kind === 'forged' && verdict.detail.startsWith('auth_token is not set'))
    assert.ok(
      passes(twilioWebhook(fields), 'f'.repeat(32), token) && passes(twilioWebhook(fields), token, 'f'.repeat(32)),
    )
    assert.ok(!passes(twilioWebhook(fields), 'f'.repeat(32), ''))
  })

  test('for more fields than any webhook has, in the form or in the query', () => {
    const many = (count: number) => Object.fromEntries(Array.from({ length: count }, (_, index) => [`f${index}`, '']))
    assert.ok(passes(twilioWebhook(many(400))))
    assert.ok(!passes(twilioWebhook(many(401))))
    const url = `https://sms.example.com/x?${new URLSearchParams(many(401))}`
    assert.ok(!passes(twilioWebhook({}, { url })))
  })

  test('for a body that nothing covers: JSON without a hash, no type, two types, not UTF-8', () => {
    const request = twilioWebhook({})
    for (const type of ['application/json', 'text/plain', undefined, ['application/x-www-form-urlencoded']])
      assert.ok(!passes({ ...request, headers: { ...request.headers, 'content-type': type }, body: Buffer.from('{}') }))
    // Signed for a replacement character, which any byte that is no UTF-8 would be read as.
    assert.ok(!passes({ ...twilioWebhook({ a: '\ufffd' }), body: Uint8Array.of(0x61, 0x3d, 0xff) }))
    assert.ok(
      passes({ ...request, headers: { ...request.headers, 'content-type': 'Application/X-WWW-Form-Urlencoded; a=b' } }),
    )
  })

  test('for what is larger than any webhook', () => {
    assert.ok(passes(twilioWebhook({ a: 'x'.repeat(webhookBytesMax - 2) })))
    assert.ok(!passes(twilioWebhook({ a: 'x'.repeat(webhookBytesMax - 1) })))
    assert.ok(!passes(twilioWebhook(fields, { url: `https://h.test/${'x'.repeat(8192)}` })))
  })

  test('whatever the bytes are, without throwing, and in time that grows with their number alone', () => {
    const header = fc.oneof(fc.string({ unit: 'binary' }), fc.constant(undefined), fc.array(fc.string()))
    const type = fc.constantFrom('application/x-www-form-urlencoded', 'application/json', undefined)
    const query = fc.oneof(fc.string({ unit: 'binary' }), fc.constantFrom('bodySHA256=', 'a=%ff%', '&&&=', '?'))
    const request = fc.record({
      method: fc.constantFrom('POST', 'GET', ''),
      url: fc.oneof(
        query.map((text) => `https://h.test/x?${text}`),
        fc.string({ unit: 'binary' }),
        fc.webUrl(),
      ),
      headers: fc.record({ 'content-type': type, 'x-twilio-signature': header }),
      body: fc.uint8Array({ maxLength: 2_000 }),
    })
    fc.assert(
      fc.property(request, (given) => !passes(given)),
      { numRuns: 2_000 },
    )
    const startedAt = performance.now()
    for (const text of ['a=1&', '&', '=', '%', '+', 'a=%ff&', ':'])
      verify({
        ...twilioWebhook({}),
        body: Buffer.alloc(webhookBytesMax, text),
        url: `https://h.test${text.repeat(1_000)}`,
      })
    assert.ok(performance.now() - startedAt < 5_000)
  })
})
