import type { E164 } from './phone-number.ts'

/** All messages between one of our numbers and one person. It begins with the first of them. */
export type Conversation = {
  /** `cnv_…`, in the form of a message id. */
  readonly id: string
  readonly organizationId: number
  /** Who owned the number when the last inbound message came, or when it began. */
  readonly assistantId: number
  readonly senderId: number
  readonly number: E164
  readonly person: E164
  /** Of the newest inbound message, our id. */
  readonly lastInboundId?: string
  readonly createdAt: number
}
