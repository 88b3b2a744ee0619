import type { Message } from './message.ts'
import type { E164 } from './phone-number.ts'

/** Where an opt-out came from. Kept as evidence, for years. */
export const optOutSources = ['keyword', 'api', 'import', 'provider', 'console'] as const
export type OptOutSource = (typeof optOutSources)[number]

/** How far an opt-out reaches. The organization's setting decides for new ones; it never narrows standing ones. */
export const optOutScopes = ['organization', 'assistant', 'sender'] as const
export type OptOutScope = (typeof optOutScopes)[number]

/** A recipient's standing refusal, across providers; one per organization, recipient and reach. */
export type OptOut = {
  readonly organizationId: number
  readonly recipient: E164
  /** At most one of the two. With neither it covers the whole organization. */
  readonly assistantId?: number
  /** A number keeps it whoever's assistant it becomes. */
  readonly senderId?: number
  readonly source: OptOutSource
  /** A text that may be a refusal: it holds like one until a person confirms or removes it. */
  readonly inDoubt: boolean
  /** What shows it: the text that was sent, the provider's code, the caller's note. At most 500 characters. */
  readonly evidence?: string
  readonly createdAt: number
}

/** Who would send: a send is covered by the opt-outs of the organization, of its assistant and of its number. */
export type OptOutReach = { readonly assistantId: number; readonly senderId: number }

/** The opt-out that forbids a send, a certain one before one in doubt. */
export function findCovering(optOuts: readonly OptOut[], reach: OptOutReach): OptOut | undefined {
  const covering = optOuts.filter(
    ({ assistantId, senderId }) =>
      (assistantId === undefined || assistantId === reach.assistantId) &&
      (senderId === undefined || senderId === reach.senderId),
  )
  return covering.find((optOut) => !optOut.inDoubt) ?? covering[0]
}

/** Whether a standing opt-out reaches at least as far as one with this reach would. */
export function isAtLeastAsWide(standing: OptOut, reach: Partial<OptOutReach>): boolean {
  return (
    (standing.assistantId === undefined && standing.senderId === undefined) ||
    (standing.assistantId === reach.assistantId && standing.senderId === reach.senderId)
  )
}

export function scopeOf({ assistantId, senderId }: Partial<OptOutReach>): OptOutScope {
  if (senderId !== undefined) return 'sender'
  return assistantId === undefined ? 'organization' : 'assistant'
}

/** The members of an `OptOut` that say how far a new one reaches. */
export function reachOf(scope: OptOutScope, { assistantId, senderId }: OptOutReach): Partial<OptOutReach> {
  switch (scope) {
    case 'organization':
      return {}
    case 'assistant':
      return { assistantId }
    case 'sender':
      return { senderId }
  }
}

export const optOutEvidenceLengthMax = 500

/** What a provider's own refusal teaches: the person refused everybody who sends through it, so the widest reach. */
export function learnedOptOut(
  { id, organizationId, recipient, provider }: Message,
  { code, at }: { readonly code: string | undefined; readonly at: number },
): OptOut {
  return {
    organizationId,
    recipient,
    source: 'provider',
    inDoubt: false,
    evidence: `${provider} ${code ?? ''} on ${id}`,
    createdAt: at,
  }
}
