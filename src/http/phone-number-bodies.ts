import type { Sender } from '../core/organization.ts'
import type { Store } from '../ports/store.ts'
import { phoneNumberBodyOf } from './schemas/phone-numbers.ts'

/** A phone number as answers show it: with the assistant and the provider that it belongs to. */
export async function bodyOf(store: Store, sender: Sender) {
  const { organizationId, assistantId, providerAccountId } = sender
  const [account, assistant] = await Promise.all([
    store.accounts.find(organizationId, providerAccountId),
    assistantId === undefined ? undefined : store.assistants.find(organizationId, assistantId),
  ])
  return phoneNumberBodyOf(sender, { account, assistant })
}

export async function bodiesOf(store: Store, organizationId: number, senders: readonly Sender[]) {
  const assistantIds = new Set(senders.flatMap(({ assistantId }) => (assistantId === undefined ? [] : [assistantId])))
  const [accounts, assistants] = await Promise.all([
    store.accounts.list(organizationId),
    Promise.all([...assistantIds].map((id) => store.assistants.find(organizationId, id))),
  ])
  return senders.map((sender) =>
    phoneNumberBodyOf(sender, {
      account: accounts.find(({ id }) => id === sender.providerAccountId),
      assistant: assistants.find((assistant) => assistant !== undefined && assistant.id === sender.assistantId),
    }),
  )
}

/** Of the active numbers that no assistant has. */
export async function availableBodies(
  store: Store,
  organizationId: number,
  { skip, limit }: { skip: number; limit: number },
) {
  const free = (await store.senders.list(organizationId)).filter(
    (sender) => sender.assistantId === undefined && sender.isActive,
  )
  return bodiesOf(store, organizationId, free.slice(skip, skip + limit))
}
