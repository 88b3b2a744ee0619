import type { Message } from './api-types.ts'
import { capital, words } from './format.ts'

export type TimelineTone = 'good' | 'bad' | 'warn' | 'busy' | 'quiet'
export type TimelineEntry = {
  readonly at: string
  readonly tone: TimelineTone
  readonly what: string
  /** Raw words and codes of the provider among them, as they came. */
  readonly details: readonly (readonly [name: string, value: string])[]
  /** What to do, in our words. */
  readonly advice?: string
}

type Attempt = Message['attempts'][number]
type Receipt = Message['receipts'][number]
type Event = Message['events'][number]

/** Everything that is known about a message, oldest first. */
export function timelineOf(message: Message): TimelineEntry[] {
  const entries = [
    ...message.events.map(eventEntry),
    ...message.attempts.flatMap((attempt) => attemptEntries(attempt, message.provider)),
    ...message.receipts.map((receipt) => receiptEntry(receipt, message.provider)),
  ]
  return entries.sort((one, other) => Date.parse(one.at) - Date.parse(other.at))
}

const goodEvents = ['delivered', 'received', 'created']
const badEvents = ['failed', 'undelivered']
const warnEvents = ['unknown', 'held', 'suppressed', 'doubted']

function eventEntry({ type, timestamp, data }: Event): TimelineEntry {
  const [subject = '', name = type] = type.split('.')
  const details = Object.entries(data).map(([key, value]) => [words(key), String(value)] as const)
  return { at: timestamp, tone: toneOf(name), what: `${capital(words(subject))} ${words(name)}`, details }
}

function toneOf(name: string): TimelineTone {
  if (goodEvents.includes(name)) return 'good'
  if (badEvents.includes(name)) return 'bad'
  if (warnEvents.includes(name)) return 'warn'
  return name === 'sent' || name === 'sending' ? 'busy' : 'quiet'
}

const outcomes = {
  accepted: { tone: 'good', words: 'accepted it' },
  rejected: { tone: 'bad', words: 'refused it' },
  not_sent: { tone: 'warn', words: 'did not get it' },
  unknown: { tone: 'warn', words: 'may or may not have it' },
} as const

function attemptEntries({ number, started_at, finished_at, outcome, detail }: Attempt, provider: string) {
  const begun: TimelineEntry = {
    at: started_at,
    tone: 'busy',
    what: `Attempt ${number}: handed to ${provider}`,
    details: [],
  }
  if (finished_at === null || outcome === null) return [begun]
  const { tone, words: said } = outcomes[outcome]
  const ended: TimelineEntry = {
    at: finished_at,
    tone,
    what: `Attempt ${number}: ${provider} ${said}`,
    details: detail === null ? [] : [['answer', detail]],
  }
  return [begun, ended]
}

function receiptEntry(
  { provider_status, status, failure, source, occurred_at, received_at }: Receipt,
  provider: string,
) {
  const found = source === 'search' ? 'found at' : 'reported by'
  const optional = [
    ['provider code', failure?.provider_code],
    ['provider message', failure?.provider_message],
    ['reason', failure === null ? undefined : words(failure.reason)],
    ['happened at', occurred_at],
  ] as const
  return {
    at: received_at,
    tone: failure !== null ? 'bad' : status === 'delivered' ? 'good' : 'busy',
    what: `“${provider_status}” ${found} ${provider}`,
    details: optional.flatMap(([name, value]) => (value ? [[name, value] as const] : [])),
    ...(failure === null ? {} : { advice: failure.advice }),
  } as const satisfies TimelineEntry
}

/** The body of the request that would make this very message: what its sender asked for, as it was understood. */
export function requestOf(message: Message): string {
  const {
    category,
    on_unknown: onUnknown,
    metadata,
    in_reply_to: inReplyTo,
    send_at: sendAt,
    expires_at: expiresAt,
  } = message
  const body = {
    from_phone_number: message.from,
    to_phone_number: message.to,
    message: message.body,
    ...(message.media_urls.length === 0 ? {} : { media_urls: message.media_urls }),
    ...(category === 'conversation' ? {} : { category }),
    ...(onUnknown === 'hold' ? {} : { on_unknown: onUnknown }),
    ...(Object.keys(metadata).length === 0 ? {} : { metadata }),
    ...(inReplyTo === null ? {} : { in_reply_to: inReplyTo }),
    ...(sendAt === null ? {} : { send_at: sendAt }),
    ...(expiresAt === null ? {} : { expires_at: expiresAt }),
  }
  return JSON.stringify(body, null, 2)
}
