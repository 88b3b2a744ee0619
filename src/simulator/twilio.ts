import { randomBytes } from 'node:crypto'
import type { CarriedMessage, Carrier } from './carrier.ts'
import type { Refusal } from './magic-recipients.ts'
import { accountAnswer, numbersAnswer } from './twilio-setup.ts'
import { errorCodeByStatus, inboundForm, signedForm, statusForm, wordByStatus } from './twilio-webhooks.ts'
import { answered, type WireAnswer, type WireApi, type WireRequest, type WireResult } from './wire-api.ts'

export type TwilioAccount = {
  readonly provider: 'twilio'
  readonly accountSid: string
  readonly authToken: string
  readonly apiKey?: { readonly sid: string; readonly secret: string }
  readonly messagingServiceSids?: readonly string[]
  readonly numbers: readonly string[]
  /** Where texts to its numbers are reported. */
  readonly inboundUrl?: string
}

const pathPattern = /^\/2010-04-01\/Accounts\/([^/]+)\/Messages(?:\/([^/]+))?\.json$/
const mediumPattern = /^\/2010-04-01\/Accounts\/([^/]+)\/Messages\/[^/]+\/Media\/([^/]+)$/
const setupPattern = /^\/2010-04-01\/Accounts\/([^/.]+)(?:\/(IncomingPhoneNumbers))?\.json$/
const e164 = /^\+[1-9]\d{1,14}$/
const pageSizeMax = 1_000

/** Code, HTTP status and sentence of each refusal: https://www.twilio.com/docs/api/errors */
const errorByRefusal: Readonly<Record<Refusal, readonly [code: number, status: number, message: string]>> = {
  invalid_recipient: [21211, 400, "The 'To' number is not a valid phone number."],
  no_route: [21612, 400, "The 'To' phone number is not currently reachable using the 'From' phone number."],
  country_not_enabled: [21408, 403, 'Permission to send an SMS has not been enabled for the region.'],
  opted_out: [21610, 400, 'Attempt to send to unsubscribed recipient.'],
  landline: [21614, 400, "The 'To' number is not a mobile number."],
  wrong_credentials: [20003, 401, 'Authenticate'],
  rate_limited: [20429, 429, 'Too Many Requests'],
  queue_full: [21611, 429, "This 'From' number has exceeded the maximum number of queued messages."],
}

export function makeTwilioApi(parts: {
  readonly accounts: readonly TwilioAccount[]
  readonly carrier: Carrier
  /** Where texts to each number are reported. */
  readonly inboundUrls: ReadonlyMap<string, string>
  /** Where the simulator listens. */
  readonly origin: () => string
}): WireApi {
  const { accounts, carrier, inboundUrls } = parts
  const accountById = (id: string) => accounts.find((account) => account.accountSid === id)
  return {
    provider: 'twilio',
    // Neither is repeated after an answer; only a text is, once, when the connection failed.
    repeats: { receipt: { triesMax: 1, afterAnswer: false }, inbound: { triesMax: 2, afterAnswer: false } },
    keywords: {
      STOP: ['STOP', 'STOPALL', 'UNSUBSCRIBE', 'CANCEL', 'END', 'QUIT', 'REVOKE', 'OPTOUT'],
      START: ['START', 'YES', 'UNSTOP'],
      HELP: ['HELP', 'INFO'],
    },
    stopScope: 'number',
    handle(request) {
      const { pathname } = request.url
      const setup = setupPattern.exec(pathname)
      const match = pathPattern.exec(pathname) ?? mediumPattern.exec(pathname) ?? setup
      if (match === null) return undefined
      const [, accountSid = '', sid] = match
      const account = accounts.find((candidate) => mayUse(candidate, accountSid, request.authorization))
      if (account === undefined) return answered(refusal('wrong_credentials'))
      if (setup === null && request.method === 'POST' && sid === undefined) return send(account, request)
      if (setup !== null && request.method === 'GET')
        return answered(sid === undefined ? accountAnswer(account) : numbersAnswer(account, request.url, inboundUrls))
      if (request.method !== 'GET') return answered(errorAnswer(20004, 405, 'Method not allowed'))
      if (sid === undefined) return answered(list(carrier, account, request.url))
      return answered(
        request.url.pathname.endsWith('.json') ? fetchOne(carrier, account, sid) : redirectTo(carrier, sid),
      )
    },
    receiptOf(message, callbackUrl, forged) {
      const account = accountById(message.accountId)
      return account && signedForm(statusForm(message), { account, url: callbackUrl, forged })
    },
    accountOf: (number) => accounts.find(({ numbers }) => numbers.includes(number))?.accountSid,
    inboundId: (hasMedia) => `${hasMedia ? 'MM' : 'SM'}${randomBytes(16).toString('hex')}`,
    mediumId: () => `ME${randomBytes(16).toString('hex')}`,
    inboundOf(text, url) {
      const account = accountById(text.accountId)
      const mediaAt = `${parts.origin()}/2010-04-01/Accounts/${text.accountId}/Messages/${text.id}/Media`
      return account && signedForm(inboundForm(text, mediaAt), { account, url, forged: undefined })
    },
  }
}

