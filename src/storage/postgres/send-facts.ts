import type { Message } from '../../core/message.ts'
import type { SendFacts } from '../../core/policy.ts'
import { partiesKey } from './conversations.ts'
import type { Queries } from './database.ts'
import { optOutKey, selectOptOuts } from './opt-outs.ts'

/** What policy decides from. The caller has shared the opt-outs, so that they hold until the end of its transaction. */
export async function selectFacts(
  queries: Queries,
  messages: readonly Message[],
): Promise<(message: Message) => SendFacts> {
  const [optOuts, lastInbound] = await Promise.all([
    selectOptOuts(queries, messages),
    selectLastInbound(
      queries,
      messages.filter(({ inReplyTo }) => inReplyTo !== undefined),
    ),
  ])
  return (message) => {
    const lastInboundId = lastInbound.get(partiesKey(message))
    return {
      optOuts: optOuts.get(optOutKey(message)) ?? [],
      ...(lastInboundId === undefined ? {} : { lastInboundId }),
    }
  }
}

/** By `partiesKey`. */
async function selectLastInbound(queries: Queries, replies: readonly Message[]): Promise<Map<string, string>> {
  if (replies.length === 0) return new Map()
  // Locked, so that a text that arrives at the same moment is either seen or comes after.
  const rows = await queries.all(
    `SELECT c.sender_id, c.person, c.last_inbound_id FROM conversations c
     WHERE (c.sender_id, c.person) IN (SELECT * FROM unnest($1::bigint[], $2::text[])) AND c.last_inbound_id IS NOT NULL
     ORDER BY c.key FOR SHARE`,
    replies.map((message) => message.senderId),
    replies.map((message) => message.recipient),
  )
  return new Map(rows.map((row) => [`${row.sender_id} ${row.person}`, String(row.last_inbound_id)]))
}
