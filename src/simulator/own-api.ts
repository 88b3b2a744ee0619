import type { Carrier, InboundText } from './carrier.ts'
import { magicRecipients } from './magic-recipients.ts'
import { bodyLengthMax, mediaCountMax, type PersonalText, type SendText, timesMax } from './people.ts'
import type { Picture } from './pictures.ts'
import { changeSettings, parseSettingsChange, type Settings, settingsBody, settingsSentence } from './settings.ts'
import { parseObject, type WireAnswer, type WireRequest } from './wire-api.ts'

const textSentence =
  'Send JSON with from, to (a number of an account) and body; optional are media ([{"content_type", "content" in base64}, or {"picture": "sunset"}]) and times (1 to 5).'

/** The simulator's own JSON, outside any provider's wire API. */
export function makeOwnApi(parts: {
  readonly carrier: Carrier
  readonly settings: Settings
  readonly sendText: SendText
  readonly pictures: readonly Picture[]
}): (request: WireRequest) => WireAnswer {
  const { carrier, settings, sendText, pictures } = parts

  return ({ method, url, body }) => {
    switch (`${method} ${url.pathname}`) {
      case 'GET /ledger':
        return { status: 200, body: ledgerBody(carrier) }
      case 'DELETE /ledger':
        carrier.clear()
        return { status: 204 }
      case 'GET /settings':
        return { status: 200, body: { ...settingsBody(settings), magic_recipients: magicRecipients } }
      case 'PUT /settings': {
        const change = parseSettingsChange(parseObject(body) ?? {})
        if (change === undefined) return { status: 400, body: { error: settingsSentence } }
        changeSettings(settings, change)
        return { status: 200, body: settingsBody(settings) }
      }
      case 'POST /inbound': {
        const text = parseText(parseObject(body) ?? {}, pictures)
        if (text === undefined) return { status: 400, body: { error: textSentence } }
        const sent = sendText(text)
        return sent === undefined
          ? { status: 404, body: { error: 'No account has this number.' } }
          : { status: 202, body: textBody(sent) }
      }
      default:
        return mediumAnswer(carrier, method, url.pathname)
    }
  }
}

/** People send what they like, also pages: whoever opens one must not run it as one of the simulator's own. */
const inertHeaders = { 'content-security-policy': "default-src 'none'; sandbox", 'x-content-type-options': 'nosniff' }

/** Open to who knows the address, as on a provider's content network. */
function mediumAnswer(carrier: Carrier, method: string, path: string): WireAnswer {
  const [, id] = /^\/media\/([^/]+)$/.exec(path) ?? []
  const medium = method === 'GET' && id !== undefined ? carrier.findMedium(id) : undefined
  return medium === undefined
    ? { status: 404, body: { error: 'There is nothing at this address of the simulator.' } }
    : { status: 200, headers: { ...inertHeaders, 'content-type': medium.contentType }, content: medium.content }
}

function ledgerBody(carrier: Carrier) {
  return {
    request_count: carrier.requestCount(),
    messages: carrier.list().map((message) => ({
      id: message.id,
      provider: message.provider,
      from: message.sender,
      to: message.recipient,
      body: message.body,
      media_urls: message.mediaUrls,
      segments: message.segmentCount,
      status: message.status,
      callback_url: message.callbackUrl ?? null,
      created_at: new Date(message.createdAt).toISOString(),
    })),
    inbound: carrier.texts().map(textBody),
  }
}

function textBody(text: InboundText) {
  return {
    id: text.id,
    provider: text.provider,
    from: text.person,
    to: text.number,
    body: text.body,
    media_count: text.media.length,
    answered: text.answered ?? null,
    webhook: text.webhook,
    created_at: new Date(text.createdAt).toISOString(),
  }
}

function parseText(fields: Readonly<Record<string, unknown>>, pictures: readonly Picture[]): PersonalText | undefined {
  const { from, to, body = '', times = 1 } = fields
  const media = mediaOf(fields.media ?? [], pictures)
  if (typeof from !== 'string' || from === '' || from.length > 40 || typeof to !== 'string') return undefined
  if (typeof body !== 'string' || body.length > bodyLengthMax || media === undefined) return undefined
  if (typeof times !== 'number' || !Number.isInteger(times) || times < 1 || times > timesMax) return undefined
  return { from, to, body, media, times }
}

function mediaOf(value: unknown, pictures: readonly Picture[]): PersonalText['media'] {
  if (!Array.isArray(value) || value.length > mediaCountMax) return undefined
  const media = value.map((medium: unknown) => {
    const fields: Record<string, unknown> = typeof medium === 'object' && medium !== null ? { ...medium } : {}
    const { content_type: contentType, content, picture: name } = fields
    const picture = pictures.find((candidate) => candidate.name === name)
    if (picture !== undefined) return { contentType: 'image/png', content: picture.content }
    return typeof contentType === 'string' && /^[\w.+-]+\/[\w.+-]+$/.test(contentType) && typeof content === 'string'
      ? { contentType, content: Buffer.from(content, 'base64') }
      : undefined
  })
  return media.every((medium) => medium !== undefined) ? media : undefined
}
