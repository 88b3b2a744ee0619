import type { E164 } from '../core/phone-number.ts'
import type { PersonExport } from '../use-cases/export-person.ts'
import { conversationBodiesOf } from './conversation-body.ts'
import { messageBodyOf } from './message-body.ts'
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
  for await (const record of exported.messages) {
    yield separator + JSON.stringify(await messageBodyOf(parts, record))
    separator = ','
  }
  yield ']}'
}
