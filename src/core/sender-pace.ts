import type { ProviderAccount, Sender } from './organization.ts'
import { type AccountPacing, type SenderTerms, type SenderType, senderTypeOf } from './pacing.ts'

/** What a provider lets out where nothing else is agreed with it. */
export type ProviderPaces = {
  /** Segments per second of a number, by where its plan is and what it is. */
  readonly segmentsPerSecond: Readonly<Record<'northAmerican' | 'other', Readonly<Record<SenderType, number>>>>
  /** Over all numbers of an account. Absent members: no limit. */
  readonly account: AccountPacing
}

/** The part of a number's terms that says how fast it may send. */
export type SendPace = Pick<SenderTerms, 'segmentsPerSecond' | 'dailySegments' | 'smsPerSecond' | 'mmsPerSecond'>

/** Of a number whose provider is not known here: what the slowest carriers take from a person's own number. */
const segmentsPerSecondUnknown = 1

/** What is set for the number and its account; where nothing is, the default of their provider. */
export function paceOf({
  sender: { phoneNumber, pacing },
  account,
  paces,
}: {
  readonly sender: Pick<Sender, 'phoneNumber' | 'pacing'>
  readonly account: Pick<ProviderAccount, 'pacing'>
  /** Undefined when the provider is not known here. */
  readonly paces: ProviderPaces | undefined
}): SendPace {
  const plan = phoneNumber.startsWith('+1') ? 'northAmerican' : 'other'
  const usual = paces?.segmentsPerSecond[plan][pacing.type ?? senderTypeOf(phoneNumber)]
  const { dailySegments } = pacing
  const { smsPerSecond, mmsPerSecond } = { ...paces?.account, ...account.pacing }
  return {
    segmentsPerSecond: pacing.segmentsPerSecond ?? usual ?? segmentsPerSecondUnknown,
    ...(dailySegments === undefined ? {} : { dailySegments }),
    ...(smsPerSecond === undefined ? {} : { smsPerSecond }),
    ...(mmsPerSecond === undefined ? {} : { mmsPerSecond }),
  }
}
