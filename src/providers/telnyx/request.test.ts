import assert from 'node:assert/strict'
import { after, before, beforeEach, suite, test } from 'node:test'
import Telnyx from 'telnyx'
import { schemasOf } from '../../../test/contracts/schemas.ts'
import { outboundMessage } from '../../../test/support/outbound-message.ts'
import { telnyxProviderAccount } from '../../../test/support/provider-accounts.ts'
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
import { makeTelnyx } from './index.ts'

const profileId = '16fd2706-8baf-433b-82eb-8c7fada847da'
const otherProfileId = '26fd2706-8baf-433b-82eb-8c7fada847da'
const withProfile = { settings: { messaging_profile_id: profileId } }

const cases: Record<string, [message: Partial<OutboundMessage>, account?: Partial<ProviderAccount>]> = {
  'a text': [{}],
  'characters that JSON escapes': [{ body: '100% + 1 & 2 = "3"; <a>?#/\\ \n\t\u0000\u2028' }],
  'unicode and emoji': [{ body: 'Olá 👋🏽 漢字 e\u0301' }],
  'an MMS': [{ mediaUrls: ['https://files.example.com/a%20b.png?x=1&y=2#z'] }],
  'an MMS with ten pictures': [{ mediaUrls: Array.from({ length: 10 }, (_, index) => `https://x.example/${index}`) }],
  "the account's messaging profile": [{}, withProfile],
  "an assistant's own messaging profile, which goes first": [{ messagingServiceId: otherProfileId }, withProfile],
}

suite("the request is the one that Telnyx's own SDK sends", () => {
  let server: RecordingServer
  before(async () => {
    server = await startRecordingServer()
    server.reply(answering(200, { data: { id: 'id-1', to: [{ status: 'queued' }] } }))
  })
  after(() => server.close())
  beforeEach(() => {
    server.requests.length = 0
  })

  for (const [what, [differences, accountDifferences]] of Object.entries(cases))
    test(what, async () => {
      const message = outboundMessage(differences)
      const account = telnyxProviderAccount({ baseUrl: `${server.url}/v2`, ...accountDifferences })
      const http = makeHttpClient()
      await makeTelnyx({ http, clock: contractClock }).send(message, account)
      await http.close()
      await sendWithSdk(message, account)
      const [ours, theirs] = server.requests
      assert.ok(ours !== undefined && theirs !== undefined)
      const intended = comparable(theirs)
      // The SDK leaves the type to its caller. Ours says it: media make an MMS, whatever the provider would conclude.
      if (message.mediaUrls.length > 0) intended.fields.type = 'MMS'
      assert.deepEqual(comparable(ours), intended)
      assert.deepEqual(
        Object.keys(theirs.headers).filter((header) => !(header in ours.headers) && !header.startsWith('x-stainless-')),
        // Name the SDK and the machine, allow compressed answers, and say what fetch is.
        ['user-agent', 'accept-language', 'sec-fetch-mode', 'accept-encoding'],
      )
      schemasOf('telnyx')('createMessage', JSON.parse(ours.body))
    })
})

test("the search asks as Telnyx's own SDK does: for webhooks, records, and one message", async () => {
  const server = await startRecordingServer()
  const account = telnyxProviderAccount({ baseUrl: `${server.url}/v2` })
  const message = outboundMessage()
  const record = { uuid: 'id-1', cld: message.recipient, cli: message.sender, created_at: '1970-01-01T00:00:01.000Z' }
  server.reply((response, request) => {
    const isRecords = request.path.startsWith('/v2/detail_records')
    answering(200, { data: isRecords ? [record] : [] })(response, request)
  })
  const http = makeHttpClient()
  const query = { message, startedAt: 6_000, isTaken: async () => false }
  await makeTelnyx({ http, clock: contractClock }).findSent(query, account)
  await http.close()
  const client = new Telnyx({ apiKey: account.secrets.api_key, baseURL: account.baseUrl, maxRetries: 0 })
  await client.webhookDeliveries.list({ filter: { webhook: { contains: message.id } }, 'page[size]': 50 })
  await client.detailRecords.list({
    filter: {
      record_type: 'messaging',
      direction: 'outbound',
      cld: message.recipient,
      cli: message.sender,
      created_at: { gte: '1970-01-01T00:00:01.000Z' },
    },
    sort: ['-created_at'],
    'page[size]': 50,
  })
  await client.messages.retrieve('id-1')
  await server.close()
  const asked = server.requests.map(({ method, path, headers }) => {
    const { pathname, searchParams } = new URL(path, server.url)
    const { accept, authorization } = headers
    return [method, pathname, [...searchParams].toSorted(), accept, authorization]
  })
  assert.equal(asked.length, 6)
  assert.deepEqual(asked.slice(0, 3), asked.slice(3))
})

async function sendWithSdk(message: OutboundMessage, { baseUrl, settings, secrets }: ProviderAccount) {
  const client = new Telnyx({ apiKey: secrets.api_key, baseURL: baseUrl, maxRetries: 0 })
  const profile = message.messagingServiceId ?? settings.messaging_profile_id
  await client.messages.send({
    from: message.sender,
    to: message.recipient,
    text: message.body,
    ...(message.mediaUrls.length === 0 ? {} : { media_urls: [...message.mediaUrls] }),
    ...(profile === undefined ? {} : { messaging_profile_id: profile }),
    webhook_url: message.callbackUrl,
  })
}

function comparable({ method, path, headers, body }: RecordedRequest) {
  const { accept, authorization, connection, 'content-type': contentType } = headers
  const fields: Record<string, unknown> = JSON.parse(body)
  return { line: [method, path], headers: { accept, authorization, connection, contentType }, fields }
}
