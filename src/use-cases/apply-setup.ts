import { SmsError } from '../core/errors.ts'
import type { OptOutScope } from '../core/opt-out.ts'
import type { Assistant, InboundSettings, Organization, ProviderAccount, Sender } from '../core/organization.ts'
import type { AccountPacing, SenderPacing } from '../core/pacing.ts'
import type { E164 } from '../core/phone-number.ts'
import type { Policy } from '../core/policy.ts'
import type { Retention } from '../core/retention.ts'
import type { Clock } from '../ports/clock.ts'
import { type EventEndpoint, endpointsPerOrganizationMax } from '../ports/event-store.ts'
import type { Provider } from '../ports/provider.ts'
import type { Random } from '../ports/random.ts'
import type { Store } from '../ports/store.ts'
import { partAccountFields } from './account-fields.ts'
import { ensureAssistantEndpoint, isEndpointOf } from './ensure-assistant-endpoint.ts'
import { planAccountPace, planPolicy, planRetention, planSenderPace } from './plan-settings.ts'

/** What there should be, as a whole. What it does not mention is left alone. */
export type Setup = {
  readonly organization: string
  /** Absent: as it is; for an organization that is made, 'organization'. */
  readonly optOutScope?: OptOutScope
  /** Absent: as it is. So it is with the policies and paces below. */
  readonly policy?: Policy
  readonly retention?: Retention
  readonly providerAccounts: readonly SetupAccount[]
  readonly assistants: readonly SetupAssistant[]
}

export type SetupAccount = {
  readonly name: string
  readonly provider: string
  readonly baseUrl?: string
  readonly fields: Readonly<Record<string, string>>
  readonly pacing?: AccountPacing
}

export type SetupAssistant = {
  readonly name: string
  readonly description?: string
  readonly providerAccount: string
  readonly messagingServiceId?: string
  readonly smsWebhookUrl?: string
  readonly inbound?: InboundSettings
  readonly policy?: Policy
  readonly phoneNumbers: readonly E164[]
  /** By phone number. */
  readonly pacing?: Readonly<Record<string, SenderPacing>>
}

/** One difference between what is and what should be. */
export type SetupChange = {
  /** `+` appears, `~` changes, `-` goes. */
  readonly sign: '+' | '~' | '-'
  /** For a person; secrets are named, never shown. */
  readonly text: string
  /** Changes apply in their order: later ones look up by name what earlier ones created. */
  readonly apply: (names: KnownNames) => Promise<unknown>
}

type KnownNames = {
  organizationId: number
  readonly accounts: Map<string, number>
  readonly assistants: Map<string, number>
}

export type SetupPlan = {
  readonly changes: readonly SetupChange[]
  /** Applies every change, one transaction each: cut off in between, the rest is the next plan. */
  apply(): Promise<{ readonly organizationId: number }>
}

type Parts = {
  readonly store: Store
  readonly providers: ReadonlyMap<string, Provider>
  readonly clock: Clock
  readonly random: Random
}

/**
 * Compares a set-up with the store. Applying the plan and planning again gives no changes.
 * @throws SmsError `invalid_request` when the set-up contradicts itself or the store.
 */
export async function planSetup(parts: Parts, setup: Setup): Promise<SetupPlan> {
  const { store } = parts
  const organization = await store.organizations.findByName(setup.organization)
  const names: KnownNames = { organizationId: organization?.id ?? 0, accounts: new Map(), assistants: new Map() }
  const changes: SetupChange[] = planOrganization(parts, setup, organization)
  const id = organization?.id
  const accounts = id === undefined ? [] : await store.accounts.list(id)
  const assistants = id === undefined ? [] : await listAssistants(store, id)
  const endpoints = id === undefined ? [] : await listEndpoints(store, id)
  const senders = id === undefined ? [] : await store.senders.list(id)
  for (const account of accounts) names.accounts.set(account.name, account.id)
  const title = `organization ${setup.organization}`
  const ids = () => ({ organizationId: names.organizationId })
  changes.push(
    ...planPolicy(parts, { title, present: organization?.policy, wanted: setup.policy }, ids),
    ...planRetention(parts, { title, present: organization?.retention, wanted: setup.retention }, ids),
  )
  for (const wanted of setup.providerAccounts) {
    const present = accounts.find(({ name }) => name === wanted.name)?.pacing
    const pace = { title: `provider account ${wanted.name}`, present, wanted: wanted.pacing }
    changes.push(
      ...planAccount(parts, wanted, accounts),
      ...planAccountPace(parts, pace, () => ({
        organizationId: names.organizationId,
        id: idOf(names.accounts, wanted.name),
      })),
    )
  }
  const claimed = new Set(setup.assistants.flatMap((assistant) => assistant.phoneNumbers))
  for (const wanted of setup.assistants)
    changes.push(...planAssistant(parts, { wanted, assistants, endpoints, senders, names, claimed }))
  return {
    changes,
    async apply() {
      for (const change of changes) await change.apply(names)
      return { organizationId: names.organizationId }
    },
  }
}

