import type { ProviderAccount } from '../../core/organization.ts'
import type { HttpClient } from '../../net/http-client.ts'
import type { Clock } from '../../ports/clock.ts'
import type { Provider } from '../../ports/provider.ts'
import { checkTwilioAccount } from './check.ts'
import { twilioMediaHeaders } from './media.ts'
import { twilioPaces } from './pace.ts'
import { buildTwilioRequest, twilioAuthorization } from './request.ts'
import { parseTwilioAnswer } from './response.ts'
import { findSentAtTwilio } from './search.ts'
import { claimedAccountSid } from './signature.ts'
import { readTwilioWebhook } from './webhook.ts'

const token = /^[\x21-\x7e]{1,256}$/
const sid = /^[A-Za-z0-9_-]{2,64}$/

export function makeTwilio({ http, clock }: { readonly http: HttpClient; readonly clock: Clock }): Provider {
  const getFor = (account: ProviderAccount) => (url: string) =>
    http.get(url, { accept: 'application/json', authorization: twilioAuthorization(account) })
  return {
    name: 'twilio',
    accountFields: [
      { name: 'account_sid', secret: false, required: true, pattern: sid, expects: 'an account SID (AC…)' },
      { name: 'auth_token', secret: true, required: false, pattern: token, expects: 'an auth token, without spaces' },
      {
        name: 'previous_auth_token',
        secret: true,
        required: false,
        pattern: token,
        expects: 'the auth token before the present one, which still verifies webhooks during rotation',
      },
      { name: 'api_key_sid', secret: false, required: false, pattern: sid, expects: 'an API key SID (SK…)' },
      {
        name: 'api_key_secret',
        secret: true,
        required: false,
        pattern: token,
        expects: 'an API key secret, without spaces',
      },
      {
        name: 'messaging_service_sid',
        secret: false,
        required: false,
        pattern: sid,
        expects: 'a Messaging Service SID (MG…)',
      },
    ],
    notCarriedAsGsm: '',
    paces: twilioPaces,
    evidenceWindowMs: 10 * 60_000,
    checkAccountFields(fields) {
      const apiKeyFieldCount = [fields.api_key_sid, fields.api_key_secret].filter(Boolean).length
      if (apiKeyFieldCount === 1) return 'api_key_sid and api_key_secret belong together: give both.'
      return apiKeyFieldCount === 0 && fields.auth_token === undefined
        ? 'auth_token is missing (or api_key_sid with api_key_secret).'
        : undefined
    },
    async send(message, account) {
      const result = await http.post(buildTwilioRequest(message, account))
      return parseTwilioAnswer(result, { message, account, now: clock.now() })
    },
    claims: (request, { settings }) => claimedAccountSid(request) === settings.account_sid,
    readWebhook: (request, account) => readTwilioWebhook(request, account),
    findSent: (query, account) => findSentAtTwilio(query, account, getFor(account)),
    check: (question, account) => checkTwilioAccount(question, account, getFor(account)),
    mediaHeaders: twilioMediaHeaders,
    // Any other type of content is an error there (12300), and any content of the answer would be texted to the person.
    webhookAnswer: { contentType: 'text/xml', body: '<Response/>' },
    close: () => http.close(),
  }
}
