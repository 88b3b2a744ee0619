import { type Static, Type } from 'typebox'
import {
  type Assistant,
  automaticReplyLengthMax,
  coalesceMsMax,
  freedKeywordLengthMax,
  freedKeywordsMax,
} from '../../core/organization.ts'
import { type AssistantFields, customSettingsLengthMax, type InboundFields } from '../../use-cases/change-assistant.ts'
import { timeOrNull } from '../reading.ts'
import { idSchema, nameSchema, nullable, timeOf, timeSchema } from './common.ts'
import { pausedAtSchema } from './pauses.ts'

const kept = `Kept are the fields named here. Other fields of the published API (voice, speech, language model, \`webhook_url\` for calls) are accepted and ignored; put what you want to keep in \`custom_settings\` (at most ${customSettingsLengthMax} characters as JSON).`

const replySchema = nullable(Type.String({ minLength: 1, maxLength: automaticReplyLengthMax, pattern: '\\S' }))

const inboundMembers = {
  coalesce_ms: Type.Optional(
    nullable(
      Type.Integer({
        minimum: 0,
        maximum: coalesceMsMax,
        description: 'Texts that arrive within this time after the first are delivered together.',
      }),
    ),
  ),
  freed_keywords: Type.Optional(
    nullable(
      Type.Array(Type.String({ minLength: 1, maxLength: freedKeywordLengthMax, pattern: '\\S' }), {
        maxItems: freedKeywordsMax,
        description:
          'Words that mean something else to this assistant. For numbers with +1 those that the law names (STOP, QUIT, END, REVOKE, OPT OUT, CANCEL, UNSUBSCRIBE) stay opt-outs.',
      }),
    ),
  ),
  opt_out_reply: Type.Optional(replySchema),
  opt_in_reply: Type.Optional(replySchema),
  help_reply: Type.Optional(replySchema),
}

const inboundSchema = Type.Object(inboundMembers, {
  title: 'InboundSettings',
  additionalProperties: false,
  description: 'How its inbound texts are treated. What is not given is the default.',
})

const fields = {
  description: Type.Optional(nullable(Type.String({ maxLength: 2_000 }))),
  sms_webhook_url: Type.Optional(
    nullable(
      Type.String({
        format: 'uri',
        maxLength: 2_000,
        description: 'Where its inbound texts go: https, on a public address.',
      }),
    ),
  ),
  messaging_service_sid: Type.Optional(
    nullable(
      Type.String({
        pattern: '^[A-Za-z0-9_-]{2,64}$',
        maxLength: 64,
        description: 'A Twilio Messaging Service, instead of the one of the account.',
      }),
    ),
  ),
  provider_account_id: Type.Optional(
    nullable(
      Type.Integer({
        minimum: 1,
        maximum: Number.MAX_SAFE_INTEGER,
        description: 'The account of numbers that are added to it. Numbers it has already keep theirs.',
      }),
    ),
  ),
  inbound: Type.Optional(nullable(inboundSchema)),
  custom_settings: Type.Optional(nullable(Type.Record(Type.String(), Type.Unknown()))),
  is_active: Type.Optional(nullable(Type.Boolean())),
}

const example = {
  name: 'Support Bot',
  description: 'Answers questions about orders',
  sms_webhook_url: 'https://example.com/sms',
  provider_account_id: 1,
  inbound: { coalesce_ms: 2_000 },
  custom_settings: { tone: 'friendly' },
}

export const assistantCreateSchema = Type.Object(
  { name: nameSchema, ...fields },
  { title: 'AssistantCreate', additionalProperties: true, description: kept, examples: [example] },
)

export const assistantUpdateSchema = Type.Object(
  { name: Type.Optional(nullable(nameSchema)), ...fields },
  {
    title: 'AssistantUpdate',
    additionalProperties: true,
    description: `What is not given stays as it is; null takes it away (name and is_active stay). ${kept}`,
    examples: [{ description: 'Answers questions about orders and returns' }],
  },
)

