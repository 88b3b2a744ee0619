import { twilioProviderAccount } from '../../../test/support/provider-accounts.ts'
import { parseE164 } from '../../core/phone-number.ts'
import { makeHttpClient } from '../../net/http-client.ts'
import { contractClock, providerContract } from '../../ports/provider.contract.ts'
import { makeTwilio } from './index.ts'

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
    { status: 400, code: '21611', reason: 'rate_limited' },
  ],
  ambiguousCode: '20500',
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
