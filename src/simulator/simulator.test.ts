import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { after, before, beforeEach, suite, test } from 'node:test'
import Telnyx from 'telnyx'
import twilio from 'twilio'
import { silentLog } from '../../test/support/silent-log.ts'
import { telnyxAccount, twilioAccount } from '../../test/support/simulated-accounts.ts'
import { systemClock } from '../telemetry/clock.ts'
import { magicRecipients } from './magic-recipients.ts'
import { type Simulator, startSimulator } from './simulator.ts'
import { telnyxPublicKey } from './telnyx.ts'

type Posted = { url: string; headers: Record<string, string>; body: string }

let simulator: Simulator
let receiver: Server
let receiverUrl: string
let posted: Posted[] = []

before(async () => {
  simulator = await startSimulator({
    host: '127.0.0.1',
    port: 0,
    accounts: [twilioAccount, telnyxAccount],
    clock: systemClock,
    log: silentLog,
    receiptDelayMs: 1,
  })
  receiver = createServer((request, response) => {
    let body = ''
    request.setEncoding('utf8')
    request.on('data', (chunk: string) => {
      body += chunk
    })
    request.on('end', () => {
      posted.push({ url: request.url ?? '', headers: request.headers as Record<string, string>, body })
      response.writeHead(204).end()
    })
  })
  await new Promise<void>((resolve) => receiver.listen(0, '127.0.0.1', resolve))
  receiverUrl = `http://127.0.0.1:${(receiver.address() as AddressInfo).port}`
})
after(async () => {
  await simulator.close()
  receiver.close()
})
beforeEach(() => {
  simulator.clear()
  posted = []
})

function twilioClient(user: string = twilioAccount.accountSid, password: string = twilioAccount.authToken) {
  const client = twilio(user, password, { accountSid: twilioAccount.accountSid })
  client.api.baseUrl = simulator.url
  return client
}
const telnyxClient = (apiKey = telnyxAccount.apiKey) =>
  new Telnyx({ apiKey, baseURL: simulator.baseUrls.telnyx, maxRetries: 0 })

const [twilioSender = ''] = twilioAccount.numbers
const [telnyxSender = ''] = telnyxAccount.numbers
const to = '+12025550199'

suite("Twilio's own SDK", () => {
  test('sends, fetches and lists', async () => {
    const client = twilioClient()
    const sent = await client.messages.create({
      from: twilioSender,
      to,
      body: 'Olá 👋',
      mediaUrl: ['https://x.test/a'],
    })
    assert.deepEqual([sent.status, sent.body, sent.numMedia, sent.to], ['queued', 'Olá 👋', '1', to])
    await simulator.receiptsSent()
    assert.equal((await client.messages(sent.sid).fetch()).status, 'delivered')
    for (let count = 0; count < 3; count++)
      await client.messages.create({ from: twilioSender, to: '+12025550100', body: 'x' })
    const listed = await client.messages.list({ to, pageSize: 1 })
    assert.deepEqual(
      listed.map((message) => message.sid),
      [sent.sid],
    )
    assert.equal((await client.messages.list({ to: '+12025550100', pageSize: 2 })).length, 3)
  })

  test('signs in with an API key, and is refused with a wrong one', async () => {
    const key = twilioAccount.apiKey
    const client = twilioClient(key?.sid, key?.secret)
    assert.match((await client.messages.create({ from: twilioSender, to, body: 'x' })).sid, /^SM[0-9a-f]{32}$/)
    await assert.rejects(twilioClient(key?.sid, 'wrong').messages.create({ from: twilioSender, to, body: 'x' }), {
      status: 401,
      code: 20003,
    })
  })

  test('validates the signature of each status callback', async () => {
    const url = `${receiverUrl}/status?token=a%20b`
    await twilioClient().messages.create({ from: twilioSender, to: '+15005550601', body: 'x', statusCallback: url })
    await simulator.receiptsSent()
    const statuses = posted.map(({ headers, body }) => {
      const fields = Object.fromEntries(new URLSearchParams(body))
      assert.ok(twilio.validateRequest(twilioAccount.authToken, headers['x-twilio-signature'] ?? '', url, fields))
      return [fields.MessageStatus, fields.ErrorCode]
    })
    assert.deepEqual(statuses, [
      ['sent', undefined],
      ['undelivered', '30003'],
    ])
  })

  const refusals: [string, Record<string, unknown>, number, number][] = [
    ['an opted-out recipient', { to: '+15005550004' }, 400, 21610],
    ['a landline', { to: '+15005550009' }, 400, 21614],
    ['a bad number', { to: '+15005550001' }, 400, 21211],
    ['a foreign sender', { from: '+12025550111' }, 400, 21606],
    ['an unknown messaging service', { from: undefined, messagingServiceSid: 'MGnone' }, 400, 21701],
    ['a missing text', { body: undefined }, 400, 21602],
    ['a rate limit', { to: '+15005550429' }, 429, 20429],
  ]
  for (const [what, fields, status, code] of refusals)
    test(`is refused for ${what}`, async () => {
      const params = { from: twilioSender, to, body: 'x', ...fields }
      await assert.rejects(twilioClient().messages.create(params), { status, code })
      assert.equal(simulator.ledger().length, 0)
    })
})

