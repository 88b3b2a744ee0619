import type { AuditEntry } from '../core/audit.ts'
import type { RecordedReceipt } from '../core/delivery-receipt.ts'
import type { DomainEvent } from '../core/event.ts'
import type { E164 } from '../core/phone-number.ts'
import type { RecordedEvent } from './event-store.ts'
import type { MessageRecord } from './store.ts'

/** Somebody who texts, or is texted, as one organization knows them. */
export type PersonRef = { readonly organizationId: number; readonly person: E164 }

/** A conversation of the person; more of it is found under its id. */
export type PersonConversation = { readonly key: number; readonly id: string; readonly firstKey: number }

/** A message with what was reported and told about it, in its order. */
export type PersonMessage = MessageRecord & {
  readonly receipts: readonly RecordedReceipt[]
  readonly events: readonly DomainEvent[]
}

/** Where to look for the messages of a conversation: those after one key, up to and with another. */
export type MessageRange = PersonRef & {
  readonly conversationKey: number
  readonly after: number
  readonly upTo: number
}

export type Erased = {
  readonly messages: number
  readonly media: number
  readonly events: number
  readonly idempotencyKeys: number
}

/** What is stored about people. Each call that erases is one short transaction; together they may take a while. */
export interface PeopleStore {
  /** The zone that somebody has set (IANA). */
  findTimeZone(ref: PersonRef): Promise<string | undefined>
  /** Undefined forgets it. */
  setTimeZone(ref: PersonRef, change: { readonly timeZone: string | undefined; readonly at: number }): Promise<void>
  /** In the order in which they began, archived ones too. */
  conversations(ref: PersonRef): Promise<PersonConversation[]>
  /** Oldest first, at most `limit`. */
  messages(range: MessageRange & { readonly limit: number }): Promise<PersonMessage[]>
  /** Those that are about the person and not about one message, oldest first. `after`: the key of the last one read. */
  events(ref: PersonRef & { readonly after: number; readonly limit: number }): Promise<RecordedEvent[]>
  /** Of all messages that are stored; 0 for none. */
  newestMessageKey(): Promise<number>

  /**
   * Ends what waits to be sent to the person (`canceled`), with its event. `sending`: a message to them is under way, or
   * it is not known yet what became of it; nothing was changed. @returns how many; 0 when there are no more.
   */
  cancelWaiting(ref: PersonRef & { readonly now: number }): Promise<number | 'sending'>
  /**
   * Removes messages with all that belongs to them, from the oldest of the range on. `sending`: one of them has not
   * ended; nothing was changed. `reached`: where the next call goes on; absent when the range is empty now.
   */
  eraseMessages(range: MessageRange): Promise<(Erased & { readonly reached?: number }) | 'sending'>
  /** Those of `events`. @returns how many; 0 when there are no more. */
  eraseEvents(ref: PersonRef): Promise<number>
  /** Webhooks of the organization that could not be used and hold the number. */
  eraseRefusedWebhooks(
    ref: PersonRef & { readonly after: number },
  ): Promise<{ readonly removed: number; readonly reached?: number }>
  /**
   * The rest, in one commit with its entry in the audit log: conversations without messages, what `setTimeZone` set,
   * and the evidence of opt-outs, which may quote the person. The opt-outs stay.
   */
  finishErasure(ref: PersonRef & { readonly entry: (rest: ErasedRest) => AuditEntry }): Promise<ErasedRest>
}

export type ErasedRest = {
  readonly conversations: number
  readonly optOutsKept: number
}
