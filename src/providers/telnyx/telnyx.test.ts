import { telnyxProviderAccount } from '../../../test/support/provider-accounts.ts'
import { answering, type Reply } from '../../../test/support/recording-server.ts'
import { telnyxWebhook } from '../../../test/support/signed-webhooks.ts'
import type { E164 } from '../../core/phone-number.ts'
import { makeHttpClient } from '../../net/http-client.ts'
import { contractClock, contractNow, providerContract } from '../../ports/provider.contract.ts'
import type { EvidenceHarness, ShownMessage } from '../../ports/provider-evidence.contract.ts'
import { makeTelnyx } from './index.ts'

const occurredAt = new Date(contractNow).toISOString()
const eventOf = (type: string, payload: object) => ({
  data: { event_type: type, id: 'event-1', occurred_at: occurredAt, payload },
})
const signed = (event: unknown) => telnyxWebhook(event, { at: contractNow })

const evidence: Omit<EvidenceHarness, 'open' | 'account'> = {
  receipt: (said) => {
    const type = ['queued', 'sending', 'sent'].includes(said.word) ? 'message.sent' : 'message.finalized'
    return signed(eventOf(type, resourceOf({ ...said, createdAt: contractNow })))
  },
  inbound: ({ id, from, to, body, media, answered }) =>
    signed(
      eventOf('message.received', {
        id,
        direction: 'inbound',
        from: { phone_number: from },
        to: [{ phone_number: to, status: 'webhook_delivered' }],
        text: body,
        media: media.map(({ url, contentType }) => ({ url, content_type: contentType })),
        autoresponse_type: answered ?? null,
      }),
    ),
  signed,
  unreadable: {
    'an event of another kind': signed(eventOf('call.initiated', { from: 'canary' })),
    'an event without a type': signed({ data: { payload: { id: 'id-1' } } }),
    'a receipt without an id': signed(
      eventOf('message.sent', { to: [{ status: 'sent', phone_number: '+15550canary' }] }),
    ),
    'a receipt without a status': signed(eventOf('message.finalized', { id: 'id-1', to: [] })),
    'a text without an id': signed(
      eventOf('message.received', { from: { phone_number: '+12025550199' }, to: [{ phone_number: '+12025550142' }] }),
    ),
    'what is no JSON': signed('canary'),
    'an empty body': signed(''),
  },
  keyField: 'public_key',
  previousKeyField: 'previous_public_key',
  otherKey: '11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo=',
  words: [
    ['queued', 'sent'],
    ['sending', 'sent'],
    ['sent', 'sent'],
    ['scheduled', 'sent'],
    ['delivery_unconfirmed', 'sent'],
    ['delivered', 'delivered'],
    ['read', 'delivered'],
    ['delivery_failed', 'undelivered'],
    ['sending_failed', 'failed'],
    ['expired', 'expired'],
    ['cancelled', 'canceled'],
    ['webhook_delivered', undefined],
  ],
  codes: [
    { word: 'delivery_failed', code: '40006', reason: 'unreachable' },
    { word: 'delivery_failed', code: '40001', reason: 'landline' },
    { word: 'sending_failed', code: '40010', reason: 'sender_not_registered' },
    { word: 'delivery_failed', code: '40300', reason: 'recipient_opted_out' },
  ],
  shows: shownBy,
  media: {
    withCredentials: [],
    withoutCredentials: [
      'https://media.telnyx.com/a',
      'https://us-east-1.telnyxcloudstorage.com/b/c',
      'http://127.0.0.1:9/x',
    ],
    forged: [
      'https://media.telnyx.com./x',
      'http://media.telnyx.com/a',
      'https://media.telnyx.com:8443/a',
      'https://media.telnyx.com.evil.example/a',
      'https://telnyx.com/a',
      'https://eviltelnyx.com/a',
      'https://media.eviltelnyx.com/a',
      'https://x.telnyxcloudstorage.com.evil.example/a',
      'http://127.0.0.1:10/x',
    ],
  },
}

/** An account that may not read webhook deliveries. */
function shownBy(messages: readonly ShownMessage[]): Reply {
  return (response, request) => {
    const [, one] = /\/messages\/([^/?]+)$/.exec(request.path) ?? []
    const found = messages.find(({ id }) => id === one)
    if (request.path.startsWith('/v2/detail_records?'))
      answering(200, { data: messages.map(recordOf), meta: { total_pages: 1 } })(response, request)
    else if (found !== undefined) answering(200, { data: resourceOf(found) })(response, request)
    else if (one !== undefined) answering(404, { errors: [{ code: '10005', title: 'Not found' }] })(response, request)
    else answering(403, { errors: [{ code: '10010', title: 'Not permitted' }] })(response, request)
  }
}

function resourceOf({ id, word, code, message }: ShownMessage) {
  return {
    id,
    direction: 'outbound',
    from: { phone_number: message.sender },
    to: [{ phone_number: message.recipient, status: word }],
    text: message.body,
    media: message.mediaUrls.map((url) => ({ url })),
    webhook_url: message.callbackUrl === '' ? null : message.callbackUrl,
    errors: code === undefined ? [] : [{ code }],
  }
}

function recordOf({ id, createdAt, message }: ShownMessage) {
  return {
    record_type: 'messaging',
    uuid: id,
    cld: message.recipient,
    cli: message.sender,
    created_at: new Date(createdAt).toISOString(),
    status: 'failed',
    errors: [],
  }
}

type TelnyxFields = { from: E164; to: E164; text: string; media_urls?: string[]; webhook_url: string }

providerContract('telnyx', {
  open: (timeouts) => makeTelnyx({ http: makeHttpClient(timeouts), clock: contractClock }),
  account: (at) => telnyxProviderAccount({ baseUrl: `${at}/v2` }),
  accepted: { status: 200, body: (id) => ({ data: { id, to: [{ status: 'queued' }] } }) },
  error: (code, sentence) => ({ errors: [{ code, title: sentence }] }),
  refusals: [
    { status: 409, code: '40300', reason: 'recipient_opted_out' },
    { status: 400, code: '40300', reason: 'recipient_opted_out' },
    { status: 400, code: '40301', reason: 'landline' },
    { status: 401, code: '10009', reason: 'authentication_failed' },
    { status: 403, code: '20100', reason: 'insufficient_funds' },
    { status: 422, code: '40322', reason: 'content_rejected' },
  ],
  tooFastCodes: ['10011', '40318'],
  ambiguousCode: '10007',
  evidence,
  read({ body }) {
    const fields: TelnyxFields = JSON.parse(body)
    return {
      sender: fields.from,
      recipient: fields.to,
      body: fields.text,
      mediaUrls: fields.media_urls ?? [],
      callbackUrl: fields.webhook_url,
    }
  },
})
