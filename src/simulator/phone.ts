import type { CarriedMessage, Carrier, CarrierChange, InboundText } from './carrier.ts'
import { findMagicRecipient, magicRecipients } from './magic-recipients.ts'
import type { Picture } from './pictures.ts'
import { parseObject, type WireAnswer, type WireRequest } from './wire-api.ts'

export type PhoneNumberOfAccount = { readonly number: string; readonly provider: string }

const threadsMax = 200
const textsMax = 200
const e164 = /^\+[1-9]\d{1,14}$/
const nextSentence =
  'Send JSON (content type application/json) with person (E.164) and like (a magic recipient, or null for none).'
const viewableTypes: ReadonlySet<string> = new Set(['image/png', 'image/jpeg', 'image/gif', 'image/webp'])

/** What the phone page reads and changes: the carrier's texts, as those see them who got and sent them. */
export function makePhone(parts: {
  readonly carrier: Carrier
  readonly numbers: readonly PhoneNumberOfAccount[]
  readonly pictures: readonly Picture[]
  /** Where the simulator listens. */
  readonly origin: () => string
}) {
  const { carrier, numbers, pictures, origin } = parts
  const shown = (text: CarriedMessage | InboundText) => textBody(text, origin())

  function overview() {
    const threads = new Map<string, { count: number; last: ReturnType<typeof shown> }>()
    for (const text of newestFirst(carrier)) {
      const key = `${personOf(text)} ${numberOf(text)}`
      const thread = threads.get(key)
      if (thread !== undefined) thread.count++
      else if (threads.size < threadsMax) threads.set(key, { count: 1, last: shown(text) })
    }
    return {
      numbers,
      pictures: pictures.map(({ name, shows, path }) => ({ name, shows, path })),
      faults: magicRecipients.map(({ number, does }) => ({ like: number, does })),
      threads: [...threads.values()],
    }
  }

  function thread(person: string, number: string) {
    const texts = newestFirst(carrier).filter((text) => personOf(text) === person && numberOf(text) === number)
    return {
      person,
      number,
      count: texts.length,
      texts: texts.slice(0, textsMax).reverse().map(shown),
      next: carrier.nextFor(person) ?? null,
    }
  }

  return {
    /** Undefined where the path is not of the phone page. */
    answer({ method, url, contentType, body }: WireRequest): WireAnswer | undefined {
      const query = url.searchParams
      switch (`${method} ${url.pathname}`) {
        case 'GET /phone/overview':
          return { status: 200, body: overview() }
        case 'GET /phone/thread':
          return { status: 200, body: thread(query.get('person') ?? '', query.get('number') ?? '') }
        case 'PUT /phone/next': {
          // A page of another origin cannot send JSON without asking first, and is not answered.
          const fields = contentType.startsWith('application/json') ? parseObject(body) : undefined
          const { person, like } = fields ?? {}
          if (typeof person !== 'string' || !e164.test(person) || !isLike(like))
            return { status: 400, body: { error: nextSentence } }
          carrier.treatNextLike(person, like ?? undefined)
          return { status: 200, body: { person, like } }
        }
      }
      const picture = method === 'GET' ? pictures.find(({ path }) => path === url.pathname) : undefined
      return picture && { status: 200, headers: { 'content-type': 'image/png' }, content: picture.content }
    },
    /** What the stream says of a change. */
    told(change: CarrierChange): { readonly event: string; readonly body: object } {
      switch (change.kind) {
        case 'text':
          return { event: 'text', body: shown(change.text) }
        case 'next':
          return { event: 'next', body: { person: change.person, like: change.like ?? null, played: change.played } }
        case 'cleared':
          return { event: 'cleared', body: {} }
      }
    },
  }
}

function newestFirst(carrier: Carrier): (CarriedMessage | InboundText)[] {
  return [...carrier.list(), ...carrier.texts()].sort((one, other) => other.createdAt - one.createdAt)
}

function personOf(text: CarriedMessage | InboundText): string {
  return 'person' in text ? text.person : text.recipient
}

function numberOf(text: CarriedMessage | InboundText): string {
  return 'person' in text ? text.number : text.sender
}

function textBody(text: CarriedMessage | InboundText, origin: string) {
  const { id, provider, body } = text
  const common = { id, provider, person: personOf(text), number: numberOf(text), body }
  const created_at = new Date(text.createdAt).toISOString()
  if ('person' in text) {
    const media = text.media.map((medium) => {
      const address = `/media/${medium.id}`
      return { address, picture: viewableTypes.has(medium.contentType) ? address : null }
    })
    return { ...common, from_person: true, media, status: text.webhook, answered: text.answered ?? null, created_at }
  }
  const media = text.mediaUrls.map((address) => ({ address, picture: ownPicture(address, origin) }))
  return { ...common, from_person: false, media, status: text.status, answered: null, created_at }
}

/** The path of a picture that this simulator itself serves, by whichever name of this machine; anything else is only an address. */
function ownPicture(address: string, origin: string): string | null {
  const [url, own] = [URL.parse(address), new URL(origin)]
  const isOwn = url !== null && url.port === own.port && ['localhost', own.hostname].includes(url.hostname)
  return isOwn && /^\/pictures\/\w+\.png$/.test(url.pathname) ? url.pathname : null
}

function isLike(value: unknown): value is string | null {
  return value === null || (typeof value === 'string' && findMagicRecipient(value) !== undefined)
}
