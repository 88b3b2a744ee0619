import { SmsError } from '../core/errors.ts'
import type { Clock } from '../ports/clock.ts'
import type { Log } from '../ports/log.ts'
import type { Erased, ErasedRest, PeopleStore, PersonRef } from '../ports/people-store.ts'
import { inShortSteps } from './in-short-steps.ts'
import { personSubject } from './person-subject.ts'

export type ErasePersonParts = {
  readonly store: { readonly people: PeopleStore }
  readonly clock: Clock
  readonly log: Log
  readonly stopping: AbortSignal
}

export type ErasedPerson = Erased & ErasedRest & { readonly refusedWebhooks: number }

/** Sends beside it have at least half of the time. */
const restShare = 1
const sendingRetryMs = 60_000

/**
 * Removes everything about a person that was stored before, in many short transactions: what is cut off in between is done
 * by asking again. What waits for the person ends first. Opt-outs stay, without what shows them, and the audit log keeps
 * who asked.
 * @throws SmsError `conflict` while a text to the person is under way; `unavailable` when this process stops meanwhile.
 */
export async function erasePerson(
  parts: ErasePersonParts,
  { actor, ...ref }: PersonRef & { readonly actor: string },
): Promise<ErasedPerson> {
  const { clock, log, store } = parts
  const { people } = store
  const upTo = await people.newestMessageKey()
  await cancelWaiting(parts, ref)
  const removed = await eraseMessages(parts, ref, upTo)
  const events = removed.events + (await eraseEvents(parts, ref))
  const refusedWebhooks = await eraseRefusedWebhooks(parts, ref)
  const most = { ...removed, events, refusedWebhooks }
  const rest = await people.finishErasure({
    ...ref,
    entry: (finished) => ({
      organizationId: ref.organizationId,
      occurredAt: clock.now(),
      actor,
      action: 'person.erased',
      subject: personSubject(ref.organizationId, ref.person),
      data: { ...most, ...finished },
    }),
  })
  const erased = { ...most, ...rest }
  log.info('person.erased', { organizationId: ref.organizationId, ...erased })
  return erased
}

async function cancelWaiting(parts: ErasePersonParts, ref: PersonRef): Promise<void> {
  await steps(parts, async () => {
    const canceled = await parts.store.people.cancelWaiting({ ...ref, now: parts.clock.now() })
    if (canceled === 'sending') throw stillSending()
    return canceled === 0 ? 'done' : 'more'
  })
}

async function eraseMessages(parts: ErasePersonParts, ref: PersonRef, upTo: number): Promise<Erased> {
  let sum: Erased = { messages: 0, media: 0, events: 0, idempotencyKeys: 0 }
  for (const { key, firstKey } of await parts.store.people.conversations(ref)) {
    let after = firstKey
    await steps(parts, async () => {
      const step = await parts.store.people.eraseMessages({ ...ref, conversationKey: key, after, upTo })
      if (step === 'sending') throw stillSending()
      sum = {
        messages: sum.messages + step.messages,
        media: sum.media + step.media,
        events: sum.events + step.events,
        idempotencyKeys: sum.idempotencyKeys + step.idempotencyKeys,
      }
      after = step.reached ?? upTo
      return step.reached === undefined ? 'done' : 'more'
    })
  }
  return sum
}

async function eraseEvents(parts: ErasePersonParts, ref: PersonRef): Promise<number> {
  let sum = 0
  await steps(parts, async () => {
    const count = await parts.store.people.eraseEvents(ref)
    sum += count
    return count === 0 ? 'done' : 'more'
  })
  return sum
}

async function eraseRefusedWebhooks(parts: ErasePersonParts, ref: PersonRef): Promise<number> {
  let [sum, after] = [0, 0]
  await steps(parts, async () => {
    const { removed, reached } = await parts.store.people.eraseRefusedWebhooks({ ...ref, after })
    sum += removed
    after = reached ?? after
    return reached === undefined ? 'done' : 'more'
  })
  return sum
}

async function steps({ clock, stopping }: ErasePersonParts, step: () => Promise<'more' | 'done'>): Promise<void> {
  await inShortSteps({ clock, restShare, stopping }, step)
  if (stopping.aborted)
    throw new SmsError('unavailable', 'Textbridge is stopping. A part is erased; ask again for the rest.', {
      retryAfterMs: 1_000,
    })
}

function stillSending(): SmsError {
  return new SmsError(
    'conflict',
    'A text to this person is being sent, or nobody knows yet whether it was. Ask again in a minute.',
    { retryAfterMs: sendingRetryMs },
  )
}
