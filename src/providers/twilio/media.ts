import type { ProviderAccount } from '../../core/organization.ts'
import { isAt, isSecureHost, parseMediaUrl } from '../media-url.ts'
import { twilioAuthorization } from './request.ts'

/** Media stand behind the API, which redirects to an address that needs no credentials and must not get any. */
export function twilioMediaHeaders(
  input: string,
  account: ProviderAccount,
): Readonly<Record<string, string>> | undefined {
  const url = parseMediaUrl(input)
  if (url === undefined) return undefined
  if (isSecureHost(url, /^api\.twilio\.com$/) || isAt(url, account.baseUrl))
    return { authorization: twilioAuthorization(account) }
  return isSecureHost(url, /^(?:[a-z0-9-]+\.)+twiliocdn\.com$/) ? {} : undefined
}
