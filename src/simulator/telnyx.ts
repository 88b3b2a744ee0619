import { createPublicKey, randomUUID } from 'node:crypto'
import { segmentsOf } from '../core/encoding.ts'
import type { Clock } from '../ports/clock.ts'
import type { CarriedMessage, CarriedStatus, Carrier } from './carrier.ts'
import type { Refusal } from './magic-recipients.ts'
import { numbersOf, profileOf } from './telnyx-setup.ts'
import { privateKeyOf, receivedEvent, signedEvent, statusEvent } from './telnyx-webhooks.ts'
import { answered, parseObject, type WireAnswer, type WireApi, type WireRequest, type WireResult } from './wire-api.ts'

export type TelnyxAccount = {
  readonly provider: 'telnyx'
  readonly apiKey: string
  /** 32 bytes; webhooks are signed with the Ed25519 key made of them. */
  readonly signingSeed: Uint8Array
  readonly messagingProfileId: string
  readonly numbers: readonly string[]
  /** Where texts to its numbers are reported. */
  readonly inboundUrl?: string
}

const messagePath = /^\/v2\/messages(?:\/([^/]+))?$/
const recordsPath = '/v2/detail_records'
const webhooksPath = '/v2/webhook_deliveries'
const profilePath = /^\/v2\/messaging_profiles(?:\/([^/]+))?$/
const numbersPath = '/v2/phone_numbers/messaging'
const e164 = /^\+[1-9]\d{1,14}$/

/** Code, HTTP status and sentences of each refusal: https://developers.telnyx.com/docs/messaging/messages/error-codes */
const errorByRefusal: Readonly<
  Record<Refusal, readonly [code: string, status: number, title: string, detail: string]>
> = {
  invalid_recipient: ['40310', 400, "Invalid 'to' address", "The 'to' address is not valid."],
  no_route: ['40310', 400, "Invalid 'to' address", 'The number is not routable.'],
  country_not_enabled: ['40309', 400, 'Invalid destination region', 'The destination country is not allowed.'],
  opted_out: ['40300', 409, 'Blocked due to STOP message', 'Messages cannot be sent: the recipient sent STOP.'],
  landline: ['40301', 400, 'Unsupported message type', "The message type is not possible for this 'to' address."],
  wrong_credentials: ['10009', 401, 'Authentication failed', 'No key found matching the ID or the key is wrong.'],
  rate_limited: ['10011', 429, 'Too many requests', 'You have exceeded the maximum number of allowed requests.'],
  queue_full: ['40318', 429, 'Message queue full', 'The message queue of the sender is full.'],
}

const wordByStatus: Readonly<Record<CarriedStatus, string>> = {
  queued: 'queued',
  sent: 'sent',
  delivered: 'delivered',
  unreachable: 'delivery_failed',
  filtered: 'delivery_failed',
}
/** Detail records have words of their own, and none for a message on its way. */
const recordWordByStatus: Readonly<Partial<Record<CarriedStatus, string>>> = {
  delivered: 'delivered',
  unreachable: 'failed',
  filtered: 'failed',
}
const errorByStatus: Readonly<Partial<Record<CarriedStatus, { code: string; title: string }>>> = {
  unreachable: { code: '40006', title: 'Recipient server unavailable' },
  filtered: { code: '40002', title: 'Blocked as spam - temporary' },
}

export function makeTelnyxApi(parts: {
  readonly accounts: readonly TelnyxAccount[]
  readonly carrier: Carrier
  readonly clock: Clock
  /** Where texts to each number are reported. */
  readonly inboundUrls: ReadonlyMap<string, string>
  /** Where the simulator listens. */
  readonly origin: () => string
}): WireApi {
  const { accounts, carrier, clock, inboundUrls, origin } = parts
  const accountById = (id: string) => accounts.find((account) => account.messagingProfileId === id)
  const threeTries = { triesMax: 3, afterAnswer: true }
  return {
    provider: 'telnyx',
    repeats: { receipt: threeTries, inbound: threeTries },
    keywords: {
      STOP: ['STOP', 'STOPALL', 'STOP ALL', 'UNSUBSCRIBE', 'CANCEL', 'END', 'QUIT'],
      START: ['START', 'UNSTOP'],
      HELP: ['HELP'],
    },
    stopScope: 'account',
    handle(request) {
      const { pathname } = request.url
      const match = messagePath.exec(pathname)
      const profile = profilePath.exec(pathname)
      const isOther = pathname === recordsPath || pathname === webhooksPath || pathname === numbersPath
      if (match === null && profile === null && !isOther) return undefined
      const account = accounts.find((candidate) => request.authorization === `Bearer ${candidate.apiKey}`)
      if (account === undefined) return answered(refusal('wrong_credentials'))
      if (pathname === recordsPath) return answered(detailRecords(carrier, account, request.url))
      if (pathname === numbersPath) return answered(pageOf(numbersOf(account), request.url, (number) => number))
      if (profile !== null) return answered(profileAnswer(account, request.url, { id: profile[1], inboundUrls }))
      if (pathname === webhooksPath) return answered(webhookDeliveries(carrier, account, request.url))
      const messageId = match?.[1]
      if (messageId !== undefined) return answered(fetchOne(carrier, account, messageId))
      if (request.method !== 'POST') return answered(errorAnswer('10005', 404, 'Resource not found', 'No such path.'))
      return send(account, request)
    },
    receiptOf(message, url, forged) {
      const account = accountById(message.accountId)
      if (account === undefined || message.status === 'queued') return undefined
      const event = statusEvent(message.status, resourceOf(message))
      return signedEvent(event, { account, url, forged, now: clock.now() })
    },
    accountOf: (number) => accounts.find(({ numbers }) => numbers.includes(number))?.messagingProfileId,
    inboundId: () => randomUUID(),
    mediumId: () => randomUUID(),
    inboundOf(text, url) {
      const account = accountById(text.accountId)
      const event = receivedEvent(text, `${origin()}/media`)
      return account && signedEvent(event, { account, url, forged: undefined, now: clock.now() })
    },
  }
}

