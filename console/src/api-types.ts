// Generated from docs/openapi.json by `npm run generate`.

export type SendRequest = {
  readonly from_phone_number: string
  readonly to_phone_number: string
  readonly message: string
  readonly media_urls?: readonly string[] | null | undefined
  readonly category?: 'conversation' | 'transactional' | 'marketing' | undefined
  readonly on_unknown?: 'hold' | 'resend' | undefined
  readonly metadata?: { readonly [name: string]: string } | undefined
  readonly in_reply_to?: string | null | undefined
  readonly send_at?: string | null | undefined
  readonly expires_at?: string | null | undefined
  readonly idempotency_key?: string | null | undefined
  readonly queue?: boolean | null | undefined
  readonly dry_run?: boolean | null | undefined
} & { readonly [name: string]: unknown }
export type SendAnswer = {
  readonly success: true
  readonly message_id: string
  readonly message: string
  readonly provider: string
  readonly id: string
  readonly status: 'sent' | 'queued' | 'scheduled' | 'held'
  readonly segments: number
  readonly encoding: 'gsm-7' | 'ucs-2'
  readonly warnings: readonly string[]
  readonly expected_wait_seconds?: number | undefined
  readonly send_at?: string | undefined
  readonly hold_reason?: 'paused' | 'approval' | 'quiet_hours' | undefined
  readonly held_until?: string | undefined
  readonly deduplicated?: boolean | undefined
}
export type SendVerdict = {
  readonly kind: 'refuse' | 'hold'
  readonly rule?:
    | 'recipient_opted_out'
    | 'opt_out_in_doubt'
    | 'superseded'
    | 'expired'
    | 'recipient_not_allowed'
    | 'country_not_allowed'
    | 'conversation_loop'
    | 'unanswered_limit'
    | 'recipient_cap'
    | 'assistant_cap'
    | 'organization_cap'
    | 'prefix_velocity'
    | 'spend_budget'
    | 'sender_busy'
    | undefined
  readonly reason?: 'paused' | 'approval' | 'quiet_hours' | undefined
  readonly detail: string
  readonly limit: number | null
  readonly count: number | null
  readonly per: string | null
  readonly until: string | null
}
export type SendPreview = {
  readonly dry_run: true
  readonly would: 'send' | 'queue' | 'schedule' | 'hold' | 'refuse'
  readonly provider: string
  readonly assistant_id: number
  readonly encoding: 'gsm-7' | 'ucs-2'
  readonly segments: number
  readonly characters: number
  readonly forced_ucs2: readonly {
    readonly character: string
    readonly code_point: string
    readonly position: number
  }[]
  readonly warnings: readonly string[]
  readonly estimated_cost: { readonly amount: number; readonly currency: string } | null
  readonly opt_out: {
    readonly state: 'none' | 'in_doubt' | 'opted_out'
    readonly since: string | null
    readonly source: 'keyword' | 'api' | 'import' | 'provider' | 'console' | null
    readonly scope: 'organization' | 'assistant' | 'sender' | null
  }
  readonly verdicts: readonly SendVerdict[]
  readonly policies_off: readonly string[]
  readonly pace: { readonly segments_per_second: number; readonly strict: boolean }
  readonly expected_wait_seconds: number | null
  readonly duplicate_of?: string | undefined
}
export type Error = {
  readonly detail: string
  readonly code:
    | 'invalid_request'
    | 'recipient_opted_out'
    | 'opt_out_in_doubt'
    | 'superseded'
    | 'expired'
    | 'recipient_not_allowed'
    | 'country_not_allowed'
    | 'conversation_loop'
    | 'unanswered_limit'
    | 'recipient_cap'
    | 'assistant_cap'
    | 'organization_cap'
    | 'prefix_velocity'
    | 'spend_budget'
    | 'sender_busy'
    | 'unauthorized'
    | 'forbidden'
    | 'not_found'
    | 'sender_not_found'
    | 'conflict'
    | 'idempotency_in_progress'
    | 'idempotency_key_reused'
    | 'body_too_large'
    | 'unsupported_media_type'
    | 'request_timeout'
    | 'method_not_allowed'
    | 'outcome_unknown'
    | 'rate_limited'
    | 'overloaded'
    | 'unavailable'
    | 'internal'
    | 'not_approved'
    | 'canceled'
    | 'landline'
    | 'unreachable'
    | 'carrier_filtered'
    | 'content_rejected'
    | 'sender_not_registered'
    | 'sender_not_owned'
    | 'sender_unavailable'
    | 'geo_not_enabled'
    | 'invalid_recipient'
    | 'recipient_unknown'
    | 'media_rejected'
    | 'invalid_content'
    | 'account_suspended'
    | 'account_misconfigured'
    | 'insufficient_funds'
    | 'authentication_failed'
    | 'provider_unavailable'
    | 'carrier_error'
    | 'interrupted'
    | 'unrecognized'
  readonly retryable?: boolean | undefined
} & { readonly [name: string]: unknown }
export type Attempt = {
  readonly number: number
  readonly started_at: string
  readonly finished_at: string | null
  readonly outcome: 'accepted' | 'rejected' | 'not_sent' | 'unknown' | null
  readonly detail: string | null
  readonly closed_at?: string | undefined
  readonly vouched_at?: string | undefined
}
export type ReachedLimit = {
  readonly limit: number
  readonly count: number
  readonly per: string
  readonly retry_at: string | null
}
export type MessageStatus = {
  readonly message_id: string
  readonly status: 'queued' | 'sending' | 'sent' | 'failed' | 'cancelled'
  readonly delivery_status:
    | 'scheduled'
    | 'held'
    | 'queued'
    | 'sending'
    | 'sent'
    | 'delivered'
    | 'undelivered'
    | 'failed'
    | 'expired'
    | 'canceled'
    | 'suppressed'
    | 'unknown'
    | 'received'
  readonly provider: string
  readonly provider_message_id: string | null
  readonly error: string | null
  readonly provider_error?:
    | { readonly code: string | null; readonly message: string | null; readonly reason: string }
    | undefined
  readonly attempts: readonly Attempt[]
  readonly segments: number
  readonly encoding: string
  readonly metadata: { readonly [name: string]: string }
  readonly send_at: string | null
  readonly expires_at: string | null
  readonly hold_reason: 'paused' | 'approval' | 'quiet_hours' | null
  readonly held_until: string | null
  readonly reached_limit: ReachedLimit | null
  readonly expected_wait_seconds: number | null
  readonly created_at: string
  readonly updated_at: string
}
export type CancelAnswer = {
  readonly success: boolean
  readonly message_id: string
  readonly message: string
  readonly previous_status: 'queued' | 'sending' | 'sent' | 'failed' | 'cancelled'
  readonly new_status: 'queued' | 'sending' | 'sent' | 'failed' | 'cancelled'
}
export type Failure = {
  readonly reason:
    | 'recipient_opted_out'
    | 'opt_out_in_doubt'
    | 'superseded'
    | 'recipient_not_allowed'
    | 'country_not_allowed'
    | 'conversation_loop'
    | 'unanswered_limit'
    | 'recipient_cap'
    | 'assistant_cap'
    | 'organization_cap'
    | 'prefix_velocity'
    | 'spend_budget'
    | 'not_approved'
    | 'canceled'
    | 'landline'
    | 'unreachable'
    | 'carrier_filtered'
    | 'content_rejected'
    | 'sender_not_registered'
    | 'sender_not_owned'
    | 'sender_unavailable'
    | 'geo_not_enabled'
    | 'invalid_recipient'
    | 'recipient_unknown'
    | 'media_rejected'
    | 'invalid_content'
    | 'rate_limited'
    | 'account_suspended'
    | 'account_misconfigured'
    | 'insufficient_funds'
    | 'authentication_failed'
    | 'provider_unavailable'
    | 'carrier_error'
    | 'expired'
    | 'interrupted'
    | 'unrecognized'
  readonly provider_code: string | null
  readonly provider_message: string | null
  readonly permanent: boolean
  readonly retryable: boolean
  readonly actor: 'caller' | 'operator' | 'recipient' | 'provider'
  readonly advice: string
}
export type Receipt = {
  readonly provider_status: string
  readonly status: string | null
  readonly provider_message_id: string
  readonly failure: Failure | null
  readonly source: 'webhook' | 'search'
  readonly occurred_at: string | null
  readonly received_at: string
}
export type Message = {
  readonly message_id: string
  readonly conversation_id: string | null
  readonly assistant_id: number
  readonly direction: 'outbound' | 'inbound'
  readonly status:
    | 'scheduled'
    | 'held'
    | 'queued'
    | 'sending'
    | 'sent'
    | 'delivered'
    | 'undelivered'
    | 'failed'
    | 'expired'
    | 'canceled'
    | 'suppressed'
    | 'unknown'
    | 'received'
  readonly from: string
  readonly to: string
  readonly body: string | null
  readonly media_urls: readonly string[]
  readonly media: readonly {
    readonly url: string
    readonly content_type: string | null
    readonly size: number | null
    readonly sha256: string | null
    readonly state: 'pending' | 'stored' | 'failed'
    readonly fault: string | null
  }[]
  readonly provider: string
  readonly provider_message_id: string | null
  readonly segments: number
  readonly encoding: string
  readonly category: 'conversation' | 'transactional' | 'marketing'
  readonly on_unknown: 'hold' | 'resend'
  readonly metadata: { readonly [name: string]: string }
  readonly in_reply_to: string | null
  readonly automatic: 'opt_out_confirmation' | 'opt_in_confirmation' | 'help' | null
  readonly keyword: 'opt_out' | 'opt_out_doubt' | 'opt_in' | 'opt_in_if_opted_out' | 'help' | null
  readonly failure: Failure | null
  readonly send_at: string | null
  readonly expires_at: string | null
  readonly hold_reason: 'paused' | 'approval' | 'quiet_hours' | null
  readonly held_until: string | null
  readonly reached_limit: ReachedLimit | null
  readonly created_at: string
  readonly updated_at: string
  readonly attempts: readonly Attempt[]
  readonly receipts: readonly Receipt[]
  readonly events: readonly {
    readonly type: string
    readonly timestamp: string
    readonly data: { readonly [name: string]: string | number | boolean }
  }[]
}
export type QueueStats = {
  readonly queued: number
  readonly scheduled: number
  readonly held: number
  readonly held_by: { readonly paused: number; readonly approval: number; readonly quiet_hours: number }
  readonly oldest_queued_seconds: number | null
  readonly next_scheduled_at: string | null
}
export type QueueStatsAnswer = {
  readonly timestamp: string
  readonly queues: { readonly [name: string]: QueueStats }
  readonly total: QueueStats
}
export type MessageLog = {
  readonly id: number
  readonly message_id: string
  readonly assistant_id: number
  readonly direction: 'outbound' | 'inbound'
  readonly status:
    | 'scheduled'
    | 'held'
    | 'queued'
    | 'sending'
    | 'sent'
    | 'delivered'
    | 'undelivered'
    | 'failed'
    | 'expired'
    | 'canceled'
    | 'suppressed'
    | 'unknown'
    | 'received'
  readonly from_number: string
  readonly to_number: string
  readonly body: string | null
  readonly media_urls: readonly string[]
  readonly provider: string
  readonly provider_message_id: string | null
  readonly segments: number
  readonly encoding: string
  readonly failure: Failure | null
  readonly attempt_count: number
  readonly created_at: string
  readonly updated_at: string
}
export type MessageLogs = {
  readonly items: readonly MessageLog[]
  readonly total: number
  readonly skip: number
  readonly limit: number
  readonly has_more: boolean
  readonly next_cursor: string | null
}
export type MessageStats = {
  readonly total: number
  readonly by_status: { readonly [name: string]: number }
  readonly by_direction: { readonly [name: string]: number }
  readonly by_provider: { readonly [name: string]: number }
}
export type MessageLogDetail = {
  readonly id: number
  readonly message_id: string
  readonly assistant_id: number
  readonly direction: 'outbound' | 'inbound'
  readonly status:
    | 'scheduled'
    | 'held'
    | 'queued'
    | 'sending'
    | 'sent'
    | 'delivered'
    | 'undelivered'
    | 'failed'
    | 'expired'
    | 'canceled'
    | 'suppressed'
    | 'unknown'
    | 'received'
  readonly from_number: string
  readonly to_number: string
  readonly body: string | null
  readonly media_urls: readonly string[]
  readonly provider: string
  readonly provider_message_id: string | null
  readonly segments: number
  readonly encoding: string
  readonly failure: Failure | null
  readonly attempt_count: number
  readonly created_at: string
  readonly updated_at: string
  readonly conversation_id: string | null
  readonly attempts: readonly Attempt[]
  readonly receipts: readonly Receipt[]
}
export type UnknownMessage = {
  readonly message_id: string
  readonly status:
    | 'scheduled'
    | 'held'
    | 'queued'
    | 'sending'
    | 'sent'
    | 'delivered'
    | 'undelivered'
    | 'failed'
    | 'expired'
    | 'canceled'
    | 'suppressed'
    | 'unknown'
    | 'received'
  readonly assistant_id: number
  readonly from: string
  readonly to: string
  readonly body: string | null
  readonly provider: string
  readonly on_unknown: 'hold' | 'resend'
  readonly known: string | null
  readonly created_at: string
  readonly attempts: readonly Attempt[]
}
export type UnknownResolution = {
  readonly resolution: 'sent' | 'send_again'
  readonly note?: string | null | undefined
}
export type Conversation = {
  readonly id: string
  readonly session_id: string
  readonly assistant_id: number
  readonly assistant_name: string
  readonly customer_phone_number: string
  readonly assistant_phone_number: string
  readonly status: 'active' | 'archived'
  readonly message_count: number
  readonly started_at: string
  readonly last_activity: string
  readonly ended_at: string | null
  readonly channel: 'sms'
  readonly last_inbound_message_id: string | null
}
export type Result = { readonly success: boolean; readonly message: string }
export type ConversationMessage = {
  readonly id: number
  readonly conversation_id: string
  readonly role: 'user' | 'assistant'
  readonly content: string
  readonly content_removed_at: string | null
  readonly timestamp: string
  readonly message_index: number
  readonly llm_provider: null
  readonly llm_model: null
  readonly message_id: string
  readonly status:
    | 'scheduled'
    | 'held'
    | 'queued'
    | 'sending'
    | 'sent'
    | 'delivered'
    | 'undelivered'
    | 'failed'
    | 'expired'
    | 'canceled'
    | 'suppressed'
    | 'unknown'
    | 'received'
  readonly failure: Failure | null
  readonly media_urls: readonly string[]
}
export type ConversationExport = {
  readonly conversation: Conversation
  readonly messages: readonly ConversationMessage[]
}
export type OptOut = {
  readonly phone_number: string
  readonly source: 'keyword' | 'api' | 'import' | 'provider' | 'console'
  readonly in_doubt: boolean
  readonly scope: 'organization' | 'assistant' | 'sender'
  readonly assistant_id: number | null
  readonly phone_number_id: number | null
  readonly evidence: string | null
  readonly created_at: string
}
export type OptOutCreate = { readonly phone_number: string; readonly evidence?: string | null | undefined }
export type PersonExport = {
  readonly phone_number: string
  readonly time_zone: string | null
  readonly opt_outs: readonly OptOut[]
  readonly conversations: readonly Conversation[]
  readonly events: readonly {
    readonly type: string
    readonly timestamp: string
    readonly data: { readonly [name: string]: string | number | boolean }
  }[]
  readonly messages: readonly Message[]
}
export type PersonUpdate = { readonly time_zone: string | null }
export type Person = { readonly phone_number: string; readonly time_zone: string | null }
export type ErasedPerson = {
  readonly messages: number
  readonly media: number
  readonly conversations: number
  readonly events: number
  readonly idempotency_keys: number
  readonly refused_webhooks: number
  readonly opt_outs_kept: number
}
export type Event = {
  readonly id: string
  readonly type: string
  readonly timestamp: string
  readonly data: { readonly [name: string]: unknown }
}
export type Events = { readonly events: readonly Event[]; readonly has_more: boolean; readonly next: string | null }
export type EventEndpoint = {
  readonly id: number
  readonly url: string
  readonly description: string | null
  readonly types: readonly string[]
  readonly ordered: boolean
  readonly assistant_id: number | null
  readonly disabled: boolean
  readonly disabled_at: string | null
  readonly created_at: string
  readonly updated_at: string
}
export type EventEndpointCreate = {
  readonly url: string
  readonly description?: string | null | undefined
  readonly types?:
    | readonly (
        | 'message'
        | 'opt_out'
        | 'conversation'
        | 'message.scheduled'
        | 'message.held'
        | 'message.queued'
        | 'message.sending'
        | 'message.sent'
        | 'message.delivered'
        | 'message.undelivered'
        | 'message.failed'
        | 'message.expired'
        | 'message.canceled'
        | 'message.suppressed'
        | 'message.unknown'
        | 'message.received'
        | 'opt_out.created'
        | 'opt_out.doubted'
        | 'opt_out.removed'
        | 'conversation.created'
      )[]
    | undefined
  readonly ordered?: boolean | undefined
  readonly disabled?: boolean | undefined
}
export type EventEndpointUpdate = {
  readonly url?: string | undefined
  readonly description?: string | null | undefined
  readonly types?:
    | readonly (
        | 'message'
        | 'opt_out'
        | 'conversation'
        | 'message.scheduled'
        | 'message.held'
        | 'message.queued'
        | 'message.sending'
        | 'message.sent'
        | 'message.delivered'
        | 'message.undelivered'
        | 'message.failed'
        | 'message.expired'
        | 'message.canceled'
        | 'message.suppressed'
        | 'message.unknown'
        | 'message.received'
        | 'opt_out.created'
        | 'opt_out.doubted'
        | 'opt_out.removed'
        | 'conversation.created'
      )[]
    | undefined
  readonly ordered?: boolean | undefined
  readonly disabled?: boolean | undefined
}
export type EndpointSecret = { readonly secret: string; readonly also_signing: readonly string[] }
export type SecretRotate = { readonly keep_old?: boolean | undefined }
export type Replayed = { readonly replayed: number }
export type EventDelivery = {
  readonly id: number
  readonly endpoint_id: number
  readonly webhook_id: string
  readonly events: readonly string[]
  readonly state: 'pending' | 'delivered' | 'dead'
  readonly tries: number
  readonly created_at: string
  readonly next_try_at: string | null
  readonly last_try: {
    readonly at: string
    readonly duration_ms: number
    readonly status: number | null
    readonly fault: string | null
  } | null
}
export type Organization = {
  readonly id: number
  readonly name: string
  readonly opt_out_scope: 'organization' | 'assistant' | 'sender'
  readonly retention: {
    readonly bodies_days: number | null
    readonly messages_days: number | null
    readonly events_days: number | null
  }
  readonly paused_at: string | null
  readonly created_at: string
}
export type OrganizationUpdate = {
  readonly name?: string | undefined
  readonly opt_out_scope?: 'organization' | 'assistant' | 'sender' | undefined
  readonly retention?:
    | {
        readonly bodies_days?: number | null | undefined
        readonly messages_days?: number | null | undefined
        readonly events_days?: number | null | undefined
      }
    | undefined
}
export type PolicyLimit = { readonly messages: number; readonly per: 'minute' | 'hour' | 'day' }
export type PolicyPrices = {
  readonly currency: string
  readonly default: number
  readonly by_prefix?: { readonly [name: string]: number } | undefined
}
export type Policy = {
  readonly recipients?: 'anyone' | 'reply_only' | { readonly allow: readonly string[] } | 'off' | null | undefined
  readonly countries?: readonly string[] | 'off' | null | undefined
  readonly per_recipient?: readonly PolicyLimit[] | 'off' | null | undefined
  readonly per_assistant?: readonly PolicyLimit[] | 'off' | null | undefined
  readonly unanswered?: number | 'off' | null | undefined
  readonly prefix_velocity?:
    | { readonly digits: number; readonly messages: number; readonly per: 'minute' | 'hour' | 'day' }
    | 'off'
    | null
    | undefined
  readonly loop?: number | 'off' | null | undefined
  readonly quiet_hours?:
    | 'marketing'
    | {
        readonly monday?: readonly string[] | undefined
        readonly tuesday?: readonly string[] | undefined
        readonly wednesday?: readonly string[] | undefined
        readonly thursday?: readonly string[] | undefined
        readonly friday?: readonly string[] | undefined
        readonly saturday?: readonly string[] | undefined
        readonly sunday?: readonly string[] | undefined
      }
    | 'off'
    | null
    | undefined
  readonly approval?: boolean | null | undefined
  readonly duplicate_seconds?: number | 'off' | null | undefined
  readonly per_organization?: readonly PolicyLimit[] | 'off' | null | undefined
  readonly spend?: { readonly amount: number; readonly per: 'day' | 'month' } | 'off' | null | undefined
  readonly prices?: PolicyPrices | null | undefined
}
export type OrganizationPolicy = { readonly policy: Policy; readonly off: readonly string[] }
export type PolicyUpdate = {
  readonly preset?: 'guarded' | undefined
  readonly recipients?: 'anyone' | 'reply_only' | { readonly allow: readonly string[] } | 'off' | null | undefined
  readonly countries?: readonly string[] | 'off' | null | undefined
  readonly per_recipient?: readonly PolicyLimit[] | 'off' | null | undefined
  readonly per_assistant?: readonly PolicyLimit[] | 'off' | null | undefined
  readonly unanswered?: number | 'off' | null | undefined
  readonly prefix_velocity?:
    | { readonly digits: number; readonly messages: number; readonly per: 'minute' | 'hour' | 'day' }
    | 'off'
    | null
    | undefined
  readonly loop?: number | 'off' | null | undefined
  readonly quiet_hours?:
    | 'marketing'
    | {
        readonly monday?: readonly string[] | undefined
        readonly tuesday?: readonly string[] | undefined
        readonly wednesday?: readonly string[] | undefined
        readonly thursday?: readonly string[] | undefined
        readonly friday?: readonly string[] | undefined
        readonly saturday?: readonly string[] | undefined
        readonly sunday?: readonly string[] | undefined
      }
    | 'off'
    | null
    | undefined
  readonly approval?: boolean | null | undefined
  readonly duplicate_seconds?: number | 'off' | null | undefined
  readonly per_organization?: readonly PolicyLimit[] | 'off' | null | undefined
  readonly spend?: { readonly amount: number; readonly per: 'day' | 'month' } | 'off' | null | undefined
  readonly prices?: PolicyPrices | null | undefined
}
export type AssistantPolicy = {
  readonly recipients?: 'anyone' | 'reply_only' | { readonly allow: readonly string[] } | 'off' | null | undefined
  readonly countries?: readonly string[] | 'off' | null | undefined
  readonly per_recipient?: readonly PolicyLimit[] | 'off' | null | undefined
  readonly per_assistant?: readonly PolicyLimit[] | 'off' | null | undefined
  readonly unanswered?: number | 'off' | null | undefined
  readonly prefix_velocity?:
    | { readonly digits: number; readonly messages: number; readonly per: 'minute' | 'hour' | 'day' }
    | 'off'
    | null
    | undefined
  readonly loop?: number | 'off' | null | undefined
  readonly quiet_hours?:
    | 'marketing'
    | {
        readonly monday?: readonly string[] | undefined
        readonly tuesday?: readonly string[] | undefined
        readonly wednesday?: readonly string[] | undefined
        readonly thursday?: readonly string[] | undefined
        readonly friday?: readonly string[] | undefined
        readonly saturday?: readonly string[] | undefined
        readonly sunday?: readonly string[] | undefined
      }
    | 'off'
    | null
    | undefined
  readonly approval?: boolean | null | undefined
  readonly duplicate_seconds?: number | 'off' | null | undefined
}
export type PolicyOfAssistant = {
  readonly policy: AssistantPolicy
  readonly effective: Policy
  readonly off: readonly string[]
}
export type AssistantPolicyUpdate = {
  readonly preset?: 'guarded' | undefined
  readonly recipients?: 'anyone' | 'reply_only' | { readonly allow: readonly string[] } | 'off' | null | undefined
  readonly countries?: readonly string[] | 'off' | null | undefined
  readonly per_recipient?: readonly PolicyLimit[] | 'off' | null | undefined
  readonly per_assistant?: readonly PolicyLimit[] | 'off' | null | undefined
  readonly unanswered?: number | 'off' | null | undefined
  readonly prefix_velocity?:
    | { readonly digits: number; readonly messages: number; readonly per: 'minute' | 'hour' | 'day' }
    | 'off'
    | null
    | undefined
  readonly loop?: number | 'off' | null | undefined
  readonly quiet_hours?:
    | 'marketing'
    | {
        readonly monday?: readonly string[] | undefined
        readonly tuesday?: readonly string[] | undefined
        readonly wednesday?: readonly string[] | undefined
        readonly thursday?: readonly string[] | undefined
        readonly friday?: readonly string[] | undefined
        readonly saturday?: readonly string[] | undefined
        readonly sunday?: readonly string[] | undefined
      }
    | 'off'
    | null
    | undefined
  readonly approval?: boolean | null | undefined
  readonly duplicate_seconds?: number | 'off' | null | undefined
}
export type Pause = { readonly reason?: string | null | undefined }
export type InboundSettings = {
  readonly coalesce_ms?: number | null | undefined
  readonly freed_keywords?: readonly string[] | null | undefined
  readonly opt_out_reply?: string | null | undefined
  readonly opt_in_reply?: string | null | undefined
  readonly help_reply?: string | null | undefined
}
export type Assistant = {
  readonly id: number
  readonly organization_id: number
  readonly user_id: number
  readonly name: string
  readonly description: string | null
  readonly sms_webhook_url: string | null
  readonly messaging_service_sid: string | null
  readonly provider_account_id: number | null
  readonly inbound: InboundSettings
  readonly custom_settings: { readonly [name: string]: unknown }
  readonly is_active: boolean
  readonly paused_at: string | null
  readonly created_at: string
  readonly updated_at: string
}
export type PhoneNumberPace = {
  readonly segments_per_second?: number | null | undefined
  readonly daily_segments?: number | null | undefined
  readonly strict?: boolean | null | undefined
  readonly type?: 'long_code' | 'toll_free' | 'short_code' | null | undefined
}
export type NumberAssistant = { readonly id: number; readonly name: string; readonly is_active: boolean }
export type PhoneNumber = {
  readonly id: number
  readonly phone_number: string
  readonly friendly_name: string | null
  readonly provider: string
  readonly provider_account_id: number
  readonly twilio_sid: string
  readonly is_active: boolean
  readonly is_verified_caller_id: boolean
  readonly capabilities: { readonly [name: string]: boolean }
  readonly pace: PhoneNumberPace
  readonly paused_at: string | null
  readonly assistant: NumberAssistant | null
  readonly created_at: string
  readonly updated_at: string
}
export type ProviderAccountPace = {
  readonly sms_per_second?: number | null | undefined
  readonly mms_per_second?: number | null | undefined
}
export type ProviderAccount = {
  readonly id: number
  readonly name: string
  readonly provider: string
  readonly base_url: string | null
  readonly settings: { readonly [name: string]: string }
  readonly secrets_set: readonly string[]
  readonly pace: ProviderAccountPace
  readonly paused_at: string | null
  readonly created_at: string
  readonly updated_at: string
}
export type HeldMessages = { readonly messages: readonly Message[]; readonly next: string | null }
export type HeldDecision = { readonly note?: string | null | undefined }
export type AuditEntry = {
  readonly id: number
  readonly occurred_at: string
  readonly actor: string
  readonly action:
    | 'policy.changed'
    | 'retention.changed'
    | 'pace.changed'
    | 'paused'
    | 'resumed'
    | 'queue.resumed'
    | 'message.approved'
    | 'message.refused'
    | 'message.resolved'
    | 'opt_out.added'
    | 'opt_out.removed'
    | 'opt_out.imported'
    | 'person.erased'
    | 'api_key.created'
    | 'api_key.changed'
    | 'api_key.revoked'
    | 'user.created'
    | 'user.changed'
    | 'user.removed'
    | 'user.link_made'
    | 'user.password_set'
  readonly subject: string
  readonly data: { readonly [name: string]: unknown }
}
export type AuditLog = { readonly entries: readonly AuditEntry[]; readonly next: number | null }
export type AssistantCreate = {
  readonly name: string
  readonly description?: string | null | undefined
  readonly sms_webhook_url?: string | null | undefined
  readonly messaging_service_sid?: string | null | undefined
  readonly provider_account_id?: number | null | undefined
  readonly inbound?: InboundSettings | null | undefined
  readonly custom_settings?: { readonly [name: string]: unknown } | null | undefined
  readonly is_active?: boolean | null | undefined
} & { readonly [name: string]: unknown }
export type Count = { readonly count: number }
export type AssistantUpdate = {
  readonly name?: string | null | undefined
  readonly description?: string | null | undefined
  readonly sms_webhook_url?: string | null | undefined
  readonly messaging_service_sid?: string | null | undefined
  readonly provider_account_id?: number | null | undefined
  readonly inbound?: InboundSettings | null | undefined
  readonly custom_settings?: { readonly [name: string]: unknown } | null | undefined
  readonly is_active?: boolean | null | undefined
} & { readonly [name: string]: unknown }
export type PhoneNumberCreate = {
  readonly phone_number: string
  readonly friendly_name?: string | null | undefined
  readonly assistant_id?: number | null | undefined
  readonly provider_account_id?: number | null | undefined
  readonly is_active?: boolean | undefined
  readonly pace?: PhoneNumberPace | null | undefined
} & { readonly [name: string]: unknown }
export type PhoneNumberUpdate = {
  readonly friendly_name?: string | null | undefined
  readonly assistant_id?: number | null | undefined
  readonly provider_account_id?: number | undefined
  readonly is_active?: boolean | undefined
  readonly pace?: PhoneNumberPace | null | undefined
} & { readonly [name: string]: unknown }
export type PhoneNumberResult = {
  readonly success: boolean
  readonly message: string
  readonly phone_number: PhoneNumber
}
export type BulkAssignResult = {
  readonly success: boolean
  readonly message: string
  readonly data: {
    readonly assigned: readonly number[]
    readonly failed: readonly { readonly id: number; readonly detail: string }[]
  }
}
export type PhoneNumberAssign = {
  readonly phone_number: string
  readonly friendly_name?: string | null | undefined
  readonly auto_sync?: boolean | undefined
} & { readonly [name: string]: unknown }
export type AssignResult = { readonly success: boolean; readonly message: string; readonly data: PhoneNumber }
export type PhoneNumberUnassign = { readonly phone_number: string } & { readonly [name: string]: unknown }
export type ProviderAccountCreate = {
  readonly name: string
  readonly provider: string
  readonly base_url?: string | null | undefined
  readonly pace?: ProviderAccountPace | null | undefined
} & { readonly [name: string]: unknown }
export type ProviderAccountUpdate = {
  readonly name?: string | undefined
  readonly base_url?: string | null | undefined
  readonly pace?: ProviderAccountPace | null | undefined
} & { readonly [name: string]: unknown }
export type RefusedWebhook = {
  readonly provider: string
  readonly reason: string
  readonly body: string | null
  readonly received_at: string
}
export type ApiKey = {
  readonly id: number
  readonly user_id: number
  readonly name: string
  readonly key_prefix: string
  readonly scopes: readonly ('send' | 'read' | 'operate' | 'manage')[]
  readonly permissions: { readonly [name: string]: boolean }
  readonly last_used_at: string | null
  readonly expires_at: string | null
  readonly usage_count: number
  readonly rate_limit: {
    readonly requests?: number | undefined
    readonly per?: 'second' | 'minute' | 'hour' | undefined
  }
  readonly is_active: boolean
  readonly created_at: string
  readonly updated_at: string
}
export type ApiKeyCreate = {
  readonly name: string
  readonly scopes?: readonly ('send' | 'read' | 'operate' | 'manage')[] | undefined
  readonly permissions?: { readonly [name: string]: unknown } | null | undefined
  readonly expires_at?: string | null | undefined
  readonly rate_limit?: { readonly requests: number; readonly per: 'second' | 'minute' | 'hour' } | null | undefined
} & { readonly [name: string]: unknown }
export type ApiKeyCreated = { readonly api_key: ApiKey; readonly key: string }
export type ApiKeyUpdate = {
  readonly name?: string | undefined
  readonly scopes?: readonly ('send' | 'read' | 'operate' | 'manage')[] | undefined
  readonly rate_limit?: { readonly requests: number; readonly per: 'second' | 'minute' | 'hour' } | null | undefined
  readonly send?: boolean | undefined
  readonly read?: boolean | undefined
  readonly operate?: boolean | undefined
  readonly manage?: boolean | undefined
} & { readonly [name: string]: unknown }
export type User = {
  readonly id: number
  readonly name: string
  readonly role: 'viewer' | 'operator' | 'owner'
  readonly has_password: boolean
  readonly created_at: string
  readonly updated_at: string
  readonly last_signed_in_at: string | null
}
export type UserCreate = { readonly name: string; readonly role: 'viewer' | 'operator' | 'owner' }
export type SignInLink = { readonly url: string; readonly expires_at: string }
export type UserCreated = { readonly user: User; readonly link: SignInLink }
export type UserUpdate = {
  readonly name?: string | undefined
  readonly role?: 'viewer' | 'operator' | 'owner' | undefined
}
export type SignIn = {
  readonly name: string
  readonly password: string
  readonly organization?: string | null | undefined
}
export type Session = {
  readonly user: { readonly id: number; readonly name: string; readonly role: 'viewer' | 'operator' | 'owner' } | null
  readonly api_key: { readonly id: number; readonly name: string } | null
  readonly scopes: readonly ('send' | 'read' | 'operate' | 'manage')[]
  readonly organization: { readonly id: number; readonly name: string }
  readonly expires_at: string | null
  readonly phone_url?: string | undefined
}
export type SignInLinkUse = {
  readonly token: string
  readonly name?: string | null | undefined
  readonly password?: string | null | undefined
}
export type FirstRun = { readonly first_run: boolean }
export type PasswordChange = { readonly current_password: string; readonly password: string }
export type QueueState = { readonly held: boolean; readonly held_since: string | null; readonly reason: string | null }
export type BatchMessage = {
  readonly from_phone_number: string
  readonly to_phone_number: string
  readonly message: string
  readonly media_urls?: readonly string[] | null | undefined
  readonly category?: 'conversation' | 'transactional' | 'marketing' | undefined
  readonly on_unknown?: 'hold' | 'resend' | undefined
  readonly metadata?: { readonly [name: string]: string } | undefined
  readonly in_reply_to?: string | null | undefined
  readonly send_at?: string | null | undefined
  readonly expires_at?: string | null | undefined
  readonly queue?: true | null | undefined
} & { readonly [name: string]: unknown }
export type BatchRequest = {
  readonly messages: readonly BatchMessage[]
  readonly idempotency_key?: string | null | undefined
} & { readonly [name: string]: unknown }
export type BatchResult = { readonly status_code: number; readonly retry_after_seconds?: number | undefined } & {
  readonly [name: string]: unknown
}
export type BatchAnswer = {
  readonly accepted: number
  readonly refused: number
  readonly results: readonly BatchResult[]
}
export type OptOutImport = {
  readonly created: number
  readonly existing: number
  readonly faulty: number
  readonly faults: readonly { readonly line: number; readonly fault: string }[]
}

