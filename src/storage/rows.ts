import type { ApiKey, ApiKeyScope, RateLimit } from '../core/api-key.ts'
import type { AuditAction, AuditData, AuditEntry } from '../core/audit.ts'
import type { Conversation } from '../core/conversation.ts'
import type { DeliveryReceipt, ReceiptSource, RecordedReceipt } from '../core/delivery-receipt.ts'
import type { Encoding } from '../core/encoding.ts'
import type { DomainEvent, EventType } from '../core/event.ts'
import { type Failure, isFailureReason } from '../core/failure.ts'
import type { KeywordKind } from '../core/keyword.ts'
import type {
  Attempt,
  AutomaticReply,
  Category,
  Direction,
  HoldReason,
  Message,
  OnUnknown,
  ReachedLimit,
} from '../core/message.ts'
import type { MessageId } from '../core/message-id.ts'
import type { MessageStatus, ReceiptStatus } from '../core/message-status.ts'
import type { OptOut, OptOutScope, OptOutSource } from '../core/opt-out.ts'
import type { Assistant, InboundSettings, Organization, ProviderAccount, Sender } from '../core/organization.ts'
import type { AccountPacing, SenderPacing } from '../core/pacing.ts'
import { idleLane, type Lane, type PacedText } from '../core/pacing.ts'
import type { E164 } from '../core/phone-number.ts'
import type { Policy } from '../core/policy.ts'
import type { Retention } from '../core/retention.ts'
import type { SendOutcome } from '../core/send-outcome.ts'
import type { AuditRecord } from '../ports/audit-store.ts'
import type { Media, MediaState, RefusedWebhook } from '../ports/inbound-store.ts'
import type { Backlog, QueueStats, Turn } from '../ports/queue-store.ts'
import type { Sealer } from './seal.ts'

/**
 * Rows of either engine into the types of core. What stands in a table was parsed before it was written, so here the
 * column's name is the proof of its type.
 */
export type Row = Record<string, unknown>

export function messageOf(row: Row): Message {
  const failure = failureOf(row.failure_reason, row.failure_code, row.failure_message)
  return {
    id: String(row.id) as MessageId,
    organizationId: Number(row.organization_id),
    direction: String(row.direction) as Direction,
    assistantId: Number(row.assistant_id),
    senderId: Number(row.sender_id),
    providerAccountId: Number(row.provider_account_id),
    provider: String(row.provider),
    sender: String(row.sender) as E164,
    recipient: String(row.recipient) as E164,
    body: String(row.body),
    mediaUrls: json<string[]>(row.media_urls),
    encoding: String(row.encoding) as Encoding,
    segmentCount: Number(row.segment_count),
    category: String(row.category) as Category,
    onUnknown: String(row.on_unknown) as OnUnknown,
    metadata: json<Record<string, string>>(row.metadata),
    ...optional('inReplyTo', text(row.in_reply_to) as MessageId | undefined),
    ...optional('automatic', text(row.automatic) as AutomaticReply | undefined),
    ...optional('keyword', text(row.keyword) as KeywordKind | undefined),
    status: String(row.status) as MessageStatus,
    ...optional('providerMessageId', text(row.provider_message_id)),
    ...optional('failure', failure),
    ...optional(
      'reachedLimit',
      typeof row.reached_limit === 'string' ? json<ReachedLimit>(row.reached_limit) : undefined,
    ),
    ...(row.queued ? { queued: true } : {}),
    ...(row.keyed ? { keyed: true } : {}),
    priority: Number(row.priority),
    ...optional('sendAt', number(row.send_at)),
    ...optional('expiresAt', number(row.expires_at)),
    ...optional('dueAt', number(row.due_at)),
    ...optional('holdReason', text(row.hold_reason) as HoldReason | undefined),
    ...optional('approvedAt', number(row.approved_at)),
    ...optional('countedAt', number(row.counted_at)),
    ...optional('costMicros', number(row.cost_micros)),
    ...optional('duplicateUntil', number(row.duplicate_until)),
    ...optional('bodyRemovedAt', number(row.body_removed_at)),
    createdAt: Number(row.created_at),
    updatedAt: Number(row.updated_at),
  }
}

export function laneOf(row: Row | undefined): Lane {
  if (row === undefined) return idleLane
  return {
    freeAt: Number(row.free_at),
    slowedUntil: Number(row.slowed_until),
    day: Number(row.day),
    daySegments: Number(row.day_segments),
  }
}