/** The public key as the portal shows it: 32 bytes in base64. */
export function telnyxPublicKey(signingSeed: Uint8Array): string {
  const { x = '' } = createPublicKey(privateKeyOf(signingSeed)).export({ format: 'jwk' })
  return Buffer.from(x, 'base64url').toString('base64')
}

function send(account: TelnyxAccount, request: WireRequest): WireResult {
  const fields = parseObject(request.body)
  if (fields === undefined || !request.contentType.startsWith('application/json'))
    return answered(errorAnswer('10015', 400, 'Bad Request', 'The request body is not valid JSON.'))
  const fault = faultOf(account, fields)
  if (fault !== undefined) return answered(errorAnswer(...fault))
  const mediaUrls = stringsOf(fields.media_urls)
  const callbackUrl = fields.use_profile_webhooks === false ? undefined : fields.webhook_url
  return {
    kind: 'send',
    call: {
      submission: {
        id: randomUUID(),
        provider: 'telnyx',
        accountId: account.messagingProfileId,
        sender: String(fields.from),
        recipient: String(fields.to),
        body: typeof fields.text === 'string' ? fields.text : '',
        mediaUrls,
        ...(typeof callbackUrl === 'string' ? { callbackUrl } : {}),
      },
      accepted: (message) => ({ status: 200, body: { data: resourceOf(message) } }),
      refused: refusal,
      serverError: () => errorAnswer('10007', 500, 'Unexpected error', 'An unexpected error occurred.'),
    },
  }
}

function faultOf(
  account: TelnyxAccount,
  fields: Readonly<Record<string, unknown>>,
): [string, number, string, string] | undefined {
  const { from, to, text } = fields
  const mediaUrls = stringsOf(fields.media_urls)
  if (typeof to !== 'string' || to === '') return ['10004', 400, 'Missing parameter', "The 'to' parameter is missing."]
  if (!e164.test(to)) return ['10016', 400, 'Phone number must be in +E.164 format', "The 'to' number is not +E.164."]
  if (typeof from !== 'string' || from === '')
    return ['10004', 400, 'Missing parameter', "The 'from' parameter is missing."]
  if (!account.numbers.includes(from))
    return ['40305', 400, "Invalid 'from' address", "The 'from' address is not usable with this profile."]
  if (fields.messaging_profile_id !== undefined && fields.messaging_profile_id !== account.messagingProfileId)
    return ['10005', 404, 'Resource not found', 'The messaging profile does not exist.']
  if ((typeof text !== 'string' || text === '') && mediaUrls.length === 0)
    return ['40316', 400, 'No content', 'The message has neither text nor media.']
  if (mediaUrls.length > 10) return ['40317', 400, 'Invalid MMS content', 'More than ten media URLs.']
  if (typeof text === 'string' && mediaUrls.length === 0 && segmentsOf(text).segmentCount > 10)
    return ['40302', 400, 'Message too large', 'The message has more than ten parts.']
  return undefined
}

function refusal(kind: Refusal): WireAnswer {
  return errorAnswer(...errorByRefusal[kind])
}

function errorAnswer(code: string, status: number, title: string, detail: string): WireAnswer {
  const url = `https://developers.telnyx.com/docs/overview/errors/${code}`
  return { status, body: { errors: [{ code, title, detail, meta: { url } }] } }
}

function fetchOne(carrier: Carrier, account: TelnyxAccount, id: string): WireAnswer {
  const message = carrier.find(id)
  return message?.accountId === account.messagingProfileId
    ? { status: 200, body: { data: resourceOf(message) } }
    : errorAnswer('10005', 404, 'Resource not found', 'The requested resource or URL could not be found.')
}

