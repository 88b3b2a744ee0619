import { Type } from 'typebox'
import { SmsError } from '../../core/errors.ts'
import type { Store } from '../../ports/store.ts'
import type { MediaLinks } from '../../use-cases/media-link.ts'
import type { App } from '../fastify.ts'
import { errorAnswers } from '../schemas/common.ts'

export type MediaRouteParts = { readonly store: Store; readonly mediaLinks: MediaLinks }

/** Shown in place; anything else is a download, so that no page of a stranger runs under our address. */
const shownInline = /^(image\/(png|jpeg|gif|webp|bmp)|audio\/[\w.+-]+|video\/[\w.+-]+)$/

export function registerMediaRoutes(app: App, { store, mediaLinks }: MediaRouteParts): void {
  app.get(
    '/media/:media_id',
    {
      schema: {
        operationId: 'getMedia',
        summary: 'What an inbound MMS carries',
        description: 'By the signed link that stands in messages and events; it works for a day. Needs no API key.',
        tags: ['messages'],
        params: Type.Object({ media_id: Type.String({ maxLength: 64 }) }),
        querystring: Type.Object({
          expires: Type.String({ maxLength: 16 }),
          signature: Type.String({ maxLength: 64 }),
        }),
        response: {
          200: Type.String({
            description: 'The content, as its sender made it.',
            examples: ['(the bytes of a picture)'],
          }),
          ...errorAnswers({
            404: ['not_found', 'This link is not valid any more. Read the message again for a new one.'],
            503: ['unavailable', 'The provider has not handed this out yet. Ask again in a minute.'],
          }),
        },
      },
    },
    async (request, reply) => {
      const { expires, signature } = request.query
      const id = request.params.media_id
      const media = mediaLinks.verify({ id, expires, signature }) ? await store.inbound.findMedia(id) : undefined
      if (media?.state === 'failed')
        throw new SmsError('not_found', `The media could not be fetched: ${media.fault ?? 'no reason is known'}.`)
      if (media === undefined)
        throw new SmsError('not_found', 'This link is not valid any more. Read the message again for a new one.')
      if (media.content === undefined)
        throw new SmsError('unavailable', 'The provider has not handed this out yet. Ask again in a minute.', {
          retryAfterMs: 60_000,
        })
      const { contentType, sha256 = '' } = media
      return reply
        .header('content-type', contentType)
        .header('content-disposition', shownInline.test(contentType) ? 'inline' : 'attachment')
        .header('content-security-policy', "default-src 'none'; sandbox")
        .header('x-content-type-options', 'nosniff')
        .header('cache-control', 'private, max-age=3600')
        .header('etag', `"${sha256}"`)
        .serializer((content: unknown) => content as never)
        .send(Buffer.from(media.content) as never)
    },
  )
}
