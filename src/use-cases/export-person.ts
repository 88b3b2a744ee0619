import type { OptOut } from '../core/opt-out.ts'
import type { RecordedEvent } from '../ports/event-store.ts'
import type { ConversationSummary } from '../ports/inbound-store.ts'
import type { PersonMessage, PersonRef } from '../ports/people-store.ts'
import type { Store } from '../ports/store.ts'

/** Everything that is stored about a person. What there may be much of is read as it is asked for. */
export type PersonExport = {
  readonly timeZone?: string
  readonly optOuts: readonly OptOut[]
  readonly conversations: readonly ConversationSummary[]
  /** Those that are about the person and not about one message, oldest first. */
  readonly events: AsyncIterable<RecordedEvent>
  /** One conversation after the other, each oldest first. */
  readonly messages: AsyncIterable<PersonMessage & { readonly conversationId: string }>
}

const messagesPerReadMax = 100
const eventsPerReadMax = 500

/** Undefined when nothing is known. What is stored after this call is not in it. */
export async function exportPerson(
  store: Pick<Store, 'people' | 'optOuts' | 'inbound'>,
  ref: PersonRef,
): Promise<PersonExport | undefined> {
  const { organizationId, person } = ref
  const [upTo, timeZone, optOuts, found, firstEvents] = await Promise.all([
    store.people.newestMessageKey(),
    store.people.findTimeZone(ref),
    store.optOuts.find(organizationId, person),
    store.people.conversations(ref),
    store.people.events({ ...ref, after: 0, limit: 1 }),
  ])
  if (timeZone === undefined && optOuts.length + found.length + firstEvents.length === 0) return undefined
  const summaries = await Promise.all(found.map(({ id }) => store.inbound.findConversation(organizationId, id)))
  return {
    ...(timeZone === undefined ? {} : { timeZone }),
    optOuts,
    conversations: summaries.filter((summary) => summary !== undefined),
    events: pages((after) => store.people.events({ ...ref, after, limit: eventsPerReadMax })),
    messages: (async function* () {
      for (const { key, id, firstKey } of found) {
        const read = (after: number) =>
          store.people.messages({ ...ref, conversationKey: key, after, upTo, limit: messagesPerReadMax })
        for await (const message of pages(read, firstKey)) yield { ...message, conversationId: id }
      }
    })(),
  }
}

/** `read` gives what follows the key, nothing at the end. */
async function* pages<T extends { readonly key: number }>(
  read: (after: number) => Promise<readonly T[]>,
  first = 0,
): AsyncGenerator<T> {
  let after = first
  for (;;) {
    const page = await read(after)
    const last = page.at(-1)
    if (last === undefined) return
    yield* page
    after = last.key
  }
}
