import type { AccountCheck } from '../../core/account-check.ts'
import type { ProviderAccount } from '../../core/organization.ts'
import type { AccountQuestion } from '../../ports/provider.ts'
import { ask, checkedPagesMax, credentialsCheck, inboundWebhookCheck } from '../account-check.ts'
import type { Get } from '../lookup.ts'
import { listOf, memberOf, shortText } from '../reading.ts'
import { telnyxUrl } from './request.ts'

const pageSize = 250
const profilesReadMax = 20

/** https://developers.telnyx.com/api/messaging/list-messaging-profiles and …/list-phone-numbers-with-messaging-settings */
export async function checkTelnyxAccount(
  question: AccountQuestion,
  account: ProviderAccount,
  get: Get,
): Promise<readonly AccountCheck[]> {
  const { numbers, isComplete, asked } = await readNumbers(account, get)
  const checks = [credentialsCheck(asked, 'api_key'), signatureCheck(account)]
  if (asked.kind !== 'body') return checks
  const wanted = account.settings.messaging_profile_id
  const used = question.numbers.map((number) => shortText(memberOf(numbers.get(number), 'messaging_profile_id')))
  const profileIds = new Set([wanted, ...used].filter((id) => id !== undefined))
  for (const id of [...profileIds].slice(0, profilesReadMax))
    checks.push(...(await profileChecks(id, { question, account, get })))
  return [...checks, ...question.numbers.map((number) => numberCheck(number, { numbers, isComplete, wanted }))]
}

function signatureCheck({ settings }: ProviderAccount): AccountCheck {
  return settings.public_key === undefined
    ? {
        name: 'webhook_signature',
        ok: false,
        detail: 'public_key is not set, so Telnyx webhooks cannot be verified: no receipt and no text is taken.',
        advice: 'Copy public_key from the Telnyx portal (Keys & Credentials).',
      }
    : { name: 'webhook_signature', ok: true, detail: 'public_key is set, with which webhooks are verified.' }
}

async function readNumbers(account: ProviderAccount, get: Get) {
  const numbers = new Map<unknown, unknown>()
  for (let page = 1; ; page++) {
    const query = new URLSearchParams({ 'page[number]': String(page), 'page[size]': String(pageSize) })
    const asked = await ask(get, `${telnyxUrl(account)}/phone_numbers/messaging?${query}`)
    if (asked.kind !== 'body') return { asked, numbers, isComplete: false }
    for (const number of listOf(memberOf(asked.body, 'data'))) numbers.set(memberOf(number, 'phone_number'), number)
    const pages = Number(memberOf(memberOf(asked.body, 'meta'), 'total_pages') ?? 1)
    if (page >= pages || page >= checkedPagesMax) return { asked, numbers, isComplete: page >= pages }
  }
}

async function profileChecks(
  id: string,
  parts: { readonly question: AccountQuestion; readonly account: ProviderAccount; readonly get: Get },
): Promise<AccountCheck[]> {
  const asked = await ask(parts.get, `${telnyxUrl(parts.account)}/messaging_profiles/${encodeURIComponent(id)}`)
  const name = 'messaging_profile'
  if (asked.kind !== 'body')
    return [
      {
        name,
        ok: false,
        detail:
          asked.kind === 'refused'
            ? `There is no messaging profile ${id}.`
            : `The messaging profile ${id} could not be read (${asked.detail}).`,
        advice: 'Set messaging_profile_id to a profile of this account, or take it away.',
      },
    ]
  const profile = memberOf(asked.body, 'data')
  const profileCheck: AccountCheck =
    memberOf(profile, 'enabled') === false
      ? {
          name,
          ok: false,
          detail: `The messaging profile ${id} is disabled.`,
          advice: 'Enable it in the Telnyx portal.',
        }
      : { name, ok: true, detail: `The messaging profile ${id} is enabled.` }
  return [
    profileCheck,
    inboundWebhookCheck({
      address: memberOf(profile, 'webhook_url'),
      inboundUrls: parts.question.inboundUrls,
      place: `the webhook URL of the messaging profile ${id} (API version 2)`,
    }),
  ]
}

function numberCheck(
  phoneNumber: AccountQuestion['numbers'][number],
  parts: {
    readonly numbers: ReadonlyMap<unknown, unknown>
    readonly isComplete: boolean
    readonly wanted: string | undefined
  },
): AccountCheck {
  const { numbers, isComplete, wanted } = parts
  const number = numbers.get(phoneNumber)
  const about = { name: 'number', phoneNumber } as const
  if (number === undefined)
    return {
      ...about,
      ok: false,
      detail: isComplete ? 'The account does not have this number.' : 'The number is not among those that were read.',
      advice: 'Look in the Telnyx portal whether the number belongs to this account.',
    }
  const profileId = shortText(memberOf(number, 'messaging_profile_id'))
  if (profileId === undefined)
    return {
      ...about,
      ok: false,
      detail: 'The number has no messaging profile, so it can neither send nor receive.',
      advice: 'Give it a messaging profile in the Telnyx portal.',
    }
  if (wanted !== undefined && profileId !== wanted)
    return {
      ...about,
      ok: false,
      detail: `The number belongs to the messaging profile ${profileId}, and the account sends with ${wanted}.`,
      advice: 'Move the number to that profile, or change messaging_profile_id.',
    }
  return { ...about, ok: true, detail: 'The account has this number, with a messaging profile.' }
}
