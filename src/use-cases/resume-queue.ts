import type { Clock } from '../ports/clock.ts'
import type { Log } from '../ports/log.ts'
import type { Store } from '../ports/store.ts'

/**
 * A person says that what waits in a held queue may go out, of every organization. On record with who said so, in the
 * organization of that person. @returns false when nothing was held.
 */
export async function resumeQueue(
  { store, clock, log }: { readonly store: Pick<Store, 'queueState'>; readonly clock: Clock; readonly log?: Log },
  { organizationId, actor }: { readonly organizationId: number; readonly actor: string },
): Promise<boolean> {
  const now = clock.now()
  const resumed = await store.queueState.resume({
    now,
    audit: { organizationId, occurredAt: now, actor, action: 'queue.resumed', subject: 'queue', data: {} },
  })
  if (resumed) log?.warn('queue.resumed', { actor })
  return resumed
}