function mayUse(account: TwilioAccount, accountSid: string, authorization: string): boolean {
  if (account.accountSid !== accountSid) return false
  const basic = (user: string, password: string) => `Basic ${Buffer.from(`${user}:${password}`).toString('base64')}`
  return (
    authorization === basic(account.accountSid, account.authToken) ||
    (account.apiKey !== undefined && authorization === basic(account.apiKey.sid, account.apiKey.secret))
  )
}

function send(account: TwilioAccount, { contentType, body }: WireRequest): WireResult {
  if (!contentType.startsWith('application/x-www-form-urlencoded'))
    return answered(errorAnswer(21604, 400, "A 'To' phone number is required."))
  const form = new URLSearchParams(body)
  const fault = faultOf(account, form)
  if (fault !== undefined) return answered(errorAnswer(...fault))
  const mediaUrls = form.getAll('MediaUrl')
  const callbackUrl = form.get('StatusCallback')
  const messagingServiceId = form.get('MessagingServiceSid')
  return {
    kind: 'send',
    call: {
      submission: {
        id: `${mediaUrls.length === 0 ? 'SM' : 'MM'}${randomBytes(16).toString('hex')}`,
        provider: 'twilio',
        accountId: account.accountSid,
        sender: form.get('From') ?? account.numbers[0] ?? '',
        recipient: form.get('To') ?? '',
        body: form.get('Body') ?? '',
        mediaUrls,
        ...(callbackUrl === null ? {} : { callbackUrl }),
        ...(messagingServiceId === null ? {} : { messagingServiceId }),
      },
      accepted: (message) => ({ status: 201, body: resourceOf(message) }),
      refused: refusal,
      serverError: () => errorAnswer(20500, 500, 'Internal Server Error'),
    },
  }
}

function faultOf(account: TwilioAccount, form: URLSearchParams): [number, number, string] | undefined {
  const [to, from, service] = [form.get('To'), form.get('From'), form.get('MessagingServiceSid')]
  const mediaUrls = form.getAll('MediaUrl')
  const body = form.get('Body') ?? ''
  if (to === null || to === '') return [21604, 400, "A 'To' phone number is required."]
  if (!e164.test(to)) return [21211, 400, "The 'To' number is not a valid phone number."]
  if (service !== null && !account.messagingServiceSids?.includes(service))
    return [21701, 400, 'The Messaging Service does not exist.']
  if (service === null && (from === null || from === '')) return [21603, 400, "A 'From' phone number is required."]
  if (service === null && from !== null && !account.numbers.includes(from))
    return [21606, 400, "The 'From' phone number is not a valid, message-capable number of this account."]
  if (to === from) return [21211, 400, "The 'To' number is not a valid phone number."]
  if (body === '' && mediaUrls.length === 0) return [21602, 400, 'Message body is required.']
  if ([...body].length > 1600) return [21617, 400, 'The concatenated message body exceeds the 1600 character limit.']
  if (mediaUrls.length > 10) return [21623, 400, 'The number of media files exceeds the limit.']
  if (mediaUrls.some((url) => !URL.canParse(url))) return [21620, 400, 'Invalid media URL(s).']
  const callbackUrl = form.get('StatusCallback')
  if (callbackUrl !== null && !URL.canParse(callbackUrl)) return [21609, 400, 'Invalid StatusCallback URL.']
  return undefined
}

