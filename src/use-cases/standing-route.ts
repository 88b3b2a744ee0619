import { SmsError } from '../core/errors.ts'
import type { Message } from '../core/message.ts'
import type { Assistant, Organization, ProviderAccount, Sender } from '../core/organization.ts'
import type { Clock } from '../ports/clock.ts'
import type { Store } from '../ports/store.ts'
import { makeLookupCache } from './lookup-cache.ts'

const routesCachedMax = 10_000

/**
 * The account, assistant and number that a message was accepted for, as they are now. Parts of it may be gone; an
 * assistant that was removed still says what may leave of what it left.
 */
export type StandingRoute = {
  readonly organization: Organization
  readonly account: ProviderAccount
  readonly assistant?: Assistant
  readonly sender?: Sender
}

export type MessageOrigin = Pick<Message, 'organizationId' | 'assistantId' | 'senderId' | 'providerAccountId'>

export type StandingRoutes = {
  /** As it was at most `lookupLifetimeMs` ago. Undefined when the account is gone: nothing can be sent. */
  find(origin: MessageOrigin): Promise<StandingRoute | undefined>
  /** As it is now, past what is remembered. */
  findFresh(origin: MessageOrigin): Promise<StandingRoute | undefined>
  /** @throws SmsError `conflict` when the account is gone. */
  get(origin: MessageOrigin): Promise<StandingRoute>
  clear(): void
}

export function makeStandingRoutes({ store, clock }: { readonly store: Store; readonly clock: Clock }): StandingRoutes {
  const routes = makeLookupCache<StandingRoute>({
    clock,
    entriesMax: routesCachedMax,
    load: (key) => {
      const [organizationId = 0, assistantId = 0, senderId = 0, providerAccountId = 0] = key.split(' ').map(Number)
      return findFresh({ organizationId, assistantId, senderId, providerAccountId })
    },
  })

  async function findFresh(origin: MessageOrigin): Promise<StandingRoute | undefined> {
    const { organizationId, assistantId, senderId, providerAccountId } = origin
    const [organization, account, assistant, sender] = await Promise.all([
      store.organizations.find(organizationId),
      store.accounts.find(organizationId, providerAccountId),
      store.assistants.findEver(organizationId, assistantId),
      store.senders.find(organizationId, senderId),
    ])
    if (organization === undefined || account === undefined) return undefined
    return {
      organization,
      account,
      ...(assistant === undefined ? {} : { assistant }),
      ...(sender === undefined ? {} : { sender }),
    }
  }

  const find = ({ organizationId, assistantId, senderId, providerAccountId }: MessageOrigin) =>
    routes.find(`${organizationId} ${assistantId} ${senderId} ${providerAccountId}`)

  return {
    find,
    findFresh,
    async get(origin) {
      const route = await find(origin)
      if (route === undefined)
        throw new SmsError('conflict', 'The provider account of this message is gone, so it cannot be sent.')
      return route
    },
    clear: () => routes.clear(),
  }
}
