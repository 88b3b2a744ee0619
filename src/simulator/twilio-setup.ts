import type { TwilioAccount } from './twilio.ts'
import type { WireAnswer } from './wire-api.ts'

const createdAt = 'Thu, 01 Jan 2026 00:00:00 +0000'

/** What `doctor` and the console ask of an account: https://www.twilio.com/docs/iam/api/account */
export function accountAnswer({ accountSid }: TwilioAccount): WireAnswer {
  return {
    status: 200,
    body: {
      sid: accountSid,
      owner_account_sid: accountSid,
      friendly_name: 'Simulated',
      status: 'active',
      type: 'Full',
      auth_token: null,
      date_created: createdAt,
      date_updated: createdAt,
      subresource_uris: {},
      uri: `/2010-04-01/Accounts/${accountSid}.json`,
    },
  }
}

/** All on one page: https://www.twilio.com/docs/phone-numbers/api/incomingphonenumber-resource */
export function numbersAnswer(account: TwilioAccount, url: URL, inboundUrls: ReadonlyMap<string, string>): WireAnswer {
  const wanted = url.searchParams.get('PhoneNumber')
  const numbers = account.numbers.filter((number) => wanted === null || number === wanted)
  const uri = `${url.pathname}${url.search}`
  return {
    status: 200,
    body: {
      incoming_phone_numbers: numbers.map((number) => numberOf(account, number, inboundUrls.get(number))),
      page: 0,
      page_size: 1_000,
      start: 0,
      end: Math.max(0, numbers.length - 1),
      uri,
      first_page_uri: uri,
      previous_page_uri: null,
      next_page_uri: null,
    },
  }
}

function numberOf({ accountSid }: TwilioAccount, number: string, inboundUrl: string | undefined) {
  const sid = `PN${number.slice(1).padStart(32, '0')}`
  return {
    sid,
    account_sid: accountSid,
    phone_number: number,
    friendly_name: number,
    capabilities: { sms: true, mms: true, voice: false, fax: false },
    sms_url: inboundUrl ?? '',
    sms_method: 'POST',
    sms_application_sid: '',
    sms_fallback_url: '',
    sms_fallback_method: 'POST',
    status: 'in-use',
    date_created: createdAt,
    date_updated: createdAt,
    uri: `/2010-04-01/Accounts/${accountSid}/IncomingPhoneNumbers/${sid}.json`,
  }
}