export function pacedTextOf(row: Row): PacedText {
  return {
    key: Number(row.key),
    recipient: String(row.recipient),
    segmentCount: Number(row.segment_count),
    isMms: row.media_urls !== '[]',
  }
}

export function turnOf(row: Row): Turn {
  return {
    key: Number(row.key),
    organizationId: Number(row.organization_id),
    senderId: Number(row.sender_id),
    assistantId: Number(row.assistant_id),
    providerAccountId: Number(row.provider_account_id),
  }
}

export function queueStatsOf(row: Row): QueueStats {
  return {
    provider: String(row.provider),
    status: String(row.status) as MessageStatus,
    ...optional('holdReason', text(row.hold_reason)),
    count: Number(row.count),
    ...optional('oldestAt', number(row.oldest_at)),
  }
}

export function backlogOf(row: Row | undefined): Backlog {
  const count = (name: string) => Number(row?.[name] ?? 0)
  return {
    queued: count('queued'),
    scheduled: count('scheduled'),
    held: count('held'),
    ...optional('oldestQueuedAt', number(row?.oldest_queued_at)),
    unknown: count('unknown'),
    pendingDeliveries: count('pending'),
    deadDeliveries: count('dead'),
    ...optional('oldestDeliveryAt', number(row?.oldest_delivery_at)),
  }
}

export function attemptOf(row: Row): Attempt {
  return {
    number: Number(row.number),
    startedAt: Number(row.started_at),
    ...optional('finishedAt', number(row.finished_at)),
    ...optional('outcome', outcomeOf(row)),
    ...optional('closedAt', number(row.closed_at)),
    ...optional('vouchedAt', number(row.vouched_at)),
  }
}

export function receiptOf(row: Row): RecordedReceipt {
  return {
    providerMessageId: String(row.provider_message_id),
    ...optional('status', text(row.status) as ReceiptStatus | undefined),
    providerStatus: String(row.provider_status),
    ...optional('failure', failureOf(row.reason, text(row.provider_code) || null, row.provider_message)),
    ...optional('occurredAt', number(row.occurred_at)),
    source: String(row.source) as ReceiptSource,
    receivedAt: Number(row.received_at),
  }
}

/** The columns of a receipt behind `message_key`, in the order of the table. */
export function receiptColumns({ receipt, source, receivedAt }: ReceivedReceipt) {
  return [
    receipt.providerStatus,
    receipt.failure?.providerCode ?? '',
    receipt.providerMessageId,
    receipt.status ?? null,
    receipt.failure?.reason ?? null,
    receipt.failure?.providerMessage ?? null,
    source,
    receipt.occurredAt ?? null,
    receivedAt,
  ] as const
}

type ReceivedReceipt = {
  readonly receipt: DeliveryReceipt
  readonly source: ReceiptSource
  readonly receivedAt: number
}

/** What the event of a decision about an attempt says: which one, and who decided if a person did. */
export function causeOf(
  decision: { readonly by?: string; readonly note?: string },
  attempt: { readonly number: number; readonly startedAt: number },
) {
  return {
    at: attempt.startedAt,
    attempt: attempt.number,
    ...(decision.by === undefined ? {} : { resolved_by: decision.by }),
    ...(decision.note === undefined ? {} : { note: decision.note }),
  }
}

export function conversationOf(row: Row): Conversation {
  return {
    id: String(row.id),
    organizationId: Number(row.organization_id),
    assistantId: Number(row.assistant_id),
    senderId: Number(row.sender_id),
    number: String(row.number) as E164,
    person: String(row.person) as E164,
    ...optional('lastInboundId', text(row.last_inbound_id)),
    createdAt: Number(row.created_at),
  }
}

/** The columns of an outcome, in the order of the table; absent ones are null. */
export function outcomeColumns(outcome: SendOutcome) {
  const failure = 'failure' in outcome ? outcome.failure : undefined
  return [
    outcome.kind,
    outcome.kind === 'accepted' ? outcome.providerMessageId : null,
    outcome.kind === 'accepted' ? outcome.providerStatus : null,
    failure?.reason ?? null,
    failure?.providerCode ?? null,
    failure?.providerMessage ?? null,
    outcome.kind === 'not_sent' ? (outcome.retryAfterMs ?? null) : null,
    outcome.kind === 'unknown' ? outcome.detail : null,
  ] as const
}

