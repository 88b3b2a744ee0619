import { traitsOf } from './failure.ts'
import type { HoldReason, ReachedLimit } from './message.ts'
import type { RefusalRule } from './send-decision.ts'
import type { PauseLevel } from './send-terms.ts'

/** Why a send was refused, for its caller: the rule, its limit, and how much of it is used. */
export function refusalSentence(rule: RefusalRule, reached: ReachedLimit | undefined): string {
  const { limit, count, per } = reached ?? { limit: 0, count: 0, per: '' }
  switch (rule) {
    case 'recipient_opted_out':
      return 'The recipient has opted out of texts from this organization. Do not text them until they text START.'
    case 'opt_out_in_doubt':
    case 'superseded':
      return traitsOf(rule).advice
    case 'expired':
      return 'The time until which the text was to be sent has passed, so it was not sent.'
    case 'recipient_not_allowed':
      return 'The policy does not allow this assistant to text this person, who has not written first or is not on its list.'
    case 'country_not_allowed':
      return 'The policy does not allow texts to the country or area code of this number.'
    case 'conversation_loop':
      return `The policy stops a conversation at ${limit} quick answers in a row, and the person has given ${count}.`
    case 'unanswered_limit':
      return `The policy allows ${texts(limit)} to a person who does not answer, and ${sent(count)}.`
    case 'recipient_cap':
      return `The policy allows ${texts(limit)} to one person per ${per}, and ${sent(count)}.`
    case 'assistant_cap':
      return `The policy allows ${texts(limit)} of one assistant per ${per}, and ${sent(count)}.`
    case 'organization_cap':
      return `The policy allows ${texts(limit)} of the organization per ${per}, and ${sent(count)}.`
    case 'prefix_velocity':
      return `The policy allows ${texts(limit)} per ${per} to numbers that begin alike, and ${sent(count)}.`
    case 'spend_budget':
      return `The policy allows to spend ${limit} per ${per}. With this text it would be more: ${count} is spent.`
    default:
      return rule satisfies never
  }
}

/** Why a strict number takes no direct send now. */
export const senderBusySentence =
  'This number sends at its pace, and its next turn is too far away. Nothing was sent; try again later, or queue the text.'

/** Why a send is held, as a part of a sentence. */
export function holdClause(reason: HoldReason, paused?: PauseLevel): string {
  switch (reason) {
    case 'paused':
      return `sending is paused${paused === undefined ? '' : ` for the ${paused.replace('_', ' ')}`}`
    case 'approval':
      return 'a person must approve it first'
    case 'quiet_hours':
      return 'it is marketing, and it is too early or too late where the recipient is'
    default:
      return reason satisfies never
  }
}

function texts(count: number): string {
  return count === 1 ? '1 text' : `${count} texts`
}

function sent(count: number): string {
  return count === 1 ? '1 has been sent' : `${count} have been sent`
}
