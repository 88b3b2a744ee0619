import { Readable } from 'node:stream'
import type { FastifyRequest } from 'fastify'
import { type Static, Type } from 'typebox'
import { isE164 } from '../../core/phone-number.ts'
import type { ConversationSummary } from '../../ports/inbound-store.ts'
import type { Page } from '../../ports/store.ts'
import { callerOf } from '../auth.ts'
import { type ConversationMessageBody, conversationBodiesOf, conversationMessageBodyOf } from '../conversation-body.ts'
import { contentTypeByFormat, exportConversation } from '../conversation-export.ts'
import type { App } from '../fastify.ts'
import { orNotFound } from '../management.ts'
import type { ReadingParts } from '../reading.ts'
import { fileSchema, resultSchema, setupErrors } from '../schemas/common.ts'
import {
  conversationExample,
  conversationMessageExample,
  conversationMessageSchema,
  conversationMessagesQuery,
  conversationMessagesSchema,
  conversationQuery,
  conversationSchema,
  conversationsQuery,
  conversationsSchema,
  exportQuery,
  conversationParams as params,
} from '../schemas/conversations.ts'
import { parsePeriod } from '../schemas/time-query.ts'
import { numberOf } from './sms-logs.ts'

const path = '/api/v1/sms-conversations'
const read = { scopes: ['read', 'manage'] } as const
const tags = ['conversations']
const noConversation = 'No conversation has this id, or it is archived.'
const errors = setupErrors('read or manage', { 404: ['not_found', noConversation] })
const relatedMax = 100
const exportPageMessages = 500

export function registerConversationRoutes(app: App, parts: ReadingParts): void {
  registerList(app, parts)
  registerOne(app, parts)
  registerMessages(app, parts)
  registerExport(app, parts)
  registerArchiving(app, parts)
}

function registerList(app: App, { store }: ReadingParts): void {
  app.get(
    path,
    {
      config: read,
      schema: {
        operationId: 'listConversations',
        summary: 'Conversations, the one with the newest text first',
        tags,
        querystring: conversationsQuery,
        response: {
          200: conversationsSchema,
          ...setupErrors('read or manage', { 400: ['invalid_request', 'limit must be at most 1000.'] }),
        },
      },
    },
    async (request) => {
      const { status, assistant_id, customer_phone } = request.query
      const person = customer_phone === undefined ? undefined : numberOf(customer_phone)
      if (person !== undefined && !isE164(person)) return []
      const filter = {
        archived: status === 'archived',
        ...(assistant_id === undefined ? {} : { assistantId: assistant_id }),
        ...(person === undefined ? {} : { person }),
        ...parsePeriod(request.query),
      }
      const { organizationId } = callerOf(request)
      return conversationBodiesOf(store, await store.inbound.listConversations(organizationId, filter, request.query))
    },
  )
}

function registerOne(app: App, parts: ReadingParts): void {
  const { store } = parts
  app.get(
    `${path}/:conversation_id`,
    {
      config: read,
      schema: {
        operationId: 'getConversation',
        summary: 'One conversation',
        tags,
        params,
        querystring: conversationQuery,
        response: { 200: conversationSchema, ...errors },
      },
    },
    async (request) => {
      const found = await find(parts, request, request.query)
      return orNotFound((await conversationBodiesOf(store, [found]))[0], noConversation)
    },
  )

  app.get(
    `${path}/:conversation_id/related`,
    {
      config: read,
      schema: {
        operationId: 'listRelatedConversations',
        summary: 'Other conversations with the same person',
        description: `With your other numbers; at most ${relatedMax}.`,
        tags,
        params,
        querystring: conversationQuery,
        response: { 200: conversationsSchema, ...errors },
      },
    },
    async (request) => {
      const { organizationId } = callerOf(request)
      const { id, person } = await find(parts, request, request.query)
      const page = { skip: 0, limit: relatedMax + 1 }
      const found = await store.inbound.listConversations(organizationId, { person }, page)
      const others = found.filter((other) => other.id !== id).slice(0, relatedMax)
      return conversationBodiesOf(store, others)
    },
  )
}

