import { SmsError } from '../core/errors.ts'
import type { Assistant, InboundSettings } from '../core/organization.ts'
import type { Clock } from '../ports/clock.ts'
import type { JudgeAddress } from '../ports/event-sender.ts'
import type { Random } from '../ports/random.ts'
import type { Store } from '../ports/store.ts'
import { ensureAssistantEndpoint } from './ensure-assistant-endpoint.ts'
import { requireCallable } from './require-callable.ts'

export const assistantsMax = 10_000
/** Of the settings as JSON. */
export const customSettingsLengthMax = 16_384

/** Undefined leaves a value as it is, null takes it away. */
export type AssistantFields = {
  readonly name?: string | undefined
  readonly description?: string | null | undefined
  readonly smsWebhookUrl?: string | null | undefined
  readonly providerAccountId?: number | null | undefined
  readonly messagingServiceId?: string | null | undefined
  readonly inbound?: InboundFields | null | undefined
  readonly customSettings?: Readonly<Record<string, unknown>> | null | undefined
  readonly isActive?: boolean | undefined
}

export type InboundFields = { readonly [name in keyof InboundSettings]?: InboundSettings[name] | null | undefined }

type Parts = {
  readonly store: Store
  readonly clock: Clock
  readonly random: Random
  readonly judgeAddress: JudgeAddress
}

export async function createAssistant(
  parts: Parts,
  wanted: AssistantFields & { readonly organizationId: number; readonly name: string },
): Promise<Assistant> {
  const { store, clock } = parts
  const { organizationId, name } = wanted
  await requireAccount(store, organizationId, wanted.providerAccountId)
  if ((await store.assistants.count(organizationId, false)) >= assistantsMax)
    throw new SmsError('conflict', `This organization has ${assistantsMax} assistants, which is the most. Remove one.`)
  const now = clock.now()
  const times = { createdAt: now, updatedAt: now }
  const blank = { id: 0, organizationId, name, inbound: {}, policy: {}, customSettings: {}, isActive: true, ...times }
  const { id: _given, ...fresh } = withFields(blank, wanted)
  const trusted = isTrusted(parts, fresh.smsWebhookUrl)
  const assistant = await store.assistants.create(fresh)
  await ensureAssistantEndpoint(parts, { assistant, trusted })
  return assistant
}

/** `settings` says what happens to custom and inbound settings that are not mentioned. */
export async function changeAssistant(
  parts: Parts,
  wanted: {
    readonly organizationId: number
    readonly id: number
    readonly fields: AssistantFields
    readonly settings: 'replace' | 'merge'
  },
): Promise<Assistant> {
  const { store, clock } = parts
  const { organizationId, id, fields, settings } = wanted
  // The assistant first: of two ids that are not there, the answer is about the one in the path.
  if ((await store.assistants.find(organizationId, id)) === undefined)
    throw new SmsError('not_found', 'No assistant has this id.')
  await requireAccount(store, organizationId, fields.providerAccountId)
  const now = clock.now()
  let trusted = false
  const assistant = await store.assistants.change(organizationId, id, (present) => {
    const changed = withFields(present, settings === 'merge' ? mergedInto(present, fields) : fields)
    // One that stays may stand in the operator's own file.
    trusted = changed.smsWebhookUrl !== present.smsWebhookUrl && isTrusted(parts, changed.smsWebhookUrl)
    return { ...changed, updatedAt: now }
  })
  await ensureAssistantEndpoint(parts, { assistant, trusted })
  return assistant
}

/** With its endpoint; its numbers become unassigned. False when there is none. */
export async function removeAssistant(
  { store, clock }: Pick<Parts, 'store' | 'clock'>,
  { organizationId, id }: { readonly organizationId: number; readonly id: number },
): Promise<boolean> {
  const endpoint = await store.events.findAssistantEndpoint(organizationId, id)
  if (!(await store.assistants.remove(organizationId, id, clock.now()))) return false
  if (endpoint !== undefined) await store.events.removeEndpoint(organizationId, endpoint.id)
  return true
}

function isTrusted({ judgeAddress }: Parts, url: string | undefined): boolean {
  return url !== undefined && requireCallable(judgeAddress, { name: 'sms_webhook_url', url }) === 'trusted'
}

function mergedInto(present: Assistant, fields: AssistantFields): AssistantFields {
  return {
    ...fields,
    ...(fields.customSettings ? { customSettings: { ...present.customSettings, ...fields.customSettings } } : {}),
    ...(fields.inbound ? { inbound: { ...present.inbound, ...fields.inbound } } : {}),
  }
}

async function requireAccount(store: Store, organizationId: number, id: number | null | undefined): Promise<void> {
  if (id === undefined || id === null) return
  if ((await store.accounts.find(organizationId, id)) === undefined)
    throw new SmsError('not_found', 'No provider account has this id.')
}

function withFields(present: Assistant, fields: AssistantFields): Assistant {
  const description = chosen(fields.description, present.description)
  const smsWebhookUrl = chosen(fields.smsWebhookUrl, present.smsWebhookUrl)
  const providerAccountId = chosen(fields.providerAccountId, present.providerAccountId)
  const messagingServiceId = chosen(fields.messagingServiceId, present.messagingServiceId)
  const customSettings = chosen(fields.customSettings, present.customSettings) ?? {}
  if (JSON.stringify(customSettings).length > customSettingsLengthMax)
    throw new SmsError(
      'invalid_request',
      `custom_settings must have at most ${customSettingsLengthMax} characters as JSON, all of them together.`,
    )
  return {
    id: present.id,
    organizationId: present.organizationId,
    name: fields.name ?? present.name,
    ...(description === undefined ? {} : { description }),
    ...(smsWebhookUrl === undefined ? {} : { smsWebhookUrl }),
    ...(providerAccountId === undefined ? {} : { providerAccountId }),
    ...(messagingServiceId === undefined ? {} : { messagingServiceId }),
    inbound: inboundOf(fields.inbound, present.inbound),
    policy: present.policy,
    ...(present.pausedAt === undefined ? {} : { pausedAt: present.pausedAt }),
    customSettings,
    isActive: fields.isActive ?? present.isActive,
    createdAt: present.createdAt,
    updatedAt: present.updatedAt,
  }
}

function inboundOf(given: InboundFields | null | undefined, present: InboundSettings): InboundSettings {
  if (given === undefined) return present
  const { coalesceMs, freedKeywords, optOutReply, optInReply, helpReply } = given ?? {}
  return {
    ...(isGiven(coalesceMs) ? { coalesceMs } : {}),
    ...(isGiven(freedKeywords) ? { freedKeywords } : {}),
    ...(isGiven(optOutReply) ? { optOutReply } : {}),
    ...(isGiven(optInReply) ? { optInReply } : {}),
    ...(isGiven(helpReply) ? { helpReply } : {}),
  }
}

function isGiven<T>(value: T | null | undefined): value is T {
  return value !== null && value !== undefined
}

function chosen<T>(given: T | null | undefined, present: T | undefined): T | undefined {
  return given === undefined ? present : (given ?? undefined)
}
