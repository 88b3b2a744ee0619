import { SmsError } from '../core/errors.ts'
import type { SendRequest } from '../core/message.ts'
import type { Store } from '../ports/store.ts'

/**
 * What is answered must be a text of this person to this number. Whether it is still the newest is decided later.
 *
 * @throws SmsError `invalid_request`
 */
export async function checkReply(
  store: Store,
  organizationId: number,
  { inReplyTo, sender, recipient }: SendRequest,
): Promise<void> {
  if (inReplyTo === undefined) return
  const answered = (await store.messages.find(organizationId, inReplyTo))?.message
  if (answered?.direction !== 'inbound' || answered.sender !== recipient || answered.recipient !== sender)
    throw new SmsError('invalid_request', 'in_reply_to must be the id of an inbound message of this conversation.')
}
