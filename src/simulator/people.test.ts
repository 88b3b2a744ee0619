import assert from 'node:assert/strict'
import { after, before, beforeEach, suite, test } from 'node:test'
import Telnyx from 'telnyx'
import twilio from 'twilio'
import {
  answering,
  type RecordedRequest,
  type RecordingServer,
  refusingUrl,
  resetting,
  startRecordingServer,
} from '../../test/support/recording-server.ts'
import { silentLog } from '../../test/support/silent-log.ts'
import { telnyxAccount, twilioAccount } from '../../test/support/simulated-accounts.ts'
import { systemClock } from '../telemetry/clock.ts'
import { type Simulator, startSimulator } from './simulator.ts'
import { telnyxPublicKey } from './telnyx.ts'

const person = '+12025550199'
const [twilioNumber = ''] = twilioAccount.numbers
const [telnyxNumber = ''] = telnyxAccount.numbers
const picture = { content_type: 'image/png', content: Buffer.from('a picture').toString('base64') }

let simulator: Simulator
let receiver: RecordingServer
let inboundUrl: string

before(async () => {
  receiver = await startRecordingServer()
  inboundUrl = `${receiver.url}/in?a=b%20c`
  const parts = { host: '127.0.0.1', port: 0, log: silentLog, receiptDelayMs: 1 }
  // Waits between two tries pass at once.
  const clock = { ...systemClock, sleep: async () => undefined }
  const accounts = [twilioAccount, telnyxAccount].map((account) => ({ ...account, inboundUrl }))
  simulator = await startSimulator({ ...parts, clock, accounts })
})
after(async () => {
  await simulator.close()
  await receiver.close()
})
beforeEach(() => {
  simulator.clear()
  simulator.configure({ handlesKeywords: true, listLagMs: 0, inboundUrls: urls(inboundUrl) })
  receiver.requests.length = 0
  receiver.reply(answering(200, ''))
})

const urls = (url: string) => ({ [twilioNumber]: url, [telnyxNumber]: url })

async function text(to: string, fields: object = {}): Promise<{ status: number; body: Record<string, unknown> }> {
  const body = JSON.stringify({ from: person, to, body: 'Hi 👋', ...fields })
  const answer = await fetch(`${simulator.url}/inbound`, { method: 'POST', body })
  await simulator.receiptsSent()
  return { status: answer.status, body: (await answer.json()) as Record<string, unknown> }
}

/** What Twilio's own library makes of it. */
function twilioFields({ headers, body }: RecordedRequest): Record<string, string> {
  const fields = Object.fromEntries(new URLSearchParams(body))
  const signature = String(headers['x-twilio-signature'])
  assert.ok(twilio.validateRequest(twilioAccount.authToken, signature, inboundUrl, fields))
  return fields
}

type Received = { event_type: string; payload: Record<string, unknown> & { media: { url: string }[] } }

/** What Telnyx's own library makes of it. */
async function telnyxEvent({ headers, body }: RecordedRequest): Promise<Received> {
  const plain = Object.fromEntries(Object.entries(headers).map(([name, value]) => [name, String(value)]))
  const key = telnyxPublicKey(telnyxAccount.signingSeed)
  const event = await new Telnyx({ apiKey: 'KEY' }).webhooks.unwrap(body, { headers: plain, key })
  return (event as unknown as { data: Received }).data
}

