import type { E164 } from '../core/phone-number.ts'
import type { Media } from '../ports/inbound-store.ts'
import type { MessageRecord } from '../ports/store.ts'
import type { PersonExport } from '../use-cases/export-person.ts'
import { conversationBodiesOf } from './conversation-body.ts'
import { messageBodyWith } from './message-body.ts'
import type { ReadingParts } from './reading.ts'
import { timeOf } from './schemas/common.ts'
import { optOutBodyOf } from './schemas/opt-outs.ts'

/** One JSON document, piece by piece, so that it is never whole in memory. */
export async function* writePersonExport(
  parts: Pick<ReadingParts, 'store' | 'mediaUrls'>,
  { person, exported }: { readonly person: E164; readonly exported: PersonExport },
): AsyncGenerator<string> {
  const head = {
    phone_number: person,
    time_zone: exported.timeZone ?? null,
    opt_outs: exported.optOuts.map(optOutBodyOf),
    conversations: await conversationBodiesOf(parts.store, exported.conversations),
  }
  yield `${JSON.stringify(head).slice(0, -1)},"events":[`
  let separator = ''
  for await (const { type, occurredAt, data } of exported.events) {
    yield separator + JSON.stringify({ type, timestamp: timeOf(occurredAt), data })
    separator = ','
  }
  yield '],"messages":['
  separator = ''
  for await (const message of exported.messages) {
    const carried = await mediaOf(parts, message)
    yield separator + JSON.stringify(messageBodyWith(message, { ...message, ...carried }))
    separator = ','
  }
  yield ']}'
}

async function mediaOf(
  { store, mediaUrls }: Pick<ReadingParts, 'store' | 'mediaUrls'>,
  { message }: MessageRecord,
): Promise<{ readonly urls: readonly string[]; readonly media: readonly Media[] }> {
  const { organizationId, id, direction } = message
  if (message.mediaUrls.length === 0) return { urls: [], media: [] }
  const [urls, media] = await Promise.all([
    mediaUrls(message),
    direction === 'inbound' ? store.inbound.mediaOf(organizationId, id) : [],
  ])
  return { urls, media }
}
