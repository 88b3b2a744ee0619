import type { InboundStore } from '../../ports/inbound-store.ts'
import { mediaOf } from '../rows.ts'
import type { Database } from './database.ts'

type Part = Pick<InboundStore, 'claimMedia' | 'recordMedia' | 'findMedia' | 'mediaOf'>

/** All but the content, which may be large. */
const described =
  'id, organization_id, message_key, position, provider_account_id, url, content_type, state, tries, size, sha256, fault'

export function makeMedia(database: Database): Part {
  return {
    claimMedia: ({ now, tryAgainAt, limit }) =>
      database.transaction(async (queries) => {
        const rows = await queries.all(
          `SELECT ${described} FROM media WHERE state = 'pending' AND next_at <= $1 ORDER BY next_at LIMIT $2
           FOR UPDATE SKIP LOCKED`,
          now,
          limit,
        )
        const claimed = rows.map(mediaOf).map((media) => ({ ...media, tries: media.tries + 1 }))
        await queries.run(
          `UPDATE media m SET next_at = c.next_at, tries = m.tries + 1
           FROM unnest($1::text[], $2::bigint[]) AS c (id, next_at) WHERE m.id = c.id`,
          claimed.map(({ id }) => id),
          claimed.map(({ tries }) => tryAgainAt(tries)),
        )
        return claimed
      }),
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
