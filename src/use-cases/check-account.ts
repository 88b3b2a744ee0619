import type { AccountCheck } from '../core/account-check.ts'
import { SmsError } from '../core/errors.ts'
import type { ProviderAccount, Sender } from '../core/organization.ts'
import type { Provider } from '../ports/provider.ts'
import type { Store } from '../ports/store.ts'

/** Asks the provider of an account whether its credentials, its numbers and their webhooks are as they must be. Changes nothing. */
export async function checkAccount(
  parts: {
    readonly store: Store
    readonly providers: ReadonlyMap<string, Provider>
    readonly publicUrl: string
  },
  account: ProviderAccount,
): Promise<readonly AccountCheck[]> {
  return askProvider(parts, account, await parts.store.senders.list(account.organizationId))
}

/** As `checkAccount`, of numbers that were read before. */
export async function askProvider(
  { providers, publicUrl }: { readonly providers: ReadonlyMap<string, Provider>; readonly publicUrl: string },
  account: ProviderAccount,
  senders: readonly Sender[],
): Promise<readonly AccountCheck[]> {
  const provider = providers.get(account.provider)
  if (provider === undefined) throw new SmsError('internal', `there is no provider ${account.provider}`)
  const numbers = senders
    .filter(({ providerAccountId, isActive }) => providerAccountId === account.id && isActive)
    .map(({ phoneNumber }) => phoneNumber)
  const inboundUrls = [`/webhooks/sms/${provider.name}`, `/${provider.name}-sms-webhook`].map(
    (path) => publicUrl + path,
  )
  return provider.check({ numbers, inboundUrls }, account)
}

/** For people: which check it is, and of which number. */
export function accountCheckTitle({ name, phoneNumber }: AccountCheck): string {
  const words = name.replaceAll('_', ' ')
  return phoneNumber === undefined ? words : `${words} of ${phoneNumber}`
}
