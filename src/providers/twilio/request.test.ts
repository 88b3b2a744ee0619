import assert from 'node:assert/strict'
import { after, before, beforeEach, suite, test } from 'node:test'
import twilio from 'twilio'
import { formFields, schemasOf } from '../../../test/contracts/schemas.ts'
import { outboundMessage } from '../../../test/support/outbound-message.ts'
import { twilioProviderAccount } from '../../../test/support/provider-accounts.ts'
import {
  answering,
  type RecordedRequest,
  type RecordingServer,
  startRecordingServer,
} from '../../../test/support/recording-server.ts'
import type { ProviderAccount } from '../../core/organization.ts'
import { makeHttpClient } from '../../net/http-client.ts'
import { contractClock } from '../../ports/provider.contract.ts'
import type { OutboundMessage } from '../../ports/provider.ts'
import { makeTwilio } from './index.ts'

const accountSid = 'AC00000000000000000000000000000000'
const serviceSid = 'MG00000000000000000000000000000000'
const otherServiceSid = 'MG11111111111111111111111111111111'
const apiKey = {
  settings: { account_sid: accountSid, api_key_sid: 'SK00000000000000000000000000000000' },
  secrets: { api_key_secret: 'secret:with:colons', auth_token: 'not used beside an API key' },
}
const withService = { settings: { account_sid: accountSid, messaging_service_sid: serviceSid } }

const cases: Record<string, [message: Partial<OutboundMessage>, account?: Partial<ProviderAccount>]> = {
  'a text': [{}],
  'characters that forms escape': [{ body: '100% + 1 & 2 = "3"; <a>?#/\\~ \n' }],
  'unicode and emoji': [{ body: 'Olá 👋🏽 漢字 e\u0301 \u2028' }],
  'an MMS': [{ mediaUrls: ['https://files.example.com/a%20b.png?x=1&y=2#z'] }],
  'an MMS with ten pictures': [{ mediaUrls: Array.from({ length: 10 }, (_, index) => `https://x.example/${index}`) }],
  "the account's Messaging Service": [{}, withService],
  "an assistant's own Messaging Service, which goes first": [{ messagingServiceId: otherServiceSid }, withService],
  'an API key': [{}, apiKey],
}

suite("the request is the one that Twilio's own SDK sends", () => {
  let server: RecordingServer
  before(async () => {
    server = await startRecordingServer()
    server.reply(answering(201, { sid: 'SM1', status: 'queued' }))
  })
  after(() => server.close())
  beforeEach(() => {
    server.requests.length = 0
  })

  for (const [what, [differences, accountDifferences]] of Object.entries(cases))
    test(what, async () => {
      const message = outboundMessage(differences)
      const account = twilioProviderAccount({ baseUrl: server.url, ...accountDifferences })
      const http = makeHttpClient()
      await makeTwilio({ http, clock: contractClock }).send(message, account)
      await http.close()
      await sendWithSdk(message, account)
      const [ours, theirs] = server.requests
      assert.ok(ours !== undefined && theirs !== undefined)
      assert.deepEqual(comparable(ours), comparable(theirs))
      assert.deepEqual(
        Object.keys(theirs.headers).filter((header) => !(header in ours.headers)),
        // Name the SDK, ask for what JSON is anyway, and allow compressed answers.
        ['user-agent', 'accept-charset', 'accept-encoding'],
      )
      schemasOf('twilio')('createMessage', formFields(ours.body))
    })
})

suite("the search asks as Twilio's own SDK does", () => {
  let server: RecordingServer
  before(async () => {
    server = await startRecordingServer()
  })
  after(() => server.close())

  for (const providerMessageId of [undefined, 'SM11111111111111111111111111111111'])
    test(providerMessageId === undefined ? 'for a list' : 'for one message', async () => {
      server.requests.length = 0
      server.reply(answering(200, { messages: [], sid: 'SM1', status: 'sent' }))
      const account = twilioProviderAccount({ baseUrl: server.url })
      const message = outboundMessage()
      const known = providerMessageId === undefined ? {} : { providerMessageId }
      const http = makeHttpClient()
      const query = { message, startedAt: 0, isTaken: async () => false, ...known }
      await makeTwilio({ http, clock: contractClock }).findSent(query, account)
      await http.close()
      const { messages } = sdkClient(account)
      if (providerMessageId === undefined)
        await messages.list({ to: message.recipient, from: message.sender, pageSize: 100 })
      else await messages(providerMessageId).fetch()
      const [ours, theirs] = server.requests.map(({ method, path, headers }) => {
        const { pathname, searchParams } = new URL(path, server.url)
        const { accept, authorization } = headers
        return [method, pathname, [...searchParams].toSorted(), accept, authorization]
      })
      assert.deepEqual(ours, theirs)
    })
})

function sdkClient({ baseUrl = '', settings, secrets }: ProviderAccount) {
  const { account_sid = '', api_key_sid } = settings
  const client =
    api_key_sid === undefined
      ? twilio(account_sid, secrets.auth_token)
      : twilio(api_key_sid, secrets.api_key_secret, { accountSid: account_sid })
  client.api.baseUrl = baseUrl
  return client
}

async function sendWithSdk(message: OutboundMessage, account: ProviderAccount) {
  const service = message.messagingServiceId ?? account.settings.messaging_service_sid
  await sdkClient(account).messages.create({
    to: message.recipient,
    ...(service === undefined ? { from: message.sender } : { messagingServiceSid: service }),
    body: message.body,
    mediaUrl: [...message.mediaUrls],
    statusCallback: message.callbackUrl,
  })
}

/** The order of fields means nothing, but for that of the pictures. */
function comparable({ method, path, headers, body }: RecordedRequest) {
  const { accept, authorization, connection, 'content-type': contentType } = headers
  const pairs = body.split('&')
  return {
    line: [method, path],
    headers: { accept, authorization, connection, contentType },
    pictures: pairs.filter((pair) => pair.startsWith('MediaUrl=')),
    pairs: pairs.toSorted(),
  }
}
