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
      database.transaction(() =>
        database
          .all(
            `SELECT ${described} FROM media WHERE state = 'pending' AND next_at <= ? ORDER BY next_at LIMIT ?`,
            now,
            limit,
          )
          .map(mediaOf)
          .map((media) => {
            const tries = media.tries + 1
            database.run('UPDATE media SET next_at = ?, tries = ? WHERE id = ?', tryAgainAt(tries), tries, media.id)
            return { ...media, tries }
          }),
      ),
    recordMedia: (id, result) =>
      database.transaction(() => {
        if (result.kind === 'stored')
          database.run(
            `UPDATE media SET state = 'stored', content = ?, size = ?, content_type = ?, sha256 = ?, next_at = NULL,
               fault = NULL WHERE id = ?`,
            result.content,
            result.content.length,
            result.contentType,
            result.sha256,
            id,
          )
        else
          database.run(
            `UPDATE media SET fault = ?, state = iif(?, 'failed', state) WHERE id = ? AND state = 'pending'`,
            result.fault,
            result.final ? 1 : 0,
            id,
          )
      }),
    async findMedia(id) {
      const row = database.get('SELECT * FROM media WHERE id = ?', id)
      if (row === undefined) return undefined
      return { ...mediaOf(row), ...(row.content instanceof Uint8Array ? { content: row.content } : {}) }
    },
    mediaOf: async (organizationId, messageId) =>
      database
        .all(
          `SELECT ${described} FROM media WHERE organization_id = ? AND message_key = (SELECT key FROM messages
             WHERE id = ? AND organization_id = ?) ORDER BY position`,
          organizationId,
          messageId,
          organizationId,
        )
        .map(mediaOf),
  }
}
