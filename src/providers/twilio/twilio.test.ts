import { twilioProviderAccount } from '../../../test/support/provider-accounts.ts'
import { answering, type Reply } from '../../../test/support/recording-server.ts'
import { twilioWebhook } from '../../../test/support/signed-webhooks.ts'
import { parseE164 } from '../../core/phone-number.ts'
import { makeHttpClient } from '../../net/http-client.ts'
import { contractClock, providerContract } from '../../ports/provider.contract.ts'
import type { EvidenceHarness, ShownMessage } from '../../ports/provider-evidence.contract.ts'
import { makeTwilio } from './index.ts'

const accountUrl = 'https://api.twilio.com/2010-04-01/Accounts/AC00000000000000000000000000000000'

const evidence: Omit<EvidenceHarness, 'open' | 'account'> = {
  receipt: ({ id, word, code, message }) =>
    twilioWebhook(
      {
        MessageSid: id,
        SmsSid: id,
        MessageStatus: word,
        SmsStatus: word,
        To: message.recipient,
        From: message.sender,
        ...(code === undefined ? {} : { ErrorCode: code }),
      },
      { url: message.callbackUrl },
    ),
  inbound: ({ id, from, to, body, media, answered }) =>
    twilioWebhook({
      MessageSid: id,
      SmsSid: id,
      SmsMessageSid: id,
      SmsStatus: 'received',
      From: from,
      To: to,
      Body: body.toWellFormed(),
      NumMedia: String(media.length),
      ...Object.fromEntries(
        media.flatMap(({ url, contentType }, index) => [
          [`MediaUrl${index}`, url],
          [`MediaContentType${index}`, contentType],
        ]),
      ),
      ...(answered === undefined ? {} : { OptOutType: answered }),
    }),
  signed(text) {
    const pairs = [...new URLSearchParams(`&${text}`)]
    return twilioWebhook(
      Object.fromEntries(pairs.map(([name]) => [name, pairs.filter(([n]) => n === name).map(([, v]) => v)])),
    )
  },
  unreadable: {
    'a callback of another product': twilioWebhook({ CallSid: 'CA1', CallStatus: 'completed' }),
    'a status without an id': twilioWebhook({ MessageStatus: 'sent', To: '+15550canary' }),
    'a status that is no word': twilioWebhook({ MessageSid: 'SM1', MessageStatus: 'de livered' }),
    'a text without an id': twilioWebhook({ Body: 'canary', From: '+12025550199', To: '+12025550142' }),
    'no field': twilioWebhook({}),
  },
  keyField: 'auth_token',
  previousKeyField: 'previous_auth_token',
  otherKey: 'f'.repeat(32),
  words: [
    ['accepted', 'sent'],
    ['scheduled', 'sent'],
    ['queued', 'sent'],
    ['sending', 'sent'],
    ['sent', 'sent'],
    ['delivered', 'delivered'],
    ['read', 'delivered'],
    ['undelivered', 'undelivered'],
    ['failed', 'failed'],
    ['canceled', 'canceled'],
    ['partially_delivered', undefined],
  ],
  codes: [
    { word: 'undelivered', code: '30003', reason: 'unreachable' },
    { word: 'undelivered', code: '30005', reason: 'recipient_unknown' },
    { word: 'failed', code: '30034', reason: 'sender_not_registered' },
    { word: 'failed', code: '21610', reason: 'recipient_opted_out' },
  ],
  shows: shownBy,
  media: {
    withCredentials: [`${accountUrl}/Messages/MM1/Media/ME1`, 'http://127.0.0.1:9/2010-04-01/Accounts/AC1/x'],
    withoutCredentials: [
      'https://mms.twiliocdn.com/AC1/abc?Expires=1&Signature=a~b',
      'https://media.us1.twiliocdn.com/x',
    ],
    forged: [
      'https://api.twilio.com./x',
      'http://api.twilio.com/x',
      'https://api.twilio.com:8443/x',
      'https://api.twilio.com.evil.example/x',
      'https://evil.example/api.twilio.com',
      'https://evilapi.twilio.com/x',
      'https://api.twilio.com%2eevil.example/x',
      'https://apí.twilio.com/x',
      'https://twiliocdn.com/x',
      'https://eviltwiliocdn.com/x',
      'http://mms.twiliocdn.com/x',
      'http://127.0.0.1:10/x',
      'https://127.0.0.1:9/x',
    ],
  },
}

function shownBy(messages: readonly ShownMessage[]): Reply {
  return (response, request) => {
    const [, one] = /\/Messages\/([^/]+)\.json$/.exec(request.path) ?? []
    const found = messages.find(({ id }) => id === one)
    if (one === undefined)
      answering(200, { messages: messages.map(resourceOf), next_page_uri: null })(response, request)
    else if (found !== undefined) answering(200, resourceOf(found))(response, request)
    else
      answering(404, { code: 20404, message: 'The requested resource was not found', status: 404 })(response, request)
  }
}

function resourceOf({ id, word, code, createdAt, message }: ShownMessage) {
  return {
    sid: id,
    status: word,
    error_code: code === undefined ? null : Number(code),
    date_created: new Date(createdAt).toUTCString().replace('GMT', '+0000'),
    direction: 'outbound-api',
    from: message.sender,
    to: message.recipient,
    body: message.body,
    num_media: String(message.mediaUrls.length),
    messaging_service_sid: null,
  }
}

providerContract('twilio', {
  open: (timeouts) => makeTwilio({ http: makeHttpClient(timeouts), clock: contractClock }),
  account: (at) => twilioProviderAccount({ baseUrl: at }),
  accepted: { status: 201, body: (id) => ({ sid: id, status: 'queued' }) },
  error: (code, sentence) => ({ code: Number(code), message: sentence, more_info: 'https://x.test', status: 400 }),
  refusals: [
    { status: 400, code: '21610', reason: 'recipient_opted_out' },
    { status: 400, code: '21614', reason: 'landline' },
    { status: 401, code: '20003', reason: 'authentication_failed' },
    { status: 401, code: '1', reason: 'authentication_failed' },
    { status: 403, code: '21408', reason: 'geo_not_enabled' },
    { status: 404, code: '20404', reason: 'account_misconfigured' },
    { status: 400, code: '14107', reason: 'rate_limited' },
  ],
  tooFastCodes: ['20429', '21611'],
  ambiguousCode: '20500',
  evidence,
  read({ body }) {
    const form = new URLSearchParams(body)
    return {
      sender: parseE164(form.get('From') ?? ''),
      recipient: parseE164(form.get('To') ?? ''),
      body: form.get('Body') ?? '',
      mediaUrls: form.getAll('MediaUrl'),
      callbackUrl: form.get('StatusCallback') ?? '',
    }
  },
})
