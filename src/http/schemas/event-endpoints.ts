import { type Static, Type } from 'typebox'
import { eventIdOf } from '../../core/event-body.ts'
import { subscribableTypes } from '../../core/event-delivery.ts'
import { deliveryStates, type EventDelivery, type EventEndpoint } from '../../ports/event-store.ts'
import { endpointDescriptionLengthMax, endpointUrlLengthMax } from '../../use-cases/change-event-endpoint.ts'
import { signingSecrets } from '../../use-cases/event-endpoint-secrets.ts'
import { idSchema, nullable, pageQuery, timeOf, timeSchema } from './common.ts'

const url = Type.String({
  format: 'uri',
  maxLength: endpointUrlLengthMax,
  description: 'https, on a public address, which is checked on every connection. Redirects are not followed.',
})
const description = Type.Optional(nullable(Type.String({ maxLength: endpointDescriptionLengthMax })))
const types = Type.Optional(
  Type.Array(Type.String({ enum: [...subscribableTypes] }), {
    maxItems: subscribableTypes.length,
    uniqueItems: true,
    description: 'Types or groups of them (`message`); empty means all.',
  }),
)
const ordered = Type.Optional(
  Type.Boolean({
    description: 'Events of one conversation one after the other, each only when the one before was taken or given up.',
  }),
)
const disabled = Type.Optional(
  Type.Boolean({ description: 'Nothing is posted then, and nothing lost: enabled again, it goes on where it stood.' }),
)

export const endpointCreateSchema = Type.Object(
  { url, description, types, ordered, disabled },
  { title: 'EventEndpointCreate', examples: [{ url: 'https://example.com/events', types: ['message', 'opt_out'] }] },
)

export const endpointUpdateSchema = Type.Object(
  { url: Type.Optional(url), description, types, ordered, disabled },
  { title: 'EventEndpointUpdate', examples: [{ disabled: false }] },
)

export const secretRotateSchema = Type.Object(
  {
    keep_old: Type.Optional(
      Type.Boolean({ description: 'Whether the old secrets sign beside the new one for 24 hours. True if not given.' }),
    ),
  },
  { title: 'SecretRotate', examples: [{ keep_old: true }] },
)

const endpointExample = {
  id: 1,
  url: 'https://example.com/events',
  description: null,
  types: ['message', 'opt_out'],
  ordered: false,
  assistant_id: null,
  disabled: false,
  disabled_at: null,
  created_at: '2027-01-31T12:00:00.000Z',
  updated_at: '2027-01-31T12:00:00.000Z',
}

export const endpointSchema = Type.Object(
  {
    id: Type.Integer(),
    url: Type.String(),
    description: nullable(Type.String()),
    types: Type.Array(Type.String()),
    ordered: Type.Boolean(),
    assistant_id: nullable(
      Type.Integer({ description: 'Set for the sms_webhook_url of an assistant: it gets its inbound texts.' }),
    ),
    disabled: Type.Boolean(),
    disabled_at: nullable(timeSchema),
    created_at: timeSchema,
    updated_at: timeSchema,
  },
  { title: 'EventEndpoint', examples: [endpointExample] },
)

export const endpointsSchema = Type.Array(endpointSchema, { examples: [[endpointExample]] })

export const secretSchema = Type.Object(
  {
    secret: Type.String({ description: 'For the Standard Webhooks library of your language.' }),
    also_signing: Type.Array(Type.String(), { description: 'Older ones, for at most 24 hours after a rotation.' }),
  },
  {
    title: 'EndpointSecret',
    examples: [{ secret: 'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSwMfKQ9r8GKYo=', also_signing: [] }],
  },
)

export const replayedSchema = Type.Object(
  { replayed: Type.Integer({ description: 'How many deliveries are made again.' }) },
  { title: 'Replayed', examples: [{ replayed: 3 }] },
)

export const deliveriesQuery = Type.Object({
  endpoint_id: Type.Optional(idSchema),
  state: Type.Optional(Type.String({ enum: [...deliveryStates] })),
  ...pageQuery,
})

const deliveryExample = {
  id: 7,
  endpoint_id: 1,
  webhook_id: 'evt_42',
  events: ['evt_42'],
  state: 'pending',
  tries: 2,
  created_at: '2027-01-31T12:00:00.000Z',
  next_try_at: '2027-01-31T12:00:09.000Z',
  last_try: { at: '2027-01-31T12:00:03.000Z', duration_ms: 41, status: 500, fault: null },
}

export const deliverySchema = Type.Object(
  {
    id: Type.Integer(),
    endpoint_id: Type.Integer(),
    webhook_id: Type.String({ description: 'The same in every try and replay.' }),
    events: Type.Array(Type.String(), { description: 'More than one when inbound texts were coalesced.' }),
    state: Type.String({ enum: [...deliveryStates] }),
    tries: Type.Integer({ description: 'Since it was made or replayed.' }),
    created_at: timeSchema,
    next_try_at: nullable(timeSchema),
    last_try: nullable(
      Type.Object({
        at: timeSchema,
        duration_ms: Type.Integer(),
        status: nullable(Type.Integer()),
        fault: nullable(Type.String({ description: 'Why there was no answer.' })),
      }),
    ),
  },
  { title: 'EventDelivery', examples: [deliveryExample] },
)

export const deliveriesSchema = Type.Array(deliverySchema, { examples: [[deliveryExample]] })

export function endpointBodyOf(endpoint: EventEndpoint): Static<typeof endpointSchema> {
  return {
    id: endpoint.id,
    url: endpoint.url,
    description: endpoint.description ?? null,
    types: [...endpoint.types],
    ordered: endpoint.ordered,
    assistant_id: endpoint.assistantId ?? null,
    disabled: endpoint.disabledAt !== undefined,
    disabled_at: endpoint.disabledAt === undefined ? null : timeOf(endpoint.disabledAt),
    created_at: timeOf(endpoint.createdAt),
    updated_at: timeOf(endpoint.updatedAt),
  }
}

export function secretBodyOf(endpoint: EventEndpoint, now: number): Static<typeof secretSchema> {
  const [secret = '', ...older] = signingSecrets(endpoint, now)
  return { secret, also_signing: older }
}

export function deliveryBodyOf(delivery: EventDelivery): Static<typeof deliverySchema> {
  const { lastTry, nextAt } = delivery
  return {
    id: delivery.key,
    endpoint_id: delivery.endpointId,
    webhook_id: delivery.webhookId,
    events: delivery.eventKeys.map(eventIdOf),
    state: delivery.state,
    tries: delivery.tries,
    created_at: timeOf(delivery.createdAt),
    next_try_at: nextAt === undefined ? null : timeOf(nextAt),
    last_try:
      lastTry === undefined
        ? null
        : {
            at: timeOf(lastTry.at),
            duration_ms: lastTry.durationMs,
            status: lastTry.status ?? null,
            fault: lastTry.fault ?? null,
          },
  }
}
