import { makeMessageId } from '../../src/core/message-id.ts'
import { parseE164 } from '../../src/core/phone-number.ts'
import type { OutboundMessage } from '../../src/ports/provider.ts'

/** A text as it is handed to an adapter. Each part of it is told apart from any other text in an answer. */
export function outboundMessage(differences: Partial<OutboundMessage> = {}): OutboundMessage {
  const id = makeMessageId(1_790_000_000_000, new Uint8Array(16).fill(5))
  return {
    id,
    sender: parseE164('+12025550142'),
    recipient: parseE164('+12025550199'),
    body: 'Your code is canary',
    mediaUrls: [],
    callbackUrl: `https://sms.example.com/webhooks/sms/x?message_id=${id}&token=canary-token`,
    ...differences,
  }
}
