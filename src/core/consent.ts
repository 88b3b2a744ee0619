import type { Keyword } from './keyword.ts'
import type { OptOut } from './opt-out.ts'

/** What a keyword does, decided from what the ledger says in the transaction that records the text. */
export type ConsentChange = {
  /** `doubt`: the text may be a refusal, so sends are refused until a person decides. */
  readonly ledger: 'opt_out' | 'doubt' | 'opt_in' | 'none'
  readonly reply: 'opt_out_confirmation' | 'opt_in_confirmation' | 'help' | 'none'
  /** Keywords are handled here: the assistant does not see the text. */
  readonly handled: boolean
}

const nothing: ConsentChange = { ledger: 'none', reply: 'none', handled: false }

/**
 * `standing` is the opt-out of this person that covers this number. One confirmation is allowed, and only if the
 * provider sent none: 47 CFR 64.1200(a)(12). Saying STOP twice is answered once.
 */
export function decideConsent(facts: {
  readonly keyword: Keyword | undefined
  readonly standing: OptOut | undefined
  readonly providerAnswered: boolean
}): ConsentChange {
  const { keyword, standing, providerAnswered } = facts
  if (keyword === undefined) return nothing
  switch (keyword.kind) {
    case 'opt_out': {
      const already = standing !== undefined && !standing.inDoubt
      return {
        ledger: already ? 'none' : 'opt_out',
        reply: already || providerAnswered ? 'none' : 'opt_out_confirmation',
        handled: true,
      }
    }
    case 'opt_out_doubt':
      return standing === undefined ? { ...nothing, ledger: 'doubt' } : nothing
    case 'opt_in_if_opted_out':
      if (standing === undefined) return nothing
      return { ledger: 'opt_in', reply: providerAnswered ? 'none' : 'opt_in_confirmation', handled: true }
    case 'opt_in':
      return {
        ledger: standing === undefined ? 'none' : 'opt_in',
        reply: standing === undefined || providerAnswered ? 'none' : 'opt_in_confirmation',
        handled: true,
      }
    case 'help':
      return { ...nothing, reply: providerAnswered ? 'none' : 'help', handled: true }
    default:
      return keyword.kind satisfies never
  }
}
