import swagger from '@fastify/swagger'
import scalar from '@scalar/fastify-api-reference'
import type { App } from './fastify.ts'

export type OpenApiParts = { readonly publicUrl: string; readonly version: string }

/** The document is generated from the route schemas, so it must be registered before the routes. */
export async function registerOpenApi(app: App, { publicUrl, version }: OpenApiParts): Promise<void> {
  await app.register(swagger, {
    // Paths are those of this service; a prefix that a proxy adds stands in the server's URL.
    stripBasePath: false,
    openapi: {
      openapi: '3.1.0',
      info: {
        title: 'Textbridge',
        version,
        description:
          'The safe send path between AI assistants and phone networks. Every error body is `{"detail", "code"}`; `code` is one of a closed list. `x-scopes` of an operation are the scopes of which a key needs one. A trailing slash makes no difference. A key may have a rate limit: then every answer to it carries the `RateLimit` fields, and `429` with `Retry-After` means that nothing was done.',
        license: { name: 'MIT', identifier: 'MIT' },
      },
      servers: [{ url: publicUrl }],
      tags: [
        { name: 'messages', description: 'Send texts, and learn what became of them.' },
        { name: 'conversations', description: 'All texts between one of your numbers and one person.' },
        { name: 'opt-outs', description: 'Who must not be texted.' },
        { name: 'people', description: 'What is stored about somebody: hand it out, or remove it.' },
        { name: 'events', description: 'Hear of everything that happens: by signed webhooks, by pull, by stream.' },
        { name: 'organization', description: 'Who owns everything that a key can see.' },
        { name: 'policies', description: 'What may be sent, and to whom.' },
        { name: 'assistants', description: 'Who owns the sending numbers.' },
        { name: 'phone numbers', description: 'What texts come from.' },
        { name: 'provider accounts', description: 'Credentials at a provider.' },
        { name: 'API keys', description: 'Who may call.' },
        { name: 'users', description: 'Who may sign in to the console.' },
        { name: 'health', description: 'For load balancers and monitoring.' },
      ],
      components: {
        securitySchemes: {
          apiKey: { type: 'http', scheme: 'bearer' },
          session: {
            type: 'apiKey',
            in: 'cookie',
            name: '__Host-textbridge',
            description: 'Of a browser that has signed in; on `http://localhost` it is called `textbridge_session`.',
          },
        },
      },
    },
    transform: ({ schema, url, route }) => ({
      schema: {
        ...schema,
        ...(route.config?.scopes === undefined
          ? { security: [] }
          : { security: [{ apiKey: [] }, { session: [] }], 'x-scopes': route.config.scopes }),
      },
      url,
    }),
    transformObject: (document) => ('openapiObject' in document ? withNamedSchemas(document.openapiObject) : {}),
  })
  app.get('/openapi.json', { schema: { hide: true } }, () => app.swagger())
  await app.register(scalar, {
    routePrefix: '/docs',
    hooks: {
      onRequest: (_request, reply, done) => {
        reply.header('content-security-policy', docsPolicy(publicUrl))
        done()
      },
    },
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

/** The page is somebody else's code and knows addresses of theirs; the browser holds it to ours, whatever it tries. */
function docsPolicy(publicUrl: string): string {
  return [
    "default-src 'none'",
    "script-src 'self' 'unsafe-inline'",
    "style-src 'self' 'unsafe-inline'",
    "img-src 'self' data:",
    "font-src 'self' data:",
    `connect-src 'self' ${new URL(publicUrl).origin}`,
    "base-uri 'none'",
    "form-action 'none'",
    "frame-ancestors 'none'",
  ].join('; ')
}

/** Members that hold values and not schemas. */
const values = ['example', 'examples', 'default', 'enum']

/** Schemas with a title move to `components`, once each: the document stays readable, and generated clients get names. */
function withNamedSchemas<T extends object>(document: T): T & { components: { schemas: Record<string, unknown> } } {
  const schemas: Record<string, unknown> = {}

  function named(node: unknown): unknown {
    if (Array.isArray(node)) return node.map(named)
    if (typeof node !== 'object' || node === null) return node
    const copy = Object.fromEntries(
      Object.entries(node).map(([name, member]) => [name, values.includes(name) ? member : named(member)]),
    )
    if (copy.description === 'Default Response') copy.description = 'Done.'
    // The generator takes a value that always has one, if only its default, for one that must be given.
    if (copy.in === 'query' && hasDefault(copy.schema)) copy.required = false
    if (typeof copy.title !== 'string' || !('type' in copy)) return copy
    // Examples of a whole body stand beside its schema, those of a list's entry within it.
    const { examples: _apart, ...schema } = copy
    const present = schemas[copy.title]
    if (present !== undefined && JSON.stringify(present) !== JSON.stringify(schema))
      throw new Error(`two schemas have the title ${copy.title}`)
    schemas[copy.title] = schema
    return { $ref: `#/components/schemas/${copy.title}` }
  }

  const components = 'components' in document && typeof document.components === 'object' ? document.components : {}
  const walked = Object.entries(document).map(([name, part]) => [name, name === 'paths' ? named(part) : part])
  return { ...document, ...Object.fromEntries(walked), components: { ...components, schemas } }
}

function hasDefault(schema: unknown): boolean {
  return typeof schema === 'object' && schema !== null && 'default' in schema
}