function outcomeOf(row: Row): SendOutcome | undefined {
  const failure = failureOf(row.reason, row.provider_code, row.provider_message)
  switch (row.outcome) {
    case 'accepted':
      return {
        kind: 'accepted',
        providerMessageId: String(row.provider_message_id),
        providerStatus: String(row.provider_status),
      }
    case 'rejected':
      return { kind: 'rejected', failure: failure ?? { reason: 'unrecognized' } }
    case 'not_sent':
      return {
        kind: 'not_sent',
        failure: failure ?? { reason: 'unrecognized' },
        ...optional('retryAfterMs', number(row.retry_after_ms)),
      }
    case 'unknown':
      return { kind: 'unknown', detail: String(row.detail) }
    default:
      return undefined
  }
}

function failureOf(reason: unknown, code: unknown, message: unknown): Failure | undefined {
  if (typeof reason !== 'string') return undefined
  return {
    // A newer version may have written a reason that this one does not know.
    reason: isFailureReason(reason) ? reason : 'unrecognized',
    ...optional('providerCode', text(code)),
    ...optional('providerMessage', text(message)),
  }
}

export function eventOf(row: Row): DomainEvent {
  return {
    type: String(row.type) as EventType,
    organizationId: Number(row.organization_id),
    occurredAt: Number(row.occurred_at),
    data: json<DomainEvent['data']>(row.data),
  }
}

export function optOutOf(row: Row): OptOut {
  return {
    organizationId: Number(row.organization_id),
    recipient: String(row.recipient) as E164,
    ...optional('assistantId', Number(row.assistant_id) || undefined),
    ...optional('senderId', Number(row.sender_id) || undefined),
    source: String(row.source) as OptOutSource,
    inDoubt: Boolean(row.in_doubt),
    ...optional('evidence', text(row.evidence)),
    createdAt: Number(row.created_at),
  }
}

export function organizationOf(row: Row): Organization {
  return {
    id: Number(row.id),
    name: String(row.name),
    optOutScope: String(row.opt_out_scope) as OptOutScope,
    policy: json<Policy>(row.policy),
    retention: json<Retention>(row.retention),
    ...optional('pausedAt', number(row.paused_at)),
    createdAt: Number(row.created_at),
  }
}

export function accountOf(row: Row, sealer: Sealer): ProviderAccount {
  const organizationId = Number(row.organization_id)
  const name = String(row.name)
  const sealed = Object.entries(json<Record<string, string>>(row.sealed_secrets))
  return {
    id: Number(row.id),
    organizationId,
    name,
    provider: String(row.provider),
    ...optional('baseUrl', text(row.base_url)),
    settings: json<Record<string, string>>(row.settings),
    secrets: Object.fromEntries(
      sealed.map(([field, value]) => [field, sealer.open(secretPlace(organizationId, name, field), value)]),
    ),
    pacing: json<AccountPacing>(row.pacing),
    ...optional('pausedAt', number(row.paused_at)),
    createdAt: Number(row.created_at),
    updatedAt: Number(row.updated_at),
  }
}

/** The JSON for `sealed_secrets`. */
function sealedSecretsOf(account: Omit<ProviderAccount, 'id'>, sealer: Sealer): string {
  const { organizationId, name, secrets } = account
  return JSON.stringify(
    Object.fromEntries(
      Object.entries(secrets).map(([field, value]) => [
        field,
        sealer.seal(secretPlace(organizationId, name, field), value),
      ]),
    ),
  )
}

function secretPlace(organizationId: number, record: string, field: string) {
  return { table: 'provider_accounts', organizationId, record, field }
}

/** The columns of an organization behind `id`, in the order of the table. */
export function organizationColumns(organization: Omit<Organization, 'id'>) {
  return [
    organization.name,
    organization.optOutScope,
    organization.createdAt,
    JSON.stringify(organization.policy),
    JSON.stringify(organization.retention),
    organization.pausedAt ?? null,
  ] as const
}

/** The columns of an account behind `organization_id`, in the order of the table. */
export function accountColumns(account: Omit<ProviderAccount, 'id'>, sealer: Sealer) {
  return [
    account.name,
    account.provider,
    account.baseUrl ?? null,
    JSON.stringify(account.settings),
    sealedSecretsOf(account, sealer),
    account.createdAt,
    account.updatedAt,
    JSON.stringify(account.pacing),
    account.pausedAt ?? null,
  ] as const
}