/** Each account has one profile. */
function profileAnswer(
  account: TelnyxAccount,
  url: URL,
  { id, inboundUrls }: { readonly id: string | undefined; readonly inboundUrls: ReadonlyMap<string, string> },
): WireAnswer {
  const profile = profileOf(account, inboundUrls)
  if (id === undefined) return pageOf([profile], url, (one) => one)
  return id === account.messagingProfileId
    ? { status: 200, body: { data: profile } }
    : errorAnswer('10005', 404, 'Resource not found', 'The requested resource or URL could not be found.')
}

/** The nearest to a list of messages that there is; records hold no text. */
function detailRecords(carrier: Carrier, account: TelnyxAccount, url: URL): WireAnswer {
  const filter = (name: string) => url.searchParams.get(`filter[${name}]`)
  if (filter('record_type') !== 'messaging')
    return errorAnswer('10015', 400, 'Bad Request', 'filter[record_type] must be messaging.')
  const [recipient, sender] = [filter('cld'), filter('cli')]
  const since = url.searchParams.get('filter[created_at][gte]')
  const found = carrier
    .listed()
    .filter(
      (message) =>
        message.accountId === account.messagingProfileId &&
        (recipient === null || message.recipient === recipient) &&
        (sender === null || message.sender === sender) &&
        (since === null || message.createdAt >= Date.parse(since)),
    )
  return pageOf(found, url, (message) => ({
    record_type: 'messaging',
    uuid: message.id,
    cld: message.recipient,
    cli: message.sender,
    created_at: new Date(message.createdAt).toISOString(),
    direction: 'outbound',
    message_type: message.mediaUrls.length === 0 ? 'SMS' : 'MMS',
    parts: message.segmentCount,
    profile_id: message.accountId,
    status: recordWordByStatus[message.status],
    errors: [],
  }))
}

/** The webhooks that were posted for the account, searched by any part of their text. */
function webhookDeliveries(carrier: Carrier, account: TelnyxAccount, url: URL): WireAnswer {
  const part = url.searchParams.get('filter[webhook][contains]') ?? ''
  const found = carrier.webhooksOf(account.messagingProfileId).filter(({ body }) => body.includes(part))
  return pageOf(found, url, ({ url: address, body, isDelivered, startedAt, finishedAt }) => {
    const status = isDelivered ? 'delivered' : 'failed'
    const times = {
      started_at: new Date(startedAt).toISOString(),
      finished_at: new Date(finishedAt).toISOString(),
    }
    return {
      record_type: 'webhook_delivery',
      id: randomUUID(),
      status,
      webhook: parseObject(body)?.data,
      ...times,
      attempts: [{ status, ...times, http: { request: { url: address, headers: [] } } }],
    }
  })
}

function pageOf<T>(found: readonly T[], url: URL, shown: (one: T) => object): WireAnswer {
  const pageSize = Math.min(50, Math.max(1, Number(url.searchParams.get('page[size]') ?? 20)))
  const page = Math.max(1, Number(url.searchParams.get('page[number]') ?? 1))
  return {
    status: 200,
    body: {
      data: found.slice((page - 1) * pageSize, page * pageSize).map(shown),
      meta: {
        page_number: page,
        page_size: pageSize,
        total_pages: Math.ceil(found.length / pageSize),
        total_results: found.length,
      },
    },
  }
}

function resourceOf(message: CarriedMessage) {
  const error = errorByStatus[message.status]
  const createdAt = new Date(message.createdAt).toISOString()
  const isFinal = message.status !== 'queued' && message.status !== 'sent'
  return {
    record_type: 'message',
    direction: 'outbound',
    id: message.id,
    type: message.mediaUrls.length === 0 ? 'SMS' : 'MMS',
    messaging_profile_id: message.accountId,
    from: { phone_number: message.sender, carrier: 'Simulated', line_type: 'Wireless' },
    to: [
      {
        phone_number: message.recipient,
        status: wordByStatus[message.status],
        carrier: 'Simulated',
        line_type: 'Wireless',
      },
    ],
    text: message.body,
    media: message.mediaUrls.map((url) => ({ url, content_type: null, sha256: null, size: null })),
    webhook_url: message.callbackUrl ?? null,
    webhook_failover_url: null,
    encoding: segmentsOf(message.body).encoding === 'gsm-7' ? 'GSM-7' : 'UCS-2',
    parts: message.segmentCount,
    tags: [],
    cost: null,
    received_at: createdAt,
    sent_at: message.status === 'queued' ? null : createdAt,
    completed_at: isFinal ? createdAt : null,
    valid_until: new Date(message.createdAt + 3_600_000).toISOString(),
    errors: error === undefined ? [] : [{ ...error, detail: error.title }],
  }
}

function stringsOf(value: unknown): string[] {
  return Array.isArray(value) ? value.map(String) : []
}
