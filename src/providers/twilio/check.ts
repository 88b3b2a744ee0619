import type { AccountCheck } from '../../core/account-check.ts'
import type { ProviderAccount } from '../../core/organization.ts'
import type { AccountQuestion } from '../../ports/provider.ts'
import { type Asked, ask, checkedPagesMax, credentialsCheck, inboundWebhookCheck } from '../account-check.ts'
import type { Get } from '../lookup.ts'
import { listOf, memberOf, shortText } from '../reading.ts'
import { twilioAccountUrl } from './request.ts'

const fields = 'account_sid and auth_token (or api_key_sid and api_key_secret)'
const queryLengthMax = 2_000

/** https://www.twilio.com/docs/iam/api/account and https://www.twilio.com/docs/phone-numbers/api/incomingphonenumber-resource */
export async function checkTwilioAccount(
  question: AccountQuestion,
  account: ProviderAccount,
  get: Get,
): Promise<readonly AccountCheck[]> {
  const checks: AccountCheck[] = [signatureCheck(account)]
  // A standard API key may read everything but the account itself: its numbers tell whether it is good.
  if (account.settings.api_key_sid === undefined) {
    const asked = await ask(get, `${twilioAccountUrl(account)}.json`)
    checks.unshift(credentialsCheck(asked, fields))
    if (asked.kind !== 'body') return checks
    checks.push(statusCheck(asked.body))
  }
  const { asked, numbers, isComplete } = await readNumbers(account, get)
  if (account.settings.api_key_sid !== undefined) checks.unshift(credentialsCheck(asked, fields))
  if (asked.kind !== 'body') return checks
  return [...checks, ...numberChecks(question, account, { numbers, isComplete })]
}

function signatureCheck({ secrets }: ProviderAccount): AccountCheck {
  return secrets.auth_token === undefined
    ? {
        name: 'webhook_signature',
        ok: false,
        detail: 'auth_token is not set, so Twilio webhooks cannot be verified: no receipt and no text is taken.',
        advice: 'Set auth_token of the account, beside its API key.',
      }
    : { name: 'webhook_signature', ok: true, detail: 'auth_token is set, with which webhooks are verified.' }
}

function statusCheck(body: unknown): AccountCheck {
  const status = shortText(memberOf(body, 'status'))
  const name = 'account_status'
  if (status !== 'active')
    return {
      name,
      ok: false,
      detail: `The account is ${status ?? 'in a state that is not known here'}.`,
      advice: 'Settle it with Twilio.',
    }
  return memberOf(body, 'type') === 'Trial'
    ? {
        name,
        ok: false,
        detail: 'It is a trial account: it texts verified numbers only, and adds a sentence to each text.',
        advice: 'Upgrade the account in the Twilio console.',
      }
    : { name, ok: true, detail: 'The account is active.' }
}

async function readNumbers(account: ProviderAccount, get: Get) {
  const numbers = new Map<unknown, unknown>()
  const url = `${twilioAccountUrl(account)}/IncomingPhoneNumbers.json`
  let query: string | undefined = 'PageSize=1000'
  let asked: Asked = { kind: 'unavailable', detail: 'nothing was asked' }
  for (let page = 0; page < checkedPagesMax && query !== undefined; page++) {
    asked = await ask(get, `${url}?${query}`)
    if (asked.kind !== 'body') break
    for (const number of listOf(memberOf(asked.body, 'incoming_phone_numbers')))
      numbers.set(memberOf(number, 'phone_number'), number)
    query = nextQuery(asked.body)
  }
  return { asked, numbers, isComplete: query === undefined }
}

/** Only its query is used, so that the next request goes nowhere else, whatever the answer says. */
function nextQuery(body: unknown): string | undefined {
  const next = memberOf(body, 'next_page_uri')
  return typeof next !== 'string' || next === '' ? undefined : (next.split('?', 2)[1] ?? '').slice(0, queryLengthMax)
}

function numberChecks(
  { numbers: ours, inboundUrls }: AccountQuestion,
  account: ProviderAccount,
  { numbers, isComplete }: { readonly numbers: ReadonlyMap<unknown, unknown>; readonly isComplete: boolean },
): AccountCheck[] {
  return ours.flatMap((phoneNumber): AccountCheck[] => {
    const number = numbers.get(phoneNumber)
    const about = { name: 'number', phoneNumber } as const
    if (number === undefined)
      return [
        {
          ...about,
          ok: false,
          detail: isComplete
            ? 'The account does not have this number.'
            : 'The number is not among those that were read.',
          advice: 'Look in the Twilio console whether the number belongs to this account (short codes are not listed).',
        },
      ]
    const canText = memberOf(memberOf(number, 'capabilities'), 'sms') !== false
    const owned: AccountCheck = canText
      ? { ...about, ok: true, detail: 'The account has this number, and it can text.' }
      : { ...about, ok: false, detail: 'The number cannot text.', advice: 'Use a number with the capability SMS.' }
    return [owned, webhookCheck({ phoneNumber, number, inboundUrls, account })]
  })
}

function webhookCheck(params: {
  readonly phoneNumber: AccountQuestion['numbers'][number]
  readonly number: unknown
  readonly inboundUrls: readonly string[]
  readonly account: ProviderAccount
}): AccountCheck {
  const { phoneNumber, number, inboundUrls, account } = params
  const applicationSid = shortText(memberOf(number, 'sms_application_sid'))
  if (applicationSid !== undefined)
    return {
      name: 'inbound_webhook',
      phoneNumber,
      ok: false,
      detail: `A TwiML application (${applicationSid}) says where texts of people are reported.`,
      advice: `Take the application off the number, and set "A message comes in" to ${inboundUrls[0]}`,
    }
  const place =
    account.settings.messaging_service_sid === undefined
      ? '"A message comes in" of the number (SmsUrl)'
      : '"A message comes in" of the number (SmsUrl), with the Messaging Service deferring to the webhook of the sender,'
  return inboundWebhookCheck({ phoneNumber, address: memberOf(number, 'sms_url'), inboundUrls, place })
}
