import { isMessageId } from '../../core/message-id.ts'
import type { MessageRecord, Store } from '../../ports/store.ts'
import { callerOf } from '../auth.ts'
import type { App } from '../fastify.ts'
import { orNotFound } from '../management.ts'
import { messageBodyOf } from '../message-body.ts'
import type { ReadingParts } from '../reading.ts'
import { setupErrors } from '../schemas/common.ts'
import { messageIdParams, messageSchema } from '../schemas/messages.ts'

export const noMessage = 'No message has this id.'

export function registerMessageRoutes(app: App, parts: ReadingParts): void {
  app.get(
    '/sms/:message_id',
    {
      config: { scopes: ['read', 'manage'] },
      schema: {
        operationId: 'getSms',
        summary: 'A text with everything that is known about it',
        description: 'By our id or by the id of the provider. With its attempts, delivery receipts and events.',
        tags: ['messages'],
        params: messageIdParams,
        response: {
          200: messageSchema,
          ...setupErrors('read or manage', {
            400: ['invalid_request', 'The request contains a NUL character or half of a surrogate pair.'],
            404: ['not_found', noMessage],
          }),
        },
      },
    },
    async (request) => {
      const { organizationId } = callerOf(request)
      const record = await findMessage(parts.store, organizationId, request.params.message_id)
      return messageBodyOf(parts, orNotFound(record, noMessage))
    },
  )
}

/** By our id or by the id of the provider. */
export function findMessage(store: Store, organizationId: number, id: string): Promise<MessageRecord | undefined> {
  return isMessageId(id) ? store.messages.find(organizationId, id) : store.messages.findByProviderId(organizationId, id)
}
