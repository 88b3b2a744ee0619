import { at } from './service-client.ts'

export type Parameter = { readonly name: string; readonly in: string; readonly schema: unknown }
export type Content = { readonly schema: unknown; readonly examples: readonly unknown[] }
export type Operation = {
  readonly method: string
  readonly path: string
  readonly title: string
  readonly operation: unknown
  readonly isScoped: boolean
  readonly parameters: readonly Parameter[]
  readonly body: Content | undefined
  /** By status; without content, `content` is undefined. */
  readonly answers: readonly {
    readonly status: number
    readonly description: unknown
    readonly content: Content | undefined
  }[]
}

/** All operations of an OpenAPI document, as flat as a test wants them. */
export function operationsOf(document: unknown): Operation[] {
  return entriesOf(at(document, 'paths')).flatMap(([path, item]) =>
    entriesOf(item).map(([method, operation]) => ({
      method: method.toUpperCase(),
      path,
      title: `${method.toUpperCase()} ${path}`,
      operation,
      isScoped: JSON.stringify(at(operation, 'security')) === '[{"apiKey":[]},{"session":[]}]',
      parameters: listOf(at(operation, 'parameters')).map((parameter) => ({
        name: String(at(parameter, 'name')),
        in: String(at(parameter, 'in')),
        schema: at(parameter, 'schema'),
      })),
      body: contentOf(at(operation, 'requestBody')),
      answers: entriesOf(at(operation, 'responses')).map(([status, answer]) => ({
        status: Number(status),
        description: at(answer, 'description'),
        content: contentOf(answer),
      })),
    })),
  )
}

/** The schema that a reference names, or the schema itself; of a schema that may be null, the other one. */
export function resolved(document: unknown, schema: unknown): unknown {
  const reference = at(schema, '$ref')
  if (typeof reference === 'string') return resolved(document, at(document, ...reference.slice(2).split('/')))
  const choices = listOf(at(schema, 'anyOf'))
  return choices.length === 0 ? schema : resolved(document, choices[0])
}

export function entriesOf(value: unknown): [string, unknown][] {
  return typeof value === 'object' && value !== null ? Object.entries(value) : []
}

export function listOf(value: unknown): unknown[] {
  return Array.isArray(value) ? value : []
}

function contentOf(holder: unknown): Content | undefined {
  const media = at(holder, 'content', 'application/json')
  if (media === undefined) return undefined
  const example = at(media, 'example')
  return {
    schema: at(media, 'schema'),
    examples: [
      ...(example === undefined ? [] : [example]),
      ...entriesOf(at(media, 'examples')).map(([, named]) => at(named, 'value')),
    ],
  }
}
