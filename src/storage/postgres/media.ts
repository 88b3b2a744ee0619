import type { InboundStore } from '../../ports/inbound-store.ts'
import { mediaOf } from '../rows.ts'
import type { Database } from './database.ts'

type Part = Pick<InboundStore, 'claimMedia' | 'recordMedia' | 'findMedia' | 'mediaOf'>

/** All but the content, which may be large. */
const described =
  'id, organization_id, message_key, position, provider_account_id, url, content_type, state, tries, size, sha256, fault'

export function makeMedia(database: Database): Part {
  return {
    claimMedia: async ({ now, tryAgainAt, limit }) =>
      (
        await database.all(
          `UPDATE media SET next_at = $1, tries = tries + 1 WHERE id IN (
             SELECT id FROM media WHERE state = 'pending' AND next_at <= $2 ORDER BY next_at LIMIT $3
             FOR UPDATE SKIP LOCKED)
           RETURNING ${described}`,
          tryAgainAt,
          now,
          limit,
        )
      ).map(mediaOf),
    async recordMedia(id, result) {
      if (result.kind === 'stored')
        await database.run(
          `UPDATE media SET state = 'stored', content = $1, size = $2, content_type = $3, sha256 = $4, next_at = NULL,
             fault = NULL WHERE id = $5`,
          result.content,
          result.content.length,
          result.contentType,
          result.sha256,
          id,
        )
      else
        await database.run(
          `UPDATE media SET fault = $1, state = CASE WHEN $2 THEN 'failed' ELSE state END
           WHERE id = $3 AND state = 'pending'`,
          result.fault,
          result.final,
          id,
        )
    },
    async findMedia(id) {
      const row = await database.get('SELECT * FROM media WHERE id = $1', id)
      if (row === undefined) return undefined
      return { ...mediaOf(row), ...(row.content instanceof Uint8Array ? { content: row.content } : {}) }
    },
    mediaOf: async (organizationId, messageId) =>
      (
        await database.all(
          `SELECT ${described} FROM media WHERE organization_id = $1 AND message_key = (SELECT key FROM messages
             WHERE id = $2 AND organization_id = $1) ORDER BY position`,
          organizationId,
          messageId,
        )
      ).map(mediaOf),
  }
}
