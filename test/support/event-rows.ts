import { randomBytes } from 'node:crypto'
import { makeMessageId } from '../../src/core/message-id.ts'
import type { EventEndpoint, EventStore } from '../../src/ports/event-store.ts'
import { openDatabase as openPostgres } from '../../src/storage/postgres/database.ts'
import { makeEventStore as makePostgresEvents } from '../../src/storage/postgres/event-store.ts'
import { makeSealer } from '../../src/storage/seal.ts'
import { openDatabase as openSqlite } from '../../src/storage/sqlite/database.ts'
import { makeEventStore as makeSqliteEvents } from '../../src/storage/sqlite/event-store.ts'
import { now, silentMetrics } from './store-builders.ts'

export type Columns = Readonly<Record<string, string | number | null>>

/** The events of one database, and rows of other tables as the rest of the store writes them. */
export type EventDatabase = {
  readonly events: EventStore
  /** @returns the key or id of the row. */
  insert(table: string, columns: Columns): Promise<number>
  close(): Promise<void>
}

const sealer = makeSealer([new Uint8Array(32).fill(1)])

export async function openSqliteEvents(path: string): Promise<EventDatabase> {
  const database = openSqlite({ path, metrics: silentMetrics })
  return {
    events: makeSqliteEvents(database, sealer),
    insert: (table, columns) =>
      database.transaction(() => {
        const marks = Object.keys(columns).map(() => '?')
        const sql = `INSERT INTO ${table} (${Object.keys(columns)}) VALUES (${marks})`
        return database.run(sql, ...Object.values(columns)).lastKey
      }),
    close: () => database.close(),
  }
}

export async function openPostgresEvents(url: string): Promise<EventDatabase> {
  const database = await openPostgres({ url, metrics: silentMetrics })
  return {
    events: makePostgresEvents(database, sealer),
    async insert(table, columns) {
      const marks = Object.keys(columns).map((_, index) => `$${index + 1}`)
      const row = await database.get(
        `INSERT INTO ${table} (${Object.keys(columns)}) VALUES (${marks}) RETURNING *`,
        ...Object.values(columns),
      )
      return Number(row?.key ?? row?.id)
    },
    close: () => database.close(),
  }
}

let made = 0

/** An organization of its own, and what may happen in it. */
export async function buildEventSource({ events, insert }: EventDatabase) {
  const organizationId = await insert('organizations', { name: `events ${++made} ${Math.random()}`, created_at: now })

  async function conversation(): Promise<number> {
    return insert('conversations', {
      id: makeMessageId(now, randomBytes(16)).replace('msg', 'cnv'),
      organization_id: organizationId,
      assistant_id: 1,
      sender_id: ++made,
      number: '+12025550100',
      person: '+12025550199',
      first_key: 0,
      created_at: now,
    })
  }

  async function message(columns: Columns = {}): Promise<number> {
    return insert('messages', {
      id: makeMessageId(now, randomBytes(16)),
      organization_id: organizationId,
      assistant_id: 1,
      sender_id: 1,
      provider_account_id: 1,
      provider: 'twilio',
      sender: '+12025550199',
      recipient: '+12025550100',
      body: 'Hello',
      media_urls: '[]',
      encoding: 'gsm-7',
      segment_count: 1,
      category: 'conversation',
      on_unknown: 'hold',
      metadata: '{}',
      status: 'received',
      direction: 'inbound',
      created_at: now,
      updated_at: now,
      ...columns,
    })
  }

  async function event(columns: Columns = {}): Promise<number> {
    return insert('events', {
      organization_id: organizationId,
      type: 'opt_out.created',
      occurred_at: now,
      data: '{}',
      ...columns,
    })
  }

  return {
    organizationId,
    conversation,
    message,
    event,
    /** An inbound text of one assistant with its event. @returns the key of the event. */
    async received(params: { conversationKey?: number; assistantId?: number; at?: number; columns?: Columns } = {}) {
      const { conversationKey, assistantId = 1, at = now, columns = {} } = params
      const key = await message({
        conversation_key: conversationKey ?? (await conversation()),
        assistant_id: assistantId,
        created_at: at,
        ...columns,
      })
      return event({ type: 'message.received', message_key: key, occurred_at: at })
    },
    assistant: (inbound: object = {}) =>
      insert('assistants', {
        organization_id: organizationId,
        name: 'Support',
        custom_settings: '{}',
        inbound: JSON.stringify(inbound),
        is_active: 1,
        created_at: now,
        updated_at: now,
      }),
    endpoint: (fields: Partial<Omit<EventEndpoint, 'id'>> = {}) =>
      events.createEndpoint({
        organizationId,
        url: 'https://example.com/events',
        types: [],
        secrets: [{ value: `whsec_${Buffer.alloc(24, 7).toString('base64')}` }],
        ordered: false,
        trusted: false,
        createdAt: now,
        updatedAt: now,
        ...fields,
      }),
  }
}