export function assistantOf(row: Row): Assistant {
  return {
    id: Number(row.id),
    organizationId: Number(row.organization_id),
    name: String(row.name),
    ...optional('description', text(row.description)),
    ...optional('smsWebhookUrl', text(row.sms_webhook_url)),
    ...optional('providerAccountId', number(row.provider_account_id)),
    ...optional('messagingServiceId', text(row.messaging_service_id)),
    inbound: json<InboundSettings>(row.inbound),
    policy: json<Policy>(row.policy),
    ...optional('pausedAt', number(row.paused_at)),
    customSettings: json<Record<string, unknown>>(row.custom_settings),
    isActive: Boolean(row.is_active),
    createdAt: Number(row.created_at),
    updatedAt: Number(row.updated_at),
  }
}

export function senderOf(row: Row): Sender {
  return {
    id: Number(row.id),
    organizationId: Number(row.organization_id),
    phoneNumber: String(row.phone_number) as E164,
    ...optional('friendlyName', text(row.friendly_name)),
    ...optional('assistantId', number(row.assistant_id)),
    providerAccountId: Number(row.provider_account_id),
    pacing: json<SenderPacing>(row.pacing),
    ...optional('pausedAt', number(row.paused_at)),
    isActive: Boolean(row.is_active),
    createdAt: Number(row.created_at),
    updatedAt: Number(row.updated_at),
  }
}

export function apiKeyOf(row: Row): ApiKey {
  return {
    id: Number(row.id),
    organizationId: Number(row.organization_id),
    name: String(row.name),
    prefix: String(row.prefix),
    hash: String(row.hash),
    scopes: String(row.scopes).split(',') as ApiKeyScope[],
    ...optional('rateLimit', row.rate_limit === null ? undefined : json<RateLimit>(row.rate_limit)),
    createdAt: Number(row.created_at),
    updatedAt: Number(row.updated_at),
    ...optional('lastUsedAt', number(row.last_used_at)),
    ...optional('expiresAt', number(row.expires_at)),
    ...optional('revokedAt', number(row.revoked_at)),
  }
}

export function mediaOf(row: Row): Media {
  return {
    id: String(row.id),
    organizationId: Number(row.organization_id),
    messageKey: Number(row.message_key),
    providerAccountId: Number(row.provider_account_id),
    url: String(row.url),
    contentType: String(row.content_type),
    state: String(row.state) as MediaState,
    ...optional('size', number(row.size)),
    ...optional('sha256', text(row.sha256)),
    tries: Number(row.tries),
    ...optional('fault', text(row.fault)),
  }
}

export function refusedWebhookOf(row: Row): RefusedWebhook {
  return {
    provider: String(row.provider),
    reason: String(row.reason),
    body: String(row.body),
    receivedAt: Number(row.received_at),
    ...optional('organizationId', number(row.organization_id)),
  }
}

export function auditRecordOf(row: Row): AuditRecord {
  return {
    key: Number(row.key),
    organizationId: Number(row.organization_id),
    occurredAt: Number(row.occurred_at),
    actor: String(row.actor),
    action: String(row.action) as AuditAction,
    subject: String(row.subject),
    data: json<AuditData>(row.data),
  }
}

/** The columns of an entry behind `key`, in the order of the table. */
export function auditColumns(entry: AuditEntry) {
  return [
    entry.organizationId,
    entry.occurredAt,
    entry.actor,
    entry.action,
    entry.subject,
    JSON.stringify(entry.data),
  ] as const
}

/** The columns of a key behind `organization_id`, in the order of the table. */
export function apiKeyColumns(apiKey: Omit<ApiKey, 'id'>) {
  return [
    apiKey.name,
    apiKey.prefix,
    apiKey.hash,
    apiKey.scopes.join(','),
    apiKey.createdAt,
    apiKey.updatedAt,
    apiKey.lastUsedAt ?? null,
    apiKey.expiresAt ?? null,
    apiKey.revokedAt ?? null,
    apiKey.rateLimit === undefined ? null : JSON.stringify(apiKey.rateLimit),
  ] as const
}

function json<T>(value: unknown): T {
  return JSON.parse(String(value)) as T
}

function text(value: unknown): string | undefined {
  return value === null || value === undefined ? undefined : String(value)
}

function number(value: unknown): number | undefined {
  return value === null || value === undefined ? undefined : Number(value)
}

function optional<K extends string, V>(name: K, value: V | undefined): { readonly [key in K]?: V } {
  return value === undefined ? {} : ({ [name]: value } as { readonly [key in K]: V })
}
