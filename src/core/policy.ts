import type { OptOut } from './opt-out.ts'

/** What the store knows, inside the dispatching transaction, about the person and the assistant of one send. */
export type SendFacts = { readonly optOut: OptOut | undefined }

export type SendDecision =
  | { readonly kind: 'send' }
  /** `rule` names what refused; the message is recorded as `suppressed` and nothing leaves. */
  | { readonly kind: 'refuse'; readonly rule: 'recipient_opted_out' }

/** What an assistant may do, decided from facts read in the transaction that starts the attempt. */
export function decideSend(facts: SendFacts): SendDecision {
  return facts.optOut === undefined ? { kind: 'send' } : { kind: 'refuse', rule: 'recipient_opted_out' }
}
