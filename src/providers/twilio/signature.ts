import { createHash, createHmac, timingSafeEqual } from 'node:crypto'
import { type WebhookRequest, webhookBytesMax } from '../../ports/provider.ts'
import { oncePerRequest, oncePerSecret } from '../once-per-request.ts'
import { memberOf, parseJson } from '../reading.ts'

/** Everything that was received, by name. A field may come more than once. */
export type TwilioFields = ReadonlyMap<string, readonly string[]>

export type TwilioVerdict =
  | { readonly kind: 'genuine'; readonly fields: TwilioFields }
  | { readonly kind: 'forged'; readonly detail: string }

const urlLengthMax = 8 * 1024
/** Several times what Twilio sends: an MMS with ten pictures has about 50. */
const fieldsMax = 400

/**
 * Is this really Twilio? It signs the URL it called, with all fields of a form; of any other body the URL carries a hash.
 * https://www.twilio.com/docs/usage/webhooks/webhooks-security
 */
export function verifyTwilio(request: WebhookRequest, authTokens: readonly string[]): TwilioVerdict {
  if (authTokens.length === 0)
    return forged('auth_token is not set, so webhooks cannot be verified. Copy it from the Twilio console.')
  if (request.body.length > webhookBytesMax || request.url.length > urlLengthMax)
    return forged('larger than any webhook')
  const signature = request.headers['x-twilio-signature']
  if (typeof signature !== 'string') return forged('not one X-Twilio-Signature header')
  const opened = open(request)
  if (typeof opened === 'string') return forged(opened)
  return authTokens.some(opened.isSignedWith)
    ? { kind: 'genuine', fields: opened.fields }
    : forged('the signature fits neither this body at this URL nor this account')
}

/** The account that it says it is of; proven by nothing but its signature. */
export function claimedAccountSid(request: WebhookRequest): string | undefined {
  if (request.body.length > webhookBytesMax || request.url.length > urlLengthMax) return undefined
  const opened = open(request)
  return typeof opened === 'string' ? undefined : opened.fields.get('AccountSid')?.[0]
}

const open = oncePerRequest((request) => {
  const content = contentOf(request)
  if (typeof content === 'string') return content
  const text = signedText(content.signedFields)
  const variants = urlVariants(request.url)
  const signature = request.headers['x-twilio-signature']
  const isSignedWith = oncePerSecret((token) =>
    variants.some(
      (url) =>
        typeof signature === 'string' &&
        isEqual(signature, createHmac('sha1', token).update(url).update(text).digest('base64')),
    ),
  )
  return { fields: content.fields, isSignedWith }
})

type Content = { readonly fields: TwilioFields; readonly signedFields: TwilioFields }
const noFields: TwilioFields = new Map()

/** The fields, and those that the signature covers one by one; a sentence when nothing covers the body. */
function contentOf({ method, url, headers, body }: WebhookRequest): Content | string {
  const text = Buffer.from(body).toString('utf8')
  const isForm = isOfType(headers['content-type'], 'application/x-www-form-urlencoded')
  if (Math.max(separatorsIn(queryOf(url)), isForm ? separatorsIn(text) : 0) >= fieldsMax)
    return 'more fields than any webhook'
  const query = fieldsOf(queryOf(url))
  const [bodyHash] = query.get('bodySHA256') ?? []
  if (bodyHash !== undefined) {
    if (!isEqual(bodyHash, createHash('sha256').update(body).digest('hex'))) return 'the body does not fit its hash'
    return { fields: isForm ? fieldsOf(text) : jsonFieldsOf(text), signedFields: noFields }
  }
  if (method === 'GET') return { fields: query, signedFields: noFields }
  if (!isForm) return 'the body is no form, and the URL carries no hash of it'
  // Bytes that are no UTF-8 would all read as the same replacement character.
  if (!Buffer.from(text).equals(body)) return 'the body is not UTF-8'
  const fields = fieldsOf(text)
  return { fields, signedFields: fields }
}

function separatorsIn(form: string): number {
  return form.split('&', fieldsMax + 1).length - 1
}

function fieldsOf(form: string): TwilioFields {
  const fields = new Map<string, string[]>()
  // The & keeps a question mark at the beginning, which is passed over otherwise.
  for (const [name, value] of new URLSearchParams(`&${form}`)) {
    const values = fields.get(name)
    if (values === undefined) fields.set(name, [value])
    else values.push(value)
  }
  return fields
}

function jsonFieldsOf(text: string): TwilioFields {
  const body = parseJson(text)
  const names = typeof body === 'object' && body !== null ? Object.keys(body) : []
  return new Map(
    names.map((name) => {
      const value = memberOf(body, name)
      return [name, [typeof value === 'object' ? '' : String(value)]]
    }),
  )
}

/** Names sorted; of a repeated field each value once, sorted. Nothing between them. */
function signedText(fields: TwilioFields): string {
  const parts: string[] = []
  for (const name of [...fields.keys()].sort())
    for (const value of [...new Set(fields.get(name))].sort()) parts.push(name, value)
  return parts.join('')
}

/** The spellings of one URL that Twilio's own library accepts: with the standard port or none, and escaped in two more ways. */
function urlVariants(url: string): readonly string[] {
  const normalized = URL.parse(url)?.href
  const spellings = normalized === undefined ? [url] : [url, normalized, withPlainEscapes(normalized)]
  return [...new Set(spellings.flatMap((spelling) => [withoutPort(spelling), withPort(spelling)]))]
}

const address = /^(https?:\/\/[^/?#]*?)(:\d*)?([/?#].*)?$/is

function withoutPort(url: string): string {
  const [, host, , rest = ''] = address.exec(url) ?? []
  return host === undefined ? url : host + rest
}

function withPort(url: string): string {
  const [, host, port, rest = ''] = address.exec(url) ?? []
  if (host === undefined || port !== undefined) return url
  return `${host}${/^https/i.test(url) ? ':443' : ':80'}${rest}`
}

function withPlainEscapes(url: string): string {
  const query = queryOf(url)
  if (query === '') return url
  const pairs = [...new URLSearchParams(query)].map((pair) => pair.map(encodeURIComponent).join('='))
  return `${url.slice(0, url.indexOf('?'))}?${pairs.join('&')}`
}

function queryOf(url: string): string {
  const start = url.indexOf('?')
  return start === -1 ? '' : url.slice(start + 1)
}

function isOfType(header: string | string[] | undefined, type: string): boolean {
  return typeof header === 'string' && header.split(';', 1)[0]?.trim().toLowerCase() === type
}

/** In constant time; only the lengths, which are no secret, may differ early. */
function isEqual(given: string, expected: string): boolean {
  const [left, right] = [Buffer.from(given), Buffer.from(expected)]
  return left.length === right.length && timingSafeEqual(left, right)
}

function forged(detail: string): TwilioVerdict {
  return { kind: 'forged', detail }
}
