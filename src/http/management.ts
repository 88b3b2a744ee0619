import { SmsError } from '../core/errors.ts'
import type { Clock } from '../ports/clock.ts'
import type { JudgeAddress } from '../ports/event-sender.ts'
import type { Provider } from '../ports/provider.ts'
import type { Random } from '../ports/random.ts'
import type { Store } from '../ports/store.ts'

/** What the routes that change the set-up need. */
export type ManagementParts = {
  readonly store: Store
  readonly providers: ReadonlyMap<string, Provider>
  readonly clock: Clock
  readonly random: Random
  readonly judgeAddress: JudgeAddress
  /** Call after every change: forgets cached routes and keys, so that the next request sees it. */
  readonly changed: () => void
}

/** @throws SmsError `not_found` with the sentence when there is nothing. */
export function orNotFound<T>(found: T | undefined, sentence: string): T {
  if (found === undefined) throw new SmsError('not_found', sentence)
  return found
}
