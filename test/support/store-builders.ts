import { hash } from 'node:crypto'
import { decideConsent } from '../../src/core/consent.ts'
import { conclusionEvent } from '../../src/core/event.ts'
import { conclude, keepsGuard } from '../../src/core/evidence.ts'
import { findKeyword } from '../../src/core/keyword.ts'
import { type Message, priorities } from '../../src/core/message.ts'
import { type MessageId, makeMessageId } from '../../src/core/message-id.ts'
import { findCovering } from '../../src/core/opt-out.ts'
import type { Route } from '../../src/core/organization.ts'
import type { SenderTerms } from '../../src/core/pacing.ts'
import { parseE164 } from '../../src/core/phone-number.ts'
import { decideSend } from '../../src/core/send-decision.ts'
import { needsOf } from '../../src/core/send-facts.ts'
import type { SendOutcome } from '../../src/core/send-outcome.ts'
import { type SendSettings, settingsOf, termsOf } from '../../src/core/send-terms.ts'
import type { NewInbound } from '../../src/ports/inbound-store.ts'
import type { Metrics } from '../../src/ports/metrics.ts'
import type { Turn } from '../../src/ports/queue-store.ts'
import type { DecisionTerms, MessageRecord, NewSend, OutcomeRecord, Store } from '../../src/ports/store.ts'

export const now = 1_790_000_000_000

export const silentMetrics: Metrics = {
  messageStatus: () => undefined,
  providerCall: () => undefined,
  unrecognizedCode: () => undefined,
  providerWebhook: () => undefined,
  reconciliation: () => undefined,
  commit: () => undefined,
  clockSkew: () => undefined,
  wakeUpsConnected: () => undefined,
  queueHeld: () => undefined,
  openCircuits: () => undefined,
  backlog: () => undefined,
  policyDecision: () => undefined,
  senderSlowed: () => undefined,
}

let made = 0
/** A number that no other test has. */
export function freshName(prefix: string): string {
  made++
  return `${prefix} ${made}`
}

/** An organization with one account, assistant and number. */
export async function buildRoute(store: Store, phoneNumber = '+12025550142'): Promise<Route> {
  const organization = await store.organizations.create({
    name: freshName('Acme'),
    optOutScope: 'organization',
    policy: {},
    retention: {},
    createdAt: now,
  })
  const organizationId = organization.id
  const times = { createdAt: now, updatedAt: now }
  const account = await store.accounts.create({
    organizationId,
    name: 'main',
    provider: 'twilio',
    settings: { account_sid: 'AC1' },
    secrets: { auth_token: 'secret token' },
    pacing: {},
    ...times,
  })
  const assistant = await store.assistants.create({
    organizationId,
    name: 'Support Bot',
    inbound: {},
    policy: {},
    customSettings: {},
    isActive: true,
    ...times,
  })
  const sender = await store.senders.create({
    organizationId,
    phoneNumber: parseE164(phoneNumber),
    assistantId: assistant.id,
    providerAccountId: account.id,
    pacing: {},
    isActive: true,
    ...times,
  })
  return { organization, account, assistant, sender }
}

export function buildSend(
  route: Route,
  options: {
    readonly body?: string
    readonly idempotencyKey?: string
    readonly at?: number
    readonly recipient?: string
    readonly inReplyTo?: MessageId
    /** What it is besides: queued, scheduled, with a priority of its own. */
    readonly more?: Partial<Message>
    readonly settings?: SendSettings
  } = {},
): NewSend {
  const at = options.at ?? now
  const body = options.body ?? 'Hello'
  const message: Message = {
    id: makeMessageId(at, hash('sha256', freshName('id'), 'buffer')),
    organizationId: route.sender.organizationId,
    direction: 'outbound',
    assistantId: route.assistant.id,
    senderId: route.sender.id,
    providerAccountId: route.account.id,
    provider: route.account.provider,
    sender: route.sender.phoneNumber,
    recipient: parseE164(options.recipient ?? '+12025550199'),
    body,
    mediaUrls: [],
    encoding: 'gsm-7',
    segmentCount: 1,
    category: 'conversation',
    onUnknown: 'hold',
    metadata: { order: '7' },
    ...(options.inReplyTo === undefined ? {} : { inReplyTo: options.inReplyTo }),
    priority: priorities.ordinary,
    status: 'sending',
    ...(options.idempotencyKey === undefined ? {} : { keyed: true }),
    createdAt: at,
    updatedAt: at,
    ...options.more,
  }
  return {
    message,
    guard: guardFor(message),
    guardExpiresAt: at + 600_000,
    ...(options.idempotencyKey === undefined
      ? {}
      : {
          idempotency: { route: 'sms.send', key: options.idempotencyKey, requestHash: body, forgetBefore: at - 1_000 },
        }),
    terms: decisionTerms(message, { settings: options.settings ?? settingsOf(route), at }),
    uses: [
      {
        kind: 'sender',
        id: message.senderId,
        day: 1,
        costMs: 1_000 * message.segmentCount,
        segmentCount: message.segmentCount,
      },
    ],
  }
}

