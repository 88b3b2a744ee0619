import { Type } from 'typebox'
import type { Provider, WebhookRequest } from '../../ports/provider.ts'
import { webhookBytesMax } from '../../ports/provider.ts'
import type { WebhookResult } from '../../use-cases/receive-provider-webhook.ts'
import type { App } from '../fastify.ts'
import { errorAnswers } from '../schemas/common.ts'

export type ProviderWebhookRouteParts = {
  readonly providers: ReadonlyMap<string, Provider>
  /** What providers were given to call: signatures cover it, never the Host header. */
  readonly publicUrl: string
  readonly receiveProviderWebhook: (
    provider: string,
    webhook: WebhookRequest,
  ) => Promise<{ readonly result: WebhookResult; readonly provider: Provider }>
}

/**
 * Where providers report receipts and inbound texts. Bodies are taken as bytes, whatever their type: that is what was
 * signed. The addresses are those of the published wire API, its older ones included.
 */
export function registerProviderWebhookRoutes(app: App, parts: ProviderWebhookRouteParts): void {
  void app.register(async (scope) => {
    scope.removeAllContentTypeParsers()
    scope.addContentTypeParser('*', { parseAs: 'buffer', bodyLimit: webhookBytesMax }, (_request, body, done) =>
      done(null, body),
    )
    const paths = ['/webhooks/sms/:provider', ...[...parts.providers.keys()].map((name) => `/${name}-sms-webhook`)]
    const routes = paths.flatMap((path, index) =>
      (['GET', 'POST'] as const).map((method) => ({ path, method, isLegacy: index > 0 })),
    )
    for (const { path, method, isLegacy } of routes)
      scope.route<{ Params: { readonly provider?: string } }>({
        method,
        url: path,
        bodyLimit: webhookBytesMax,
        validatorCompiler: () => () => true,
        schema: {
          operationId: method === 'GET' ? 'receiveProviderWebhookByGet' : 'receiveProviderWebhook',
          hide: isLegacy,
          summary: 'For providers: receipts and inbound texts',
          description: 'Signed by the provider. Answered once its content is stored; a repetition changes nothing.',
          tags: ['messages'],
          ...(isLegacy ? {} : { params: Type.Object({ provider: Type.String({ maxLength: 32 }) }) }),
          response: {
            200: Type.String({ description: 'Stored. What the provider expects to read.', examples: ['<Response/>'] }),
            ...errorAnswers({
              403: ['forbidden', 'The signature fits no account here. Check the webhook URL and its secrets.'],
              404: ['not_found', 'There is no such provider.'],
              503: ['unavailable', 'The database does not answer. Nothing was changed; try again.'],
            }),
          },
        },
        async handler(request, reply) {
          const name = request.params.provider ?? path.slice(1).replace(/-sms-webhook$/, '')
          const { provider } = await parts.receiveProviderWebhook(name, {
            method: request.method,
            url: parts.publicUrl + request.url,
            headers: request.headers,
            body: request.body instanceof Uint8Array ? request.body : new Uint8Array(),
          })
          return reply
            .header('content-type', provider.webhookAnswer.contentType)
            .serializer(String)
            .send(provider.webhookAnswer.body)
        },
      })
  })
}
