import { type Static, Type } from 'typebox'
import type { Assistant, ProviderAccount, Sender } from '../../core/organization.ts'
import { paceDocumentOf } from '../../use-cases/change-pace.ts'
import { timeOrNull } from '../reading.ts'
import { e164Schema, idSchema, limitMax, nullable, skipMax, timeOf, timeSchema } from './common.ts'
import { senderPaceSchema } from './pace.ts'
import { pausedAtSchema } from './pauses.ts'

/** The published API has no pages here, so without a limit there is as much as one page can hold. */
export const numberPageQuery = {
  skip: Type.Integer({ minimum: 0, maximum: skipMax, default: 0 }),
  limit: Type.Integer({ minimum: 1, maximum: limitMax, default: limitMax }),
}

const idOrNone = (description: string) =>
  Type.Integer({ minimum: 0, maximum: Number.MAX_SAFE_INTEGER, description, examples: [1] })

const friendlyName = Type.Optional(nullable(Type.String({ maxLength: 200 })))

export const numberCreateSchema = Type.Object(
  {
    phone_number: e164Schema('A number that you have at the provider.'),
    friendly_name: friendlyName,
    assistant_id: Type.Optional(nullable(idSchema)),
    provider_account_id: Type.Optional(
      nullable(
        Type.Integer({
          minimum: 1,
          maximum: Number.MAX_SAFE_INTEGER,
          description: "Without one, the assistant's account, or else the only account there is.",
        }),
      ),
    ),
    is_active: Type.Optional(Type.Boolean()),
    pace: Type.Optional(nullable(senderPaceSchema)),
  },
  {
    title: 'PhoneNumberCreate',
    additionalProperties: true,
    examples: [{ phone_number: '+1234567890', friendly_name: 'Support line', assistant_id: 1, provider_account_id: 1 }],
  },
)

export const numberUpdateSchema = Type.Object(
  {
    friendly_name: friendlyName,
    assistant_id: Type.Optional(
      nullable(idOrNone('0 or null: it belongs to no assistant, and nothing is sent from it.')),
    ),
    provider_account_id: Type.Optional(idSchema),
    is_active: Type.Optional(Type.Boolean()),
    pace: Type.Optional(nullable(senderPaceSchema)),
  },
  {
    title: 'PhoneNumberUpdate',
    additionalProperties: true,
    description:
      'What is not given stays as it is. Other fields of the published API (flows, SIP trunks, country codes for calls) are accepted and ignored.',
    examples: [{ friendly_name: 'Support line', assistant_id: 1, pace: { segments_per_second: 3 } }],
  },
)

export const numberAssignSchema = Type.Object(
  {
    phone_number: e164Schema('The number to assign.'),
    friendly_name: friendlyName,
    auto_sync: Type.Optional(
      Type.Boolean({
        default: true,
        description: 'A number that is not known here is added, with the account of the assistant.',
      }),
    ),
  },
  { title: 'PhoneNumberAssign', additionalProperties: true, examples: [{ phone_number: '+1234567890' }] },
)

export const numberUnassignSchema = Type.Object(
  { phone_number: e164Schema('The number to take from the assistant.') },
  { title: 'PhoneNumberUnassign', additionalProperties: true, examples: [{ phone_number: '+1234567890' }] },
)

export const numberIdsMax = 1_000
export const numberIdsSchema = Type.Array(idSchema, {
  minItems: 1,
  maxItems: numberIdsMax,
  uniqueItems: true,
  description: 'The ids of the numbers.',
  examples: [[1, 2]],
})

const example = {
  id: 1,
  phone_number: '+1234567890',
  friendly_name: 'Support line',
  provider: 'twilio',
  provider_account_id: 1,
  twilio_sid: '',
  is_active: true,
  is_verified_caller_id: false,
  capabilities: { sms: true },
  pace: { segments_per_second: 3 },
  paused_at: null,
  assistant: { id: 1, name: 'Support Bot', is_active: true },
  created_at: '2027-01-31T12:00:00.000Z',
  updated_at: '2027-01-31T12:00:00.000Z',
}

export const phoneNumberSchema = Type.Object(
  {
    id: Type.Integer(),
    phone_number: Type.String(),
    friendly_name: nullable(Type.String()),
    provider: Type.String(),
    provider_account_id: Type.Integer(),
    twilio_sid: Type.String({ description: "Empty: the provider's own id of the number is not needed here." }),
    is_active: Type.Boolean(),
    is_verified_caller_id: Type.Boolean({ description: 'Always false: that is about calls.' }),
    capabilities: Type.Record(Type.String(), Type.Boolean()),
    pace: senderPaceSchema,
    paused_at: pausedAtSchema,
    assistant: nullable(
      Type.Object({ id: Type.Integer(), name: Type.String(), is_active: Type.Boolean() }, { title: 'NumberAssistant' }),
    ),
    created_at: timeSchema,
    updated_at: timeSchema,
  },
  { title: 'PhoneNumber', examples: [example] },
)

export const phoneNumbersSchema = Type.Array(phoneNumberSchema, { examples: [[example]] })

export const numberResultSchema = Type.Object(
  { success: Type.Boolean(), message: Type.String(), phone_number: phoneNumberSchema },
  {
    title: 'PhoneNumberResult',
    examples: [{ success: true, message: 'Phone number updated', phone_number: example }],
  },
)

export const bulkResultSchema = Type.Object(
  {
    success: Type.Boolean({ description: 'False when any could not be assigned; the others are.' }),
    message: Type.String(),
    data: Type.Object({
      assigned: Type.Array(Type.Integer()),
      failed: Type.Array(Type.Object({ id: Type.Integer(), detail: Type.String() })),
    }),
  },
  {
    title: 'BulkAssignResult',
    examples: [
      {
        success: false,
        message: 'Assigned 1 of 2 phone numbers',
        data: { assigned: [1], failed: [{ id: 2, detail: 'No phone number has this id.' }] },
      },
    ],
  },
)

export const assignResultSchema = Type.Object(
  { success: Type.Boolean(), message: Type.String(), data: phoneNumberSchema },
  { title: 'AssignResult', examples: [{ success: true, message: 'Phone number assigned', data: example }] },
)

export function phoneNumberBodyOf(
  sender: Sender,
  { account, assistant }: { readonly account: ProviderAccount | undefined; readonly assistant: Assistant | undefined },
): Static<typeof phoneNumberSchema> {
  return {
    id: sender.id,
    phone_number: sender.phoneNumber,
    friendly_name: sender.friendlyName ?? null,
    provider: account?.provider ?? '',
    provider_account_id: sender.providerAccountId,
    twilio_sid: '',
    is_active: sender.isActive,
    is_verified_caller_id: false,
    capabilities: { sms: true },
    pace: paceDocumentOf(sender.pacing),
    paused_at: timeOrNull(sender.pausedAt),
    assistant:
      assistant === undefined ? null : { id: assistant.id, name: assistant.name, is_active: assistant.isActive },
    created_at: timeOf(sender.createdAt),
    updated_at: timeOf(sender.updatedAt),
  }
}