export function guardFor({ organizationId, recipient, body }: Message): string {
  return hash('sha256', `${organizationId} ${recipient} ${body}`, 'hex').slice(0, 32)
}

export function decisionTerms(
  message: Message,
  { settings = freeSettings, at = now }: { readonly settings?: SendSettings; readonly at?: number } = {},
): DecisionTerms {
  const terms = termsOf(message, settings, at)
  return { needs: needsOf(terms), counted: settings.counted, decide: (facts) => decideSend(facts, terms) }
}

/** Nothing is limited, nothing paused. */
export const freeSettings: SendSettings = {
  policy: { ownPerRecipient: false, ownPrefixVelocity: false },
  counted: false,
}

/** Takes turns of the number of the route and claims them, as the queue's loop does. */
export async function claimQueue(
  store: Store,
  route: Route,
  {
    at = now,
    settings = freeSettings,
    ...terms
  }: { readonly at?: number; readonly settings?: SendSettings } & Partial<SenderTerms> = {},
): Promise<MessageRecord[]> {
  const turns = await takeTurnsOf(store, route, { at, ...terms })
  return store.queue.claim({
    now: at,
    turns,
    senderIds: turns.length === 0 ? [] : [route.sender.id],
    termsOf: (message) => ({
      ...decisionTerms(message, { settings, at }),
      guard: guardFor(message),
      guardExpiresAt: at + 600_000,
    }),
  })
}

export function takeTurnsOf(
  store: Store,
  { sender, account }: Route,
  { at = now, ...terms }: { readonly at?: number } & Partial<SenderTerms> = {},
): Promise<Turn[]> {
  return store.queue.takeTurns({
    now: at,
    day: Math.floor(at / dayMs),
    nextDayAt: (Math.floor(at / dayMs) + 1) * dayMs,
    leasedUntil: at + 5_000,
    senders: [
      {
        senderId: sender.id,
        organizationId: sender.organizationId,
        providerAccountId: account.id,
        segmentsPerSecond: 1_000,
        paused: false,
        takeMax: 500,
        ...terms,
      },
    ],
  })
}

const dayMs = 86_400_000

/** How the first attempt of a started message ended, one millisecond after. */
export function outcomeRecord(
  { key, message }: MessageRecord,
  outcome: SendOutcome,
  more: { readonly closedAt?: number; readonly number?: number } = {},
): OutcomeRecord {
  const attempt = { number: 1, startedAt: message.createdAt, finishedAt: now + 1, outcome, ...more }
  const conclusion = conclude({ attempts: [attempt], receipts: [], queued: message.queued === true })
  return {
    key,
    messageId: message.id,
    organizationId: message.organizationId,
    attempt,
    conclusion,
    keepsGuard: keepsGuard(conclusion.status, [attempt], { ...message, now: now + 1 }),
    ...(conclusion.status === 'sending' ? {} : { event: conclusionEvent(message, conclusion, { at: now + 1 }) }),
  }
}

/** A text of a person to the number of the route, ready to be received. */
export function buildInbound(
  route: Route,
  options: {
    readonly body?: string
    readonly providerMessageId?: string
    readonly at?: number
    readonly person?: string
    readonly media?: readonly string[]
    readonly reply?: boolean
  } = {},
): NewInbound {
  const at = options.at ?? now
  const body = options.body ?? 'Hello back'
  const person = parseE164(options.person ?? '+12025550199')
  const providerMessageId = options.providerMessageId ?? freshName('SM-in')
  const { idempotency: _1, guard: _2, ...send } = buildSend(route, { body, at })
  const message: Message = {
    ...send.message,
    direction: 'inbound',
    sender: person,
    recipient: route.sender.phoneNumber,
    mediaUrls: options.media ?? [],
    status: 'received',
    providerMessageId,
    metadata: {},
  }
  const keyword = findKeyword(body, { sender: route.sender.phoneNumber })
  const reply = {
    ...buildSend(route, { body: 'Noted.', recipient: person, at }).message,
    status: 'queued',
    queued: true,
  } as const
  const { organizationId } = message
  return {
    message,
    inbound: {
      providerMessageId,
      person,
      number: route.sender.phoneNumber,
      body,
      media: (options.media ?? []).map((url) => ({ url, contentType: 'image/png' })),
    },
    ...(keyword === undefined ? {} : { keyword }),
    mediaIds: (options.media ?? []).map(() => freshName('med')),
    consent: (optOuts) => {
      const reach = { assistantId: message.assistantId, senderId: message.senderId }
      const change = decideConsent({
        keyword,
        standing: findCovering(optOuts, reach),
        reach: {},
        providerAnswered: false,
        writtenAt: at,
      })
      return {
        change,
        optOut: {
          organizationId,
          recipient: person,
          source: 'keyword',
          inDoubt: change.ledger === 'doubt',
          evidence: body,
          createdAt: at,
        },
        ...(change.reply === 'none' ? {} : { reply: { ...reply, automatic: change.reply } }),
      }
    },
  }
}