function refusal(kind: Refusal): WireAnswer {
  return errorAnswer(...errorByRefusal[kind])
}

function errorAnswer(code: number, status: number, message: string): WireAnswer {
  return { status, body: { code, message, more_info: `https://www.twilio.com/docs/errors/${code}`, status } }
}

function fetchOne(carrier: Carrier, account: TwilioAccount, sid: string): WireAnswer {
  const message = carrier.find(sid)
  return message?.accountId === account.accountSid
    ? { status: 200, body: resourceOf(message) }
    : errorAnswer(20404, 404, 'The requested resource was not found')
}

/** Media stand behind the API; what they are is at an address of its own, open to who knows it. */
function redirectTo(carrier: Carrier, mediumId: string): WireAnswer {
  return carrier.findMedium(mediumId) === undefined
    ? errorAnswer(20404, 404, 'The requested resource was not found')
    : { status: 307, headers: { location: `/media/${mediumId}` } }
}

/** Newest first, filtered by To, From and the day or instant of sending, in pages. */
function list(carrier: Carrier, account: TwilioAccount, url: URL): WireAnswer {
  const query = url.searchParams
  const time = (name: string) => {
    const value = query.get(name)
    return value === null ? undefined : Date.parse(value)
  }
  const [after, before, to, from] = [time('DateSent>'), time('DateSent<'), query.get('To'), query.get('From')]
  const found = carrier.listed().filter(
    (message) =>
      message.accountId === account.accountSid &&
      (to === null || message.recipient === to) &&
      (from === null || message.sender === from) &&
      // The filter looks at the time of sending, which a queued message does not have.
      ((after === undefined && before === undefined) || message.status !== 'queued') &&
      (after === undefined || message.createdAt >= after) &&
      (before === undefined || message.createdAt <= before),
  )
  const pageSize = Math.min(Math.max(1, Number(query.get('PageSize') ?? 50)), pageSizeMax)
  const page = Math.max(0, Number(query.get('Page') ?? 0))
  const pageUri = (number: number) => {
    const next = new URLSearchParams(query)
    next.set('PageSize', String(pageSize))
    next.set('Page', String(number))
    return `${url.pathname}?${next}`
  }
  return {
    status: 200,
    body: {
      messages: found.slice(page * pageSize, (page + 1) * pageSize).map(resourceOf),
      page,
      page_size: pageSize,
      start: page * pageSize,
      end: Math.min(found.length, (page + 1) * pageSize) - 1,
      uri: pageUri(page),
      first_page_uri: pageUri(0),
      previous_page_uri: page === 0 ? null : pageUri(page - 1),
      next_page_uri: (page + 1) * pageSize < found.length ? pageUri(page + 1) : null,
    },
  }
}

function resourceOf(message: CarriedMessage) {
  const { id, accountId, status, messagingServiceId } = message
  const uri = `/2010-04-01/Accounts/${accountId}/Messages/${id}.json`
  const date = new Date(message.createdAt).toUTCString().replace('GMT', '+0000')
  const errorCode = errorCodeByStatus[status] ?? null
  return {
    sid: id,
    account_sid: accountId,
    api_version: '2010-04-01',
    body: message.body,
    date_created: date,
    date_sent: status === 'queued' ? null : date,
    date_updated: date,
    direction: 'outbound-api',
    error_code: errorCode,
    error_message: errorCode === null ? null : 'The message was not delivered.',
    from: messagingServiceId !== undefined && status === 'queued' ? null : message.sender,
    messaging_service_sid: messagingServiceId ?? null,
    num_media: String(message.mediaUrls.length),
    num_segments: messagingServiceId !== undefined && status === 'queued' ? '0' : String(message.segmentCount),
    price: null,
    price_unit: 'USD',
    status: messagingServiceId !== undefined && status === 'queued' ? 'accepted' : wordByStatus[status],
    subresource_uris: { media: uri.replace('.json', '/Media.json') },
    to: message.recipient,
    uri,
  }
}
