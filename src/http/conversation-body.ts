import type { Static } from 'typebox'
import { keptBodyOf } from '../core/message.ts'
import type { ConversationSummary } from '../ports/inbound-store.ts'
import type { MessageRecord, Store } from '../ports/store.ts'
import { failureBodyOf, type ReadingParts, timeOrNull } from './reading.ts'
import { timeOf } from './schemas/common.ts'
import type { conversationMessageSchema, conversationSchema } from './schemas/conversations.ts'

export type ConversationBody = Static<typeof conversationSchema>
export type ConversationMessageBody = Static<typeof conversationMessageSchema>

/** With the names of their assistants, each looked up once. */
export async function conversationBodiesOf(
  store: Store,
  conversations: readonly ConversationSummary[],
): Promise<ConversationBody[]> {
  const names = new Map<number, string>()
  for (const { organizationId, assistantId } of conversations)
    if (!names.has(assistantId))
      names.set(assistantId, (await store.assistants.find(organizationId, assistantId))?.name ?? '')
  return conversations.map((conversation) => ({
    id: conversation.id,
    session_id: conversation.id,
    assistant_id: conversation.assistantId,
    assistant_name: names.get(conversation.assistantId) ?? '',
    customer_phone_number: conversation.person,
    assistant_phone_number: conversation.number,
    status: conversation.isArchived ? 'archived' : 'active',
    message_count: conversation.messageCount,
    started_at: timeOf(conversation.createdAt),
    last_activity: timeOf(conversation.lastMessageAt),
    ended_at: null,
    channel: 'sms',
    last_inbound_message_id: conversation.lastInboundId ?? null,
  }))
}

export async function conversationMessageBodyOf(
  { mediaUrls, logIds }: ReadingParts,
  { key, message }: MessageRecord,
  place: { readonly conversationId: string; readonly index: number },
): Promise<ConversationMessageBody> {
  return {
    id: logIds.idOf(key),
    conversation_id: place.conversationId,
    role: message.direction === 'inbound' ? 'user' : 'assistant',
    content: keptBodyOf(message) ?? '(removed)',
    content_removed_at: timeOrNull(message.bodyRemovedAt),
    timestamp: timeOf(message.createdAt),
    message_index: place.index,
    llm_provider: null,
    llm_model: null,
    message_id: message.id,
    status: message.status,
    failure: failureBodyOf(message.failure),
    media_urls: [...(await mediaUrls(message))],
  }
}