const answerExample = {
  id: 1,
  organization_id: 1,
  user_id: 1,
  messaging_service_sid: null,
  is_active: true,
  paused_at: null,
  created_at: '2027-01-31T12:00:00.000Z',
  updated_at: '2027-01-31T12:00:00.000Z',
  ...example,
}

export const assistantSchema = Type.Object(
  {
    id: idSchema,
    organization_id: Type.Integer(),
    user_id: Type.Integer({ description: 'There are no users here: the id of the organization.' }),
    name: Type.String(),
    description: nullable(Type.String()),
    sms_webhook_url: nullable(Type.String()),
    messaging_service_sid: nullable(Type.String()),
    provider_account_id: nullable(Type.Integer()),
    inbound: inboundSchema,
    custom_settings: Type.Record(Type.String(), Type.Unknown()),
    is_active: Type.Boolean(),
    paused_at: pausedAtSchema,
    created_at: timeSchema,
    updated_at: timeSchema,
  },
  {
    title: 'Assistant',
    examples: [answerExample],
  },
)

export const assistantsSchema = Type.Array(assistantSchema, { examples: [[answerExample]] })

export function assistantFieldsOf(body: Static<typeof assistantUpdateSchema>): AssistantFields {
  return {
    name: body.name ?? undefined,
    description: body.description,
    smsWebhookUrl: body.sms_webhook_url,
    providerAccountId: body.provider_account_id,
    messagingServiceId: body.messaging_service_sid,
    inbound: body.inbound && inboundFieldsOf(body.inbound),
    customSettings: body.custom_settings,
    isActive: body.is_active ?? undefined,
  }
}

export function assistantBodyOf(assistant: Assistant): Static<typeof assistantSchema> {
  return {
    id: assistant.id,
    organization_id: assistant.organizationId,
    user_id: assistant.organizationId,
    name: assistant.name,
    description: assistant.description ?? null,
    sms_webhook_url: assistant.smsWebhookUrl ?? null,
    messaging_service_sid: assistant.messagingServiceId ?? null,
    provider_account_id: assistant.providerAccountId ?? null,
    inbound: inboundBodyOf(assistant),
    custom_settings: { ...assistant.customSettings },
    is_active: assistant.isActive,
    paused_at: timeOrNull(assistant.pausedAt),
    created_at: timeOf(assistant.createdAt),
    updated_at: timeOf(assistant.updatedAt),
  }
}

/** Only members that were given: one that is absent leaves the present one as it is. */
function inboundFieldsOf(inbound: Static<typeof inboundSchema>): InboundFields {
  return {
    ...(inbound.coalesce_ms === undefined ? {} : { coalesceMs: inbound.coalesce_ms }),
    ...(inbound.freed_keywords === undefined ? {} : { freedKeywords: inbound.freed_keywords }),
    ...(inbound.opt_out_reply === undefined ? {} : { optOutReply: inbound.opt_out_reply }),
    ...(inbound.opt_in_reply === undefined ? {} : { optInReply: inbound.opt_in_reply }),
    ...(inbound.help_reply === undefined ? {} : { helpReply: inbound.help_reply }),
  }
}

function inboundBodyOf({ inbound }: Assistant): Static<typeof inboundSchema> {
  return {
    ...(inbound.coalesceMs === undefined ? {} : { coalesce_ms: inbound.coalesceMs }),
    ...(inbound.freedKeywords === undefined ? {} : { freed_keywords: [...inbound.freedKeywords] }),
    ...(inbound.optOutReply === undefined ? {} : { opt_out_reply: inbound.optOutReply }),
    ...(inbound.optInReply === undefined ? {} : { opt_in_reply: inbound.optInReply }),
    ...(inbound.helpReply === undefined ? {} : { help_reply: inbound.helpReply }),
  }
}
