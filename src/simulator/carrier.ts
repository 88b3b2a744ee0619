import { segmentsOf } from '../core/encoding.ts'
import type { Clock } from '../ports/clock.ts'
import { type Behaviour, behaviourFor, ordinary } from './magic-recipients.ts'
import { makeSenderQueues } from './sender-queues.ts'
import type { Settings } from './settings.ts'

/** One text that the carrier accepted. Times are Unix milliseconds. */
export type CarriedMessage = {
  readonly id: string
  readonly provider: string
  /** The account's public id, as in the provider's URLs. */
  readonly accountId: string
  readonly sender: string
  readonly recipient: string
  readonly body: string
  readonly mediaUrls: readonly string[]
  readonly segmentCount: number
  readonly callbackUrl?: string
  readonly messagingServiceId?: string
  readonly createdAt: number
  status: CarriedStatus
}

/** The carrier's own words; each wire API has its own for them. */
export type CarriedStatus = 'queued' | 'sent' | 'delivered' | 'unreachable' | 'filtered'

export type Submission = Omit<CarriedMessage, 'segmentCount' | 'createdAt' | 'status'>

/** One text that a person sent to a number of an account. */
export type InboundText = {
  readonly id: string
  readonly provider: string
  readonly accountId: string
  readonly person: string
  readonly number: string
  readonly body: string
  readonly media: readonly Medium[]
  /** What the carrier answered by itself. */
  readonly answered?: 'STOP' | 'START' | 'HELP'
  readonly createdAt: number
  /** `none`: the number has no inbound URL. */
  webhook: 'none' | 'pending' | 'delivered' | 'failed'
}

export type Medium = { readonly id: string; readonly contentType: string; readonly content: Uint8Array }

/** A webhook that was posted, whatever came of it. */
export type PostedWebhook = {
  readonly accountId: string
  readonly url: string
  readonly body: string
  readonly isDelivered: boolean
  readonly startedAt: number
  readonly finishedAt: number
}

/** What a watcher of the carrier is told. */
export type CarrierChange =
  /** New, or its status moved on. */
  | { readonly kind: 'text'; readonly text: CarriedMessage | InboundText }
  /** What the next text to the person is treated like has changed; `played`: there was such a text. */
  | { readonly kind: 'next'; readonly person: string; readonly like: string | undefined; readonly played?: string }
  | { readonly kind: 'cleared' }

/** Whose texts a STOP refuses: those of the number it was sent to, or of the whole account. */
export type StopScope = 'number' | 'account'
type Pair = { readonly accountId: string; readonly number: string; readonly person: string }

/** Oldest go first; a simulator that runs for weeks must not fill the memory. */
export const ledgerLengthMax = 10_000
const mediaCountMax = 200
const personsWithNextMax = 1_000

/** What went out, whichever wire API it came in by. The ledger is the truth that duplicates are counted against. */
export type Carrier = ReturnType<typeof makeCarrier>