export type Operations = {
  'POST /sms/send': { path: {}; query: {}; body: SendRequest; answer: SendAnswer | SendPreview }
  'GET /sms/{message_id}/status': {
    path: { readonly message_id: string }
    query: {}
    body: undefined
    answer: MessageStatus
  }
  'DELETE /sms/{message_id}': {
    path: { readonly message_id: string }
    query: {}
    body: undefined
    answer: CancelAnswer
  }
  'GET /sms/{message_id}': { path: { readonly message_id: string }; query: {}; body: undefined; answer: Message }
  'GET /sms/queue/stats': {
    path: {}
    query: { readonly provider?: string | undefined }
    body: undefined
    answer: QueueStatsAnswer
  }
  'GET /api/v1/sms-logs': {
    path: {}
    query: {
      readonly skip?: number | undefined
      readonly limit?: number | undefined
      readonly cursor?: string | undefined
      readonly provider?: string | undefined
      readonly direction?: 'outbound' | 'inbound' | undefined
      readonly status?:
        | 'scheduled'
        | 'held'
        | 'queued'
        | 'sending'
        | 'sent'
        | 'delivered'
        | 'undelivered'
        | 'failed'
        | 'expired'
        | 'canceled'
        | 'suppressed'
        | 'unknown'
        | 'received'
        | 'cancelled'
        | undefined
      readonly from_number?: string | undefined
      readonly to_number?: string | undefined
      readonly assistant_id?: number | undefined
      readonly search?: string | undefined
      readonly date_from?: string | undefined
      readonly date_to?: string | undefined
    }
    body: undefined
    answer: MessageLogs
  }
  'GET /api/v1/sms-logs/stats': {
    path: {}
    query: { readonly date_from?: string | undefined; readonly date_to?: string | undefined }
    body: undefined
    answer: MessageStats
  }
  'GET /api/v1/sms-logs/{log_id}': {
    path: { readonly log_id: string }
    query: {}
    body: undefined
    answer: MessageLogDetail
  }
  'GET /api/v1/unknowns': {
    path: {}
    query: { readonly skip?: number | undefined; readonly limit?: number | undefined }
    body: undefined
    answer: readonly UnknownMessage[]
  }
  'POST /api/v1/unknowns/{message_id}/resolve': {
    path: { readonly message_id: string }
    query: {}
    body: UnknownResolution
    answer: Message
  }
  'GET /api/v1/sms-conversations': {
    path: {}
    query: {
      readonly skip?: number | undefined
      readonly limit?: number | undefined
      readonly status?: 'active' | 'archived' | undefined
      readonly assistant_id?: number | undefined
      readonly customer_phone?: string | undefined
      readonly date_from?: string | undefined
      readonly date_to?: string | undefined
    }
    body: undefined
    answer: readonly Conversation[]
  }
  'GET /api/v1/sms-conversations/{conversation_id}': {
    path: { readonly conversation_id: string }
    query: { readonly include_archived?: boolean | undefined }
    body: undefined
    answer: Conversation
  }
  'DELETE /api/v1/sms-conversations/{conversation_id}': {
    path: { readonly conversation_id: string }
    query: {}
    body: undefined
    answer: Result
  }
  'GET /api/v1/sms-conversations/{conversation_id}/related': {
    path: { readonly conversation_id: string }
    query: { readonly include_archived?: boolean | undefined }
    body: undefined
    answer: readonly Conversation[]
  }
  'GET /api/v1/sms-conversations/{conversation_id}/messages': {
    path: { readonly conversation_id: string }
    query: {
      readonly skip?: number | undefined
      readonly limit?: number | undefined
      readonly include_archived?: boolean | undefined
    }
    body: undefined
    answer: readonly ConversationMessage[]
  }
  'GET /api/v1/sms-conversations/{conversation_id}/export': {
    path: { readonly conversation_id: string }
    query: { readonly format?: 'txt' | 'csv' | 'json' | undefined; readonly include_archived?: boolean | undefined }
    body: undefined
    answer: ConversationExport
  }
  'GET /api/v1/opt-outs': {
    path: {}
    query: { readonly skip?: number | undefined; readonly limit?: number | undefined }
    body: undefined
    answer: readonly OptOut[]
  }
  'POST /api/v1/opt-outs': { path: {}; query: {}; body: OptOutCreate; answer: OptOut }
  'GET /api/v1/opt-outs/{phone_number}': {
    path: { readonly phone_number: string }
    query: {}
    body: undefined
    answer: readonly OptOut[]
  }
  'DELETE /api/v1/opt-outs/{phone_number}': {
    path: { readonly phone_number: string }
    query: { readonly only_in_doubt?: boolean | undefined }
    body: undefined
    answer: undefined
  }
  'GET /api/v1/opt-outs/export': { path: {}; query: {}; body: undefined; answer: undefined }
  'GET /api/v1/people/{phone_number}': {
    path: { readonly phone_number: string }
    query: {}
    body: undefined
    answer: PersonExport
  }
  'PATCH /api/v1/people/{phone_number}': {
    path: { readonly phone_number: string }
    query: {}
    body: PersonUpdate
    answer: Person
  }
  'DELETE /api/v1/people/{phone_number}': {
    path: { readonly phone_number: string }
    query: {}
    body: undefined
    answer: ErasedPerson
  }
  'GET /api/v1/events': {
    path: {}
    query: { readonly after?: string | undefined; readonly limit?: number | undefined }
    body: undefined
    answer: Events
  }
  'GET /api/v1/event-endpoints': {
    path: {}
    query: { readonly skip?: number | undefined; readonly limit?: number | undefined }
    body: undefined
    answer: readonly EventEndpoint[]
  }
  'POST /api/v1/event-endpoints': { path: {}; query: {}; body: EventEndpointCreate; answer: EventEndpoint }
  'GET /api/v1/event-endpoints/{endpoint_id}': {
    path: { readonly endpoint_id: number }
    query: {}
    body: undefined
    answer: EventEndpoint
  }
  'PATCH /api/v1/event-endpoints/{endpoint_id}': {
    path: { readonly endpoint_id: number }
    query: {}
    body: EventEndpointUpdate
    answer: EventEndpoint
  }
  'DELETE /api/v1/event-endpoints/{endpoint_id}': {
    path: { readonly endpoint_id: number }
    query: {}
    body: undefined
    answer: undefined
  }
  'GET /api/v1/event-endpoints/{endpoint_id}/secret': {
    path: { readonly endpoint_id: number }
    query: {}
    body: undefined
    answer: EndpointSecret
  }
  'POST /api/v1/event-endpoints/{endpoint_id}/rotate-secret': {
    path: { readonly endpoint_id: number }
    query: {}
    body: SecretRotate
    answer: EndpointSecret
  }
  'POST /api/v1/event-endpoints/{endpoint_id}/replay': {
    path: { readonly endpoint_id: number }
    query: {}
    body: undefined
    answer: Replayed
  }
  'GET /api/v1/event-deliveries': {
    path: {}
    query: {
      readonly endpoint_id?: number | undefined
      readonly state?: 'pending' | 'delivered' | 'dead' | undefined
      readonly skip?: number | undefined
      readonly limit?: number | undefined
    }
    body: undefined
    answer: readonly EventDelivery[]
  }
  'POST /api/v1/event-deliveries/{delivery_id}/replay': {
    path: { readonly delivery_id: number }
    query: {}
    body: undefined
    answer: EventDelivery
  }
  'GET /api/v1/organization': { path: {}; query: {}; body: undefined; answer: Organization }
  'PATCH /api/v1/organization': { path: {}; query: {}; body: OrganizationUpdate; answer: Organization }
  'GET /api/v1/policy': { path: {}; query: {}; body: undefined; answer: OrganizationPolicy }
  'PUT /api/v1/policy': { path: {}; query: {}; body: PolicyUpdate; answer: OrganizationPolicy }
  'PATCH /api/v1/policy': { path: {}; query: {}; body: PolicyUpdate; answer: OrganizationPolicy }
  'GET /api/v1/assistants/{assistant_id}/policy': {
    path: { readonly assistant_id: number }
    query: {}
    body: undefined
    answer: PolicyOfAssistant
  }
  'PUT /api/v1/assistants/{assistant_id}/policy': {
    path: { readonly assistant_id: number }
    query: {}
    body: AssistantPolicyUpdate
    answer: PolicyOfAssistant
  }
  'PATCH /api/v1/assistants/{assistant_id}/policy': {
    path: { readonly assistant_id: number }
    query: {}
    body: AssistantPolicyUpdate
    answer: PolicyOfAssistant
  }
  'POST /api/v1/organization/pause': { path: {}; query: {}; body: Pause; answer: Organization }
  'POST /api/v1/assistants/{assistant_id}/pause': {
    path: { readonly assistant_id: number }
    query: {}
    body: Pause
    answer: Assistant
  }
  'POST /api/v1/assistants/organization/phone-numbers/{phone_number_id}/pause': {
    path: { readonly phone_number_id: number }
    query: {}
    body: Pause
    answer: PhoneNumber
  }
  'POST /api/v1/provider-accounts/{account_id}/pause': {
    path: { readonly account_id: number }
    query: {}
    body: Pause
    answer: ProviderAccount
  }
  'POST /api/v1/organization/resume': { path: {}; query: {}; body: Pause; answer: Organization }
  'POST /api/v1/assistants/{assistant_id}/resume': {
    path: { readonly assistant_id: number }
    query: {}
    body: Pause
    answer: Assistant
  }
  'POST /api/v1/assistants/organization/phone-numbers/{phone_number_id}/resume': {
    path: { readonly phone_number_id: number }
    query: {}
    body: Pause
    answer: PhoneNumber
  }
  'POST /api/v1/provider-accounts/{account_id}/resume': {
    path: { readonly account_id: number }
    query: {}
    body: Pause
    answer: ProviderAccount
  }
  'GET /api/v1/held': {
    path: {}
    query: { readonly before?: string | undefined; readonly limit?: number | undefined }
    body: undefined
    answer: HeldMessages
  }
  'POST /api/v1/held/{message_id}/approve': {
    path: { readonly message_id: string }
    query: {}
    body: HeldDecision
    answer: Message
  }
  'POST /api/v1/held/{message_id}/refuse': {
    path: { readonly message_id: string }
    query: {}
    body: HeldDecision
    answer: Message
  }
  'GET /api/v1/audit-log': {
    path: {}
    query: { readonly before?: number | undefined; readonly limit?: number | undefined }
    body: undefined
    answer: AuditLog
  }
  'GET /api/v1/assistants': {
    path: {}
    query: {
      readonly skip?: number | undefined
      readonly limit?: number | undefined
      readonly active_only?: boolean | undefined
    }
    body: undefined
    answer: readonly Assistant[]
  }
  'POST /api/v1/assistants': { path: {}; query: {}; body: AssistantCreate; answer: Assistant }
  'GET /api/v1/assistants/count': {
    path: {}
    query: { readonly active_only?: boolean | undefined }
    body: undefined
    answer: Count
  }
  'GET /api/v1/assistants/{assistant_id}': {
    path: { readonly assistant_id: number }
    query: {}
    body: undefined
    answer: Assistant
  }
  'DELETE /api/v1/assistants/{assistant_id}': {
    path: { readonly assistant_id: number }
    query: {}
    body: undefined
    answer: Result
  }
  'PUT /api/v1/assistants/{assistant_id}': {
    path: { readonly assistant_id: number }
    query: {}
    body: AssistantUpdate
    answer: Assistant
  }
  'PATCH /api/v1/assistants/{assistant_id}': {
    path: { readonly assistant_id: number }
    query: {}
    body: AssistantUpdate
    answer: Assistant
  }
  'GET /api/v1/assistants/by-phone/{phone_number}': {
    path: { readonly phone_number: string }
    query: {}
    body: undefined
    answer: Assistant
  }
  'PATCH /api/v1/assistants/{assistant_id}/status': {
    path: { readonly assistant_id: number }
    query: { readonly is_active: boolean }
    body: undefined
    answer: Assistant
  }
  'GET /api/v1/assistants/organization/phone-numbers': {
    path: {}
    query: {
      readonly skip?: number | undefined
      readonly limit?: number | undefined
      readonly include_assigned?: boolean | undefined
      readonly include_unassigned?: boolean | undefined
      readonly include_inactive?: boolean | undefined
    }
    body: undefined
    answer: readonly PhoneNumber[]
  }
  'POST /api/v1/assistants/organization/phone-numbers': {
    path: {}
    query: {}
    body: PhoneNumberCreate
    answer: PhoneNumber
  }
  'GET /api/v1/assistants/organization/phone-numbers/available': {
    path: {}
    query: { readonly skip?: number | undefined; readonly limit?: number | undefined }
    body: undefined
    answer: readonly PhoneNumber[]
  }
  'PATCH /api/v1/assistants/organization/phone-numbers/{phone_number_id}': {
    path: { readonly phone_number_id: number }
    query: {}
    body: PhoneNumberUpdate
    answer: PhoneNumberResult
  }
  'GET /api/v1/assistants/{assistant_id}/phone-numbers': {
    path: { readonly assistant_id: number }
    query: { readonly skip?: number | undefined; readonly limit?: number | undefined }
    body: undefined
    answer: readonly PhoneNumber[]
  }
  'GET /api/v1/assistants/{assistant_id}/available-phone-numbers': {
    path: { readonly assistant_id: number }
    query: { readonly skip?: number | undefined; readonly limit?: number | undefined }
    body: undefined
    answer: readonly PhoneNumber[]
  }
  'POST /api/v1/assistants/{assistant_id}/phone-numbers/bulk-assign': {
    path: { readonly assistant_id: number }
    query: {}
    body: readonly number[]
    answer: BulkAssignResult
  }
  'POST /api/v1/assistants/{assistant_id}/phone-numbers/assign-by-number': {
    path: { readonly assistant_id: number }
    query: {}
    body: PhoneNumberAssign
    answer: AssignResult
  }
  'POST /api/v1/assistants/{assistant_id}/phone-numbers/unassign-by-number': {
    path: { readonly assistant_id: number }
    query: {}
    body: PhoneNumberUnassign
    answer: AssignResult
  }
  'GET /api/v1/provider-accounts': { path: {}; query: {}; body: undefined; answer: readonly ProviderAccount[] }
  'POST /api/v1/provider-accounts': { path: {}; query: {}; body: ProviderAccountCreate; answer: ProviderAccount }
  'GET /api/v1/provider-accounts/{account_id}': {
    path: { readonly account_id: number }
    query: {}
    body: undefined
    answer: ProviderAccount
  }
  'PATCH /api/v1/provider-accounts/{account_id}': {
    path: { readonly account_id: number }
    query: {}
    body: ProviderAccountUpdate
    answer: ProviderAccount
  }
  'DELETE /api/v1/provider-accounts/{account_id}': {
    path: { readonly account_id: number }
    query: {}
    body: undefined
    answer: undefined
  }
  'GET /api/v1/refused-webhooks': {
    path: {}
    query: { readonly skip?: number | undefined; readonly limit?: number | undefined }
    body: undefined
    answer: readonly RefusedWebhook[]
  }
  'GET /api/v1/users/me/api-keys': { path: {}; query: {}; body: undefined; answer: readonly ApiKey[] }
  'POST /api/v1/users/me/api-keys': { path: {}; query: {}; body: ApiKeyCreate; answer: ApiKeyCreated }
  'PUT /api/v1/users/me/api-keys/{key_id}': {
    path: { readonly key_id: number }
    query: { readonly name?: string | undefined }
    body: ApiKeyUpdate | null
    answer: ApiKey
  }
  'PATCH /api/v1/users/me/api-keys/{key_id}': {
    path: { readonly key_id: number }
    query: { readonly name?: string | undefined }
    body: ApiKeyUpdate | null
    answer: ApiKey
  }
  'DELETE /api/v1/users/me/api-keys/{key_id}': {
    path: { readonly key_id: number }
    query: {}
    body: undefined
    answer: Result
  }
  'GET /api/v1/users': { path: {}; query: {}; body: undefined; answer: readonly User[] }
  'POST /api/v1/users': { path: {}; query: {}; body: UserCreate; answer: UserCreated }
  'PATCH /api/v1/users/{user_id}': { path: { readonly user_id: number }; query: {}; body: UserUpdate; answer: User }
  'DELETE /api/v1/users/{user_id}': {
    path: { readonly user_id: number }
    query: {}
    body: undefined
    answer: undefined
  }
  'POST /api/v1/users/{user_id}/link': {
    path: { readonly user_id: number }
    query: {}
    body: undefined
    answer: SignInLink
  }
  'POST /api/v1/session': { path: {}; query: {}; body: SignIn; answer: Session }
  'GET /api/v1/session': { path: {}; query: {}; body: undefined; answer: Session }
  'DELETE /api/v1/session': { path: {}; query: {}; body: undefined; answer: undefined }
  'POST /api/v1/session/link': { path: {}; query: {}; body: SignInLinkUse; answer: Session }
  'GET /api/v1/session/first-run': { path: {}; query: {}; body: undefined; answer: FirstRun }
  'DELETE /api/v1/sessions': { path: {}; query: {}; body: undefined; answer: undefined }
  'PUT /api/v1/session/password': { path: {}; query: {}; body: PasswordChange; answer: undefined }
  'GET /api/v1/queue': { path: {}; query: {}; body: undefined; answer: QueueState }
  'POST /api/v1/queue/resume': { path: {}; query: {}; body: undefined; answer: QueueState }
  'GET /media/{media_id}': {
    path: { readonly media_id: string }
    query: { readonly expires: string; readonly signature: string }
    body: undefined
    answer: string
  }
  'GET /healthz': { path: {}; query: {}; body: undefined; answer: { readonly status: 'ok' } }
  'GET /readyz': {
    path: {}
    query: {}
    body: undefined
    answer: { readonly status: 'ok'; readonly queue: 'goes on' | 'held' }
  }
  'POST /sms/send/batch': { path: {}; query: {}; body: BatchRequest; answer: BatchAnswer }
  'POST /api/v1/opt-outs/import': { path: {}; query: {}; body: undefined; answer: OptOutImport }
  'GET /webhooks/sms/{provider}': { path: { readonly provider: string }; query: {}; body: undefined; answer: string }
  'POST /webhooks/sms/{provider}': { path: { readonly provider: string }; query: {}; body: undefined; answer: string }
}