function planOrganization(
  { store, clock }: Parts,
  { organization: name, optOutScope }: Setup,
  present: Organization | undefined,
): SetupChange[] {
  if (present === undefined)
    return [
      {
        sign: '+',
        text: `organization ${name}`,
        async apply(known) {
          const fresh = {
            name,
            optOutScope: optOutScope ?? 'organization',
            policy: {},
            retention: {},
            createdAt: clock.now(),
          }
          known.organizationId = (await store.organizations.create(fresh)).id
        },
      },
    ]
  if (optOutScope === undefined) return []
  const differences = difference('opt_out_scope', present.optOutScope, optOutScope)
  if (differences.length === 0) return []
  return [
    {
      sign: '~',
      text: `organization ${name}: ${differences.join(', ')}`,
      async apply() {
        await store.organizations.change(present.id, (now) => ({ ...now, optOutScope }))
      },
    },
  ]
}

const assistantsMax = 10_000

function listAssistants(store: Store, organizationId: number): Promise<Assistant[]> {
  return store.assistants.list(organizationId, { skip: 0, limit: assistantsMax, activeOnly: false })
}

function listEndpoints(store: Store, organizationId: number): Promise<EventEndpoint[]> {
  return store.events.listEndpoints(organizationId, { skip: 0, limit: assistantsMax + endpointsPerOrganizationMax })
}

function planAccount(
  { store, providers, clock }: Parts,
  wanted: SetupAccount,
  accounts: readonly ProviderAccount[],
): SetupChange[] {
  const provider = providers.get(wanted.provider)
  if (provider === undefined)
    throw invalid(`Provider account ${wanted.name}: provider must be one of: ${[...providers.keys()].join(', ')}.`)
  const values = { ...partsOf(provider, wanted), ...(wanted.baseUrl === undefined ? {} : { baseUrl: wanted.baseUrl }) }
  const present = accounts.find((account) => account.name === wanted.name)
  if (present === undefined)
    return [
      {
        sign: '+',
        text: `provider account ${wanted.name} (${wanted.provider}${wanted.baseUrl === undefined ? '' : ` at ${wanted.baseUrl}`})`,
        async apply(names) {
          const { organizationId } = names
          const times = { createdAt: clock.now(), updatedAt: clock.now() }
          const { name, provider: providerName } = wanted
          const created = await store.accounts.create({
            organizationId,
            name,
            provider: providerName,
            ...values,
            pacing: {},
            ...times,
          })
          names.accounts.set(name, created.id)
        },
      },
    ]
  if (present.provider !== wanted.provider)
    throw invalid(
      `Provider account ${wanted.name} is a ${present.provider} account. Give the ${wanted.provider} account another name.`,
    )
  const differences = [
    ...difference('base_url', present.baseUrl, wanted.baseUrl),
    ...Object.keys({ ...present.settings, ...values.settings }).flatMap((name) =>
      difference(name, present.settings[name], values.settings[name]),
    ),
    ...Object.keys({ ...present.secrets, ...values.secrets })
      .filter((name) => present.secrets[name] !== values.secrets[name])
      .map((name) => `${name} (secret)`),
  ]
  if (differences.length === 0) return []
  return [
    {
      sign: '~',
      text: `provider account ${wanted.name}: ${differences.join(', ')}`,
      async apply({ organizationId }) {
        await store.accounts.change(organizationId, present.id, ({ baseUrl: _dropped, ...rest }) => ({
          ...rest,
          ...values,
          updatedAt: clock.now(),
        }))
      },
    },
  ]
}

function partsOf(provider: Provider, wanted: SetupAccount) {
  try {
    return partAccountFields(provider, wanted.fields)
  } catch (error) {
    if (error instanceof SmsError) throw invalid(`Provider account ${wanted.name}: ${error.message}`)
    throw error
  }
}

