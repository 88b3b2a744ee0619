import assert from 'node:assert/strict'
import { after, before, beforeEach, suite, test } from 'node:test'
import { magicRecipients } from '../../src/simulator/magic-recipients.ts'
import { type Simulator, startSimulator } from '../../src/simulator/simulator.ts'
import { systemClock } from '../../src/telemetry/clock.ts'
import { type RecordingServer, startRecordingServer } from '../support/recording-server.ts'
import { silentLog } from '../support/silent-log.ts'
import { telnyxAccount, twilioAccount } from '../support/simulated-accounts.ts'
import { formFields, schemasOf } from './schemas.ts'

let simulator: Simulator
let receiver: RecordingServer

before(async () => {
  receiver = await startRecordingServer()
  simulator = await startSimulator({
    host: '127.0.0.1',
    port: 0,
    accounts: [twilioAccount, telnyxAccount].map((account) => ({ ...account, inboundUrl: receiver.url })),
    clock: systemClock,
    log: silentLog,
    receiptDelayMs: 1,
  })
})
after(async () => {
  await simulator.close()
  await receiver.close()
})
beforeEach(() => {
  receiver.requests.length = 0
})

/** Recipients whose answer is a whole one of the wire API. */
const answered = magicRecipients.filter(({ behaviour }) =>
  ['usual', 'server_error', 'after_receipts'].includes(behaviour.answer),
)
const media = Array.from({ length: 10 }, () => ({ contentType: 'image/png', content: Buffer.from('x') }))
/** What a person may send to a number: a text, an empty one, an MMS, and each keyword. */
const personalTexts = [
  { body: 'Olá 👋' },
  { body: '' },
  { body: '', media },
  ...['STOP', 'START', 'HELP'].map((body) => ({ body })),
]
const pictures = ['https://files.example.com/a.png', 'https://files.example.com/b.png']

suite("the simulator answers and reports in Twilio's own shapes", () => {
  const assertTwilio = schemasOf('twilio')
  const { accountSid, authToken, numbers, messagingServiceSids = [] } = twilioAccount
  const path = `/2010-04-01/Accounts/${accountSid}/Messages`
  const authorization = `Basic ${Buffer.from(`${accountSid}:${authToken}`).toString('base64')}`
  const ask = (method: 'GET' | 'POST', suffix: string, pairs?: [string, string][]) =>
    fetch(`${simulator.url}${path}${suffix}`, {
      method,
      headers: { authorization },
      ...(pairs === undefined ? {} : { body: new URLSearchParams(pairs) }),
    })
  const send = (to: string, more: [string, string][] = [['From', numbers[0] ?? '']]) =>
    ask('POST', '.json', [['To', to], ['Body', 'x'], ['StatusCallback', receiver.url], ...more])

  for (const { number, does } of answered)
    test(`to a text to ${number} (${does})`, async () => {
      const answer = await send(number)
      assertTwilio(answer.ok ? 'message' : 'error', await answer.json())
      await simulator.receiptsSent()
      for (const { body } of receiver.requests) assertTwilio('statusCallback', formFields(body))
    })

  test('to an MMS, a text through a Messaging Service, a fetch, a list of two pages, and what is not there', async () => {
    const withPictures = pictures.map((url): [string, string] => ['MediaUrl', url])
    const mms = await send('+12025550199', [['From', numbers[0] ?? ''], ...withPictures])
    assertTwilio('message', await mms.json())
    const service: [string, string] = ['MessagingServiceSid', messagingServiceSids[0] ?? '']
    assertTwilio('message', await (await send('+12025550199', [service])).json())
    await simulator.receiptsSent()
    assert.equal(receiver.requests.length, 4)
    for (const { body } of receiver.requests) assertTwilio('statusCallback', formFields(body))
    assertTwilio('message', await (await ask('GET', `/${simulator.ledger()[0]?.id}.json`)).json())
    for (const page of [0, 1])
      assertTwilio('messageList', await (await ask('GET', `.json?PageSize=1&Page=${page}`)).json())
    assertTwilio('error', await (await ask('GET', '/SM0.json')).json())
  })

  test('of texts that people send', async () => {
    for (const text of personalTexts) simulator.text({ from: '+12025550199', to: numbers[0] ?? '', ...text })
    await simulator.receiptsSent()
    assert.equal(receiver.requests.length, personalTexts.length)
    for (const { body } of receiver.requests) assertTwilio('inboundText', formFields(body))
  })
})

suite("the simulator answers and reports in Telnyx's own shapes", () => {
  const assertTelnyx = schemasOf('telnyx')
  const { apiKey, numbers, messagingProfileId } = telnyxAccount
  const ask = (method: 'GET' | 'POST', path: string, fields?: object) =>
    fetch(`${simulator.baseUrls.telnyx}${path}`, {
      method,
      headers: { authorization: `Bearer ${apiKey}`, 'content-type': 'application/json' },
      ...(fields === undefined ? {} : { body: JSON.stringify(fields) }),
    })
  const send = (to: string, more: object = {}) =>
    ask('POST', '/messages', { from: numbers[0], to, text: 'x', webhook_url: receiver.url, ...more })

  for (const { number, does } of answered)
    test(`to a text to ${number} (${does})`, async () => {
      const answer = await send(number)
      assertTelnyx(answer.ok ? 'messageAnswer' : 'errors', await answer.json())
      await simulator.receiptsSent()
      for (const { body } of receiver.requests) assertTelnyx('event', JSON.parse(body))
    })

  test('to an MMS, a fetch, detail records, and what is not there', async () => {
    const answer = await send('+12025550199', { media_urls: pictures, messaging_profile_id: messagingProfileId })
    assertTelnyx('messageAnswer', await answer.json())
    const records = '/detail_records?filter[record_type]=messaging'
    assertTelnyx('detailRecords', await (await ask('GET', records)).json())
    await simulator.receiptsSent()
    assert.equal(receiver.requests.length, 2)
    for (const { body } of receiver.requests) assertTelnyx('event', JSON.parse(body))
    assertTelnyx('messageAnswer', await (await ask('GET', `/messages/${simulator.ledger()[0]?.id}`)).json())
    assertTelnyx('detailRecords', await (await ask('GET', records)).json())
    assertTelnyx('errors', await (await ask('GET', '/messages/0')).json())
  })

  test('of texts that people send, and of the webhooks that it posted', async () => {
    for (const text of personalTexts) simulator.text({ from: '+12025550199', to: numbers[0] ?? '', ...text })
    await simulator.receiptsSent()
    assert.equal(receiver.requests.length, personalTexts.length)
    for (const { body } of receiver.requests) assertTelnyx('inboundEvent', JSON.parse(body))
    const deliveries = await (await ask('GET', '/webhook_deliveries?filter[webhook][contains]=Ol%C3%A1')).json()
    assertTelnyx('webhookDeliveries', deliveries)
    assert.equal((deliveries as { data: unknown[] }).data.length, 1)
  })
})
