import { decideConsent } from '../core/consent.ts'
import { segmentsOf } from '../core/encoding.ts'
import type { InboundMessage } from '../core/inbound-message.ts'
import { findKeyword, type Keyword } from '../core/keyword.ts'
import { keywordDataVersion } from '../core/keyword-words.ts'
import { type AutomaticReply, type Message, priorities } from '../core/message.ts'
import { makeMessageId } from '../core/message-id.ts'
import { findCovering, type OptOut, optOutEvidenceLengthMax, reachOf } from '../core/opt-out.ts'
import type { Assistant, Organization, ProviderAccount, Sender } from '../core/organization.ts'
import type { Clock } from '../ports/clock.ts'
import type { InboundResult, NewInbound } from '../ports/inbound-store.ts'
import type { Log } from '../ports/log.ts'
import type { Metrics } from '../ports/metrics.ts'
import type { Random } from '../ports/random.ts'
import type { Store } from '../ports/store.ts'

export type InboundParts = {
  readonly store: Store
  readonly clock: Clock
  readonly random: Random
  readonly log: Log
  readonly metrics: Metrics
  /** Something waits to be sent, delivered or fetched: the loops need not wait for their next round. */
  readonly wakeJobs: () => void
}

export type InboundRoute = {
  readonly sender: Sender
  readonly account: ProviderAccount
}

/**
 * Records a text that a person sent: once, in its conversation, with what its keyword does to the consent ledger and the
 * automatic reply, in one transaction. STOP, START and HELP end here; the assistant does not see them.
 *
 * @returns undefined when the number belongs to no assistant: then nobody could answer.
 */
export async function receiveInboundMessage(
  parts: InboundParts,
  { sender, account }: InboundRoute,
  inbound: InboundMessage,
): Promise<InboundResult | undefined> {
  const { store, log, metrics } = parts
  const { organizationId, assistantId } = sender
  const assistant = assistantId === undefined ? undefined : await store.assistants.find(organizationId, assistantId)
  const organization = await store.organizations.find(organizationId)
  if (assistant === undefined || organization === undefined) return undefined
  const result = await store.inbound.receive(
    makeNewInbound(parts, { inbound, sender, account, assistant, organization }),
  )
  if (result.kind === 'duplicate') return result
  const { message } = result.record
  metrics.messageStatus(message.provider, 'received')
  log.info('message.received', {
    messageId: message.id,
    organizationId,
    assistantId,
    provider: message.provider,
    providerMessageId: message.providerMessageId,
    keyword: message.keyword,
    mediaCount: inbound.media.length,
  })
  parts.wakeJobs()
  return result
}

type Facts = InboundRoute & {
  readonly inbound: InboundMessage
  readonly assistant: Assistant
  readonly organization: Organization
}

function makeNewInbound(parts: InboundParts, facts: Facts): NewInbound {
  const { inbound, sender, account, assistant, organization } = facts
  const { clock, random } = parts
  const now = clock.now()
  const { encoding, segmentCount } = segmentsOf(inbound.body)
  const message: Message = {
    id: makeMessageId(now, random.bytes(16)),
    organizationId: sender.organizationId,
    direction: 'inbound',
    assistantId: assistant.id,
    senderId: sender.id,
    providerAccountId: account.id,
    provider: account.provider,
    sender: inbound.person,
    recipient: inbound.number,
    body: inbound.body,
    mediaUrls: inbound.media.map(({ url }) => url),
    encoding,
    segmentCount,
    category: 'conversation',
    onUnknown: 'hold',
    metadata: {},
    priority: priorities.ordinary,
    status: 'received',
    providerMessageId: inbound.providerMessageId,
    createdAt: now,
    updatedAt: now,
  }
  // What the provider has acted upon counts, whatever our own lists say of the words.
  const keyword: Keyword | undefined =
    inbound.providerKeyword === undefined
      ? findKeyword(inbound.body, {
          sender: inbound.number,
          ...(assistant.inbound.freedKeywords === undefined ? {} : { freed: assistant.inbound.freedKeywords }),
        })
      : { kind: inbound.providerKeyword, matched: `${account.provider} says so` }
  // A clock of a provider that runs ahead must not make a later START look old.
  const writtenAt = Math.min(inbound.occurredAt ?? now, now)
  const reach = { assistantId: assistant.id, senderId: sender.id }
  return {
    message,
    inbound,
    ...(keyword === undefined ? {} : { keyword }),
    mediaIds: inbound.media.map(() => `med_${makeMessageId(now, random.bytes(16)).slice(4)}`),
    consent: (optOuts) => {
      const newReach = reachOf(organization.optOutScope, reach)
      const change = decideConsent({
        keyword,
        standing: findCovering(optOuts, reach),
        reach: newReach,
        providerAnswered: inbound.providerKeyword !== undefined,
        writtenAt,
      })
      const optOut: OptOut = {
        organizationId: sender.organizationId,
        recipient: inbound.person,
        ...newReach,
        source: 'keyword',
        inDoubt: change.ledger === 'doubt',
        evidence: evidenceOf(message, keyword),
        createdAt: writtenAt,
      }
      return {
        change,
        optOut,
        ...(change.reply === 'none' ? {} : { reply: makeReply(parts, facts, change.reply) }),
      }
    },
  }
}

/** The text itself, and by which word of which list it counted. */
function evidenceOf({ id, body }: Message, keyword: Keyword | undefined): string {
  const source = `${id}, "${keyword?.matched ?? ''}" of the words of ${keywordDataVersion}: `
  return (source + body).slice(0, optOutEvidenceLengthMax).toWellFormed()
}

function makeReply(
  { clock, random }: InboundParts,
  { inbound, sender, account, assistant, organization }: Facts,
  automatic: AutomaticReply,
): Message {
  const now = clock.now()
  const body = replyText(automatic, assistant, organization)
  const { encoding, segmentCount } = segmentsOf(body)
  return {
    id: makeMessageId(now, random.bytes(16)),
    organizationId: sender.organizationId,
    direction: 'outbound',
    assistantId: assistant.id,
    senderId: sender.id,
    providerAccountId: account.id,
    provider: account.provider,
    sender: inbound.number,
    recipient: inbound.person,
    body,
    mediaUrls: [],
    encoding,
    segmentCount,
    category: 'transactional',
    onUnknown: 'hold',
    metadata: {},
    automatic,
    queued: true,
    priority: priorities.automatic,
    status: 'queued',
    createdAt: now,
    updatedAt: now,
  }
}

/** Plain GSM letters and one segment each, unless the assistant has words of its own. */
function replyText(automatic: AutomaticReply, { inbound }: Assistant, { name }: Organization): string {
  const who = name.slice(0, 40).toWellFormed()
  switch (automatic) {
    case 'opt_out_confirmation':
      return (
        inbound.optOutReply ?? `${who}: You have opted out and will get no more texts. Reply START to get them again.`
      )
    case 'opt_in_confirmation':
      return inbound.optInReply ?? `${who}: You will get texts again. Reply STOP to end them.`
    case 'help':
      return inbound.helpReply ?? `${who}: Reply STOP to get no more texts. Message and data rates may apply.`
  }
}
