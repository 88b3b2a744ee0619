import type { ProviderAccount } from '../../core/organization.ts'
import type { HttpClient } from '../../net/http-client.ts'
import type { Clock } from '../../ports/clock.ts'
import type { Provider } from '../../ports/provider.ts'
import { checkTelnyxAccount } from './check.ts'
import { telnyxMediaHeaders } from './media.ts'
import { telnyxPaces } from './pace.ts'
import { buildTelnyxRequest, telnyxAuthorization } from './request.ts'
import { parseTelnyxAnswer } from './response.ts'
import { findSentAtTelnyx } from './search.ts'
import { readTelnyxWebhook } from './webhook.ts'

const token = /^[\x21-\x7e]{1,256}$/
const publicKey = /^[A-Za-z0-9+/]{43}=$/

export function makeTelnyx({ http, clock }: { readonly http: HttpClient; readonly clock: Clock }): Provider {
  const getFor = (account: ProviderAccount) => (url: string) =>
    http.get(url, { accept: 'application/json', authorization: telnyxAuthorization(account) })
  return {
    name: 'telnyx',
    accountFields: [
      { name: 'api_key', secret: true, required: true, pattern: token, expects: 'an API key (KEY…), without spaces' },
      {
        name: 'public_key',
        secret: false,
        required: false,
        pattern: publicKey,
        expects: 'the public key of the account, 32 bytes in base64',
      },
      {
        name: 'previous_public_key',
        secret: false,
        required: false,
        pattern: publicKey,
        expects: 'the public key before the present one, which still verifies webhooks during rotation',
      },
      {
        name: 'messaging_profile_id',
        secret: false,
        required: false,
        pattern: /^[0-9a-fA-F-]{36}$/,
        expects: 'the id of a messaging profile (a UUID)',
      },
    ],
    // Telnyx documents a smaller GSM set than the standard's: without these, and without Greek letters.
    notCarriedAsGsm: '€Ç§¤ΔΦΓΛΩΠΨΣΘΞ',
    paces: telnyxPaces,
    evidenceWindowMs: 15 * 60_000,
    checkAccountFields: () => undefined,
    async send(message, account) {
      const result = await http.post(buildTelnyxRequest(message, account))
      return parseTelnyxAnswer(result, { message, account, now: clock.now() })
    },
    // Its events name no account: everybody's key has to be tried.
    claims: () => true,
    readWebhook: (request, account) => readTelnyxWebhook(request, account, clock.now()),
    findSent: (query, account) => findSentAtTelnyx(query, account, getFor(account)),
    check: (question, account) => checkTelnyxAccount(question, account, getFor(account)),
    mediaHeaders: telnyxMediaHeaders,
    webhookAnswer: { contentType: 'application/json', body: '{}' },
    close: () => http.close(),
  }
}
