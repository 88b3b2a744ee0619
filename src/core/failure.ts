/**
 * One failure taxonomy for all providers. An adapter's tables map the provider's own codes to a reason; the rest
 * (is it permanent, who must act, what to do) follows from the reason, so that it reads the same everywhere.
 */
export type Actor = 'caller' | 'operator' | 'recipient' | 'provider'

export type FailureTraits = {
  /** The same message to the same recipient will never succeed. */
  readonly permanent: boolean
  /** Sending the same message again, later and unchanged, may succeed and cannot text the person twice. */
  readonly retryable: boolean
  readonly actor: Actor
  /** One sentence: what to do about it. */
  readonly advice: string
}

const traitsByReason = {
  recipient_opted_out: {
    permanent: true,
    retryable: false,
    actor: 'recipient',
    advice: 'The recipient has opted out. Do not text them until they text START.',
  },
  opt_out_in_doubt: {
    permanent: false,
    retryable: false,
    actor: 'operator',
    advice:
      'The recipient wrote something that may be a refusal. Confirm it (POST /api/v1/opt-outs) or remove it (DELETE /api/v1/opt-outs/{phone_number}?only_in_doubt=true).',
  },
  superseded: {
    permanent: true,
    retryable: false,
    actor: 'caller',
    advice: 'The recipient has written again since. Read the newer message and answer that one.',
  },
  recipient_not_allowed: {
    permanent: false,
    retryable: false,
    actor: 'operator',
    advice:
      'The assistant may not text this person: its policy allows only who has written first, or who is on its list. Change policy.recipients, or wait for the person to write.',
  },
  country_not_allowed: {
    permanent: false,
    retryable: false,
    actor: 'operator',
    advice: 'The policy does not allow texts to this country or area code. Add it to policy.countries if it is meant.',
  },
  conversation_loop: {
    permanent: false,
    retryable: false,
    actor: 'operator',
    advice:
      'The person has answered many times in a row within seconds, as a program would. Look at the conversation; a pause of a minute ends the streak.',
  },
  unanswered_limit: {
    permanent: false,
    retryable: false,
    actor: 'recipient',
    advice:
      'The person has not answered the last texts of this assistant. Wait for an answer, or raise policy.unanswered.',
  },
  recipient_cap: {
    permanent: false,
    retryable: true,
    actor: 'caller',
    advice:
      'This person has got as many texts as the policy allows in this time. Send it later, or raise policy.per_recipient.',
  },
  assistant_cap: {
    permanent: false,
    retryable: true,
    actor: 'operator',
    advice:
      'The assistant has sent as many texts as the policy allows in this time. Send it later, or raise policy.per_assistant.',
  },
  organization_cap: {
    permanent: false,
    retryable: true,
    actor: 'operator',
    advice:
      'The organization has sent as many texts as its policy allows in this time. Send it later, or raise policy.per_organization.',
  },
  prefix_velocity: {
    permanent: false,
    retryable: true,
    actor: 'operator',
    advice:
      'Many texts went to numbers that begin alike, as in fraud with premium numbers. Look at the recipients; raise policy.prefix_velocity if they are meant.',
  },
  spend_budget: {
    permanent: false,
    retryable: true,
    actor: 'operator',
    advice: 'The budget of this period is spent. Raise policy.spend, or wait for the next period.',
  },
  not_approved: {
    permanent: true,
    retryable: false,
    actor: 'operator',
    advice: 'A person has refused this text. Change it and send it as a new message.',
  },
  canceled: {
    permanent: true,
    retryable: false,
    actor: 'caller',
    advice: 'It was canceled before it left. Send it as a new message if it is wanted after all.',
  },
  landline: {
    permanent: true,
    retryable: false,
    actor: 'caller',
    advice: 'The number cannot receive texts. Ask the recipient for a mobile number.',
  },
  unreachable: {
    permanent: false,
    retryable: true,
    actor: 'recipient',
    advice: 'The handset is off or out of coverage. Try again later, a few times at most.',
  },
  carrier_filtered: {
    permanent: true,
    retryable: false,
    actor: 'caller',
    advice: 'The text was filtered as unwanted. Change its content, or register what it is for.',
  },
  content_rejected: {
    permanent: true,
    retryable: false,
    actor: 'caller',
    advice: 'The provider refuses this content. Change the text and send it as a new message.',
  },
  sender_not_registered: {
    permanent: false,
    retryable: false,
    actor: 'operator',
    advice: 'Register the sending number (10DLC campaign or toll-free verification) with the provider.',
  },
  sender_not_owned: {
    permanent: true,
    retryable: false,
    actor: 'operator',
    advice: 'The provider account does not own this sending number, or the number cannot send this. Check it there.',
  },
  sender_unavailable: {
    permanent: false,
    retryable: true,
    actor: 'operator',
    advice: 'The sending number is not ready or unhealthy at the provider. Try later, or use another number.',
  },
  geo_not_enabled: {
    permanent: false,
    retryable: false,
    actor: 'operator',
    advice: 'Enable the destination country in the provider account.',
  },
  invalid_recipient: {
    permanent: true,
    retryable: false,
    actor: 'caller',
    advice: 'The provider says the recipient number is not valid. Correct the number.',
  },
  recipient_unknown: {
    permanent: true,
    retryable: false,
    actor: 'caller',
    advice: 'The number is not in service. Stop texting it.',
  },
  media_rejected: {
    permanent: true,
    retryable: false,
    actor: 'caller',
    advice: 'The provider refused the media. Check its address, size and type, and whether the number can send MMS.',
  },
  invalid_content: {
    permanent: true,
    retryable: false,
    actor: 'caller',
    advice: 'The provider refuses the message as it stands (empty, too long, or contradictory). Change the message.',
  },
  rate_limited: {
    permanent: false,
    retryable: true,
    actor: 'provider',
    advice: 'The provider is limiting this sender or account. Send it again later.',
  },
  account_suspended: {
    permanent: false,
    retryable: false,
    actor: 'operator',
    advice: 'The provider account is suspended, closed, or may not do this. Settle it with the provider.',
  },
  account_misconfigured: {
    permanent: false,
    retryable: false,
    actor: 'operator',
    advice: 'The provider account or messaging profile is not set up for this. Correct it in the provider console.',
  },
  insufficient_funds: {
    permanent: false,
    retryable: false,
    actor: 'operator',
    advice: 'The provider account is out of credit. Top it up.',
  },
  authentication_failed: {
    permanent: false,
    retryable: false,
    actor: 'operator',
    advice: 'The provider refused our credentials. Set the right ones on the provider account.',
  },
  provider_unavailable: {
    permanent: false,
    retryable: true,
    actor: 'provider',
    advice: 'The provider could not be reached, so nothing was sent. Send it again.',
  },
  carrier_error: {
    permanent: false,
    retryable: false,
    actor: 'provider',
    advice: 'The carrier failed without a clear reason. Delivery is not excluded: look before sending again.',
  },
  expired: {
    permanent: false,
    retryable: false,
    actor: 'provider',
    advice: 'The message waited too long and was dropped. Send it again if it still matters.',
  },
  interrupted: {
    permanent: false,
    retryable: true,
    actor: 'operator',
    advice: 'Textbridge stopped before the message left, so nothing was sent. Send it again.',
  },
  unrecognized: {
    permanent: false,
    retryable: false,
    actor: 'operator',
    advice: 'The provider gave a code that is not known here. Look it up in the provider documentation.',
  },
} as const satisfies Record<string, FailureTraits>

export type FailureReason = keyof typeof traitsByReason
export const failureReasons = Object.keys(traitsByReason) as FailureReason[]

export function isFailureReason(value: string): value is FailureReason {
  return Object.hasOwn(traitsByReason, value)
}

/** Why a message or an attempt failed: our reason, and the provider's own words, raw. */
export type Failure = {
  readonly reason: FailureReason
  /** The provider's code as text (`21610`, `40300`), or undefined when it gave none. */
  readonly providerCode?: string
  /** The provider's sentence, cut to `providerMessageLengthMax`. */
  readonly providerMessage?: string
}

export const providerMessageLengthMax = 300

export function traitsOf(reason: FailureReason): FailureTraits {
  return traitsByReason[reason]
}
