import { type Static, Type } from 'typebox'
import { SmsError } from '../../core/errors.ts'
import { keptBodyOf } from '../../core/message.ts'
import type { MessageFilter, MessageRecord } from '../../ports/store.ts'
import { callerOf } from '../auth.ts'
import type { App } from '../fastify.ts'
import { orNotFound } from '../management.ts'
import { receiptBodyOf } from '../message-body.ts'
import { attemptBodyOf, failureBodyOf, type ReadingParts } from '../reading.ts'
import { setupErrors, timeOf } from '../schemas/common.ts'
import { logDetailSchema, type logSchema, logsQuery, logsSchema, statsSchema, totalMax } from '../schemas/sms-logs.ts'
import { parsePeriod, periodQuery } from '../schemas/time-query.ts'
import { findMessage } from './messages.ts'

const path = '/api/v1/sms-logs'
const read = { scopes: ['read', 'manage'] } as const
const tags = ['messages']
const noEntry = 'No log entry has this id.'
const badPeriod = {
  400: ['invalid_request', 'date_from must be a time as in 2027-01-31 or 2027-01-31T12:00:00Z.'],
} as const

export function registerSmsLogRoutes(app: App, parts: ReadingParts): void {
  registerList(app, parts)
  registerStats(app, parts)
  registerOne(app, parts)
}

function registerList(app: App, parts: ReadingParts): void {
  const { store, logIds } = parts
  app.get(
    path,
    {
      config: read,
      schema: {
        operationId: 'listSmsLogs',
        summary: 'All texts in both directions, newest first',
        description: 'By `skip`, or by `cursor`, which misses and repeats nothing while new messages come.',
        tags,
        querystring: logsQuery,
        response: { 200: logsSchema, ...setupErrors('read or manage', badPeriod) },
      },
    },
    async (request) => {
      const { organizationId } = callerOf(request)
      const { skip, limit, cursor } = request.query
      const filter = filterOf(request.query)
      const before = cursor === undefined ? undefined : keyOfCursor(parts, cursor)
      const page = { skip, limit: limit + 1, ...(before === undefined ? {} : { before }) }
      const [found, total] = await Promise.all([
        store.messages.list(organizationId, filter, page),
        store.messages.count(organizationId, filter, totalMax),
      ])
      const records = found.slice(0, limit)
      const last = records.at(-1)
      const hasMore = found.length > limit
      return {
        items: await Promise.all(records.map((record) => logBodyOf(parts, record))),
        total,
        skip,
        limit,
        has_more: hasMore,
        next_cursor: hasMore && last !== undefined ? String(logIds.idOf(last.key)) : null,
      }
    },
  )
}

function registerStats(app: App, { store }: ReadingParts): void {
  app.get(
    `${path}/stats`,
    {
      config: read,
      schema: {
        operationId: 'getSmsLogStats',
        summary: 'How many texts there are, by status, direction and provider',
        tags,
        querystring: Type.Object(periodQuery),
        response: { 200: statsSchema, ...setupErrors('read or manage', badPeriod) },
      },
    },
    async (request) => {
      const counts = await store.messages.counts(callerOf(request).organizationId, parsePeriod(request.query))
      return {
        total: counts.total,
        by_status: { ...counts.byStatus },
        by_direction: { ...counts.byDirection },
        by_provider: { ...counts.byProvider },
      }
    },
  )
}

function registerOne(app: App, parts: ReadingParts): void {
  app.get(
    `${path}/:log_id`,
    {
      config: read,
      schema: {
        operationId: 'getSmsLog',
        summary: 'One text of the log, with what its provider said',
        description: "By the log's own id, by our message id, or by the id of the provider.",
        tags,
        params: Type.Object({ log_id: Type.String({ maxLength: 256 }) }),
        response: {
          200: logDetailSchema,
          ...setupErrors('read or manage', {
            400: ['invalid_request', 'The request contains a NUL character or half of a surrogate pair.'],
            404: ['not_found', noEntry],
          }),
        },
      },
    },
    async (request) => {
      const { organizationId } = callerOf(request)
      const record = orNotFound(await findEntry(parts, organizationId, request.params.log_id), noEntry)
      const [entry, conversation, receipts] = await Promise.all([
        logBodyOf(parts, record),
        parts.store.inbound.conversationOf(organizationId, record.key),
        parts.store.evidence.receipts(organizationId, record.message.id),
      ])
      return {
        ...entry,
        conversation_id: conversation?.id ?? null,
        attempts: record.attempts.map(attemptBodyOf),
        receipts: receipts.map(receiptBodyOf),
      }
    },
  )
}

function findEntry({ store, logIds }: ReadingParts, organizationId: number, id: string) {
  const key = /^\d{1,16}$/.test(id) ? logIds.keyOf(Number(id)) : undefined
  return key === undefined ? findMessage(store, organizationId, id) : store.messages.findByKey(organizationId, key)
}

function keyOfCursor({ logIds }: ReadingParts, cursor: string): number {
  const key = logIds.keyOf(Number(cursor))
  if (key === undefined)
    throw new SmsError('invalid_request', 'cursor is not one of ours. Give the next_cursor of the page before.')
  return key
}

function filterOf(query: Static<typeof logsQuery>): MessageFilter {
  const { direction, status, provider, assistant_id, from_number, to_number, search } = query
  return {
    ...(direction === undefined ? {} : { direction }),
    ...(status === undefined ? {} : { status: status === 'cancelled' ? 'canceled' : status }),
    ...(provider === undefined ? {} : { provider }),
    ...(assistant_id === undefined ? {} : { assistantId: assistant_id }),
    ...(from_number === undefined ? {} : { sender: numberOf(from_number) }),
    ...(to_number === undefined ? {} : { recipient: numberOf(to_number) }),
    ...(search === undefined ? {} : { search }),
    ...parsePeriod(query),
  }
}

/** A + in a query that nobody encoded arrives as a space. */
export function numberOf(text: string): string {
  return text.replace(/^ /, '+')
}

async function logBodyOf(
  { mediaUrls, logIds }: ReadingParts,
  { key, message, attempts }: MessageRecord,
): Promise<Static<typeof logSchema>> {
  return {
    id: logIds.idOf(key),
    message_id: message.id,
    assistant_id: message.assistantId,
    direction: message.direction,
    status: message.status,
    from_number: message.sender,
    to_number: message.recipient,
    body: keptBodyOf(message),
    media_urls: [...(await mediaUrls(message))],
    provider: message.provider,
    provider_message_id: message.providerMessageId ?? null,
    segments: message.segmentCount,
    encoding: message.encoding,
    failure: failureBodyOf(message.failure),
    attempt_count: attempts.length,
    created_at: timeOf(message.createdAt),
    updated_at: timeOf(message.updatedAt),
  }
}