suite("Telnyx's own SDK", () => {
  test('sends, fetches and finds detail records', async () => {
    const client = telnyxClient()
    const { data } = await client.messages.send({ from: telnyxSender, to, text: 'Olá 👋' })
    assert.equal(data?.to?.[0]?.status, 'queued')
    await simulator.receiptsSent()
    const found = await client.messages.retrieve(data?.id ?? '')
    assert.ok(found.data !== undefined && 'to' in found.data)
    assert.equal((found.data.to as { status: string }[])[0]?.status, 'delivered')
    const records = await client.detailRecords.list({ filter: { record_type: 'messaging', cld: to } as never })
    assert.equal((records.data?.[0] as { uuid?: string } | undefined)?.uuid, data?.id)
  })

  test('unwraps each signed webhook', async () => {
    const client = telnyxClient()
    await client.messages.send({ from: telnyxSender, to: '+15005550604', text: 'x', webhook_url: `${receiverUrl}/t` })
    await simulator.receiptsSent()
    const key = telnyxPublicKey(telnyxAccount.signingSeed)
    const types: unknown[] = []
    for (const { headers, body } of posted) {
      const event = (await client.webhooks.unwrap(body, { headers, key })) as { data: { event_type: string } }
      types.push(event.data.event_type)
    }
    assert.deepEqual(types, ['message.sent', 'message.sent', 'message.finalized', 'message.finalized'])
  })

  const refusals: [string, Record<string, string>, number, string][] = [
    ['an opted-out recipient', { to: '+15005550004' }, 409, '40300'],
    ['a landline', { to: '+15005550009' }, 400, '40301'],
    ['a foreign sender', { from: '+12025550111' }, 400, '40305'],
    ['a number that is not E.164', { to: '12' }, 400, '10016'],
    ['a rate limit', { to: '+15005550430' }, 429, '10011'],
  ]
  for (const [what, fields, status, code] of refusals)
    test(`is refused for ${what}`, async () => {
      const sending = telnyxClient().messages.send({ from: telnyxSender, to, text: 'x', ...fields })
      await assert.rejects(sending, (error: { status: number; error: { errors: { code: string }[] } }) => {
        assert.deepEqual([error.status, error.error.errors[0]?.code], [status, code])
        return true
      })
      assert.equal(simulator.ledger().length, 0)
    })

  test('is refused with a wrong key', async () => {
    await assert.rejects(telnyxClient('KEYwrong').messages.send({ from: telnyxSender, to, text: 'x' }), { status: 401 })
  })
})

