import swagger from '@fastify/swagger'
import scalar from '@scalar/fastify-api-reference'
import type { App } from './fastify.ts'

export type OpenApiParts = { readonly publicUrl: string; readonly version: string }

/** The document is generated from the route schemas, so it must be registered before the routes. */
export async function registerOpenApi(app: App, { publicUrl, version }: OpenApiParts): Promise<void> {
  await app.register(swagger, {
    openapi: {
      openapi: '3.1.0',
      info: {
        title: 'Textbridge',
        version,
        description:
          'The safe send path between AI assistants and phone networks. Every error body is `{"detail", "code"}`; `code` is one of a closed list.',
        license: { name: 'MIT', identifier: 'MIT' },
      },
      servers: [{ url: publicUrl }],
      tags: [
        { name: 'messages', description: 'Send texts, and learn what became of them.' },
        { name: 'opt-outs', description: 'Who must not be texted.' },
        { name: 'assistants', description: 'Who owns the sending numbers.' },
        { name: 'phone numbers', description: 'What texts come from.' },
        { name: 'provider accounts', description: 'Credentials at a provider.' },
        { name: 'API keys', description: 'Who may call.' },
        { name: 'health', description: 'For load balancers and monitoring.' },
      ],
      components: { securitySchemes: { apiKey: { type: 'http', scheme: 'bearer' } } },
    },
    transform: ({ schema, url, route }) => ({
      schema: {
        ...schema,
        ...(route.config?.scopes === undefined ? { security: [] } : { security: [{ apiKey: [] }] }),
      },
      url,
    }),
  })
  app.get('/openapi.json', { schema: { hide: true } }, () => app.swagger())
  await app.register(scalar, {
    routePrefix: '/docs',
    configuration: {
      url: '/openapi.json',
      // No outside assets: the page must work in a closed network and tell nobody that it was opened.
      withDefaultFonts: false,
      telemetry: false,
      agent: { disabled: true },
      hideClientButton: true,
      showDeveloperTools: 'never',
    },
  })
}
