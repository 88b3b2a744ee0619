import { SmsError } from '../../core/errors.ts'
import { isMediaUrl } from '../../core/media.ts'
import {
  bodyLengthMax,
  type Category,
  categories,
  idempotencyKeyLengthMax,
  mediaCountMax,
  metadataKeyLengthMax,
  metadataPairsMax,
  metadataValueLengthMax,
  type OnUnknown,
  onUnknownChoices,
  type SendRequest,
  sendAheadMsMax,
  sendLateMsMax,
} from '../../core/message.ts'
import { isMessageId, type MessageId } from '../../core/message-id.ts'
import { type E164, isE164 } from '../../core/phone-number.ts'
import { parseInstant } from './instant.ts'

/** What a caller asks for, and whether only to hear what would happen. */
export type ParsedSend = { readonly request: SendRequest; readonly isDryRun: boolean }

/**
 * The wire shape of `POST /sms/send` into a request within all limits. By hand, because the sentences and their
 * order (from, to, message, media, the rest) are part of the contract.
 *
 * @throws SmsError `invalid_request`
 */
export function parseSendRequest(
  body: unknown,
  { idempotencyKeyHeader, now }: { readonly idempotencyKeyHeader: string | undefined; readonly now: number },
): ParsedSend {
  if (!isObject(body)) throw invalid('The request body must be a JSON object.')
  const content = parseContent(body)
  const isDryRun = parseFlag(body, 'dry_run') ?? false
  const idempotencyKey = parseIdempotencyKey(idempotencyKeyHeader ?? body.idempotency_key)
  const times = parseTimes(body, { now, isKeyed: idempotencyKey !== undefined })
  const queue = parseFlag(body, 'queue')
  if (queue === false && times.sendAt !== undefined)
    throw invalid('queue is false, but send_at implies the queue. Leave queue out, or set it to true.')
  const request = {
    ...content,
    ...times,
    queue: queue === true || times.sendAt !== undefined,
    ...(idempotencyKey === undefined ? {} : { idempotencyKey }),
  }
  return { request, isDryRun }
}

/**
 * One message of a batch: the same fields, but all are queued, and the key is of the whole batch.
 *
 * @throws SmsError `invalid_request`
 */
export function parseBatchMessage(
  body: unknown,
  params: {
    readonly idempotencyKey: string | undefined
    readonly batch: NonNullable<SendRequest['batch']>
    readonly now: number
  },
): SendRequest {
  const { idempotencyKey, batch, now } = params
  if (!isObject(body)) throw invalid('A message of a batch must be a JSON object.')
  const content = parseContent(body)
  if (parseFlag(body, 'dry_run') === true)
    throw invalid('dry_run is not for a batch. Ask about one message with POST /sms/send.')
  if (!isAbsent(body.idempotency_key))
    throw invalid('idempotency_key is one for the whole batch: give it beside messages, or as the header.')
  if (parseFlag(body, 'queue') === false)
    throw invalid('queue is false, but all messages of a batch are queued. Leave queue out, or set it to true.')
  const times = parseTimes(body, { now, isKeyed: idempotencyKey !== undefined })
  return { ...content, ...times, queue: true, batch, ...(idempotencyKey === undefined ? {} : { idempotencyKey }) }
}

/** The members that say what is sent to whom. */
function parseContent(body: Record<string, unknown>) {
  const sender = parseNumber(body, 'from_phone_number')
  const recipient = parseNumber(body, 'to_phone_number')
  const text = parseText(body.message)
  const mediaUrls = parseMediaUrls(body.media_urls)
  const category = parseChoice<Category>(body, 'category', categories, 'conversation')
  const onUnknown = parseChoice<OnUnknown>(body, 'on_unknown', onUnknownChoices, 'hold')
  const metadata = parseMetadata(body.metadata)
  const inReplyTo = parseInReplyTo(body.in_reply_to)
  return {
    sender,
    recipient,
    body: text,
    mediaUrls,
    category,
    onUnknown,
    metadata,
    ...(inReplyTo === undefined ? {} : { inReplyTo }),
  }
}

