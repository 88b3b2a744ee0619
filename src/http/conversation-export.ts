import type { ConversationBody, ConversationMessageBody } from './conversation-body.ts'
import { csvLine } from './csv.ts'
import type { ExportFormat } from './schemas/conversations.ts'

export const contentTypeByFormat = {
  txt: 'text/plain; charset=utf-8',
  csv: 'text/csv; charset=utf-8',
  json: 'application/json; charset=utf-8',
} as const satisfies Record<ExportFormat, string>

type Writer = {
  readonly head: (conversation: ConversationBody) => string
  readonly message: (message: ConversationMessageBody) => string
  readonly foot: string
}

/** The conversation as text, piece by piece, so that a long one is never whole in memory. */
export async function* exportConversation(params: {
  readonly format: ExportFormat
  readonly conversation: ConversationBody
  readonly messages: AsyncIterable<ConversationMessageBody>
}): AsyncGenerator<string> {
  const { head, message, foot } = writers[params.format]
  yield head(params.conversation)
  for await (const next of params.messages) yield message(next)
  yield foot
}

/** Only what is written here stands at the beginning of a line: a text cannot pass for another one. */
function indented(text: string): string {
  return text.replace(/\r\n|[\n\v\f\r\u0085\u2028\u2029]/g, '\n    ')
}

const writers: Readonly<Record<ExportFormat, Writer>> = {
  txt: {
    head: (conversation) =>
      [
        `Conversation ${conversation.id}`,
        `Assistant ${conversation.assistant_name} ${conversation.assistant_phone_number}`,
        `Person ${conversation.customer_phone_number}`,
        '',
        '',
      ].join('\n'),
    message: ({ timestamp, role, status, content, media_urls }) =>
      [`[${timestamp}] ${role} (${status}): ${indented(content)}`, ...media_urls.map(indented), ''].join('\n'),
    foot: '',
  },
  csv: {
    head: () => csvLine(['timestamp', 'role', 'content', 'status', 'message_id', 'media_urls']),
    message: ({ timestamp, role, content, status, message_id, media_urls }) =>
      csvLine([timestamp, role, content, status, message_id, media_urls.join(' ')]),
    foot: '',
  },
  json: {
    head: (conversation) => `{"conversation":${JSON.stringify(conversation)},"messages":[`,
    message: (message) => `${message.message_index === 0 ? '' : ','}${JSON.stringify(message)}`,
    foot: ']}',
  },
}
