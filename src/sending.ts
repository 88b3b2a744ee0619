import type { Organization, Route } from './core/organization.ts'
import { parseE164 } from './core/phone-number.ts'
import { startDispatchQueued } from './jobs/dispatch-queued.ts'
import type { Loop } from './jobs/loop.ts'
import { startReconcileUnresolved } from './jobs/reconcile-unresolved.ts'
import { startReleaseWaiting } from './jobs/release-waiting.ts'
import { startRescueStuck } from './jobs/rescue-stuck.ts'
import type { Clock } from './ports/clock.ts'
import type { Store } from './ports/store.ts'
import { makeCancelMessage } from './use-cases/cancel-message.ts'
import { makeCircuitBreakers } from './use-cases/circuit-breaker.ts'
import type { DispatchParts } from './use-cases/dispatch-message.ts'
import { makeDispatchQueue } from './use-cases/dispatch-queue.ts'
import { makeExpectedWait } from './use-cases/expected-wait.ts'
import { makeFindWait } from './use-cases/find-wait.ts'
import { makeLookupCache } from './use-cases/lookup-cache.ts'
import { makePreviewSend } from './use-cases/preview-send.ts'
import { makeReconcileAttempt, makeResolveUnknown } from './use-cases/reconcile-attempt.ts'
import { makeResolutionWatch } from './use-cases/resolution-watch.ts'
import { makeSendBatch } from './use-cases/send-batch.ts'
import { makeSendMessage } from './use-cases/send-message.ts'
import { makeStandingRoutes } from './use-cases/standing-route.ts'

const routesCachedMax = 10_000

export type SendingParts = Omit<DispatchParts, 'breakers' | 'routes'> & {
  /** Something waits to be sent, delivered or fetched: the loops need not wait for their next round. */
  readonly wakeJobs: () => void
}

/** Wires everything between a request to send and its provider: the direct way, the queue, and what is found out later. */
export function makeSending(given: SendingParts) {
  const { store, clock, log } = given
  const routes = makeRouteCache(store, clock)
  const standingRoutes = makeStandingRoutes(given)
  const parts = {
    ...given,
    watch: makeResolutionWatch(given),
    breakers: makeCircuitBreakers(given),
    expectedWait: makeExpectedWait(given),
    routes: standingRoutes,
    findRoute: (organizationId: Organization['id'], sender: string) => routes.find(`${organizationId} ${sender}`),
  }
  const sendMessage = makeSendMessage(parts)

  return {
    watch: parts.watch,
    sendMessage,
    sendBatch: makeSendBatch({ ...parts, sendMessage }),
    previewSend: makePreviewSend(parts),
    cancelMessage: makeCancelMessage(parts),
    findWait: makeFindWait({ ...parts, standingRoutes }),
    resolveUnknown: makeResolveUnknown(parts),
    /** After a change of settings: what is remembered of them is forgotten. */
    forgetRoutes() {
      routes.clear()
      standingRoutes.clear()
    },
    /** Those of the role `jobs`. */
    startLoops(): { readonly dispatch: Loop; readonly others: readonly Loop[] } {
      const dispatch = startDispatchQueued({ clock, log, queue: makeDispatchQueue(parts) })
      return {
        dispatch,
        others: [
          startReleaseWaiting({ store, clock, log, wakeDispatch: dispatch.wake }),
          startRescueStuck({ store, clock, log }),
          startReconcileUnresolved({ store, clock, log, reconcileAttempt: makeReconcileAttempt(parts) }),
        ],
      }
    },
  }
}

function makeRouteCache(store: Store, clock: Clock) {
  return makeLookupCache<Route>({
    clock,
    entriesMax: routesCachedMax,
    load: (key) => {
      const [organizationId = '', sender = ''] = key.split(' ')
      return store.senders.findRoute(Number(organizationId), parseE164(sender))
    },
  })
}
