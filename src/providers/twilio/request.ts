import type { ProviderAccount } from '../../core/organization.ts'
import type { HttpRequest } from '../../net/http-client.ts'
import type { OutboundMessage } from '../../ports/provider.ts'

/** One form post. https://www.twilio.com/docs/messaging/api/message-resource#create-a-message-resource */
export function buildTwilioRequest(message: OutboundMessage, account: ProviderAccount): HttpRequest {
  const { settings, secrets } = account
  const accountSid = settings.account_sid ?? ''
  const [user, password] =
    settings.api_key_sid === undefined
      ? [accountSid, secrets.auth_token ?? '']
      : [settings.api_key_sid, secrets.api_key_secret ?? '']
  const serviceSid = message.messagingServiceId ?? settings.messaging_service_sid
  const pairs: [string, string][] = [
    ['To', message.recipient],
    serviceSid === undefined ? ['From', message.sender] : ['MessagingServiceSid', serviceSid],
    ['Body', message.body],
    ...message.mediaUrls.map((url): [string, string] => ['MediaUrl', url]),
    ['StatusCallback', message.callbackUrl],
  ]
  return {
    url: `${account.baseUrl ?? 'https://api.twilio.com'}/2010-04-01/Accounts/${encodeURIComponent(accountSid)}/Messages.json`,
    headers: {
      accept: 'application/json',
      authorization: `Basic ${Buffer.from(`${user}:${password}`).toString('base64')}`,
      'content-type': 'application/x-www-form-urlencoded',
    },
    body: pairs.map(([name, value]) => `${name}=${encodeURIComponent(value)}`).join('&'),
  }
}
