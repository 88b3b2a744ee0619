import { telnyxProviderAccount } from '../../../test/support/provider-accounts.ts'
import type { E164 } from '../../core/phone-number.ts'
import { makeHttpClient } from '../../net/http-client.ts'
import { contractClock, providerContract } from '../../ports/provider.contract.ts'
import { makeTelnyx } from './index.ts'

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
    { status: 400, code: '40318', reason: 'rate_limited' },
    { status: 422, code: '40322', reason: 'content_rejected' },
  ],
  ambiguousCode: '10007',
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
