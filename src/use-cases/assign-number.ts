import { SmsError } from '../core/errors.ts'
import type { Assistant, Sender } from '../core/organization.ts'
import type { E164 } from '../core/phone-number.ts'
import type { Clock } from '../ports/clock.ts'
import type { Store } from '../ports/store.ts'
import { type PaceOrder, paceEntry, type SenderPaceFields, senderPacingOf } from './change-pace.ts'

export const phoneNumbersMax = 10_000

type Parts = { readonly store: Store; readonly clock: Clock }

/**
 * Adds a number that the organization has at a provider.
 * @throws SmsError `conflict` when it is there already, `not_found` for an assistant or account that is not.
 */
export async function addNumber(
  { store, clock }: Parts,
  wanted: {
    readonly organizationId: number
    readonly phoneNumber: E164
    readonly friendlyName?: string | null | undefined
    readonly assistantId?: number | null | undefined
    readonly providerAccountId?: number | null | undefined
    readonly isActive?: boolean | undefined
    readonly pace?: SenderPaceFields | null | undefined
  },
): Promise<Sender> {
  const { organizationId, phoneNumber, friendlyName } = wanted
  const assistant = await findAssistant(store, organizationId, wanted.assistantId)
  const providerAccountId = await chooseAccount(store, { organizationId, assistant, given: wanted.providerAccountId })
  if ((await store.senders.list(organizationId)).length >= phoneNumbersMax)
    throw new SmsError('conflict', `This organization has ${phoneNumbersMax} phone numbers, which is the most.`)
  const now = clock.now()
  return store.senders.create({
    organizationId,
    phoneNumber,
    ...(friendlyName ? { friendlyName } : {}),
    ...(assistant === undefined ? {} : { assistantId: assistant.id }),
    providerAccountId,
    pacing: senderPacingOf(wanted.pace ?? null, {}),
    isActive: wanted.isActive ?? true,
    createdAt: now,
    updatedAt: now,
  })
}

/** Undefined leaves a value as it is, null takes it away. */
export async function changeNumber(
  { store, clock }: Parts,
  wanted: {
    readonly organizationId: number
    readonly id: number
    readonly friendlyName?: string | null | undefined
    readonly assistantId?: number | null | undefined
    readonly providerAccountId?: number | undefined
    readonly isActive?: boolean | undefined
    readonly pace?: PaceOrder<SenderPaceFields> | undefined
  },
): Promise<Sender> {
  const { organizationId, id, pace } = wanted
  if ((await store.senders.find(organizationId, id)) === undefined)
    throw new SmsError('not_found', 'No phone number has this id.')
  await findAssistant(store, organizationId, wanted.assistantId)
  if (wanted.providerAccountId !== undefined) await requireAccount(store, organizationId, wanted.providerAccountId)
  const now = clock.now()
  const change = ({ friendlyName, assistantId, ...rest }: Sender): Sender => {
    const name = wanted.friendlyName === undefined ? friendlyName : wanted.friendlyName
    const assistant = wanted.assistantId === undefined ? assistantId : wanted.assistantId
    return {
      ...rest,
      ...(name ? { friendlyName: name } : {}),
      ...(assistant ? { assistantId: assistant } : {}),
      providerAccountId: wanted.providerAccountId ?? rest.providerAccountId,
      pacing: pace === undefined ? rest.pacing : senderPacingOf(pace.fields, rest.pacing),
      isActive: wanted.isActive ?? rest.isActive,
      updatedAt: now,
    }
  }
  return store.senders.change(organizationId, id, change, (before, after) =>
    pace === undefined
      ? undefined
      : paceEntry([before, after], { organizationId, subject: `phone number ${id}`, actor: pace.actor, now }),
  )
}

async function findAssistant(
  store: Store,
  organizationId: number,
  id: number | null | undefined,
): Promise<Assistant | undefined> {
  if (id === undefined || id === null) return undefined
  const assistant = await store.assistants.find(organizationId, id)
  if (assistant === undefined) throw new SmsError('not_found', 'No assistant has this id.')
  return assistant
}

async function requireAccount(store: Store, organizationId: number, id: number): Promise<number> {
  if ((await store.accounts.find(organizationId, id)) === undefined)
    throw new SmsError('not_found', 'No provider account has this id.')
  return id
}

/** The account that is named, else the assistant's, else the only one there is. */
async function chooseAccount(
  store: Store,
  wanted: {
    readonly organizationId: number
    readonly assistant: Assistant | undefined
    readonly given: number | null | undefined
  },
): Promise<number> {
  const { organizationId, assistant } = wanted
  const id = wanted.given ?? assistant?.providerAccountId
  if (id !== undefined) return requireAccount(store, organizationId, id)
  const [only, ...others] = await store.accounts.list(organizationId)
  if (only === undefined)
    throw new SmsError('invalid_request', 'There is no provider account yet. Create one, then add its numbers.')
  if (others.length > 0)
    throw new SmsError(
      'invalid_request',
      'provider_account_id is required: there are several provider accounts, and the assistant names none.',
    )
  return only.id
}