export function makeCarrier(clock: Clock, settings: Settings) {
  const byId = new Map<string, CarriedMessage>()
  const texts = new Map<string, InboundText>()
  const media = new Map<string, Medium>()
  const webhooks: PostedWebhook[] = []
  const stopped = new Set<string>()
  const refusedBefore = new Set<string>()
  const queues = makeSenderQueues(clock)
  const nextByPerson = new Map<string, string>()
  let watcher: (change: CarrierChange) => void = () => undefined
  let requestCount = 0
  const isListed = ({ createdAt }: { readonly createdAt: number }) => createdAt <= clock.now() - settings.listLagMs

  return {
    /** What to do with one send request to this recipient; counts it. */
    treat(recipient: string): Behaviour {
      requestCount++
      const like = nextByPerson.get(recipient)
      if (like !== undefined) {
        nextByPerson.delete(recipient)
        watcher({ kind: 'next', person: recipient, like: undefined, played: like })
        return behaviourFor(like)
      }
      const behaviour = behaviourFor(recipient)
      if (behaviour.alternates === undefined) return behaviour
      if (refusedBefore.delete(recipient)) return ordinary
      refusedBefore.add(recipient)
      return behaviour
    },
    /** The next text to the person is treated like one to the magic recipient, once; undefined: like any other. */
    treatNextLike(person: string, like: string | undefined): void {
      if (like === undefined) nextByPerson.delete(person)
      else keep(nextByPerson, person, like, personsWithNextMax)
      watcher({ kind: 'next', person, like })
    },
    nextFor: (person: string): string | undefined => nextByPerson.get(person),
    /** The one watcher hears of every change from now on. */
    watch(listener: typeof watcher): void {
      watcher = listener
    },
    /** How long the queue of the sender has no room for the text, in milliseconds; 0 when it is in it now. */
    waitFor({ accountId, sender, body }: Submission): number {
      const limit = settings.senderLimit
      return limit === undefined ? 0 : queues.put(`${accountId} ${sender}`, segmentsOf(body).segmentCount, limit)
    },
    accept(submission: Submission): CarriedMessage {
      const message: CarriedMessage = {
        ...submission,
        segmentCount: segmentsOf(submission.body).segmentCount,
        createdAt: clock.now(),
        status: 'queued',
      }
      keep(byId, message.id, message, ledgerLengthMax)
      watcher({ kind: 'text', text: message })
      return message
    },
    move(message: CarriedMessage, status: CarriedStatus): void {
      message.status = status
      watcher({ kind: 'text', text: message })
    },
    receive(text: InboundText): void {
      keep(texts, text.id, text, ledgerLengthMax)
      for (const medium of text.media) keep(media, medium.id, medium, mediaCountMax)
      watcher({ kind: 'text', text })
    },
    /** What became of the webhook that reports the text. */
    report(text: InboundText, webhook: InboundText['webhook']): void {
      text.webhook = webhook
      watcher({ kind: 'text', text })
    },
    recordWebhook(webhook: PostedWebhook): void {
      webhooks.push(webhook)
      if (webhooks.length > ledgerLengthMax) webhooks.shift()
    },
    stop: (scope: StopScope, pair: Pair) => stopped.add(stopKey(scope, pair)),
    start: (scope: StopScope, pair: Pair) => stopped.delete(stopKey(scope, pair)),
    hasStopped: (scope: StopScope, pair: Pair): boolean =>
      settings.handlesKeywords && stopped.has(stopKey(scope, pair)),
    find: (id: string): CarriedMessage | undefined => byId.get(id),
    findMedium: (id: string): Medium | undefined => media.get(id),
    /** Newest first. */
    list: (): CarriedMessage[] => [...byId.values()].reverse(),
    /** As a provider lists them: what is younger than the lag does not show yet. */
    listed: (): CarriedMessage[] => [...byId.values()].filter(isListed).reverse(),
    /** Newest first. */
    texts: (): InboundText[] => [...texts.values()].reverse(),
    /** Newest first, with the lag. */
    webhooksOf: (accountId: string): PostedWebhook[] =>
      webhooks
        .filter((webhook) => webhook.accountId === accountId && isListed({ createdAt: webhook.finishedAt }))
        .reverse(),
    /** Send requests that reached a wire API with valid credentials, accepted or not. */
    requestCount: () => requestCount,
    clear(): void {
      for (const kept of [byId, texts, media, stopped, refusedBefore, queues, nextByPerson]) kept.clear()
      webhooks.length = 0
      requestCount = 0
      watcher({ kind: 'cleared' })
    },
  }
}

function keep<T>(kept: Map<string, T>, id: string, value: T, countMax: number): void {
  kept.set(id, value)
  const [oldest] = kept.keys()
  if (kept.size > countMax && oldest !== undefined) kept.delete(oldest)
}

function stopKey(scope: StopScope, { accountId, number, person }: Pair): string {
  return scope === 'account' ? `${accountId} ${person}` : `${accountId} ${number} ${person}`
}