function planAssistant(
  parts: Parts,
  facts: {
    readonly wanted: SetupAssistant
    readonly assistants: readonly Assistant[]
    readonly endpoints: readonly EventEndpoint[]
    readonly senders: readonly Sender[]
    readonly names: KnownNames
    /** Every number of the file. */
    readonly claimed: ReadonlySet<E164>
  },
): SetupChange[] {
  const { store, clock } = parts
  const { wanted, assistants, senders, names, claimed } = facts
  const present = findByName(assistants, wanted.name)
  if (present !== undefined) names.assistants.set(wanted.name, present.id)
  const values = (known: KnownNames) => ({
    providerAccountId: idOf(known.accounts, wanted.providerAccount),
    ...(wanted.description === undefined ? {} : { description: wanted.description }),
    ...(wanted.messagingServiceId === undefined ? {} : { messagingServiceId: wanted.messagingServiceId }),
    ...(wanted.smsWebhookUrl === undefined ? {} : { smsWebhookUrl: wanted.smsWebhookUrl }),
    inbound: wanted.inbound ?? {},
  })
  const policy = { title: `assistant ${wanted.name}`, present: present?.policy, wanted: wanted.policy }
  // The policy before the numbers: an assistant that has none yet can send nothing without it.
  const rest = [
    ...planPolicy(parts, policy, () => ({
      organizationId: names.organizationId,
      assistantId: idOf(names.assistants, wanted.name),
    })),
    ...planNumbers({ store, clock }, { wanted, present, senders, assistants, names, claimed }),
    ...planPaces(parts, { wanted, senders, names }),
  ]
  if (present === undefined)
    return [
      {
        sign: '+',
        text: `assistant ${wanted.name}`,
        async apply(known) {
          const created = await store.assistants.create({
            organizationId: known.organizationId,
            name: wanted.name,
            ...values(known),
            policy: {},
            customSettings: {},
            isActive: true,
            createdAt: clock.now(),
            updatedAt: clock.now(),
          })
          await ensureAssistantEndpoint(parts, { assistant: created, trusted: true })
          known.assistants.set(wanted.name, created.id)
        },
      },
      ...rest,
    ]
  const accountName = [...names.accounts].find(([, id]) => id === present.providerAccountId)?.[0]
  const differences = [
    ...difference('provider_account', accountName, wanted.providerAccount),
    ...difference('description', present.description, wanted.description),
    ...difference('messaging_service_sid', present.messagingServiceId, wanted.messagingServiceId),
    ...difference('sms_webhook_url', present.smsWebhookUrl, wanted.smsWebhookUrl),
    ...endpointDifferences(present, facts),
    ...inboundDifferences(present.inbound, wanted.inbound ?? {}),
  ]
  if (differences.length === 0) return rest
  return [
    {
      sign: '~',
      text: `assistant ${wanted.name}: ${differences.join(', ')}`,
      async apply(known) {
        const changed = await store.assistants.change(known.organizationId, present.id, (assistant) => {
          const { description: _1, messagingServiceId: _2, smsWebhookUrl: _3, ...rest } = assistant
          return { ...rest, ...values(known), updatedAt: clock.now() }
        })
        await ensureAssistantEndpoint(parts, { assistant: changed, trusted: true })
      },
    },
    ...rest,
  ]
}

function findByName(assistants: readonly Assistant[], name: string): Assistant | undefined {
  const [present, ...others] = assistants.filter((assistant) => assistant.name === name)
  if (others.length > 0)
    throw invalid(`${others.length + 1} assistants are called ${name}, so the file cannot say which. Rename one.`)
  return present
}

/** The address is right, but not where its texts go: a process ended in between, or the API had changed it. */
function endpointDifferences(
  present: Assistant,
  { wanted, endpoints }: { readonly wanted: SetupAssistant; readonly endpoints: readonly EventEndpoint[] },
): string[] {
  const url = wanted.smsWebhookUrl
  const endpoint = endpoints.find(({ assistantId }) => assistantId === present.id)
  if (url !== present.smsWebhookUrl || isEndpointOf(endpoint, { url, trusted: true })) return []
  return ['sms_webhook_url trusted as given here']
}

