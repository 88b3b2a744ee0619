import type { ProviderAccount } from '../../core/organization.ts'
import type { HttpRequest } from '../../net/http-client.ts'
import type { OutboundMessage } from '../../ports/provider.ts'

/** One form post. https://www.twilio.com/docs/messaging/api/message-resource#create-a-message-resource */
export function buildTwilioRequest(message: OutboundMessage, account: ProviderAccount): HttpRequest {
  const serviceSid = twilioServiceOf(message, account)
  const pairs: [string, string][] = [
    ['To', message.recipient],
    serviceSid === undefined ? ['From', message.sender] : ['MessagingServiceSid', serviceSid],
    ['Body', message.body],
    ...message.mediaUrls.map((url): [string, string] => ['MediaUrl', url]),
    ['StatusCallback', message.callbackUrl],
  ]
  return {
    url: `${twilioMessagesUrl(account)}.json`,
    headers: {
      accept: 'application/json',
      authorization: twilioAuthorization(account),
      'content-type': 'application/x-www-form-urlencoded',
    },
    body: pairs.map(([name, value]) => `${name}=${encodeURIComponent(value)}`).join('&'),
  }
}

/** Without a suffix: `.json` is all messages, `/{sid}.json` is one. */
export function twilioMessagesUrl(account: ProviderAccount): string {
  return `${twilioAccountUrl(account)}/Messages`
}

/** Without a suffix. */
export function twilioAccountUrl({ baseUrl = 'https://api.twilio.com', settings }: ProviderAccount): string {
  return `${baseUrl}/2010-04-01/Accounts/${encodeURIComponent(settings.account_sid ?? '')}`
}

export function twilioAuthorization({ settings, secrets }: ProviderAccount): string {
  const [user, password] =
    settings.api_key_sid === undefined
      ? [settings.account_sid ?? '', secrets.auth_token ?? '']
      : [settings.api_key_sid, secrets.api_key_secret ?? '']
  return `Basic ${Buffer.from(`${user}:${password}`).toString('base64')}`
}

export function twilioServiceOf(message: OutboundMessage, { settings }: ProviderAccount): string | undefined {
  return message.messagingServiceId ?? settings.messaging_service_sid
}
