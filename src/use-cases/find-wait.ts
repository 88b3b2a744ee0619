import type { Message } from '../core/message.ts'
import { paceOf } from '../core/sender-pace.ts'
import type { Clock } from '../ports/clock.ts'
import type { Provider } from '../ports/provider.ts'
import type { ExpectedWait } from './expected-wait.ts'
import type { StandingRoutes } from './standing-route.ts'

/**
 * How many milliseconds a stored message will probably wait from now. Undefined when it does not wait, or when nobody
 * can know: a person must let it go, a pause must end, or its number is gone.
 */
export function makeFindWait(parts: {
  readonly standingRoutes: StandingRoutes
  readonly providers: ReadonlyMap<string, Provider>
  readonly expectedWait: ExpectedWait
  readonly clock: Clock
}): (message: Message) => Promise<number | undefined> {
  const { standingRoutes, providers, expectedWait, clock } = parts

  return async function findWait(message) {
    const { status, dueAt } = message
    const isTimed = (status === 'scheduled' || status === 'held') && dueAt !== undefined
    if (status !== 'queued' && !isTimed) return undefined
    const route = await standingRoutes.find(message)
    if (route?.sender === undefined) return undefined
    const { sender, account } = route
    const { segmentsPerSecond } = paceOf({ sender, account, paces: providers.get(account.provider)?.paces })
    const untilDue = isTimed ? Math.max(0, dueAt - clock.now()) : 0
    return untilDue + (await expectedWait.find(message, segmentsPerSecond))
  }
}
