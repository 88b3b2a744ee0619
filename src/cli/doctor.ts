import { parseConfig } from '../config/config.ts'
import type { Env } from '../config/env.ts'
import type { AccountCheck } from '../core/account-check.ts'
import { SmsError } from '../core/errors.ts'
import type { Organization, ProviderAccount } from '../core/organization.ts'
import { accountCheckTitle, askProvider } from '../use-cases/check-account.ts'
import { rulesOff } from '../use-cases/policy-document.ts'
import type { Output } from './output.ts'
import { chooseOrganization, withSession } from './session.ts'

type Parts = { readonly env: Env; readonly output: Output }

/** Asks every provider about its accounts, and says what to fix. @throws SmsError `invalid_request` when something is not as it must be. */
export async function runDoctor(
  { env, output }: Parts,
  options: { readonly organization?: string; readonly json?: boolean },
): Promise<void> {
  const { publicUrl } = parseConfig(env)
  // The providers are asked when the database is free again for others.
  const read = await withSession(env, async ({ store, providers }) => {
    const organization = await chooseOrganization(store, options.organization)
    const [accounts, senders] = await Promise.all([
      store.accounts.list(organization.id),
      store.senders.list(organization.id),
    ])
    return { organization, accounts, senders, providers }
  })
  const { organization, senders, providers } = read
  const accounts = await Promise.all(
    read.accounts.map(async (account) => ({
      account,
      checks: await askProvider({ providers, publicUrl }, account, senders),
    })),
  )
  await Promise.all([...providers.values()].map((provider) => provider.close()))
  const found = { organization, accounts }
  if (options.json) output.line(JSON.stringify(reportOf(found)))
  else for (const line of linesOf(found)) output.line(line)
  const faults = found.accounts.flatMap(({ checks }) => checks.filter(({ ok }) => !ok)).length
  if (faults > 0) throw new SmsError('invalid_request', `${faults} of the checks failed.`)
}

type Found = {
  readonly organization: Organization
  readonly accounts: readonly { readonly account: ProviderAccount; readonly checks: readonly AccountCheck[] }[]
}

function reportOf({ organization, accounts }: Found) {
  return {
    organization: organization.name,
    ok: accounts.every(({ checks }) => checks.every(({ ok }) => ok)),
    provider_accounts: accounts.map(({ account, checks }) => ({
      name: account.name,
      provider: account.provider,
      checks: checks.map(({ name, ok, phoneNumber = null, detail, advice = null }) => ({
        name,
        ok,
        phone_number: phoneNumber,
        detail,
        advice,
      })),
    })),
    rules_off: rulesOff(organization.policy),
  }
}

function linesOf({ organization, accounts }: Found): string[] {
  const off = rulesOff(organization.policy)
  return [
    ...accounts.flatMap(({ account, checks }) => [
      `${account.name} (${account.provider})`,
      ...checks.flatMap((check) => [
        `  ${check.ok ? 'ok   ' : 'FAULT'}  ${accountCheckTitle(check)}: ${check.detail}`,
        ...(check.advice === undefined ? [] : [`         -> ${check.advice}`]),
      ]),
    ]),
    ...(accounts.length === 0
      ? ['There is no provider account yet. Describe one with `apply -f textbridge.yaml`.']
      : []),
    off.length === 0
      ? 'Every rule of the policy is set.'
      : `Rules of the policy that are off: ${off.join(', ')}. The preset "guarded" sets most of them.`,
  ]
}
