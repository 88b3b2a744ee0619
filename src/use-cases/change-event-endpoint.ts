import { SmsError } from '../core/errors.ts'
import { subscribableTypes } from '../core/event-delivery.ts'
import type { Clock } from '../ports/clock.ts'
import type { JudgeAddress } from '../ports/event-sender.ts'
import type { EventEndpoint } from '../ports/event-store.ts'
import type { Random } from '../ports/random.ts'
import type { Store } from '../ports/store.ts'
import { makeEndpointSecret, rotatedSecrets } from './event-endpoint-secrets.ts'
import { requireCallable } from './require-callable.ts'

export const endpointUrlLengthMax = 2_000
export const endpointDescriptionLengthMax = 500

/** Undefined leaves a value as it is, null takes it away. */
export type EndpointFields = {
  readonly url?: string | undefined
  readonly description?: string | null | undefined
  readonly types?: readonly string[] | undefined
  readonly ordered?: boolean | undefined
  readonly disabled?: boolean | undefined
}

type Parts = { readonly store: Pick<Store, 'events'>; readonly clock: Clock; readonly random: Random }

export function createEventEndpoint(
  { store, clock, random, judgeAddress }: Parts & { readonly judgeAddress: JudgeAddress },
  wanted: EndpointFields & { readonly organizationId: number; readonly url: string },
): Promise<EventEndpoint> {
  const now = clock.now()
  const address = { name: 'url', url: wanted.url }
  const { id: _given, ...endpoint } = withFields(
    {
      id: 0,
      organizationId: wanted.organizationId,
      url: wanted.url,
      types: [],
      secrets: [makeEndpointSecret(random)],
      ordered: false,
      trusted: requireCallable(judgeAddress, address) === 'trusted',
      createdAt: now,
      updatedAt: now,
    },
    wanted,
    now,
  )
  return store.events.createEndpoint(endpoint)
}

export function changeEventEndpoint(
  { store, clock, judgeAddress }: Parts & { readonly judgeAddress: JudgeAddress },
  wanted: { readonly organizationId: number; readonly id: number; readonly fields: EndpointFields },
): Promise<EventEndpoint> {
  const { organizationId, id, fields } = wanted
  const now = clock.now()
  return store.events.changeEndpoint(organizationId, id, (present) => {
    const isElsewhere = fields.url !== undefined && fields.url !== present.url
    if (present.assistantId !== undefined && (isElsewhere || fields.types !== undefined))
      throw new SmsError(
        'conflict',
        'This endpoint is the sms_webhook_url of an assistant and gets its inbound texts. Change the assistant instead.',
      )
    const changed = withFields(present, fields, now)
    // What the operator's own file says is about the address that stood there.
    const trusted = isElsewhere
      ? requireCallable(judgeAddress, { name: 'url', url: changed.url }) === 'trusted'
      : present.trusted
    return { ...changed, trusted, updatedAt: now }
  })
}

export function rotateEndpointSecret(
  { store, clock, random }: Parts,
  wanted: { readonly organizationId: number; readonly id: number; readonly keepsOld: boolean },
): Promise<EventEndpoint> {
  const { organizationId, id, keepsOld } = wanted
  const [made, now] = [makeEndpointSecret(random), clock.now()]
  return store.events.changeEndpoint(organizationId, id, (present) => ({
    ...present,
    secrets: rotatedSecrets(present.secrets, { made, now, keepsOld }),
    updatedAt: now,
  }))
}

/** False when there is none. */
export async function removeEventEndpoint(
  { store }: Pick<Parts, 'store'>,
  { organizationId, id }: { readonly organizationId: number; readonly id: number },
): Promise<boolean> {
  const present = await store.events.findEndpoint(organizationId, id)
  if (present?.assistantId !== undefined)
    throw new SmsError(
      'conflict',
      'This endpoint is the sms_webhook_url of an assistant. Take that away from the assistant, or disable the endpoint.',
    )
  return store.events.removeEndpoint(organizationId, id)
}

function withFields(present: EventEndpoint, fields: EndpointFields, now: number): EventEndpoint {
  const { description: presentDescription, disabledAt: presentDisabledAt, ...rest } = present
  const description = fields.description === undefined ? presentDescription : (fields.description ?? undefined)
  const isDisabled = fields.disabled ?? presentDisabledAt !== undefined
  for (const type of fields.types ?? [])
    if (!subscribableTypes.includes(type))
      throw new SmsError('invalid_request', `types must be of: ${subscribableTypes.join(', ')}.`)
  return {
    ...rest,
    url: fields.url ?? present.url,
    types: fields.types ?? present.types,
    ordered: fields.ordered ?? present.ordered,
    ...(description === undefined ? {} : { description }),
    ...(isDisabled ? { disabledAt: presentDisabledAt ?? now } : {}),
  }
}
