import { type InboundMedia, inboundBodyLengthMax, type ProviderKeyword } from '../core/inbound-message.ts'
import { mediaCountMax, mediaUrlLengthMax } from '../core/message.ts'
import { isE164 } from '../core/phone-number.ts'
import type { WebhookReading } from '../ports/provider.ts'
import { storableText } from './reading.ts'

/** What a provider said of an inbound text, unchecked. */
export type SaidOfInbound = {
  readonly id: string | undefined
  readonly from: unknown
  readonly to: unknown
  readonly body: unknown
  readonly media: readonly { readonly url: unknown; readonly contentType: unknown }[]
  readonly occurredAt: number | undefined
  /** The keyword that the provider says it has answered. */
  readonly answered: unknown
}

export function inboundReading(said: SaidOfInbound): WebhookReading {
  const { id, from, to, body, occurredAt } = said
  const providerKeyword = typeof said.answered === 'string' ? keywordByWord[said.answered.toUpperCase()] : undefined
  if (id === undefined) return unreadable('an inbound text without a message id')
  if (typeof from !== 'string' || !isE164(from))
    return unreadable('an inbound text from a short code or a name, not from an E.164 number')
  if (typeof to !== 'string' || !isE164(to)) return unreadable('an inbound text to something that is no E.164 number')
  return {
    kind: 'inbound',
    message: {
      providerMessageId: id,
      person: from,
      number: to,
      body: typeof body === 'string' ? storableText(body, inboundBodyLengthMax) : '',
      media: said.media.slice(0, mediaCountMax).flatMap(mediumOf),
      ...(occurredAt === undefined ? {} : { occurredAt }),
      ...(providerKeyword === undefined ? {} : { providerKeyword }),
    },
  }
}

export function unreadable(detail: string): WebhookReading {
  return { kind: 'unreadable', detail }
}

/** Both providers name the kind of keyword, whatever the word was. */
const keywordByWord: Readonly<Record<string, ProviderKeyword>> = { STOP: 'opt_out', START: 'opt_in', HELP: 'help' }

const contentTypePattern = /^[\w.+-]{1,80}\/[\w.+-]{1,80}$/

/** Whether the URL may be fetched is decided when it is. */
function mediumOf({ url, contentType }: SaidOfInbound['media'][number]): InboundMedia[] {
  if (typeof url !== 'string' || url === '') return []
  const isKnownType = typeof contentType === 'string' && contentTypePattern.test(contentType)
  return [{ url: storableText(url, mediaUrlLengthMax), ...(isKnownType ? { contentType } : {}) }]
}