suite('faults', () => {
  const form = (recipient: string) => ({
    method: 'POST',
    headers: {
      authorization: `Basic ${Buffer.from(`${twilioAccount.accountSid}:${twilioAccount.authToken}`).toString('base64')}`,
      'content-type': 'application/x-www-form-urlencoded',
    },
    body: new URLSearchParams({ From: twilioSender, To: recipient, Body: 'x' }),
  })
  const send = (recipient: string, signal?: AbortSignal) =>
    fetch(`${simulator.url}/2010-04-01/Accounts/${twilioAccount.accountSid}/Messages.json`, {
      ...form(recipient),
      ...(signal === undefined ? {} : { signal }),
    })

  test('each magic recipient leaves in the ledger exactly what its description says', async () => {
    for (const { number, does, behaviour } of magicRecipients) {
      simulator.clear()
      const abort = new AbortController()
      const answered = send(number, abort.signal).then(
        async (response) => {
          if (behaviour.answer === 'slow') return 'slow'
          return response.text().then(
            (text) => `${response.status} ${text.slice(0, 5)}`,
            () => 'cut',
          )
        },
        () => 'no answer',
      )
      if (behaviour.answer === 'hang') {
        // The request has arrived when it is counted; only then may the caller hang up.
        while (simulator.requestCount() === 0) await new Promise(setImmediate)
        abort.abort()
      }
      const expected = {
        usual: behaviour.refusal === undefined ? /^201 / : /^4\d\d \{/,
        server_error: /^500 \{/,
        reset: /^no answer$/,
        hang: /^no answer$/,
        truncated: /^cut$/,
        html: /^200 <html/,
        slow: /^slow$/,
        after_receipts: /^201 /,
      }[behaviour.answer]
      assert.match(await answered, expected, does)
      abort.abort()
      assert.equal(simulator.ledger().length, behaviour.accepts ? 1 : 0, does)
    }
  })

  test('Retry-After is there where the description says, and the alternating recipient is accepted next', async () => {
    assert.equal((await send('+15005550429')).headers.get('retry-after'), null)
    assert.equal((await send('+15005550430')).headers.get('retry-after'), '1')
    assert.deepEqual([(await send('+15005550431')).status, (await send('+15005550431')).status], [429, 201])
    assert.deepEqual([(await send('+15005550421')).status, (await send('+15005550421')).status], [429, 201])
  })
})

suite('a limit for each number', () => {
  const limit = { segmentsPerSecond: 0.001, queueSegments: 3, refusal: 'queue_full', saysRetryAfter: true } as const
  const long = 'x'.repeat(161)
  after(() => simulator.configure({ senderLimit: 'none' }))

  type SdkErrors = {
    readonly twilio: { readonly code: number }
    readonly telnyx: { readonly error: { readonly errors: { readonly code: string }[] }; readonly headers: Headers }
  }

  /** What becomes of texts that are sent one after the other: taken, or a code, and from Telnyx also Retry-After. */
  async function sendBoth(bodies: readonly string[]) {
    const results: Record<'twilio' | 'telnyx', unknown[]> = { twilio: [], telnyx: [] }
    const taken = () => 'taken'
    for (const body of bodies) {
      const byTwilio = twilioClient().messages.create({ from: twilioSender, to, body })
      results.twilio.push(await byTwilio.then(taken, ({ code }: SdkErrors['twilio']) => code))
      const byTelnyx = telnyxClient().messages.send({ from: telnyxSender, to, text: body })
      results.telnyx.push(
        await byTelnyx.then(taken, ({ error, headers }: SdkErrors['telnyx']) => [
          error.errors[0]?.code,
          // A slow machine may take seconds of a thousand.
          headers.get('retry-after')?.replace(/^(1000|9\d\d)$/, 'in time'),
        ]),
      )
    }
    return results
  }

  test('refuses what its queue has no room for, in the words of each provider, and takes nothing of it', async () => {
    simulator.configure({ senderLimit: limit })
    assert.deepEqual(await sendBoth(['x', long, 'x']), {
      twilio: ['taken', 'taken', 21611],
      telnyx: ['taken', 'taken', ['40318', 'in time']],
    })
    assert.equal(simulator.ledger().length, 4)
  })

  test('may also answer 429, without saying when to come again', async () => {
    simulator.configure({ senderLimit: { ...limit, refusal: 'rate_limited', saysRetryAfter: false } })
    assert.deepEqual(await sendBoth([long, long]), {
      twilio: ['taken', 20429],
      telnyx: ['taken', ['10011', undefined]],
    })
  })

  test('has room for one text that is larger than the whole queue, and for none after it', async () => {
    simulator.configure({ senderLimit: { ...limit, queueSegments: 1 } })
    assert.deepEqual((await sendBoth([long, 'x'])).twilio, ['taken', 21611])
  })
})

suite('its own pages', () => {
  test('the ledger shows what was sent, as JSON and as a page that escapes it', async () => {
    await twilioClient().messages.create({ from: twilioSender, to, body: '<script>alert(1)</script>' })
    const ledger = (await (await fetch(`${simulator.url}/ledger`)).json()) as { messages: { body: string }[] }
    assert.equal(ledger.messages[0]?.body, '<script>alert(1)</script>')
    const page = await (await fetch(simulator.url)).text()
    assert.ok(page.includes('&lt;script&gt;') && !page.includes('<script>'))
  })

  test('settings are changed within their limits, all of a change or nothing of it', async () => {
    const put = (body: string) => fetch(`${simulator.url}/settings`, { method: 'PUT', body })
    assert.equal((await put('{"latency_ms": 5, "list_lag_ms": 60000, "handles_keywords": false}')).status, 200)
    const wrong = [
      '{"latency_ms": -1}',
      '{"latency_ms": 1e9}',
      '{"latency_ms": 7, "list_lag_ms": "7"}',
      '{"handles_keywords": 1}',
      '{"inbound_urls": {"+1": "ftp://x"}}',
      '{"sender_limit": {"segments_per_second": 0, "queue_segments": 1, "refusal": "queue_full"}}',
      '{"sender_limit": {"segments_per_second": 1, "queue_segments": 1, "refusal": "opted_out"}}',
      '{"sender_limit": "none"}',
      '{"unheard_of": 1}',
      '{}',
      'x',
      'null',
    ]
    for (const bad of wrong) assert.equal((await put(bad)).status, 400, bad)
    const limit = { segments_per_second: 0.5, queue_segments: 20, refusal: 'rate_limited', retry_after: true }
    assert.equal((await put(JSON.stringify({ sender_limit: limit }))).status, 200)
    const now = await (await fetch(`${simulator.url}/settings`)).json()
    const { latency_ms, sender_limit } = now as { latency_ms: number; sender_limit: unknown }
    assert.deepEqual([latency_ms, sender_limit], [5, limit])
    const usual = '{"latency_ms": 0, "list_lag_ms": 0, "handles_keywords": true, "sender_limit": null}'
    assert.match(await (await put(usual)).text(), /"sender_limit":null/)
  })
})

test('docs/simulator.md lists every magic recipient', () => {
  const page = readFileSync(new URL('../../docs/simulator.md', import.meta.url), 'utf8')
  for (const { number, does } of magicRecipients) assert.ok(page.includes(`| \`${number}\` | ${does} |`), number)
})
