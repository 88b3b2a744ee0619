import type { Message } from './message.ts'
import { findCovering, type OptOut, type OptOutReach } from './opt-out.ts'

/** What the store knows, inside the dispatching transaction, about the person of one send. */
export type SendFacts = {
  /** All opt-outs of the recipient in this organization. */
  readonly optOuts: readonly OptOut[]
  /** The newest inbound message of the conversation: our id. */
  readonly lastInboundId?: string
}

/** Why a send is refused before its provider is asked. */
export const refusalRules = ['recipient_opted_out', 'opt_out_in_doubt', 'superseded', 'expired'] as const
export type RefusalRule = (typeof refusalRules)[number]

export type SendDecision = { readonly kind: 'send' } | { readonly kind: 'refuse'; readonly rule: RefusalRule }

export type SendTerms = OptOutReach & {
  /** The inbound message that this send answers. */
  readonly inReplyTo?: string
  /** A reply that the law asks for: the one confirmation of an opt-out, and HELP. It goes out to who opted out. */
  readonly mandatory?: boolean
}

/** What an assistant may do, decided from facts read in the transaction that starts the attempt. */
export function decideSend(facts: SendFacts, terms: SendTerms): SendDecision {
  const optOut = terms.mandatory ? undefined : findCovering(facts.optOuts, terms)
  if (optOut !== undefined) return { kind: 'refuse', rule: optOut.inDoubt ? 'opt_out_in_doubt' : 'recipient_opted_out' }
  if (terms.inReplyTo !== undefined && terms.inReplyTo !== facts.lastInboundId)
    return { kind: 'refuse', rule: 'superseded' }
  return { kind: 'send' }
}

export function termsOf({ assistantId, senderId, inReplyTo, automatic }: Message): SendTerms {
  return {
    assistantId,
    senderId,
    ...(inReplyTo === undefined ? {} : { inReplyTo }),
    mandatory: automatic === 'opt_out_confirmation' || automatic === 'help',
  }
}

/** 47 CFR 64.1200(a)(12): the confirmation of an opt-out is sent within five minutes, or not at all. */
export const automaticReplyLatestMs = 5 * 60_000

/** Of a queued message, when it is taken out of the queue. */
export function decideQueued(message: Message, facts: SendFacts, now: number): SendDecision {
  return message.automatic !== undefined && now > message.createdAt + automaticReplyLatestMs
    ? { kind: 'refuse', rule: 'expired' }
    : decideSend(facts, termsOf(message))
}
