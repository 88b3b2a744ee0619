import type { ProviderAccount } from '../../core/organization.ts'
import type { HttpRequest } from '../../net/http-client.ts'
import type { OutboundMessage } from '../../ports/provider.ts'

/** One JSON post. https://developers.telnyx.com/api/messaging/send-message */
export function buildTelnyxRequest(message: OutboundMessage, account: ProviderAccount): HttpRequest {
  const profileId = message.messagingServiceId ?? account.settings.messaging_profile_id
  return {
    url: `${telnyxUrl(account)}/messages`,
    headers: {
      accept: 'application/json',
      authorization: telnyxAuthorization(account),
      'content-type': 'application/json',
    },
    body: JSON.stringify({
      from: message.sender,
      to: message.recipient,
      text: message.body,
      ...(message.mediaUrls.length === 0 ? {} : { media_urls: message.mediaUrls, type: 'MMS' }),
      ...(profileId === undefined ? {} : { messaging_profile_id: profileId }),
      webhook_url: message.callbackUrl,
    }),
  }
}

export function telnyxUrl({ baseUrl = 'https://api.telnyx.com/v2' }: ProviderAccount): string {
  return baseUrl
}

export function telnyxAuthorization({ secrets }: ProviderAccount): string {
  return `Bearer ${secrets.api_key ?? ''}`
}
