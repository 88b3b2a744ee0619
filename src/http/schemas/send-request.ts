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
} from '../../core/message.ts'
import { isMessageId, type MessageId } from '../../core/message-id.ts'
import { type E164, isE164 } from '../../core/phone-number.ts'

/**
 * The wire shape of `POST /sms/send` into a request within all limits. By hand, because the sentences and their
 * order (from, to, message, media, the rest) are part of the contract.
 *
 * @throws SmsError `invalid_request`
 */
export function parseSendRequest(body: unknown, idempotencyKeyHeader: string | undefined): SendRequest {
  if (!isObject(body)) throw invalid('The request body must be a JSON object.')
  const sender = parseNumber(body, 'from_phone_number')
  const recipient = parseNumber(body, 'to_phone_number')
  const text = parseText(body.message)
  const mediaUrls = parseMediaUrls(body.media_urls)
  refuseUnsupported(body)
  const category = parseChoice<Category>(body, 'category', categories, 'conversation')
  const onUnknown = parseChoice<OnUnknown>(body, 'on_unknown', onUnknownChoices, 'hold')
  const metadata = parseMetadata(body.metadata)
  const inReplyTo = parseInReplyTo(body.in_reply_to)
  const idempotencyKey = parseIdempotencyKey(idempotencyKeyHeader ?? body.idempotency_key)
  return {
    sender,
    recipient,
    body: text,
    mediaUrls,
    category,
    onUnknown,
    metadata,
    ...(inReplyTo === undefined ? {} : { inReplyTo }),
    ...(idempotencyKey === undefined ? {} : { idempotencyKey }),
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

/** Asking for these means something else than an ordinary direct send, so leaving them unread would be a lie. */
function refuseUnsupported(body: Record<string, unknown>): void {
  for (const field of ['queue', 'dry_run']) {
    const value = body[field]
    if (isAbsent(value) || value === false) continue
    if (value !== true) throw invalid(`${field} must be true or false.`)
    throw invalid(`${field} is not supported by this version. Leave it out, or set it to false.`)
  }
  for (const field of ['send_at', 'expires_at']) {
    if (!isAbsent(body[field])) throw invalid(`${field} is not supported by this version. Leave it out.`)
  }
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

function parseIdempotencyKey(value: unknown): string | undefined {
  if (isAbsent(value)) return undefined
  if (typeof value !== 'string' || value.length > idempotencyKeyLengthMax || !printable.test(value))
    throw invalid(`idempotency_key must have 1 to ${idempotencyKeyLengthMax} printable characters.`)
  return value
}
