import { freshName } from './store-builders.ts'

/** The columns of a message that is like this; of nobody in particular. */
export function waitingMessage(params: {
  readonly status: string
  readonly dueAt?: number
  readonly onUnknown?: string
}): Readonly<Record<string, string | number>> {
  return {
    id: freshName('waiting'),
    organization_id: 7,
    assistant_id: 1,
    sender_id: 1,
    provider_account_id: 1,
    provider: 'none',
    sender: '',
    recipient: '',
    body: 'Hello',
    media_urls: '[]',
    encoding: 'gsm-7',
    segment_count: 1,
    category: 'conversation',
    on_unknown: params.onUnknown ?? 'hold',
    metadata: '{}',
    status: params.status,
    ...(params.dueAt === undefined ? {} : { due_at: params.dueAt }),
    created_at: 0,
    updated_at: 0,
  }
}

export function insertMessage(columns: Readonly<Record<string, unknown>>, marks: readonly string[]): string {
  return `INSERT INTO messages (${Object.keys(columns)}) VALUES (${marks})`
}
