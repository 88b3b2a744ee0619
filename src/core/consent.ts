import type { Keyword } from './keyword.ts'
import { isAtLeastAsWide, type OptOut, type OptOutReach } from './opt-out.ts'

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
 * `standing` is the opt-out of this person that covers this number, `reach` how far a new one would. One confirmation is
 * allowed, and only if the provider sent none: 47 CFR 64.1200(a)(12). Saying STOP twice is answered once.
 */
export function decideConsent(facts: {
  readonly keyword: Keyword | undefined
  readonly standing: OptOut | undefined
  readonly reach: Partial<OptOutReach>
  readonly providerAnswered: boolean
  /** When the text was written, by the clock that also dates keyword opt-outs. */
  readonly writtenAt: number
}): ConsentChange {
  const { keyword, standing, reach, providerAnswered, writtenAt } = facts
  if (keyword === undefined) return nothing
  switch (keyword.kind) {
    case 'opt_out': {
      const isKnown = standing !== undefined && !standing.inDoubt
      return {
        ledger: isKnown && isAtLeastAsWide(standing, reach) ? 'none' : 'opt_out',
        reply: isKnown || providerAnswered ? 'none' : 'opt_out_confirmation',
        handled: true,
      }
    }
    case 'opt_out_doubt':
      return standing === undefined ? { ...nothing, ledger: 'doubt' } : nothing
    case 'opt_in_if_opted_out':
      return standing === undefined ? nothing : optIn(standing)
    case 'opt_in':
      return standing === undefined ? { ...nothing, handled: true } : optIn(standing)
    case 'help':
      return { ...nothing, reply: providerAnswered ? 'none' : 'help', handled: true }
    default:
      return keyword.kind satisfies never
  }

  /** A START that was written before the STOP arrived late, and undoes nothing. */
  function optIn({ source, createdAt }: OptOut): ConsentChange {
    if (source === 'keyword' && writtenAt < createdAt) return { ...nothing, handled: true }
    return { ledger: 'opt_in', reply: providerAnswered ? 'none' : 'opt_in_confirmation', handled: true }
  }
}