function registerMessages(app: App, parts: ReadingParts): void {
  app.get(
    `${path}/:conversation_id/messages`,
    {
      config: read,
      schema: {
        operationId: 'listConversationMessages',
        summary: 'The texts of a conversation, oldest first',
        tags,
        params,
        querystring: conversationMessagesQuery,
        response: { 200: conversationMessagesSchema, ...errors },
      },
    },
    async (request) => {
      const found = await find(parts, request, request.query)
      return messagePage(parts, found, request.query)
    },
  )
}

function registerExport(app: App, parts: ReadingParts): void {
  app.get(
    `${path}/:conversation_id/export`,
    {
      config: read,
      schema: {
        operationId: 'exportConversation',
        summary: 'A whole conversation as a file',
        description: 'The CSV is safe to open in a spreadsheet: what would run as a formula begins with an apostrophe.',
        tags,
        params,
        querystring: exportQuery,
        response: {
          200: {
            description: 'The file.',
            content: {
              'text/plain': { schema: fileSchema },
              'text/csv': { schema: fileSchema },
              'application/json': {
                schema: Type.Object(
                  { conversation: conversationSchema, messages: Type.Array(conversationMessageSchema) },
                  { title: 'ConversationExport' },
                ),
                example: { conversation: conversationExample, messages: [conversationMessageExample] },
              },
            },
          },
          ...setupErrors('read or manage', {
            400: ['invalid_request', 'format must be one of: txt, csv, json.'],
            404: ['not_found', noConversation],
          }),
        },
      },
    },
    async (request, reply) => {
      const { format } = request.query
      const found = await find(parts, request, request.query)
      const conversation = orNotFound((await conversationBodiesOf(parts.store, [found]))[0], noConversation)
      const file = exportConversation({ format, conversation, messages: allMessages(parts, found) })
      reply
        .header('content-type', contentTypeByFormat[format])
        .header('content-disposition', `attachment; filename="${found.id}.${format}"`)
      return reply.send(Readable.from(file))
    },
  )
}

function registerArchiving(app: App, parts: ReadingParts): void {
  app.delete(
    `${path}/:conversation_id`,
    {
      config: { scopes: ['operate', 'manage'] },
      schema: {
        operationId: 'archiveConversation',
        summary: 'Hide a conversation until a new text comes',
        description: 'Nothing is lost: its texts stay in the log.',
        tags,
        params,
        response: {
          200: resultSchema('The conversation is archived.'),
          ...setupErrors('operate or manage', { 404: ['not_found', noConversation] }),
        },
      },
    },
    async (request) => {
      const { organizationId } = callerOf(request)
      const { id } = await find(parts, request, { include_archived: false })
      await parts.store.inbound.archiveConversation(organizationId, id)
      return { success: true, message: 'The conversation is archived.' }
    },
  )
}

/** @throws SmsError `not_found`, of archived ones too unless they are asked for, as the published API has it. */
async function find(
  { store }: ReadingParts,
  request: FastifyRequest & { readonly params: Static<typeof params> },
  { include_archived }: Static<typeof conversationQuery>,
): Promise<ConversationSummary> {
  const { organizationId } = callerOf(request)
  const found = await store.inbound.findConversation(organizationId, request.params.conversation_id)
  const isHidden = found?.isArchived === true && !include_archived
  return orNotFound(isHidden ? undefined : found, noConversation)
}

async function messagePage(
  parts: ReadingParts,
  { organizationId, id, key }: ConversationSummary,
  page: Page,
): Promise<ConversationMessageBody[]> {
  const records = await parts.store.inbound.listMessages(organizationId, key, page)
  return Promise.all(
    records.map((record, index) =>
      conversationMessageBodyOf(parts, record, { conversationId: id, index: page.skip + index }),
    ),
  )
}

async function* allMessages(
  parts: ReadingParts,
  conversation: ConversationSummary,
): AsyncGenerator<ConversationMessageBody> {
  for (let skip = 0; ; skip += exportPageMessages) {
    const page = await messagePage(parts, conversation, { skip, limit: exportPageMessages })
    yield* page
    if (page.length < exportPageMessages) return
  }
}
