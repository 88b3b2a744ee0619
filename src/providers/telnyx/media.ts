import type { ProviderAccount } from '../../core/organization.ts'
import { isAt, isSecureHost, parseMediaUrl } from '../media-url.ts'

/** Media are open to who knows the address. No credentials: an address that only looks right would get them. */
export function telnyxMediaHeaders(
  input: string,
  { baseUrl }: ProviderAccount,
): Readonly<Record<string, string>> | undefined {
  const url = parseMediaUrl(input)
  if (url === undefined) return undefined
  return isSecureHost(url, /^(?:[a-z0-9-]+\.)+(?:telnyx|telnyxcloudstorage)\.com$/) || isAt(url, baseUrl)
    ? {}
    : undefined
}
