import type { Static } from 'typebox'
import { Type } from 'typebox'
import { keptBodyOf } from '../../core/message.ts'
import type { MessageId } from '../../core/message-id.ts'
import type { MessageRecord } from '../../ports/store.ts'
import { actorOf, callerOf } from '../auth.ts'
import type { App } from '../fastify.ts'
import { orNotFound } from '../management.ts'
import { messageBodyOf } from '../message-body.ts'
import { attemptBodyOf, type ReadingParts } from '../reading.ts'
import { bodyErrors, pageQuery, setupErrors, timeOf } from '../schemas/common.ts'
import { messageIdParams, messageSchema } from '../schemas/messages.ts'
import { type Resolution, resolveSchema, type unknownSchema, unknownsSchema } from '../schemas/unknowns.ts'
import { findMessage, noMessage } from './messages.ts'

export type UnknownRouteParts = ReadingParts & {
  /** @throws SmsError `conflict` when nothing about the message is unknown (any more). */
  readonly resolveUnknown: (
    organizationId: number,
    messageId: MessageId,
    resolution: { readonly resolution: Resolution; readonly note?: string; readonly by: string },
  ) => Promise<unknown>
}

const path = '/api/v1/unknowns'

export function registerUnknownRoutes(app: App, parts: UnknownRouteParts): void {
  app.get(
    path,
    {
      config: { scopes: ['read', 'manage'] },
      schema: {
        operationId: 'listUnknowns',
        summary: 'Texts that may or may not have gone out, newest first',
        description: 'Their provider gave no usable answer, and none of its reports has told since.',
        tags: ['messages'],
        querystring: Type.Object(pageQuery),
        response: {
          200: unknownsSchema,
          ...setupErrors('read or manage', { 400: ['invalid_request', 'limit must be at most 1000.'] }),
        },
      },
    },
    async (request) =>
      (await parts.store.evidence.listUnknown(callerOf(request).organizationId, request.query)).map(unknownBodyOf),
  )

  app.post(
    `${path}/:message_id/resolve`,
    {
      config: { scopes: ['operate', 'manage'] },
      schema: {
        operationId: 'resolveUnknown',
        summary: 'Say what became of a text that is unknown',
        description: 'After a look at the provider. The event that follows says who decided.',
        tags: ['messages'],
        params: messageIdParams,
        body: resolveSchema,
        response: {
          200: messageSchema,
          ...setupErrors('operate or manage', {
            ...bodyErrors,
            404: ['not_found', noMessage],
            409: ['conflict', 'What became of this message is known by now. Look at it again.'],
          }),
        },
      },
    },
    async (request) => {
      const caller = callerOf(request)
      const { organizationId } = caller
      const { message_id } = request.params
      const { message } = orNotFound(await findMessage(parts.store, organizationId, message_id), noMessage)
      const { resolution, note } = request.body
      await parts.resolveUnknown(organizationId, message.id, {
        resolution,
        ...(note ? { note } : {}),
        by: actorOf(caller),
      })
      return messageBodyOf(parts, orNotFound(await parts.store.messages.find(organizationId, message.id), noMessage))
    },
  )
}

function unknownBodyOf({ message, attempts }: MessageRecord): Static<typeof unknownSchema> {
  const unknown = attempts.findLast(({ outcome }) => outcome?.kind === 'unknown')?.outcome
  return {
    message_id: message.id,
    status: message.status,
    assistant_id: message.assistantId,
    from: message.sender,
    to: message.recipient,
    body: keptBodyOf(message),
    provider: message.provider,
    on_unknown: message.onUnknown,
    known: unknown?.kind === 'unknown' ? unknown.detail : null,
    created_at: timeOf(message.createdAt),
    attempts: attempts.map(attemptBodyOf),
  }
}
