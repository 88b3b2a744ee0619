import { SmsError } from '../../core/errors.ts'
import { callerOf } from '../auth.ts'
import type { App } from '../fastify.ts'
import type { ReadingParts } from '../reading.ts'
import { auditLogSchema, auditQuery } from '../schemas/audit.ts'
import { setupErrors, timeOf } from '../schemas/common.ts'

const noSuchPage = 'before must be the `next` of a page that was read.'

export function registerAuditRoutes(app: App, { store, logIds }: Pick<ReadingParts, 'store' | 'logIds'>): void {
  app.get(
    '/api/v1/audit-log',
    {
      config: { scopes: ['read', 'manage'] },
      schema: {
        operationId: 'listAuditLog',
        summary: 'Who changed what steers sending, newest first',
        description:
          'Policies, paces, pauses, approvals, resolutions, API keys, opt-outs over the API, erasures. Kept for ever.',
        tags: ['organization'],
        querystring: auditQuery,
        response: { 200: auditLogSchema, ...setupErrors('read or manage', { 400: ['invalid_request', noSuchPage] }) },
      },
    },
    async (request) => {
      const { before, limit } = request.query
      const key = before === undefined ? undefined : logIds.keyOf(before)
      if (before !== undefined && key === undefined) throw new SmsError('invalid_request', noSuchPage)
      const from = key === undefined ? {} : { before: key }
      const found = await store.audit.list(callerOf(request).organizationId, { limit: limit + 1, ...from })
      const page = found.slice(0, limit)
      const last = page.at(-1)
      return {
        entries: page.map((entry) => ({
          id: logIds.idOf(entry.key),
          occurred_at: timeOf(entry.occurredAt),
          actor: entry.actor,
          action: entry.action,
          subject: entry.subject,
          data: { ...entry.data },
        })),
        next: found.length > limit && last !== undefined ? logIds.idOf(last.key) : null,
      }
    },
  )
}