suite('a person texts', () => {
  test('a Twilio number: a signed form, with media behind the sign-in that redirects to an open address', async () => {
    const { status, body } = await text(twilioNumber, { media: [picture] })
    assert.deepEqual([status, body.webhook], [202, 'pending'])
    const [request] = receiver.requests
    assert.ok(request !== undefined)
    const { MessageSid, From, To, Body, NumMedia, MediaUrl0 = '', MediaContentType0, ...rest } = twilioFields(request)
    assert.deepEqual([From, To, Body, NumMedia, MediaContentType0], [person, twilioNumber, 'Hi 👋', '1', 'image/png'])
    assert.match(MessageSid ?? '', /^MM[0-9a-f]{32}$/)
    assert.ok(!('OptOutType' in rest))
    assert.equal((await fetch(MediaUrl0)).status, 401)
    const { accountSid, authToken } = twilioAccount
    const authorization = `Basic ${Buffer.from(`${accountSid}:${authToken}`).toString('base64')}`
    const redirect = await fetch(MediaUrl0, { headers: { authorization }, redirect: 'manual' })
    const medium = await fetch(new URL(redirect.headers.get('location') ?? '', MediaUrl0))
    assert.deepEqual([redirect.status, medium.headers.get('content-type')], [307, 'image/png'])
    assert.equal(await medium.text(), 'a picture')
    assert.equal(simulator.inbound()[0]?.webhook, 'delivered')
  })

  test('a Telnyx number: a signed event, with media at an open address', async () => {
    await text(telnyxNumber, { media: [picture] })
    const [request] = receiver.requests
    assert.ok(request !== undefined)
    const { event_type, payload } = await telnyxEvent(request)
    assert.deepEqual([event_type, payload.text, payload.autoresponse_type], ['message.received', 'Hi 👋', null])
    assert.equal(await (await fetch(payload.media[0]?.url ?? '')).text(), 'a picture')
  })

  test('a number that no account has, or nonsense, is refused in words', async () => {
    assert.equal((await text('+12025550100')).status, 404)
    const wrong = [{ from: '' }, { to: 7 }, { body: 'x'.repeat(20_001) }, { media: [{}] }, { media: 'x' }, { times: 6 }]
    for (const fields of wrong) {
      const { status, body } = await text(twilioNumber, fields)
      assert.equal(status, 400, JSON.stringify(fields))
      assert.match(String(body.error), /^Send JSON with from, to/)
    }
    assert.equal(simulator.inbound().length, 0)
  })

  test('the same text is reported as often as asked', async () => {
    await text(twilioNumber, { times: 3 })
    const ids = receiver.requests.map((request) => twilioFields(request).MessageSid)
    assert.deepEqual([ids.length, new Set(ids).size], [3, 1])
  })
})

suite('a text that is not taken', () => {
  test('is repeated once by Twilio when the connection failed, and not after an answer', async () => {
    receiver.reply(resetting)
    await text(twilioNumber)
    assert.equal(receiver.requests.length, 2)
    receiver.reply(answering(500, ''))
    await text(twilioNumber)
    assert.equal(receiver.requests.length, 3)
    assert.deepEqual(
      simulator.inbound().map(({ webhook }) => webhook),
      ['failed', 'failed'],
    )
  })

  test('is tried three times by Telnyx, whatever went wrong, until it is taken', async () => {
    receiver.reply(answering(500, ''))
    await text(telnyxNumber)
    assert.equal(receiver.requests.length, 3)
    receiver.reply((response, request) => {
      answering(receiver.requests.length < 5 ? 503 : 204, '')(response, request)
    })
    await text(telnyxNumber)
    assert.deepEqual([receiver.requests.length, simulator.inbound()[0]?.webhook], [5, 'delivered'])
    simulator.configure({ inboundUrls: urls(await refusingUrl()) })
    await text(telnyxNumber)
    assert.equal(simulator.inbound()[0]?.webhook, 'failed')
  })
})

suite('STOP', () => {
  const client = twilio(twilioAccount.accountSid, twilioAccount.authToken)
  const telnyx = () =>
    new Telnyx({ apiKey: telnyxAccount.apiKey, baseURL: simulator.baseUrls.telnyx, maxRetries: 0 }).messages
  const sendBy = {
    twilio: () => client.messages.create({ from: twilioNumber, to: person, body: 'x' }),
    telnyx: () => telnyx().send({ from: telnyxNumber, to: person, text: 'x' }),
  }
  before(() => {
    client.api.baseUrl = simulator.url
  })

  const rows = [
    { number: twilioNumber, send: sendBy.twilio, refusal: { status: 400, code: 21610 }, word: ' Stop ' },
    { number: telnyxNumber, send: sendBy.telnyx, refusal: { status: 409 }, word: 'stop all' },
  ]
  for (const { number, send, refusal, word } of rows)
    test(`to ${number} has the carrier refuse texts to that person until START, and it says so`, async () => {
      await text(number, { body: word })
      await assert.rejects(send(), refusal)
      await text(number, { body: 'START' })
      await send()
      assert.equal(simulator.ledger().length, 1)
      await text(number, { body: 'help' })
      const answers: unknown[] = []
      for (const request of receiver.requests)
        answers.push(
          number === twilioNumber
            ? twilioFields(request).OptOutType
            : (await telnyxEvent(request)).payload.autoresponse_type,
        )
      assert.deepEqual(answers, ['STOP', 'START', 'HELP'])
    })

  test('is passed on like any text by a carrier that does not handle keywords', async () => {
    simulator.configure({ handlesKeywords: false })
    for (const { number, send } of rows) {
      await text(number, { body: 'STOP' })
      await send()
    }
    const [first, second] = receiver.requests
    assert.ok(first !== undefined && second !== undefined)
    assert.equal(twilioFields(first).OptOutType, undefined)
    assert.equal((await telnyxEvent(second)).payload.autoresponse_type, null)
  })
})
