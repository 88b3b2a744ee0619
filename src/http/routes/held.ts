import { SmsError } from '../../core/errors.ts'
import { isMessageId } from '../../core/message-id.ts'
import type { Clock } from '../../ports/clock.ts'
import type { Store } from '../../ports/store.ts'
import { decideHeld } from '../../use-cases/decide-held.ts'
import { actorOf, callerOf } from '../auth.ts'
import type { App } from '../fastify.ts'
import { orNotFound } from '../management.ts'
import { messageBodyOf } from '../message-body.ts'
import type { ReadingParts } from '../reading.ts'
import { bodyErrors, setupErrors } from '../schemas/common.ts'
import { decisionSchema, heldQuery, heldSchema } from '../schemas/held.ts'
import { messageIdParams, messageSchema } from '../schemas/messages.ts'
import { findMessage, noMessage } from './messages.ts'

export type HeldRouteParts = ReadingParts & {
  readonly clock: Clock
  /** Makes the loops of this process look for work at once. */
  readonly wakeJobs: () => void
}

const path = '/api/v1/held'
const noSuchPage = 'before must be the `next` of a page that was read.'

export function registerHeldRoutes(app: App, parts: HeldRouteParts): void {
  registerList(app, parts)
  registerDecisions(app, parts)
}

function registerList(app: App, parts: HeldRouteParts): void {
  const { store } = parts
  app.get(
    path,
    {
      config: { scopes: ['read', 'manage'] },
      schema: {
        operationId: 'listHeld',
        summary: 'Texts that are held: for approval, quiet hours or a pause, newest first',
        tags: ['messages'],
        querystring: heldQuery,
        response: { 200: heldSchema, ...setupErrors('read or manage', { 400: ['invalid_request', noSuchPage] }) },
      },
    },
    async (request) => {
      const { organizationId } = callerOf(request)
      const { before, limit } = request.query
      const from = before === undefined ? {} : { before: await keyOf(store, organizationId, before) }
      const found = await store.queue.listHeld(organizationId, { limit: limit + 1, ...from })
      const page = found.slice(0, limit)
      return {
        messages: await Promise.all(page.map((record) => messageBodyOf(parts, record))),
        next: found.length > limit ? (page.at(-1)?.message.id ?? null) : null,
      }
    },
  )
}

/** The message itself may be held no more: its place in the order stays. */
async function keyOf(store: Store, organizationId: number, id: string): Promise<number> {
  const record = isMessageId(id) ? await store.messages.find(organizationId, id) : undefined
  if (record === undefined) throw new SmsError('invalid_request', noSuchPage)
  return record.key
}

function registerDecisions(app: App, parts: HeldRouteParts): void {
  const { store, clock, wakeJobs } = parts
  for (const [verb, operationId, approve, summary, description] of [
    ['approve', 'approveHeld', true, 'Let a text go that waits for approval', 'It goes to the queue.'],
    ['refuse', 'refuseHeld', false, 'End a text that waits for approval', 'It becomes `canceled`.'],
  ] as const)
    app.post(
      `${path}/:message_id/${verb}`,
      {
        config: { scopes: ['operate', 'manage'] },
        // All of it may be left out, so the body too.
        preValidation: async (request) => {
          request.body ??= {}
        },
        schema: {
          operationId,
          summary,
          description: `${description} The event that follows says who decided.`,
          tags: ['messages'],
          params: messageIdParams,
          body: decisionSchema,
          response: {
            200: messageSchema,
            ...setupErrors('operate or manage', {
              ...bodyErrors,
              404: ['not_found', noMessage],
              409: ['conflict', 'This message does not wait for approval (any more). Look at it again.'],
            }),
          },
        },
      },
      async (request) => {
        const caller = callerOf(request)
        const { organizationId } = caller
        const found = orNotFound(await findMessage(store, organizationId, request.params.message_id), noMessage)
        const messageId = found.message.id
        const { note } = request.body
        const decision = { organizationId, messageId, approve, actor: actorOf(caller), ...(note ? { note } : {}) }
        await decideHeld({ store, clock }, decision)
        if (approve) wakeJobs()
        return messageBodyOf(parts, orNotFound(await store.messages.find(organizationId, messageId), noMessage))
      },
    )
}
