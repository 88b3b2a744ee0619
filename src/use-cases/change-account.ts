import { SmsError } from '../core/errors.ts'
import type { ProviderAccount } from '../core/organization.ts'
import type { Clock } from '../ports/clock.ts'
import type { Provider } from '../ports/provider.ts'
import type { Store } from '../ports/store.ts'
import { partAccountFields } from './account-fields.ts'
import { type AccountPaceFields, accountPacingOf, type PaceOrder, paceEntry } from './change-pace.ts'

export const accountsMax = 1_000

type Parts = { readonly store: Store; readonly providers: ReadonlyMap<string, Provider>; readonly clock: Clock }

export async function createAccount(
  { store, providers, clock }: Parts,
  wanted: {
    readonly organizationId: number
    readonly name: string
    readonly provider: string
    readonly fields: Readonly<Record<string, string>>
    readonly pace?: AccountPaceFields | null | undefined
  },
): Promise<ProviderAccount> {
  const { organizationId, name, fields } = wanted
  const provider = providerOf(providers, wanted.provider)
  const parted = partAccountFields(provider, fields)
  if ((await store.accounts.list(organizationId)).length >= accountsMax)
    throw new SmsError('conflict', `This organization has ${accountsMax} provider accounts, which is the most.`)
  const now = clock.now()
  return store.accounts.create({
    organizationId,
    name,
    provider: provider.name,
    ...parted,
    pacing: accountPacingOf(wanted.pace ?? null, {}),
    createdAt: now,
    updatedAt: now,
  })
}

/** Fields that are not mentioned stay; null takes one away, `baseUrl` too, which nothing can be put into here. */
export function changeAccount(
  { store, providers, clock }: Parts,
  wanted: {
    readonly organizationId: number
    readonly id: number
    readonly name?: string | undefined
    readonly baseUrl?: null | undefined
    readonly fields: Readonly<Record<string, string | null>>
    readonly pace?: PaceOrder<AccountPaceFields> | undefined
  },
): Promise<ProviderAccount> {
  const { organizationId, id, name, fields, pace } = wanted
  const now = clock.now()
  const change = (present: ProviderAccount): ProviderAccount => {
    const { baseUrl, ...rest } = present
    return {
      ...rest,
      name: name ?? present.name,
      ...(baseUrl === undefined || wanted.baseUrl === null ? {} : { baseUrl }),
      ...partAccountFields(providerOf(providers, present.provider), merged(present, fields)),
      pacing: pace === undefined ? present.pacing : accountPacingOf(pace.fields, present.pacing),
      updatedAt: now,
    }
  }
  return store.accounts.change(organizationId, id, change, (before, after) =>
    pace === undefined
      ? undefined
      : paceEntry([before, after], { organizationId, subject: `provider account ${id}`, actor: pace.actor, now }),
  )
}

function merged(present: ProviderAccount, fields: Readonly<Record<string, string | null>>): Record<string, string> {
  const all: Record<string, string | null> = { ...present.settings, ...present.secrets, ...fields }
  return Object.fromEntries(Object.entries(all).flatMap(([name, value]) => (value === null ? [] : [[name, value]])))
}

function providerOf(providers: ReadonlyMap<string, Provider>, name: string): Provider {
  const provider = providers.get(name)
  if (provider === undefined)
    throw new SmsError('invalid_request', `provider must be one of: ${[...providers.keys()].join(', ')}.`)
  return provider
}