function planNumbers(
  { store, clock }: Pick<Parts, 'store' | 'clock'>,
  facts: {
    readonly wanted: SetupAssistant
    readonly present: Assistant | undefined
    readonly senders: readonly Sender[]
    readonly assistants: readonly Assistant[]
    readonly names: KnownNames
    /** Every number of the file. */
    readonly claimed: ReadonlySet<E164>
  },
): SetupChange[] {
  const { wanted, present, senders, assistants, names, claimed } = facts
  const changes: SetupChange[] = []
  const accountId = names.accounts.get(wanted.providerAccount)
  for (const phoneNumber of wanted.phoneNumbers) {
    const sender = senders.find((candidate) => candidate.phoneNumber === phoneNumber)
    const target = (known: KnownNames) => ({
      assistantId: idOf(known.assistants, wanted.name),
      providerAccountId: idOf(known.accounts, wanted.providerAccount),
      isActive: true,
      updatedAt: clock.now(),
    })
    if (sender === undefined) {
      changes.push({
        sign: '+',
        text: `phone number ${phoneNumber} of ${wanted.name}`,
        async apply(known) {
          const { organizationId } = known
          await store.senders.create({
            organizationId,
            phoneNumber,
            pacing: {},
            createdAt: clock.now(),
            ...target(known),
          })
        },
      })
      continue
    }
    const isRight =
      present !== undefined &&
      sender.assistantId === present.id &&
      sender.providerAccountId === accountId &&
      sender.isActive
    if (isRight) continue
    const owner = assistants.find((assistant) => assistant.id === sender.assistantId)
    changes.push({
      sign: '~',
      text: `phone number ${phoneNumber}: ${owner === undefined ? 'unassigned' : owner.name} -> ${wanted.name} through ${wanted.providerAccount}`,
      async apply(known) {
        await store.senders.change(known.organizationId, sender.id, (now) => ({ ...now, ...target(known) }))
      },
    })
  }
  const dropped = senders.filter(
    (sender) => present !== undefined && sender.assistantId === present.id && !claimed.has(sender.phoneNumber),
  )
  for (const sender of dropped)
    changes.push({
      sign: '-',
      text: `phone number ${sender.phoneNumber} of ${wanted.name}: unassigned`,
      async apply({ organizationId }) {
        await store.senders.change(organizationId, sender.id, ({ assistantId: _dropped, ...rest }) => ({
          ...rest,
          updatedAt: clock.now(),
        }))
      },
    })
  return changes
}

function planPaces(
  parts: Parts,
  facts: { readonly wanted: SetupAssistant; readonly senders: readonly Sender[]; readonly names: KnownNames },
): SetupChange[] {
  const { wanted, senders, names } = facts
  return wanted.phoneNumbers.flatMap((phoneNumber) => {
    const present = senders.find((sender) => sender.phoneNumber === phoneNumber)?.pacing
    const pace = { title: `phone number ${phoneNumber}`, present, wanted: wanted.pacing?.[phoneNumber] }
    return planSenderPace(parts, pace, async () => {
      const { organizationId } = names
      const sender = await parts.store.senders.findByNumber(organizationId, phoneNumber)
      if (sender === undefined) throw new SmsError('conflict', `Somebody has removed ${phoneNumber}. Apply again.`)
      return { organizationId, id: sender.id }
    })
  })
}

function inboundDifferences(present: InboundSettings, wanted: InboundSettings): string[] {
  return [
    ...difference('coalesce_ms', present.coalesceMs?.toString(), wanted.coalesceMs?.toString()),
    ...difference('freed_keywords', present.freedKeywords?.join(' '), wanted.freedKeywords?.join(' ')),
    ...difference('opt_out_reply', present.optOutReply, wanted.optOutReply),
    ...difference('opt_in_reply', present.optInReply, wanted.optInReply),
    ...difference('help_reply', present.helpReply, wanted.helpReply),
  ]
}

function difference(name: string, present: string | undefined, wanted: string | undefined): string[] {
  return present === wanted ? [] : [`${name} ${present ?? '(none)'} -> ${wanted ?? '(none)'}`]
}

function idOf(ids: ReadonlyMap<string, number>, name: string): number {
  const id = ids.get(name)
  if (id === undefined)
    throw invalid(`There is no ${name} to refer to. Describe it in the file, under provider_accounts.`)
  return id
}

function invalid(sentence: string): SmsError {
  return new SmsError('invalid_request', sentence)
}