function invalid(sentence: string): SmsError {
  return new SmsError('invalid_request', sentence)
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function isAbsent(value: unknown): value is undefined | null {
  return value === undefined || value === null
}

function parseNumber(body: Record<string, unknown>, field: 'from_phone_number' | 'to_phone_number'): E164 {
  const value = body[field]
  if (isAbsent(value) || value === '') throw invalid(`${field} is required`)
  if (typeof value !== 'string' || !isE164(value))
    throw invalid(`Invalid ${field} format. Use E.164 format (e.g., +1234567890)`)
  return value
}

function parseText(value: unknown): string {
  if (isAbsent(value) || value === '') throw invalid('message is required')
  if (typeof value !== 'string') throw invalid('message must be a string.')
  if (value.trim() === '') throw invalid('message must not be blank.')
  // Code points are at most code units: counting is needed only near the limit.
  if (value.length > bodyLengthMax && codePointCount(value) > bodyLengthMax)
    throw invalid(`message must be at most ${bodyLengthMax} characters. Send it as several messages.`)
  if (!isStorable(value)) throw invalid('message contains a NUL character or half of a surrogate pair.')
  return value
}

function codePointCount(text: string): number {
  let count = 0
  for (const _ of text) count++
  return count
}

/** What no provider and no database carries unchanged. */
function isStorable(text: string): boolean {
  return text.isWellFormed() && !text.includes('\0')
}

function parseMediaUrls(value: unknown): string[] {
  if (isAbsent(value)) return []
  if (!Array.isArray(value)) throw invalid('media_urls must be an array of http(s) URLs.')
  if (value.length > mediaCountMax) throw invalid(`media_urls must hold at most ${mediaCountMax} URLs.`)
  return value.map((url: unknown, index) => {
    if (typeof url !== 'string' || !isMediaUrl(url)) throw invalid(`media_urls[${index}] must be an http(s) URL.`)
    return url
  })
}

function parseFlag(body: Record<string, unknown>, field: 'queue' | 'dry_run'): boolean | undefined {
  const value = body[field]
  if (isAbsent(value)) return undefined
  if (typeof value !== 'boolean') throw invalid(`${field} must be true or false.`)
  return value
}

const dayMs = 86_400_000

/**
 * With an idempotency key a time may have passed: the request may repeat one that came in time, and is then answered
 * like it. A new one that is late is refused where the key is looked up.
 */
function parseTimes(
  body: Record<string, unknown>,
  { now, isKeyed }: { readonly now: number; readonly isKeyed: boolean },
): Pick<SendRequest, 'sendAt' | 'expiresAt'> {
  const [sendAt, expiresAt] = [parseTime(body, 'send_at'), parseTime(body, 'expires_at')]
  const [sendAtMax, expiresAtMax] = [now + sendAheadMsMax, now + sendAheadMsMax + dayMs]
  if (!isKeyed && sendAt !== undefined && now > sendAt + sendLateMsMax)
    throw invalid(
      `send_at has passed (up to ${sendLateMsMax / 1_000} seconds ago counts as now). Give a later time, or leave it out.`,
    )
  if (sendAt !== undefined && sendAt > sendAtMax)
    throw invalid(`send_at must be at most ${sendAheadMsMax / dayMs} days ahead.`)
  if (!isKeyed && expiresAt !== undefined && expiresAt <= now)
    throw invalid('expires_at has passed. Give a later time, or leave it out.')
  if (sendAt !== undefined && expiresAt !== undefined && expiresAt <= sendAt)
    throw invalid('expires_at must be later than send_at.')
  if (expiresAt !== undefined && expiresAt > expiresAtMax)
    throw invalid(`expires_at must be at most ${sendAheadMsMax / dayMs + 1} days ahead.`)
  return { ...(sendAt === undefined ? {} : { sendAt }), ...(expiresAt === undefined ? {} : { expiresAt }) }
}

function parseTime(body: Record<string, unknown>, field: 'send_at' | 'expires_at'): number | undefined {
  const value = body[field]
  if (isAbsent(value)) return undefined
  const at = typeof value === 'string' ? parseInstant(value) : undefined
  if (at === undefined) throw invalid(`${field} must be an RFC 3339 time with its zone, as in 2027-01-31T12:00:00Z.`)
  return at
}

function parseChoice<T extends string>(
  body: Record<string, unknown>,
  field: string,
  choices: readonly T[],
  byDefault: T,
): T {
  const value = body[field]
  if (isAbsent(value)) return byDefault
  const choice = choices.find((candidate) => candidate === value)
  if (choice === undefined) throw invalid(`${field} must be one of: ${choices.join(', ')}.`)
  return choice
}

function parseMetadata(value: unknown): Record<string, string> {
  if (isAbsent(value)) return {}
  if (!isObject(value)) throw invalid('metadata must be an object of strings.')
  const pairs = Object.entries(value)
  if (pairs.length > metadataPairsMax) throw invalid(`metadata must hold at most ${metadataPairsMax} pairs.`)
  const metadata: [string, string][] = []
  for (const [name, text] of pairs) {
    if (name === '' || name.length > metadataKeyLengthMax || !isStorable(name))
      throw invalid(`A name in metadata must have 1 to ${metadataKeyLengthMax} characters.`)
    if (typeof text !== 'string' || text.length > metadataValueLengthMax || !isStorable(text))
      throw invalid(`A value in metadata must be a string of at most ${metadataValueLengthMax} characters.`)
    metadata.push([name, text])
  }
  return Object.fromEntries(metadata)
}

function parseInReplyTo(value: unknown): MessageId | undefined {
  if (isAbsent(value)) return undefined
  if (typeof value !== 'string' || !isMessageId(value))
    throw invalid('in_reply_to must be the id of an inbound message of this conversation.')
  return value
}

const printable = /^\P{C}+$/u

export function parseIdempotencyKey(value: unknown): string | undefined {
  if (isAbsent(value)) return undefined
  if (typeof value !== 'string' || value.length > idempotencyKeyLengthMax || !printable.test(value))
    throw invalid(`idempotency_key must have 1 to ${idempotencyKeyLengthMax} printable characters.`)
  return value
}
